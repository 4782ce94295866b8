"""The masks below a folder, each with the ids that its case may have: those of `find_cohort` come first."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from brainseg_gui.errors import CaseError, printable
from brainseg_gui.imaging.case import CaseSource
from brainseg_gui.imaging.cases.case_folder import cohort_among, kind_of, prefix_of
from brainseg_gui.imaging.formats.known_formats import MASK_ENDING, stem
from brainseg_gui.imaging.modality import Modality
from brainseg_gui.imaging.naming.case_tree import FolderListing, tree
from brainseg_gui.imaging.naming.conventions import row_of_id, words

REFERENCES, PREDICTIONS = ("mask", "", "prediction"), ("prediction", "mask", "")
_PREDICTION = re.compile(r"(?:^|[-_. ])pred(?:iction|icted)?$", re.IGNORECASE)


@dataclass(frozen=True)
class FoundMask:
    """A mask and what its case may be called.

    Parameters
    ----------
    ids
        The case's id, then its other names.
    says
        What its name says it is: ``"prediction"``, ``"mask"`` or ``""`` (nothing).
    images
        A folder or file that `find_case` finds the images by; None where there are none.
    patient
        Whose it is, where the data set says so; else empty.
    """

    ids: tuple[str, ...]
    path: Path
    says: str
    images: Path | None = None
    patient: str = ""

    @property
    def case_id(self) -> str:
        """The case's id."""
        return self.ids[0]


def find_masks(place: Path, preferred: Sequence[str]) -> list[FoundMask]:
    """The masks of a file, or of a folder and all below it.

    Parameters
    ----------
    preferred
        `REFERENCES` or `PREDICTIONS`: of each case only those masks count whose names say what comes first there.

    Raises
    ------
    CaseError
        If there is nothing there, or no mask.
    """
    if place.is_file():
        return [described(place)]
    if not place.is_dir():
        raise CaseError("there is no such file or folder", "Check the name, or mount the drive", place)
    listings = list(tree(place))
    sources = _sources(listings, place)
    owners = {source.reference: source for source in sources if source.reference is not None}
    by_folder = _by_folders(sources)
    images = {path for source in sources for path in source.modalities.values()}
    below = [replace(here, files=tuple(path for path in here.files if path not in images)) for here in listings]
    masks = [mask for here in below for mask in _in_folder(here, place, owners, by_folder.get(here.folder, []))]
    masks = _clearest(_without_outputs(masks, sources, preferred, place), preferred)
    if not masks:
        raise CaseError("it holds no mask", "Give a mask, or a folder of masks such as NAME_seg.nii.gz", place)
    return masks


def described(path: Path) -> FoundMask:
    """A mask by its name, without what says that it is one; by its folder's name when none is left."""
    name = stem(path)
    without = _PREDICTION.sub("", name)
    says = "prediction" if without != name else ""
    bare = path.with_name(f"{without}{MASK_ENDING}") if without else None
    if bare is not None and kind_of(bare) == "mask":
        says = says or "mask"
        without = prefix_of(bare)
    row = row_of_id(without)
    names = (without or path.resolve().parent.name, *([row[0].id_in(without)] if row is not None else []))
    return FoundMask(_ids(names), path, says)


def images_of(source: CaseSource, shared: bool) -> Path:
    """What `find_case` finds a case by: its folder, or a file of it where several share one or they lie apart."""
    files = list(source.modalities.values())
    return files[0] if shared or any(file.parent != source.folder for file in files) else source.folder


def _sources(listings: Sequence[FolderListing], place: Path) -> list[CaseSource]:
    try:
        found = cohort_among(listings, place)
    except CaseError:
        return []
    # a lone file that cannot be read is listed as a 4-D case, but may as well be a mask
    return [source for source in found if source.convention or not source.volumes]


def _by_folders(sources: Sequence[CaseSource]) -> dict[Path, list[CaseSource]]:
    """The cases whose images lie in each folder; those of 4-D files have masks elsewhere."""
    found: dict[Path, list[CaseSource]] = {}
    for source in sources:
        folders = {path.parent for path in source.modalities.values()} if not source.volumes else set()
        for folder in folders:
            found.setdefault(folder, []).append(source)
    return found


def _in_folder(
    here: FolderListing, root: Path, owners: Mapping[Path, CaseSource], mine: Sequence[CaseSource]
) -> list[FoundMask]:
    """The masks of one folder: those of the cases whose images lie in it, and others by their names or its own."""
    found = []
    for path in here.files:
        if isinstance(kind_of(path), Modality):
            continue
        mask = described(path)
        owner = owners.get(path) or (mine[0] if len(mine) == 1 else None) or _named(mask, mine)
        if owner is not None:
            if path != owner.reference and not _counts(mask, owner):
                continue
            images = images_of(owner, len(mine) > 1)
            found.append(replace(mask, ids=_ids((owner.case_id, *owner.names)), images=images, patient=owner.patient))
        elif not mine:
            found.append(_by_folder(mask, here.folder, root))
    return found


def _named(mask: FoundMask, sources: Iterable[CaseSource]) -> CaseSource | None:
    return next((s for s in sources if set(mask.ids) & {s.case_id, *s.names}), None)


def _counts(mask: FoundMask, owner: CaseSource) -> bool:
    """Whether a mask beside a case's images is of it: a prediction, or one that is named so where no reference is."""
    if mask.says == "prediction":
        return True
    named = mask.path == owner.reference or mask.case_id in (owner.case_id, *owner.names)
    return owner.reference is None and (mask.says == "mask" or named)


def _by_folder(mask: FoundMask, folder: Path, root: Path) -> FoundMask:
    """A mask in a folder without images: it goes by the folder's name, unless that is one for masks of all cases."""
    if folder == root or folder.name.lower() in words()["mask_folders"] | words()["folders"]:
        return mask
    parts = folder.relative_to(root).parts
    return replace(mask, ids=_ids((folder.name, "_".join(parts), *mask.ids)))


def _without_outputs(
    masks: list[FoundMask], sources: Sequence[CaseSource], preferred: Sequence[str], root: Path
) -> list[FoundMask]:
    """Without what algorithms left in the folders of a case, where references are looked for."""
    if preferred is not REFERENCES:
        return masks
    own = {source.reference for source in sources}
    lone = {source.case_id for source in sources if source.reference is None}
    cases_in = Counter(place for source in sources for place in (source.folder, *source.folder.parents))
    return [
        mask for mask in masks if mask.path in own or mask.case_id in lone or not _in_a_case(mask.path, root, cases_in)
    ]


def _in_a_case(path: Path, root: Path, cases_in: Mapping[Path, int]) -> bool:
    """Whether a file lies below a folder that belongs to a single case."""
    return any(cases_in.get(place) == 1 and place != root and root in place.parents for place in path.parents)


def _clearest(masks: Sequence[FoundMask], preferred: Sequence[str]) -> list[FoundMask]:
    """Of each case, the masks whose names say what is preferred; else those that come next."""
    best: dict[str, int] = {}
    for mask in masks:
        rank = preferred.index(mask.says)
        best[mask.case_id] = min(rank, best.get(mask.case_id, rank))
    return [mask for mask in masks if preferred.index(mask.says) == best[mask.case_id]]


def _ids(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(printable(name) for name in names if name))


def by_id(
    references: Sequence[FoundMask], predictions: Sequence[FoundMask]
) -> Mapping[str, tuple[list[FoundMask], list[FoundMask]]]:
    """References and predictions of each case; a prediction belongs to the one reference that shares a name with it."""
    found: dict[str, tuple[list[FoundMask], list[FoundMask]]] = {}
    known: dict[str, set[str]] = {}
    for mask in references:
        found.setdefault(mask.case_id, ([], []))[0].append(mask)
        for name in mask.ids:
            known.setdefault(name, set()).add(mask.case_id)
    for mask in predictions:
        owners = ({name} if name in found and found[name][0] else known.get(name, set()) for name in mask.ids)
        owner = next((next(iter(cases)) for cases in owners if len(cases) == 1), mask.case_id)
        found.setdefault(owner, ([], []))[1].append(mask)
    return found

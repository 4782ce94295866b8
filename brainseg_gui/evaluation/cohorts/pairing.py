"""Which prediction belongs to which reference: two files, or two folders paired by case id; several models at once."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from brainseg_gui.errors import CaseError, printable
from brainseg_gui.evaluation.records.pair import Pair, Unpaired
from brainseg_gui.imaging.case_folder import answers, find_cohort, kind_of, prefix_of
from brainseg_gui.imaging.formats.file_names import is_nifti, stem
from brainseg_gui.imaging.modality import Modality

_PREDICTION = re.compile(r"(?:^|[-_. ])pred(?:iction|icted)?$", re.IGNORECASE)


@dataclass(frozen=True)
class Pairing:
    """What can be scored, and what cannot."""

    pairs: tuple[Pair, ...]
    unpaired: tuple[Unpaired, ...] = ()


def pair_models(
    reference: Path, predictions: Mapping[str, Path], images: Path | None = None
) -> tuple[list[tuple[str, Pair]], list[Unpaired]]:
    """Pair the masks of several models with the same references, and find the images of each case.

    Parameters
    ----------
    predictions
        Name of a model -> its mask or folder of masks.
    images
        Folder of the cases' images, where they do not lie beside the references.

    Returns
    -------
    tuple
        Model and pair, by case and then by model; and what cannot be scored.

    Raises
    ------
    CaseError
        As `pair_masks`, and if the folder of images holds no case.
    """
    pairs: list[tuple[str, Pair]] = []
    unpaired: list[Unpaired] = []
    for model, place in predictions.items():
        pairing = pair_masks(reference, place)
        pairs += [(model, pair) for pair in pairing.pairs]
        unpaired += [replace(entry, model=model) for entry in pairing.unpaired]
    order = {model: place for place, model in enumerate(predictions)}
    pairs.sort(key=lambda item: (item[1].case_id, order[item[0]]))
    given = _images_by_id(images) if images is not None else {}
    listed = {folder: _images_in(folder) for folder in {pair.reference.parent for _, pair in pairs}}
    found = [given.get(pair.case_id) or _images_of(pair.reference, listed[pair.reference.parent]) for _, pair in pairs]
    return [(model, replace(pair, images=place)) for (model, pair), place in zip(pairs, found, strict=True)], unpaired


def images_beside(mask: Path) -> Path | None:
    """What `find_case` finds the images by among which a mask lies, by names alone; None when there are none."""
    return _images_of(mask, _images_in(mask.parent))


def _images_in(folder: Path) -> dict[str, Path]:
    """The first image of each prefix."""
    images = [path for path in _entries(folder) if is_nifti(path) and isinstance(kind_of(path), Modality)]
    return {prefix_of(path): path for path in reversed(images)}


def _images_of(mask: Path, siblings: Mapping[str, Path]) -> Path | None:
    return mask.parent if len(siblings) == 1 else siblings.get(prefix_of(mask))


def _images_by_id(folder: Path) -> dict[str, Path]:
    """Cases of a folder by id: the folder of each, or a file of it where several share one."""
    sources = find_cohort(folder)
    shared = Counter(source.folder for source in sources)
    return {
        source.case_id: source.folder if shared[source.folder] == 1 else next(iter(source.modalities.values()))
        for source in sources
    }


@dataclass(frozen=True)
class _Mask:
    case_id: str
    path: Path
    says: str  # what its name says it is: "prediction", "mask" or "" (nothing)


def pair_masks(reference: Path, prediction: Path) -> Pairing:
    """Pair two files, or the masks of two folders by case id.

    A folder holds masks (``<id>_pred.nii.gz``, ``<id>-seg.nii.gz``, ``<id>.nii.gz``), or case folders with a mask
    in each, whose names are the ids. Both may be the same folder: names that end in ``pred`` are then the
    predictions. A file is paired with a folder when that holds exactly one mask.

    Raises
    ------
    CaseError
        If one of the two does not exist or holds no mask, or nothing can be paired.
    """
    references = _find(reference, ("mask", "", "prediction"))
    predictions = _find(prediction, ("prediction", "mask", ""))
    if reference.is_file() or prediction.is_file():
        return Pairing((_pair_single(references, predictions, reference, prediction),))
    return _pair_by_id(references, predictions, reference, prediction)


def _find(place: Path, preferred: Sequence[str]) -> list[_Mask]:
    if place.is_file():
        return [_described(place)]
    if not place.is_dir():
        raise CaseError("there is no such file or folder", "Check the name, or mount the drive", place)
    masks = list(_masks_in(place, preferred))
    if not masks:
        raise CaseError("it holds no mask", "Give a mask, or a folder of masks such as NAME_seg.nii.gz", place)
    return masks


def _masks_in(folder: Path, preferred: Sequence[str]) -> Iterator[_Mask]:
    """Masks of a folder by their names, and those of the folders in it by the folders' names."""
    own = _masks_among(folder)
    if len({mask.case_id for mask in own}) == 1 and _holds_images(folder):
        own = [replace(mask, case_id=printable(folder.resolve().name)) for mask in own]
    yield from _clearest(own, preferred)
    for child in _entries(folder):
        if answers(child.is_dir) and not child.name.startswith("."):
            masks = [replace(mask, case_id=printable(child.name)) for mask in _masks_among(child)]
            yield from _clearest(masks, preferred)


def _masks_among(folder: Path) -> list[_Mask]:
    files = [path for path in _entries(folder) if is_nifti(path) and answers(path.is_file)]
    return [_described(path) for path in files if not isinstance(kind_of(path), Modality)]


def _holds_images(folder: Path) -> bool:
    return any(isinstance(kind_of(path), Modality) for path in _entries(folder) if is_nifti(path))


def _clearest(masks: Sequence[_Mask], preferred: Sequence[str]) -> list[_Mask]:
    """Of each case, the masks whose names say what is preferred; else those that come next."""
    best: dict[str, int] = {}
    for mask in masks:
        rank = preferred.index(mask.says)
        best[mask.case_id] = min(rank, best.get(mask.case_id, rank))
    return [mask for mask in masks if preferred.index(mask.says) == best[mask.case_id]]


def _entries(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir())
    except OSError as error:
        raise CaseError(f"the folder cannot be read ({error.strerror})", "Check its permissions", folder) from error


def _described(path: Path) -> _Mask:
    """Case id of a mask, from its name without what says that it is one; its folder's name when none is left."""
    name = stem(path)
    without = _PREDICTION.sub("", name)
    says = "prediction" if without != name else ""
    bare = path.with_name(f"{without}.nii") if without else None
    if bare is not None and kind_of(bare) == "mask":
        says = says or "mask"
        without = prefix_of(bare)
    return _Mask(printable(without or path.resolve().parent.name), path, says)


def _pair_single(references: list[_Mask], predictions: list[_Mask], reference: Path, prediction: Path) -> Pair:
    for masks, place in ((references, reference), (predictions, prediction)):
        if len(masks) > 1:
            raise CaseError(
                f"it holds {len(masks)} masks, and a file was given to compare with",
                "Give two files, or two folders",
                place,
            )
    return Pair(references[0].case_id, references[0].path, predictions[0].path)


def _pair_by_id(references: list[_Mask], predictions: list[_Mask], reference: Path, prediction: Path) -> Pairing:
    pairs: list[Pair] = []
    unpaired: list[Unpaired] = []
    by_id: dict[str, tuple[list[Path], list[Path]]] = {}
    for side, masks in enumerate((references, predictions)):
        for mask in masks:
            by_id.setdefault(mask.case_id, ([], []))[side].append(mask.path)
    for case_id, (ours, theirs) in sorted(by_id.items()):
        if len(ours) == len(theirs) == 1 and ours[0] != theirs[0]:
            pairs.append(Pair(case_id, ours[0], theirs[0]))
        else:
            unpaired.append(_unpaired(case_id, ours, theirs))
    if not pairs:
        first = unpaired[0]
        raise CaseError(
            f"none of the masks can be paired with one in {reference} ({first.case_id}: {first.reason})",
            "Name the masks of both folders by the same case ids",
            prediction,
        )
    return Pairing(tuple(pairs), tuple(unpaired))


def _unpaired(case_id: str, ours: list[Path], theirs: list[Path]) -> Unpaired:
    for paths, word in ((ours, "reference"), (theirs, "prediction")):
        if len(paths) > 1:
            names = ", ".join(path.name for path in paths[:4]) + (", …" if len(paths) > 4 else "")
            return Unpaired(case_id, paths[0].parent, printable(f"it has {len(paths)} masks for a {word}: {names}"))
    if ours and theirs:
        return Unpaired(case_id, ours[0], "it has only this mask, nothing to compare it with")
    if ours:
        return Unpaired(case_id, ours[0], "it has no prediction")
    return Unpaired(case_id, theirs[0], "it has no reference")

"""Which prediction belongs to which reference: two files, or two folders paired by case id; several models at once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from brainseg_gui.errors import CaseError, printable
from brainseg_gui.evaluation.cohorts.mask_search import (
    PREDICTIONS,
    REFERENCES,
    FoundMask,
    by_id,
    find_masks,
    images_of,
)
from brainseg_gui.evaluation.records.pair import Pair, Unpaired
from brainseg_gui.imaging.case import CaseSource
from brainseg_gui.imaging.cases.case_folder import find_cohort, kind_of, prefix_of
from brainseg_gui.imaging.modality import Modality
from brainseg_gui.imaging.naming.case_tree import listed
from brainseg_gui.imaging.naming.patients import patients_of


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
    whose = patients_in([pair for _, pair in pairs], reference)
    return [
        (model, replace(pair, images=given.get(pair.case_id) or pair.images, patient=whose[pair.case_id]))
        for model, pair in pairs
    ], unpaired


def patients_in(pairs: Sequence[Pair], root: Path) -> dict[str, str]:
    """Whose each case is, by its data set, its id and the folder of its reference.

    Parameters
    ----------
    root
        Folder of the cohort, which patients who are named by folders are named without.
    """
    references = {pair.case_id: pair for pair in pairs}
    together = Counter(pair.reference.parent for pair in references.values())
    sources = {
        case_id: CaseSource(
            case_id,
            # a folder that holds the masks of several cases tells nothing of any of them
            pair.reference.parent if together[pair.reference.parent] == 1 else Path(),
            {},
            patient=pair.patient,
        )
        for case_id, pair in references.items()
    }
    whose, doubtful = patients_of(list(sources.values()))
    told = {case_id: whose[source.identity] for case_id, source in sources.items()}
    # numbers at the end of ids may count people, who would be far too few patients then: HGG_001 to HGG_012
    return {name: _without_root(owner if owner not in doubtful else name, root) for name, owner in told.items()}


def _without_root(patient: str, root: Path) -> str:
    """A patient who is named by a folder, without where all of them lie."""
    place = Path(patient)
    if not place.is_absolute() and root not in place.parents:
        return patient
    return printable(place.relative_to(root).as_posix() if root in place.parents else place.name)


def _images_in(folder: Path) -> dict[str, Path]:
    """The first image of each prefix."""
    images = [path for path in listed(folder).files if isinstance(kind_of(path), Modality)]
    return {prefix_of(path): path for path in reversed(images)}


def _images_of(mask: Path, siblings: Mapping[str, Path]) -> Path | None:
    return mask.parent if len(siblings) == 1 else siblings.get(prefix_of(mask))


def _images_by_id(folder: Path) -> dict[str, Path]:
    """Cases of a folder by id: the folder of each, or a file of it where several share one."""
    sources = find_cohort(folder)
    shared = Counter(source.folder for source in sources)
    return {
        name: images_of(source, shared[source.folder] > 1)
        for source in reversed(sources)
        for name in (*source.names, source.case_id)
    }


def pair_masks(reference: Path, prediction: Path) -> Pairing:
    """Pair two files, or the masks of two folders by case id.

    A folder holds masks (``<id>_pred.nii.gz``, ``<id>-seg.nii.gz``, ``<id>.nii.gz``), or cases with a mask, at any
    depth, whose ids are those of `find_cohort`. Both may be the same folder: names that end in ``pred`` are then the
    predictions. A file is paired with a folder when that holds exactly one mask.

    Raises
    ------
    CaseError
        If one of the two does not exist or holds no mask, or nothing can be paired.
    """
    references = find_masks(reference, REFERENCES)
    predictions = find_masks(prediction, PREDICTIONS)
    if reference.is_file() or prediction.is_file():
        return Pairing((_pair_single(references, predictions, reference, prediction),))
    return _pair_by_id(references, predictions, reference, prediction)


def _pair_single(references: list[FoundMask], predictions: list[FoundMask], reference: Path, prediction: Path) -> Pair:
    for masks, place in ((references, reference), (predictions, prediction)):
        if len(masks) > 1:
            raise CaseError(
                f"it holds {len(masks)} masks, and a file was given to compare with",
                "Give two files, or two folders",
                place,
            )
    return _pair(references[0], predictions[0])


def _pair(
    reference: FoundMask, prediction: FoundMask, listed_images: dict[Path, dict[str, Path]] | None = None
) -> Pair:
    """A pair with its images; `listed_images` keeps what was found in a folder for the other masks of it."""
    images, folder = reference.images, reference.path.parent
    if images is None:
        known = listed_images if listed_images is not None else {}
        if folder not in known:
            known[folder] = _images_in(folder)
        images = _images_of(reference.path, known[folder])
    return Pair(reference.case_id, reference.path, prediction.path, images, reference.patient)


def _pair_by_id(
    references: list[FoundMask], predictions: list[FoundMask], reference: Path, prediction: Path
) -> Pairing:
    pairs: list[Pair] = []
    unpaired: list[Unpaired] = []
    listed_images: dict[Path, dict[str, Path]] = {}
    for case_id, (ours, theirs) in sorted(by_id(references, predictions).items()):
        if len(ours) == len(theirs) == 1 and ours[0].path != theirs[0].path:
            pairs.append(_pair(ours[0], theirs[0], listed_images))
        else:
            unpaired.append(_unpaired(case_id, [mask.path for mask in ours], [mask.path for mask in theirs]))
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

"""Reading the two masks of a pair, each with the label scheme that its numbers follow, and saying which."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from brainseg_gui.errors import BrainsegError, ImageError
from brainseg_gui.evaluation.records.pair import Pair
from brainseg_gui.imaging.case import Case, CaseSource
from brainseg_gui.imaging.cases.case_folder import find_case, source_of_files
from brainseg_gui.imaging.cases.read_case import read_case
from brainseg_gui.imaging.formats.mask_note import said_scheme
from brainseg_gui.imaging.formats.reading import read_mask
from brainseg_gui.imaging.grid import StoredGrid
from brainseg_gui.imaging.labelling.known_schemes import scheme_named
from brainseg_gui.imaging.labels import LabelMap, LabelScheme
from brainseg_gui.imaging.regrid import regridded
from brainseg_gui.imaging.regrid_policy import RegridPolicy
from brainseg_gui.imaging.schemes.outside import outside_doubt
from brainseg_gui.imaging.schemes.understanding import Understood, brain_part, understood
from brainseg_gui.progress import run_to_end


@dataclass(frozen=True)
class ChosenSchemes:
    """Label schemes that the person named; None where the program is to guess."""

    reference: LabelScheme | None = None
    prediction: LabelScheme | None = None


@dataclass(frozen=True, eq=False)
class MaskPair:
    """Two masks ready to compare.

    Parameters
    ----------
    reference_note, prediction_note
        Sentences that say how the numbers of each mask were read.
    doubts
        What may be wrong with that, in sentences.
    suggested
        Scheme that the prediction's own evidence suggests where it was read by another; else empty.
    stated
        Whether the reference's scheme is stated by a person, its own note, its names or its data set.
    """

    reference: LabelMap
    prediction: LabelMap
    reference_note: str
    prediction_note: str
    doubts: tuple[str, ...] = ()
    suggested: str = ""
    stated: bool = False


def read_pair(pair: Pair, chosen: ChosenSchemes, regrid: RegridPolicy = RegridPolicy.STRICT) -> MaskPair:
    """Read both masks of a pair, the prediction on the reference's grid.

    Where a scheme has to be guessed, the images of the case are read too, from where the pair says that they are or
    from beside the reference: where each label lies tells more than its number.

    Parameters
    ----------
    regrid
        What may be done with a prediction that lies on another grid.

    Raises
    ------
    ImageError
        If a file is not a mask, or the reference is one of the brain.
    GridMismatchError
        If the prediction lies on another grid and that is not allowed.
    """
    stored = read_mask(pair.reference)
    ours = stored.as_labels(stored.values, stored.stored_grid.grid, scheme_named("brats2020"))
    theirs = _read_onto(pair.prediction, stored.stored_grid, regrid)
    guessing = chosen.reference is None or chosen.prediction is None
    case = _case_of(pair, ours) if guessing else None
    if case is not None and (part := brain_part(ours, case.volumes)):
        what = f"it covers {part:.0%} of the head: it is a mask of the brain, not of a tumour"
        raise ImageError(what, "Give the mask of the tumour", pair.reference)
    reference = reading_of(ours, pair.reference, chosen.reference, case)
    prediction = prediction_reading(theirs, pair.prediction, chosen.prediction, reference.labels, case)
    notes = [
        " ".join([read.sentence, *(f"({note})" for note in read.labels.notes)]) for read in (reference, prediction)
    ]
    outside = [outside_doubt(labels, case.volumes) for labels in (ours, theirs)] if case is not None else []
    doubts = tuple(doubt for doubt in (reference.doubt, prediction.doubt, *outside) if doubt)
    return MaskPair(
        reference.labels, prediction.labels, notes[0], notes[1], doubts, prediction.suggested, reference.stated
    )


def reading_of(labels: LabelMap, path: Path, scheme: LabelScheme | None, case: Case | None) -> Understood:
    """A mask read by a scheme, or by the one that it, its names, its numbers and the images tell."""
    if scheme is not None:
        sentence = f"The labels are read as {scheme.title}, as asked"
        return Understood(labels.with_scheme(scheme), sentence, stated=True)
    return understood(case if case is not None and case.grid.same_as(labels.grid) else None, labels, path)


def read_as(labels: LabelMap, path: Path, scheme: LabelScheme | None, case: Case | None) -> tuple[LabelMap, str]:
    """As `reading_of`: the label map, and how it was read."""
    read = reading_of(labels, path, scheme, case)
    return read.labels, read.sentence


@dataclass(frozen=True, eq=False)
class PredictionReading:
    """A prediction with what its numbers mean; as `Understood`, and the scheme that its own evidence suggests."""

    labels: LabelMap
    sentence: str
    doubt: str = ""
    suggested: str = ""


def prediction_reading(
    labels: LabelMap,
    path: Path,
    scheme: LabelScheme | None,
    reference: LabelMap | None,
    case: Case | None,
    to_change: str = "",
) -> PredictionReading:
    """As `reading_of`; a prediction that uses no other numbers than the reference is read like the reference.

    A poor prediction puts its labels where they do not belong, so where they lie on the images must not
    change what its numbers mean. When the images suggest something else, the sentence says so, and where to say
    otherwise (by default the option of the command line).
    """
    own = reading_of(labels, path, scheme, case)
    guessed = PredictionReading(own.labels, own.sentence, own.doubt)
    if scheme is not None or reference is None or said_scheme(labels, path) is not None:
        return guessed
    present = labels.present()
    same = [own.labels.scheme.meaning_of(v) == reference.scheme.meaning_of(v) for v in present]
    fits = set(present) <= set(reference.present())
    if not all(same) and (not fits or (not reference.scheme.tells_apart and len(present) > 1)):
        return guessed
    sentence = f"The mask's labels are read like the reference's, as {reference.scheme.title}"
    suggested, doubt = "", ""
    if not all(same):
        suggested = own.labels.scheme.name
        place = to_change or f"--prediction-scheme {suggested}"
        sentence += f" (where they lie suggests {own.labels.scheme.title}: {place})"
        doubt = f"The prediction's labels lie as in {own.labels.scheme.title}" if case is not None else ""
    return PredictionReading(labels.with_scheme(reference.scheme), sentence, doubt, suggested)


def read_as_prediction(
    labels: LabelMap,
    path: Path,
    scheme: LabelScheme | None,
    reference: LabelMap | None,
    case: Case | None,
    to_change: str = "",
) -> tuple[LabelMap, str]:
    """As `prediction_reading`: the label map, and how it was read."""
    read = prediction_reading(labels, path, scheme, reference, case, to_change)
    return read.labels, read.sentence


def _read_onto(path: Path, target: StoredGrid, regrid: RegridPolicy) -> LabelMap:
    """A prediction on the reference's grid."""
    mask = read_mask(path, target=target)
    words = ("the prediction", "the reference")
    on_grid = regridded(mask.values, mask.stored_grid, target, path, regrid, words, may_be_part=mask.is_part)
    return mask.as_labels(on_grid.values, target.grid, scheme_named("brats2020"), on_grid.note)


def _case_of(pair: Pair, labels: LabelMap) -> Case | None:
    """The case of a pair's images, when they can be read and share the grid of its reference."""
    try:
        source = find_case(pair.images) if pair.images is not None else _source_beside(pair.reference)
        case = run_to_end(read_case(replace(source, reference=None))) if source is not None else None
    except BrainsegError:
        return None  # only the guess of the scheme is poorer; the masks can still be compared
    return case if case is not None and case.grid.same_as(labels.grid) else None


def _source_beside(path: Path) -> CaseSource | None:
    for find, place in ((_case_of_folder, path.parent), (_case_of_file, path)):
        try:
            source = find(place)
        except BrainsegError:
            continue
        if source.reference is not None and source.reference.name == path.name:
            return source
    return None


def _case_of_folder(folder: Path) -> CaseSource:
    return find_case(folder, deep=False)


def _case_of_file(path: Path) -> CaseSource:
    return source_of_files([path])

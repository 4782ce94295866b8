"""Reading the two masks of a pair, each with the label scheme that its numbers follow, and saying which."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from brainseg_gui.errors import BrainsegError
from brainseg_gui.evaluation.records.pair import Pair
from brainseg_gui.imaging.case import Case, CaseSource
from brainseg_gui.imaging.case_folder import find_case, source_of_files
from brainseg_gui.imaging.formats.mask_note import said_scheme
from brainseg_gui.imaging.formats.nifti import read_labels
from brainseg_gui.imaging.labels import LabelMap, LabelScheme, scheme_named
from brainseg_gui.imaging.read_case import read_case, understand
from brainseg_gui.imaging.scheme_guess import guess_scheme, measure
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
    """

    reference: LabelMap
    prediction: LabelMap
    reference_note: str
    prediction_note: str


def read_pair(pair: Pair, chosen: ChosenSchemes) -> MaskPair:
    """Read both masks of a pair.

    Where a scheme has to be guessed, the images of the case are read too, from where the pair says that they are or
    from beside the reference: where each label lies tells more than its number.

    Raises
    ------
    ImageError
        If a file is not a mask.
    """
    reference = _read(pair.reference)
    prediction = _read(pair.prediction)
    guessing = chosen.reference is None or chosen.prediction is None
    case = _case_of(pair, reference) if guessing else None
    reference, reference_note = read_as(reference, pair.reference, chosen.reference, case)
    prediction, prediction_note = read_as_prediction(prediction, pair.prediction, chosen.prediction, reference, case)
    return MaskPair(reference, prediction, reference_note, prediction_note)


def read_as(labels: LabelMap, path: Path, scheme: LabelScheme | None, case: Case | None) -> tuple[LabelMap, str]:
    """A mask read by a scheme, or by the one that fits its numbers, name and images best, and how it was read."""
    if scheme is not None:
        return labels.with_scheme(scheme), f"The labels are read as {scheme.title}, as asked"
    if case is not None and case.grid.same_as(labels.grid):
        return understand(case, labels, path)
    if (said := said_scheme(labels, path)) is not None:
        return labels.with_scheme(said[0]), f"The labels are read as {said[0].title}, as {said[1]} says"
    guess = guess_scheme(measure(labels.values, {}), [str(path)])
    return labels.with_scheme(guess.scheme), f"{guess.sentence}; guessed without images"


def read_as_prediction(
    labels: LabelMap,
    path: Path,
    scheme: LabelScheme | None,
    reference: LabelMap | None,
    case: Case | None,
    to_change: str = "",
) -> tuple[LabelMap, str]:
    """As `read_as`; a prediction that uses no other numbers than the reference is read like the reference.

    A poor prediction puts its labels where they do not belong, so where they lie on the images must not
    change what its numbers mean. When the images suggest something else, the sentence says so, and where to say
    otherwise (by default the option of the command line).
    """
    guessed, note = read_as(labels, path, scheme, case)
    if scheme is not None or reference is None:
        return guessed, note
    if said_scheme(labels, path) is not None:
        return guessed, note
    present = labels.present()
    same = [guessed.scheme.meaning_of(v) == reference.scheme.meaning_of(v) for v in present]
    if not all(same) and not set(present) <= set(reference.present()):
        return guessed, note
    sentence = f"The mask's labels are read like the reference's, as {reference.scheme.title}"
    if not all(same):
        place = to_change or f"--prediction-scheme {guessed.scheme.name}"
        sentence += f" (where they lie suggests {guessed.scheme.title}: {place})"
    return labels.with_scheme(reference.scheme), sentence


def _read(path: Path) -> LabelMap:
    values, stored_grid = read_labels(path)
    return LabelMap(values, stored_grid.grid, scheme_named("brats2020"))


def _case_of(pair: Pair, labels: LabelMap) -> Case | None:
    """The case of a pair's images, when they can be read and share the grid of its reference."""
    try:
        source = find_case(pair.images) if pair.images is not None else _source_beside(pair.reference)
        case = run_to_end(read_case(replace(source, reference=None))) if source is not None else None
    except BrainsegError:
        return None  # only the guess of the scheme is poorer; the masks can still be compared
    return case if case is not None and case.grid.same_as(labels.grid) else None


def _source_beside(path: Path) -> CaseSource | None:
    for find, place in ((find_case, path.parent), (_case_of_file, path)):
        try:
            source = find(place)
        except BrainsegError:
            continue
        if source.reference is not None and source.reference.name == path.name:
            return source
    return None


def _case_of_file(path: Path) -> CaseSource:
    return source_of_files([path])

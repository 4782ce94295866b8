"""The data-set check: which cases can be trained on, which are held back, and what is wrong with the others."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from brainseg_gui.errors import BrainsegError
from brainseg_gui.imaging.case import CaseSource
from brainseg_gui.imaging.case_folder import find_cohort
from brainseg_gui.imaging.formats.nifti import read_labels
from brainseg_gui.imaging.formats.nifti_header import read_header
from brainseg_gui.imaging.grid import StoredGrid
from brainseg_gui.imaging.labels import UNKNOWN, LabelScheme, label_schemes, scheme_named
from brainseg_gui.imaging.modality import Modality
from brainseg_gui.imaging.read_case import read_case
from brainseg_gui.progress import run_to_end
from brainseg_gui.runs.config import Data
from training.data.case_files import fingerprint, is_cut_off, patient_of
from training.data.folds import hold_back
from training.errors import TrainingError

Labels = Mapping[int, float]  # volume of each number in a mask, in ml

LOOKED_AT = 5  # cases per cohort whose images are read to find out what its labels mean


@dataclass(frozen=True)
class Problem:
    """What is wrong with a case.

    Parameters
    ----------
    case_id
        The case.
    sentence
        What is wrong and what is done about it.
    left_out
        Whether the case takes no part.
    """

    case_id: str
    sentence: str
    left_out: bool = True


@dataclass(frozen=True)
class TrainingCase:
    """A case with its mask, what the mask's numbers mean, and the volume that it marks."""

    source: CaseSource
    scheme: LabelScheme
    tumour_ml: float = 0.0

    @property
    def case_id(self) -> str:
        """Name of the case."""
        return self.source.case_id


@dataclass(frozen=True)
class DataSet:
    """Cases to train on, cases held back, all that was found wrong, and further cases to train on."""

    training: tuple[TrainingCase, ...]
    validation: tuple[TrainingCase, ...]
    problems: tuple[Problem, ...]
    further: tuple[TrainingCase, ...] = ()


def check_data(config: Data, modalities: Sequence[Modality], seed: int) -> DataSet:
    """Find, check and split the cases.

    Parameters
    ----------
    config
        Folders and split.
    modalities
        What the network needs.
    seed
        Of the split.

    Raises
    ------
    TrainingError
        If no case is left to train on.
    CaseError
        If a folder holds no case.
    """
    problems: list[Problem] = []
    training = _usable(_find(config.train), modalities, config.scheme, problems)
    validation = _usable(_find(config.validation), modalities, config.scheme, problems)
    training = _without_doubles(training, problems)
    if config.validation and (config.folds or config.folds_file):
        raise TrainingError(
            "both folders to validate on and folds are asked for", "Empty data.validation, or set folds to 0"
        )
    if config.validation:
        training = _without_shared(training, validation, problems)
    else:
        training, validation = hold_back(training, config, seed)
    if not training:
        first = problems[0].sentence if problems else "the folder of cases is empty"
        raise TrainingError(f"no case is left to train on; the first problem: {first.rstrip('.')}", "Add cases")
    further = _usable(_find(config.further), modalities, config.scheme, problems)
    further = _without_shared(_without_doubles(further, problems), validation, problems)
    return DataSet(tuple(training), tuple(validation), tuple(problems), tuple(further))


def _find(folders: Iterable[str]) -> list[CaseSource]:
    found: dict[Path, CaseSource] = {}
    for folder in folders:
        for source in find_cohort(Path(folder).expanduser()):
            found.setdefault(source.place.resolve(), source)
    return list(found.values())


def _usable(
    sources: Sequence[CaseSource], modalities: Sequence[Modality], scheme: str, problems: list[Problem]
) -> list[TrainingCase]:
    sound: list[CaseSource] = []
    labels: dict[Path, Labels] = {}
    for source in sources:
        try:
            present = _checked_labels(source, modalities)
        except BrainsegError as error:
            problems.append(Problem(source.case_id, f"{source.case_id} is left out: {error}"))
            continue
        sound.append(source)
        labels[source.place] = present
        if not present:
            sentence = f"{source.case_id}: its mask is empty; it is trained on as a brain without tumour"
            problems.append(Problem(source.case_id, sentence, left_out=False))
    known = _known(sound, labels, scheme_named(scheme)) if scheme else _schemes(sound, labels, problems)
    problems += [_not_understood(s, labels[s.place], scheme) for s in sound if s.place not in known]
    return [TrainingCase(s, known[s.place], sum(labels[s.place].values())) for s in sound if s.place in known]


def _checked_labels(source: CaseSource, modalities: Sequence[Modality]) -> Labels:
    """Numbers in a case's mask and their volumes, after everything that can be told without reading the images."""
    if missing := [m.title for m in modalities if m not in source.modalities]:
        raise TrainingError(f"{' and '.join(missing)} is missing", "Add the file, or leave the case out")
    if source.reference is None:
        raise TrainingError("it has no mask", "Add the file, or leave the case out")
    paths = [source.modalities[m] for m in modalities]
    grids = [_grid_of(path) for path in dict.fromkeys(paths)]
    values, stored_grid = read_labels(source.reference)
    if difference := grids[0].grid.difference_to(stored_grid.grid):
        sentence = f"the mask does not lie on the grid of the images: {difference}"
        raise TrainingError(sentence, "Use the mask of this case", source.reference)
    counts = np.bincount(values.ravel(order="K"), minlength=256)
    present = tuple(int(value) for value in np.flatnonzero(counts) if value)
    everywhere = {value for scheme in label_schemes().values() for value in scheme.labels}
    if unknown := [value for value in present if value not in everywhere]:
        numbers = ", ".join(map(str, (0, *present)))
        sentence = f"its mask holds the labels {{{numbers}}}; {unknown[0]} is in no label scheme"
        raise TrainingError(sentence, "Correct the mask", source.reference)
    return {value: float(counts[value]) * stored_grid.grid.voxel_ml for value in present}


def _grid_of(path: Path) -> StoredGrid:
    """Grid of a file whose promise is checked, to its last byte."""
    header = read_header(path)
    shape = tuple(int(n) for n in header.get_data_shape())
    promised = int(np.prod(shape)) * header.get_data_dtype().itemsize + int(header["vox_offset"])
    if is_cut_off(path, promised):
        raise TrainingError("the file is cut off or damaged", "Copy it again from its source", path)
    return StoredGrid((shape[0], shape[1], shape[2]), np.asarray(header.get_best_affine(), np.float64))


def _schemes(
    sources: Sequence[CaseSource], labels: Mapping[Path, Labels], problems: list[Problem]
) -> dict[Path, LabelScheme]:
    """The scheme of every case that one is found for: the cohort's, or that of the others which it does not know.

    The years of a challenge number enhancing tumour differently, and are trained on together.
    """
    known: dict[Path, LabelScheme] = {}
    left = list(sources)
    while left:
        scheme = cohort_scheme(left, labels)
        understood = _known(left, labels, scheme)
        if not understood:
            break
        if known:
            first = next(source for source in left if source.place in understood)
            sentence = (
                f"{first.case_id}{_and_others(len(understood))}: read as {scheme.title}, unlike most of the cases"
            )
            problems.append(Problem(first.case_id, sentence, left_out=False))
        known |= understood
        left = [source for source in left if source.place not in known]
    return known


def _and_others(count: int) -> str:
    return "" if count == 1 else f" and {count - 1} more"


def _known(
    sources: Iterable[CaseSource], labels: Mapping[Path, Labels], scheme: LabelScheme
) -> dict[Path, LabelScheme]:
    """The cases whose every label a scheme knows, and the scheme."""
    return {source.place: scheme for source in sources if not _strange(labels[source.place], scheme)}


def _strange(labels: Labels, scheme: LabelScheme) -> list[int]:
    return [value for value in labels if scheme.meaning_of(value) == UNKNOWN]


def cohort_scheme(sources: Sequence[CaseSource], labels: Mapping[Path, Labels]) -> LabelScheme:
    """The label scheme that most of a cohort's cases follow, by where their labels lie on the images.

    The cases with the most labels are looked at: one vote each, so that one odd case does not change what the
    numbers mean.
    """
    richest = sorted(sources, key=lambda source: -len(labels[source.place]))[:LOOKED_AT]
    votes: Counter[str] = Counter()
    for source in richest:
        try:
            votes[run_to_end(read_case(source)).scheme.name] += 1
        except BrainsegError:
            continue  # it is told about when the case is prepared
    return scheme_named(votes.most_common(1)[0][0] if votes else "brats2020")


def _not_understood(source: CaseSource, labels: Labels, scheme: str) -> Problem:
    if not scheme:
        numbers = ", ".join(map(str, labels))
        sentence = f"no label scheme was found that knows all of its labels ({numbers})"
        return Problem(source.case_id, f"{source.case_id} is left out: {sentence}. Name one with data.scheme")
    named = scheme_named(scheme)
    sentence = f"its mask holds the label {_strange(labels, named)[0]}, which {named.title} does not know"
    return Problem(source.case_id, f"{source.case_id} is left out: {sentence}")


def _without_doubles(cases: Sequence[TrainingCase], problems: list[Problem]) -> list[TrainingCase]:
    """Each content once; the same images twice would count double, and could land on both sides of a split."""
    first: dict[object, TrainingCase] = {}
    kept = []
    for case in cases:
        other = first.setdefault(fingerprint(case.source), case)
        if other is case:
            kept.append(case)
            continue
        sentence = f"{case.case_id} is left out: its images are those of {other.case_id} in {other.source.folder}"
        problems.append(Problem(case.case_id, sentence))
    return kept


def _without_shared(
    training: Sequence[TrainingCase], validation: Sequence[TrainingCase], problems: list[Problem]
) -> list[TrainingCase]:
    """Training cases that validation does not know; it would score what the network has seen."""
    contents = {fingerprint(case.source): case.case_id for case in validation}
    patients = {patient_of(case.case_id): case.case_id for case in validation}
    kept = []
    for case in training:
        same, patient = contents.get(fingerprint(case.source)), patient_of(case.case_id)
        if same is not None:
            sentence = f"its images are those of {same} in the validation set"
        elif patient in patients:
            sentence = f"the patient {patient} is in the validation set too ({patients[patient]})"
        else:
            kept.append(case)
            continue
        problems.append(Problem(case.case_id, f"{case.case_id} is left out of training: {sentence}"))
    return kept

"""The data-set check: which cases can be trained on, which are held back, and what is wrong with the others."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np

from brainseg_gui.errors import BrainsegError, listed
from brainseg_gui.imaging.case import CaseSource
from brainseg_gui.imaging.cases.case_folder import find_cohort
from brainseg_gui.imaging.cases.unregistered import not_registered
from brainseg_gui.imaging.formats.reading import read_header, read_labels
from brainseg_gui.imaging.grid import StoredGrid
from brainseg_gui.imaging.labelling.known_schemes import label_schemes, scheme_named
from brainseg_gui.imaging.labels import LabelScheme
from brainseg_gui.imaging.modality import Modality
from brainseg_gui.imaging.naming.patients import patients_of, same_name
from brainseg_gui.imaging.regrid import regridded
from brainseg_gui.runs.config import Data
from training.data.case_files import fingerprint, is_cut_off
from training.data.case_schemes import cohort_schemes, minorities, why_not
from training.data.data_set import DataSet, Problem, TrainingCase
from training.data.folds import hold_back
from training.errors import TrainingError

Labels = Mapping[int, float]  # volume of each number in a mask, in ml


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
        _say_doubtful_patients(training, problems)
        training, validation = hold_back(training, config, seed)
    if not training:
        first = problems[0].sentence if problems else "the folder of cases is empty"
        raise TrainingError(f"no case is left to train on; the first problem: {first.rstrip('.')}", "Add cases")
    further = _usable(_find(config.further), modalities, "", problems)  # made by others: their own numbers
    further = _without_shared(_without_doubles(further, problems), validation, problems)
    return DataSet(tuple(training), tuple(validation), tuple(problems), tuple(further))


def _find(folders: Iterable[str]) -> list[CaseSource]:
    found: dict[Path, CaseSource] = {}
    for folder in folders:
        for source in find_cohort(Path(folder).expanduser()):
            found.setdefault(source.identity.resolve(), source)
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
        labels[source.identity] = present
        if not present:
            sentence = f"{source.case_id}: its mask is empty; it is trained on as a brain without tumour"
            problems.append(Problem(source.case_id, sentence, left_out=False))
    schemes = _schemes(sound, {place: tuple(numbers) for place, numbers in labels.items()}, scheme, problems)
    cases = [TrainingCase(s, schemes[s.identity], sum(labels[s.identity].values())) for s in sound]
    kept = []
    for case in cases:  # two folders may hold cases of one id
        if reason := why_not(tuple(labels[case.source.identity]), case.scheme):
            problems.append(Problem(case.case_id, f"{case.case_id} is left out: {reason}"))
        else:
            kept.append(case)
    return kept


def _schemes(
    sources: Sequence[CaseSource], labels: Mapping[Path, Sequence[int]], scheme: str, problems: list[Problem]
) -> dict[Path, LabelScheme]:
    """The scheme of every case: the named one, or what the cases tell."""
    if scheme:
        return {source.identity: scheme_named(scheme) for source in sources}
    schemes = cohort_schemes(sources, labels)
    for title, names in minorities(sources, schemes).items():
        more = "" if len(names) == 1 else f" and {len(names) - 1} more"
        sentence = f"{names[0]}{more}: read as {title}, unlike most of the cases"
        problems.append(Problem(names[0], sentence, left_out=False))
    return schemes


def _checked_labels(source: CaseSource, modalities: Sequence[Modality]) -> Labels:
    """Numbers in a case's mask and their volumes, after everything that can be told without reading the images."""
    if missing := [m.title for m in modalities if m not in source.modalities]:
        raise TrainingError(f"{' and '.join(missing)} is missing", "Add the file, or leave the case out")
    if lost := [m.title for m in not_registered(source) if m in modalities]:
        sentence = f"{listed(lost)} could not be registered and may not lie on the mask"
        raise TrainingError(sentence, "Place it by hand in the Prepare panel, or leave the case out")
    if source.reference is None:
        raise TrainingError("it has no mask", "Add the file, or leave the case out")
    paths = [source.modalities[m] for m in modalities]
    grids = [_grid_of(path) for path in dict.fromkeys(paths)]
    values, stored_grid = read_labels(source.reference)
    regridded(values, stored_grid, grids[0], source.reference, words=("the mask", "the images"))
    counts = np.bincount(values.ravel(order="K"), minlength=256)
    present = tuple(int(value) for value in np.flatnonzero(counts) if value)
    everywhere = {value for scheme in label_schemes().values() for value in scheme.labels}
    if len(present) > 1 and (unknown := [value for value in present if value not in everywhere]):
        numbers = ", ".join(map(str, (0, *present)))
        sentence = f"its mask holds the labels {{{numbers}}}; {unknown[0]} is in no label scheme"
        raise TrainingError(sentence, "Correct the mask", source.reference)
    return {value: float(counts[value]) * stored_grid.grid.voxel_ml for value in present}


def _grid_of(path: Path) -> StoredGrid:
    """Grid of a file whose promise is checked, to its last byte."""
    header = read_header(path)
    if is_cut_off(path, header.promised_bytes):
        raise TrainingError("the file is cut off or damaged", "Copy it again from its source", path)
    return header.stored_grid


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
    owners, _ = patients_of([case.source for case in (*training, *validation)])
    patients = {same_name(owners[case.source.identity]): case.case_id for case in validation}
    kept = []
    for case in training:
        same, patient = contents.get(fingerprint(case.source)), owners[case.source.identity]
        if same is not None:
            sentence = f"its images are those of {same} in the validation set"
        elif other := patients.get(same_name(patient)):
            sentence = f"the patient {Path(patient).name} is in the validation set too ({other})"
        else:
            kept.append(case)
            continue
        problems.append(Problem(case.case_id, f"{case.case_id} is left out of training: {sentence}"))
    return kept


def _say_doubtful_patients(cases: Sequence[TrainingCase], problems: list[Problem]) -> None:
    owners, doubtful = patients_of([case.source for case in cases])
    for patient in doubtful:
        names = [case.case_id for case in cases if owners[case.source.identity] == patient]
        sentence = (
            f"{listed(names)} are taken for visits of one patient ({Path(patient).name}), for only numbers differ; "
            "they are kept on one side"
        )
        problems.append(Problem(names[0], sentence, left_out=False))

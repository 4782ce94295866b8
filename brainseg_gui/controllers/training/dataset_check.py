"""A look through the folders of a data set by file names alone, before a run is started."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from pathlib import Path

from brainseg_gui.errors import BrainsegError, listed
from brainseg_gui.imaging.case import CaseSource
from brainseg_gui.progress import Progress
from brainseg_gui.state.training.training_draft import DatasetCheck


def look_through(train: Sequence[str], validation: Sequence[str]) -> Generator[Progress, None, DatasetCheck]:
    """Find the cases to train and to validate on, and what is missing; the trainer checks the images themselves."""
    yield Progress("looking", 0.0)
    problems: list[str] = []
    training_cases = _cases(train, problems)
    yield Progress("looking", 0.5)
    validation_cases = _cases(validation, problems)
    lacking = ((source.case_id, _lack(source)) for source in (*training_cases, *validation_cases))
    problems += [f"{name} has no {lack}" for name, lack in lacking if lack]
    problems += _in_both(training_cases, validation_cases)
    complete = sum(not _lack(source) for source in training_cases)
    return DatasetCheck(len(training_cases), complete, len(validation_cases), tuple(problems))


def _in_both(training: list[CaseSource], validation: list[CaseSource]) -> list[str]:
    """Patients of whom both sets hold a case, also under another id."""
    from brainseg_gui.imaging.naming.patients import patients_of, same_name

    owners, _ = patients_of([*training, *validation])
    ours, theirs = (
        {same_name(owners[source.identity]): source.case_id for source in side} for side in (training, validation)
    )
    shared = [(ours[patient], theirs[patient]) for patient in sorted(set(ours) & set(theirs))]
    words = ("{0} is in both sets", "{0} and {1} are of one patient")
    return [words[one != other].format(one, other) for one, other in shared]


def _cases(folders: Sequence[str], problems: list[str]) -> list[CaseSource]:
    from brainseg_gui.imaging.cases.case_folder import find_cohort

    found: dict[tuple[Path, str], CaseSource] = {}
    for folder in folders:
        path = Path(folder).expanduser()
        try:
            found |= {(source.folder, source.case_id): source for source in find_cohort(path)}
        except BrainsegError as error:
            problems.append(f"{path.name or path}: {error.what}")
    return list(found.values())


def _lack(source: CaseSource) -> str:
    names = [modality.title for modality in source.missing] + ([] if source.reference else ["mask"])
    return listed(names)

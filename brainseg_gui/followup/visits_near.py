"""The other visits of the patient of one case, looked for where its files lie: nobody said whose the case is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from brainseg_gui.errors import CaseError
from brainseg_gui.followup.visits import TimeLine, time_line_of_one
from brainseg_gui.imaging.case import CaseSource
from brainseg_gui.imaging.cases.case_folder import cohort_among
from brainseg_gui.imaging.naming.case_tree import FolderListing, answers, listed, tree
from brainseg_gui.imaging.naming.patients import is_visit, patient_by_names, patients_of

_ABOVE = 3  # folders above a case's that may be its patient's: sub-01/ses-1/anat lies two below


def visits_near(source: CaseSource) -> TimeLine | None:
    """The visits of a case's patient; None where its names tell no other visit.

    Only what is named after the patient is looked through, however many others lie beside it.
    """
    here = replace(source, folder=source.folder.absolute())
    patient = patient_by_names(here)
    try:
        place, below = _looked_at(here, patient)
        return _line(cohort_among(below, place), {path.absolute() for path in source.modalities.values()})
    except CaseError:
        return None


def _looked_at(source: CaseSource, patient: str) -> tuple[Path, list[FolderListing]]:
    """A folder, and what in it may be of the patient."""
    folder = source.folder
    for above in folder.parents[:_ABOVE]:
        if patient in (str(above), above.name):
            return above, list(tree(above))
    if is_visit(folder.parent.name):  # T0/P1 beside T1/P1
        place = folder.parent.parent
        return place, [found for visit in _visits_in(place) for found in tree(visit / folder.name)]
    beside = [found for sibling in _named_after(patient, folder.parent) for found in tree(sibling)]
    if any(found.folder == folder for found in beside):
        return folder.parent, beside
    return folder, [listed(folder)]


def _named_after(patient: str, place: Path) -> Iterator[Path]:
    """The folders whose names begin with a patient's: P7_2021 with P7, not P70."""
    try:
        entries = sorted(path for path in place.iterdir() if path.name.startswith(patient))
    except OSError:
        return
    for path in entries:
        if not path.name[len(patient) : len(patient) + 1].isalnum() and answers(path.is_dir):
            yield path


def _visits_in(place: Path) -> Iterator[Path]:
    """The folders that are named after visits."""
    try:
        entries = sorted(path for path in place.iterdir() if is_visit(path.name))
    except OSError:
        return
    yield from (path for path in entries if answers(path.is_dir))


def _line(sources: Sequence[CaseSource], images: set[Path]) -> TimeLine | None:
    """The visits of the patient that these images are of."""
    owners, doubtful = patients_of(sources)
    mine = next((owners[one.identity] for one in sources if images & set(one.modalities.values())), None)
    same = [one for one in sources if owners[one.identity] == mine]
    told_by_place = mine is not None and Path(mine).is_absolute()
    if mine is None or len(same) < 2 or mine in doubtful:
        return None
    if told_by_place and len({one.folder for one in same}) < len(same):
        return None  # baseline/ and late/ with several cases in each: the folder around them is no patient's
    return time_line_of_one(same, mine)

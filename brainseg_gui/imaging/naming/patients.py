"""Whose a case is: visits of one patient must not be trained on and scored at the same time."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from pathlib import Path

from brainseg_gui.imaging.case import CaseSource
from brainseg_gui.imaging.naming.conventions import row_of_id

_DATE = r"(?:19|20)\d\d[-_.]?[01]\d[-_.]?[0-3]\d"
# Words of a visit: some stand alone, others before a number.
_ALONE = (
    r"baseline|follow[-_ ]?up|pre[-_ ]?op(?:erative)?|post[-_ ]?op(?:erative)?|pre|post|early|late|initial|"
    r"recurrence|progression|nadir"
)
_COUNTED = r"time[-_ ]?points?|visits?|sessions?|ses|tp|time|weeks?|days?|months?|fu|exam|scan|study|t"
_WORDS = rf"(?:(?:{_ALONE})[-_. ]?\d*|(?:{_COUNTED})[-_. ]?\d+(?:-\d+)?[a-z]?)"
# The study at the end of an id, and a folder that is named after a visit.
_STUDY = re.compile(rf"(.+?)[-_. ](?:{_WORDS}|{_DATE})(?:[-_. ].*)?$", re.IGNORECASE)
_WORD = re.compile(rf"{_ALONE}|{_COUNTED}", re.IGNORECASE)  # "ses" of "ses-20210501" names nobody
_VISIT = re.compile(rf"{_WORDS}|(?:.*[-_. ])?{_DATE}(?:[-_. ].*)?", re.IGNORECASE)
_LAST = re.compile(r"(.+)[-_. ](\d{1,3}[a-z]?|[a-z])$", re.IGNORECASE)
_MOST_VISITS = 12  # of one patient, where only numbers at the end of ids tell


def patient_of(case_id: str) -> str:
    """The patient that a case belongs to, by its id; the id itself when it says nothing of patients."""
    row = row_of_id(case_id)
    if row is not None:
        return row[1]
    found = _STUDY.match(case_id)
    return found[1] if found is not None else case_id


def is_visit(folder_name: str) -> bool:
    """Whether a folder is named after a visit: a word, a number or a date."""
    return _VISIT.fullmatch(folder_name) is not None


def visit_of(case_id: str, patient: str) -> tuple[str, str]:
    """What a case's id says of its visit, and how its data set counts days there (empty where it does not).

    Parameters
    ----------
    patient
        Whose it is, as `patients_of` names them; the id itself names the visit where it does not begin with that.
    """
    row = row_of_id(case_id)
    if row is not None and (found := row[0].id_pattern.match(case_id)):
        return found.groupdict().get("visit") or "", row[0].moment
    if case_id.startswith(patient) and len(case_id) > len(patient):
        return case_id[len(patient) :].strip("-_. "), ""
    return case_id.removesuffix(f"_{patient}"), ""


def patient_by_names(source: CaseSource) -> str:
    """The patient of a case, by its data set, its folders and its id."""
    if source.patient:
        return source.patient
    by_id = patient_of(source.case_id)
    visit = _VISIT.fullmatch(by_id) or _WORD.fullmatch(by_id)
    if by_id != source.case_id and not visit:  # "visit1_2021-05-01" begins with no patient
        return by_id
    folder = source.folder
    parent = folder.parent
    if below := _after_visit(source, parent):
        return patient_of(below)
    if folder.name and parent.name and (is_visit(folder.name) or _goes_on(folder.name, parent.name)):
        return str(parent)
    return source.case_id


def patients_of(sources: Sequence[CaseSource]) -> tuple[dict[Path, str], tuple[str, ...]]:
    """The patient of each case, by the case's place, and the patients that only the ends of ids tell.

    Ids that differ in their last number only (``P7_1``, ``P7_2``) may be visits: such cases are kept together, which
    is right for visits and does no harm to others, and they are named.
    """
    plain = {source.identity: patient_by_names(source) for source in sources}
    plain |= _of_shared_visits(sources)
    if len(set(plain.values())) == 1 and len(plain) > _MOST_VISITS:  # nobody has so many: the folder is a cohort's
        plain = {source.identity: source.patient or source.case_id for source in sources}
    ids = {source.identity: source.case_id for source in sources}
    open_ids = {identity: name for identity, name in plain.items() if name == ids[identity]}
    starts: defaultdict[str, list[Path]] = defaultdict(list)
    for identity, name in open_ids.items():
        if found := _LAST.match(name):
            starts[found[1]].append(identity)
    doubtful = _visits_by_number(starts, len(open_ids))
    for start in doubtful:
        plain |= dict.fromkeys(starts[start], start)
    return plain, tuple(sorted(doubtful))


def _of_shared_visits(sources: Sequence[CaseSource]) -> dict[Path, str]:
    """Patients of the cases in folders that are named after a visit and hold several people's: baseline/P1, late/P1.

    Ids that the visit's name had to tell apart say that the same people lie in several of them.
    """
    by_folder: defaultdict[Path, list[CaseSource]] = defaultdict(list)
    for source in sources:
        if not source.patient and is_visit(source.folder.name):
            by_folder[source.folder].append(source)
    several = {folder.parent for folder, cases in by_folder.items() if len(cases) > 1}
    shared = {
        folder.parent
        for folder, cases in by_folder.items()
        if folder.parent in several and any(_after_visit(case, folder) for case in cases)
    }
    cases = [case for folder, cases in by_folder.items() if folder.parent in shared for case in cases]
    return {case.identity: patient_of(_after_visit(case, case.folder) or case.case_id) for case in cases}


def _after_visit(source: CaseSource, folder: Path) -> str:
    """What an id says after the name of a folder that it begins with and that is named after a visit; else empty."""
    name = folder.name
    if not name or not source.case_id.startswith(f"{name}_") or not is_visit(name):
        return ""
    return source.case_id[len(name) + 1 :]


def _visits_by_number(starts: dict[str, list[Path]], total: int) -> list[str]:
    """Beginnings that look like patients with visits: several of them, each with a few cases."""
    counts = Counter({start: len(places) for start, places in starts.items()})
    if len(counts) < 2 or max(counts.values()) > _MOST_VISITS or sum(counts.values()) < total:
        return []
    return [start for start, count in counts.items() if count > 1]


def _goes_on(name: str, start: str) -> bool:
    return len(name) > len(start) and name.lower().startswith(start.lower()) and not name[len(start)].isalnum()

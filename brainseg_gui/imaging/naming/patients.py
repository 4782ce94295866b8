"""Whose a case is: visits of one patient must not be trained on and scored at the same time."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from itertools import islice
from pathlib import Path

from brainseg_gui.imaging.case import CaseSource
from brainseg_gui.imaging.naming.conventions import row_of_id, words

_DATE = r"(?:(?:19|20)\d\d[-_.]?[01]\d[-_.]?[0-3]\d(?:\d{4}(?:\d\d)?)?|[0-3]\d[-_.][0-3]\d[-_.](?:19|20)\d\d)(?!\d)"
# Words of a visit: some stand alone, others before a number; "3m_postop" has a time before, "postop_6mo" one behind.
_THERAPY = (
    r"c?crt|rtx?|xrt|srs|chemo|tmz|bev|radio\w*|chemorad\w*|treat(?:ment)?|therap[a-z]*|surg[a-z]*|resection|biopsy"
)
_ALONE = (
    rf"(?:pre|post|mid|during|after|before)[-_ ]?(?:{_THERAPY})|"
    r"baseline|bl|screening|follow[-_ ]?up|fu|pr(?:e|ae|ä)[-_ ]?op(?:erati[vf]e?)?|"
    r"(?:immediate[-_ ]?|early[-_ ]?|late[-_ ]?)?post[-_ ]?op(?:erati[vf]e?)?|pre|post|early|late|initial|recurrence|"
    r"relapse|progression|nadir|eot|end[-_ ]?of[-_ ]?treatment|avant|apr[eè]s|verlauf|kontrolle|control|contr[oô]le|"
    r"rezidiv|(?:\d{1,2}(?:st|nd|rd|th)|first|second|third)[-_ ]?(?:scan|visit|exam|study|mri|follow[-_ ]?up)"
)
_COUNTED = (
    r"time[-_ ]?points?|visits?|sessions?|ses|tp|time|weeks?|days?|months?|fu|exam(?:en)?|scan|study|mri|mrt|irm|v|t"
)
_UNITS = r"hours?|hrs?|days?|weeks?|wks?|months?|mos?|years?|yrs?"
_SPAN = rf"\d{{1,3}}[-_. ]?(?:{_UNITS}|[hdwmy])"  # 3mo, 6 months, 12w
_WORDS = (
    rf"(?:(?:{_SPAN}[-_. ]?)?(?:{_ALONE})(?:[-_. ]?\d{{0,2}}(?!\d)|[-_. ]{_SPAN}(?![a-z]))|"
    rf"(?:{_COUNTED})[-_. ]?\d+(?:-\d+)?[a-z]?|ses-[a-z\d]+|c\d{{1,2}}d\d{{1,2}})"  # C1D1: day 1 of the first cycle
)
_ONE = rf"(?:(?:(?:{_ALONE}|{_COUNTED})[-_. ]?)?{_DATE}|{_WORDS})"
# The last word of a visit in an id, what may follow it (no number of a case), and a folder that is named after a visit.
_STUDY = re.compile(rf"(.+)[-_. ](?:{_ONE}|m\d\d)(?:[-_. ](?!\d{{3}}).*)?$", re.IGNORECASE)
_AFTER_VISIT = re.compile(rf"{_ONE}[-_. ]+(?=.*[a-z]|\d{{3}})(.+)", re.IGNORECASE)
_WORD = re.compile(rf"{_ALONE}|{_COUNTED}", re.IGNORECASE)  # "ses" of "ses-20210501" names nobody
_NBIA = r"[01]\d-[0-3]\d-(?:19|20)\d\d-.*-\d{5}"  # folders of studies as The Cancer Imaging Archive gives them
_VISIT = re.compile(rf"{_ONE}(?:[-_. ]+(?:{_ONE}|{_SPAN}|\d{{1,2}}[a-z]?))*|{_NBIA}", re.IGNORECASE)
_COUNT = re.compile(r"([mwd])(\d{1,3})", re.IGNORECASE)  # month, week or day; or a man, a woman, a donor
_ROUND = {"m": (3,), "w": (2, 3), "d": (5, 7)}  # what people plan visits by
_TIME = re.compile(_SPAN, re.IGNORECASE)
_BEFORE_WORD = re.compile(
    rf"(.+)[-_. ]\d{{1,3}}[-_. ]?(?:(?i:{_UNITS})|[hdwmy])"
)  # of P1_3m_postop; 45M is a man of 45
_NUMBER_OF_STUDY = re.compile(r"[\d.]{6,}")  # of an archive: accession numbers, unique identifiers
_LAST = re.compile(r"(.+)[-_. ](\d{1,3}[a-z]?|[a-z]|[mwd]\d{1,3})$", re.IGNORECASE)
_MOST_VISITS = 12  # of one patient, where only numbers at the end of ids tell


def patient_of(case_id: str) -> str:
    """The patient that a case belongs to, by its id; the id itself when it says nothing of patients."""
    row = row_of_id(case_id)
    if row is not None:
        return row[1]
    found = _STUDY.match(case_id)
    if found is not None and not any(word.fullmatch(found[1]) for word in (_VISIT, _WORD, _TIME)):
        before = _BEFORE_WORD.fullmatch(found[1])
        return patient_of(before[1] if before is not None else found[1])  # "P1_2021-05-01_nifti_2021-05-01"
    first = _AFTER_VISIT.fullmatch(case_id)
    return first[1] if first is not None and not is_visit(case_id) else case_id


def is_visit(folder_name: str) -> bool:
    """Whether a folder is named after a visit: a word, a number or a date."""
    return _VISIT.fullmatch(folder_name) is not None


def may_be_visit(folder_name: str) -> bool:
    """Whether a folder may be named after a visit: also where the number may be a person's, as that of M06 may."""
    return any(pattern.fullmatch(folder_name) for pattern in (_VISIT, _COUNT, _TIME))


def some_visits(folder_names: Iterable[str]) -> tuple[str, ...]:
    """Those that may be named after visits, as many as tell that they are not one patient's."""
    return tuple(islice(filter(may_be_visit, folder_names), _MOST_VISITS + 1))


def is_visit_beside(folder_name: str, others: Iterable[str]) -> bool:
    """Whether a folder is named after one of a patient's visits, beside those of these names; ``M06`` and ``3mo`` too.

    Nobody has more than a few. M00, M03, M06 count months, as M01 does beside "baseline"; M01, M02, M03 number people.
    """
    beside = {folder_name, *some_visits(others)}
    return may_be_visit(folder_name) and len(beside) <= _MOST_VISITS and not _number_people(beside)


def _number_people(names: set[str]) -> bool:
    """Whether names that may be visits are people's: a letter and a number each, and no numbers that visits have."""
    counts = [found for name in names if (found := _COUNT.fullmatch(name))]
    if len(counts) < len(names):
        return False
    return not all(
        _plan_visits(unit, sorted(found[2] for found in counts if found[1].lower() == unit))
        for unit in {found[1].lower() for found in counts}
    )


def _plan_visits(unit: str, digits: Sequence[str]) -> bool:
    """Whether these are months, weeks or days of visits; M03, M05, M11 are, D3, D5 may be people."""
    numbers = sorted(map(int, digits))
    if unit == "m" and all(len(one) == 2 for one in digits):
        return numbers != list(range(1, len(numbers) + 1))
    if numbers[0] == 0:
        return len(numbers) < 3 or numbers != list(range(len(numbers)))
    return any(all(number % step == 0 for number in numbers) for step in _ROUND[unit])


def visit_id(patient: str, visit: str) -> str:
    """Id of the case in a folder that is named after a visit, in that of its patient: ``P7_M06``."""
    return visit if _goes_on(visit, patient) else f"{patient}_{visit}"


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
    name = Path(patient).name  # of the folder, where that tells whose it is
    if case_id.startswith(name) and len(case_id) > len(name):
        return case_id[len(name) :].strip("-_. "), ""
    return case_id.removesuffix(f"_{patient}"), ""


def patient_by_names(source: CaseSource) -> str:
    """The patient of a case, by its data set, its id and its folders."""
    if source.patient:
        return source.patient
    folder = _own_folder(source.folder)
    patient = folder.parent
    told = may_be_visit(folder.name) and not is_visit(patient.name)
    if told and source.case_id == visit_id(patient.name, folder.name):
        return str(patient)
    by_id = patient_of(source.case_id)
    if by_id != source.case_id:
        return by_id
    return _by_place(source) or source.case_id


def _by_place(source: CaseSource) -> str:
    """The patient whom the folders of a case name: the one around that of a visit; empty where they name none."""
    folder = _own_folder(source.folder)
    parent = folder.parent
    if below := _after_visit(source, parent):
        return patient_of(below)
    if folder.name and parent.name and (is_visit(folder.name) or _goes_on(folder.name, parent.name)):
        return str(parent)
    if is_visit(source.case_id) and folder.name and folder.name != source.case_id:  # P1/20200101_t1
        return str(folder)
    return ""


def _own_folder(folder: Path) -> Path:
    """The folder that names something: above "anat" and "nifti"."""
    while folder.name.lower() in words()["folders"] and folder.parent.name:
        folder = folder.parent
    return folder


def patients_of(sources: Sequence[CaseSource]) -> tuple[dict[Path, str], tuple[str, ...]]:
    """The patient of each case, by the case's place, and the patients that only numbers tell.

    Ids that differ in their last number only (``P7_1``, ``P7_2``) and folders of long numbers (``P7/70412233``) may be
    visits: such cases are kept together, which is right for visits and does no harm to others, and they are named.
    """
    plain = {source.identity: patient_by_names(source) for source in sources}
    plain |= _of_shared_visits(sources)
    if len(set(plain.values())) == 1 and len(plain) > _MOST_VISITS:  # nobody has so many: the folder is a cohort's
        plain = {source.identity: source.patient or source.case_id for source in sources}
    ids = {source.identity: source.case_id for source in sources}
    by_number = _visits_by_study_number([source for source in sources if plain[source.identity] == source.case_id])
    plain |= by_number
    open_ids = {identity: name for identity, name in plain.items() if name == ids[identity]}
    starts: defaultdict[str, list[Path]] = defaultdict(list)
    for identity, name in open_ids.items():
        if found := _LAST.match(name):
            starts[found[1]].append(identity)
    doubtful = _visits_by_number(starts, len(open_ids))
    for start in doubtful:
        plain |= dict.fromkeys(starts[start], start)
    return plain, tuple(sorted({*doubtful, *by_number.values()}))


def same_name(owner: str) -> str:
    """What two patients of separate folders, as `patients_of` names them, have in common where they may be one.

    >>> same_name("/study/train/P1") == same_name("/study/val/p1"), same_name("/a/001") == same_name("/b/001")
    (True, False)
    """
    name = Path(owner).name.casefold()
    return name if any(letter.isalpha() for letter in name) else owner


def _of_shared_visits(sources: Sequence[CaseSource]) -> dict[Path, str]:
    """Patients of the cases in folders that are named after a visit and hold several people's: baseline/P1, late/P1.

    The folder around them is no patient's: names of files tell whose they are.
    """
    by_folder: defaultdict[Path, list[CaseSource]] = defaultdict(list)
    for source in sources:
        if not source.patient and is_visit(source.folder.name):
            by_folder[source.folder].append(source)
    several = {folder.parent for folder, cases in by_folder.items() if len(cases) > 1}
    cases = [case for folder, cases in by_folder.items() if folder.parent in several for case in cases]
    return {case.identity: _by_files(case) for case in cases}


def _by_files(source: CaseSource) -> str:
    """The patient of a case beside others in the folder of a visit."""
    visit = source.folder.name
    name = _after_visit(source, source.folder) or source.case_id
    if name == visit:  # the only one of its folder is named after that
        name = next((other for other in source.names if other != visit), name)
    return patient_of(name)


def _after_visit(source: CaseSource, folder: Path) -> str:
    """What an id says after the name of a folder that it begins with and that is named after a visit; else empty."""
    name = folder.name
    if not name or not source.case_id.startswith(f"{name}_") or not is_visit(name):
        return ""
    return source.case_id[len(name) + 1 :]


def _visits_by_number(starts: dict[str, list[Path]], total: int) -> list[str]:
    """Beginnings that look like patients with visits: several of them, each with a few cases."""
    counts = Counter({start: len(places) for start, places in starts.items()})
    if len(counts) < 2 or max(counts.values()) > _MOST_VISITS or 2 * sum(counts.values()) < total:
        return []
    return [start for start, count in counts.items() if count > 1]


def _visits_by_study_number(sources: Sequence[CaseSource]) -> dict[Path, str]:
    """Patients of cases in folders of long numbers: several folders around them, some with several, none with many."""
    by_parent: defaultdict[Path, list[Path]] = defaultdict(list)
    for source in sources:
        folder = _own_folder(source.folder)
        if _NUMBER_OF_STUDY.fullmatch(folder.name):
            by_parent[folder.parent].append(source.identity)
    counts = [len(cases) for cases in by_parent.values()]
    if len(counts) < 2 or not 1 < max(counts) <= _MOST_VISITS:
        return {}
    return {case: str(parent) for parent, cases in by_parent.items() if len(cases) > 1 for case in cases}


def _goes_on(name: str, start: str) -> bool:
    return len(name) > len(start) and name.lower().startswith(start.lower()) and not name[len(start)].isalnum()

"""A patient's folder as visits in their order, with the days between them as far as anything tells."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path

from brainseg_gui.errors import CaseError, listed, printable
from brainseg_gui.followup.moments import Moment, Span, impossible_day, moment_of
from brainseg_gui.followup.noted_dates import noted_moment, unread_day
from brainseg_gui.imaging.case import CaseSource
from brainseg_gui.imaging.cases.case_folder import find_cohort
from brainseg_gui.imaging.cases.read_case import read_case
from brainseg_gui.imaging.modality import Modality
from brainseg_gui.imaging.naming.patients import patients_of, visit_of
from brainseg_gui.imaging.volume import Volume
from brainseg_gui.progress import Progress

_MOST_VISITS = 60
_NAMED = 4  # patients, in a sentence
_UNPLACED = 1.5  # between a baseline and an operation, as `Moment.stage` counts
_START = "first"  # of a visit whose part of the id is empty


@dataclass(frozen=True)
class Visit:
    """One examination of a patient.

    Parameters
    ----------
    name
        As the folder or id names it.
    source
        Its files.
    moment
        When it was.
    """

    name: str
    source: CaseSource
    moment: Moment


def read_volume(visit: Visit, modality: Modality) -> Generator[Progress, None, Volume]:
    """One image of a visit, without its mask and its other images.

    Raises
    ------
    BrainsegError
        If it cannot be read.
    """
    only = replace(visit.source, modalities={modality: visit.source.modalities[modality]}, reference=None)
    case = yield from read_case(only)
    return case.volumes[modality]


@dataclass(frozen=True)
class TimeLine:
    """The visits of one patient, the first one first.

    Parameters
    ----------
    patient
        Name of the patient.
    notes
        What was assumed about the patient, the order and the times, in sentences.
    strange
        Those of the notes that are about days which cannot be: a person should look at them.
    """

    patient: str
    visits: tuple[Visit, ...]
    notes: tuple[str, ...] = ()
    strange: tuple[str, ...] = ()

    def days(self, number: int, since: int = 0) -> Span | None:
        """Days from one visit to a later one; None where nothing tells."""
        span = self.visits[since].moment.days_until(self.visits[number].moment)
        return Span(max(span.least, 0.0), max(span.most, 0.0)) if span is not None else None


def time_line_of(folder: Path, patient: str = "", dates: Mapping[str, date] | None = None) -> TimeLine:
    """The visits of the patient in a folder.

    Parameters
    ----------
    folder
        A patient's folder, or a cohort's where `patient` says whose visits are wanted.
    patient
        Name of the patient; empty where the folder holds one only.
    dates
        Visit -> the day of it, where a person said so.

    Raises
    ------
    CaseError
        If there are no cases, those of several patients, or no such patient or visit.
    """
    return time_line_among(find_cohort(folder), folder, patient, dates)


def time_line_among(
    sources: Sequence[CaseSource], folder: Path, patient: str = "", dates: Mapping[str, date] | None = None
) -> TimeLine:
    """The visits of a patient among cases that are known.

    Parameters
    ----------
    folder
        What errors name, and what names the patient where nothing else does.
    patient, dates
        As `time_line_of`; it raises the same errors.
    """
    owners, doubtful = patients_of(sources)
    chosen, name, notes = _chosen(sources, owners, patient, folder)
    if any(owners[source.identity] in doubtful for source in chosen):
        notes = (*notes, f"Only the numbers at the end of the names tell that these are visits of {printable(name)}")
    visits = [_visit(source, owners[source.identity], dates or {}) for source in chosen]
    if strange := sorted((dates or {}).keys() - {visit.name for visit in visits}):
        names = _some(sorted(visit.name for visit in visits))
        raise CaseError(f"no visit is named {printable(strange[0])!r}", f"Choose one of {names}", folder)
    return _line(name, visits, notes)


def time_line_of_one(sources: Sequence[CaseSource], owner: str) -> TimeLine:
    """The visits of cases that are known to be one patient's, whom `patients_of` names so."""
    return _line(_shown(owner), [_visit(source, owner, {}) for source in sources], ())


def _line(name: str, visits: Sequence[Visit], notes: tuple[str, ...]) -> TimeLine:
    ordered, doubts = _in_order(visits)
    days = tuple(_strange_days(ordered))
    return TimeLine(name, ordered, (*notes, *doubts, *days), days)


def _strange_days(visits: Sequence[Visit]) -> Iterator[str]:
    """What is written as a day and is none, or has not come yet, in sentences."""
    remedy = "give its day in the folder's name, or with --date"
    for visit in visits:
        first = visit.moment.earliest
        if first is not None and first > datetime.now(UTC).date() + timedelta(days=1):
            yield f"{visit.name} is dated {visit.moment.words}, which has not come yet: {remedy}"
        elif first is None and (written := impossible_day(visit.name)):
            where = "" if written == visit.name else f" of {visit.name}"
            yield f"{printable(written)}{where} is no day of the calendar: {remedy}"
        elif first is None and (sentence := unread_day(visit.source, visit.name)):
            yield sentence


def _chosen(
    sources: Sequence[CaseSource], owners: Mapping[Path, str], patient: str, folder: Path
) -> tuple[list[CaseSource], str, tuple[str, ...]]:
    """The cases of one patient, the name, and what was assumed."""
    names_of = _names_of(set(owners.values()))
    shown = {source.identity: names_of[owners[source.identity]] for source in sources}
    names = sorted(set(shown.values()))
    if patient and patient not in names:
        raise CaseError(f"no patient is named {printable(patient)}", f"Choose one of {_some(names)}", folder)
    if patient or len(names) == 1:
        name = patient or names[0]
        return [source for source in sources if shown[source.identity] == name], name, ()
    here = printable(folder.resolve().name)
    told = {shown[s.identity] for s in sources if s.patient or owners[s.identity] != s.case_id}
    if told - {here} or len(sources) > _MOST_VISITS:
        what = f"it holds the cases of {len(names)} patients ({_some(names)})"
        raise CaseError(what, "Choose one patient's folder, or name the patient", folder)
    note = f"Names do not tell whose all {len(sources)} cases are: they are taken for visits of {here}"
    return list(sources), here, (note,)


def _names_of(owners: set[str]) -> dict[str, str]:
    """Patients' names; where two would have one, each with the folder around it: siteA/001 and siteB/001."""
    several = Counter(_shown(owner) for owner in owners)
    return {owner: _shown(owner) if several[_shown(owner)] == 1 else _with_parent(owner) for owner in owners}


def _with_parent(owner: str) -> str:
    return "/".join(printable(part) for part in Path(owner).parts[-2:])


def _shown(owner: str) -> str:
    """A patient's name; one that only the place tells is the folder's."""
    return printable(Path(owner).name or owner)


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:_NAMED]) + (", …" if len(names) > _NAMED else "")


def _visit(source: CaseSource, owner: str, dates: Mapping[str, date]) -> Visit:
    name, pattern = visit_of(source.case_id, owner)
    shown = printable(name.strip("-_. ")) or _START
    said = dates.get(shown)
    moment = moment_of(name, pattern)
    if said is not None:
        return Visit(shown, source, replace(moment, earliest=said, latest=said))
    noted = noted_moment(source, shown) if moment.earliest != moment.latest or moment.days is None else None
    if noted is not None:
        moment = replace(moment, earliest=noted.earliest, latest=noted.latest)
    return Visit(shown, source, moment)


# --- order ----------------------------------------------------------------------------------------------------------


def _in_order(visits: Sequence[Visit]) -> tuple[tuple[Visit, ...], list[str]]:
    """Visits by date, else by the days that their names count, else by words and numbers; and what is in doubt."""
    dated = [visit for visit in visits if visit.moment.earliest is not None]
    counted = [visit for visit in visits if visit.moment.since_start is not None]
    if len(dated) == len(visits) or len(counted) == len(visits):
        whole = len(dated) == len(visits)
        bare = [visit if whole else _without_date(visit) for visit in visits]
        ordered = sorted(bare, key=lambda visit: (_days(visit).middle, *_by_name(visit)))
        return tuple(ordered), _doubts(ordered)
    ordered = sorted(visits, key=_by_whole_name if dated else _by_name)
    return tuple(ordered), _order_alone(ordered, dated, counted)


def _without_date(visit: Visit) -> Visit:
    return replace(visit, moment=replace(visit.moment, earliest=None, latest=None))


def _days(visit: Visit) -> Span:
    days = visit.moment.days
    return days if days is not None else Span(0, 0)


def _by_name(visit: Visit) -> tuple[float, float, tuple[int, ...], str]:
    """By words of a course, then by the time that is counted, then by numbers; without any by the alphabet.

    24h_postop comes before 3m_postop, and postop before both.
    """
    bare = re.sub(r"\d+", lambda found: found[0].zfill(15), visit.name.lower())
    counted = visit.moment.since_start
    return _stage(visit), counted.middle if counted is not None else -1.0, visit.moment.numbers, bare


def _stage(visit: Visit) -> float:
    """What no word places comes after a baseline, and before an operation."""
    return visit.moment.stage if visit.moment.stage >= 0 else _UNPLACED


def _by_whole_name(visit: Visit) -> tuple[float, str]:
    """As `_by_name`, where some names hold dates and some do not: what is written as one counts as numbers."""
    return _stage(visit), _by_name(visit)[-1]


def _doubts(ordered: Sequence[Visit]) -> list[str]:
    pairs = list(pairwise(ordered))
    unsure = [f"{a.name} and {b.name}" for a, b in pairs if _days(a).most >= _days(b).least]
    if not unsure:
        return []
    return [f"Which came first is told by names alone, not by time: {listed(unsure)}"]


def _order_alone(ordered: Sequence[Visit], dated: Sequence[Visit], counted: Sequence[Visit]) -> list[str]:
    """What is said of visits without times; one visit alone needs none."""
    if len(ordered) < 2:
        return []
    known = len({visit.name for visit in (*dated, *counted)})
    if not known:
        return ["The names tell the order of the visits and no time between them"]
    return [f"Times are known of {known} of {len(ordered)} visits only: the order is that of their names"]

"""When a visit was, as far as its name tells: a date, a part of one, a count of days or weeks, or a place in an order.

What is known only to the month is kept as the days that it may have been, so that nothing later pretends to know more.
"""

from __future__ import annotations

import calendar
import re
from dataclasses import dataclass
from datetime import date

_DAY = re.compile(r"(?<!\d)((?:19|20)\d\d)([-_.]?)([01]\d)\2([0-3]\d)(?=\d{4}(?:\d\d)?(?!\d)|(?!\d))")
_DAY_FIRST = re.compile(r"(?<!\d)([0-3]\d)\.([01]\d)\.((?:19|20)\d\d)(?!\d)")
_MONTH = re.compile(r"(?<![\d.])((?:19|20)\d\d)[-_.]([01]\d)(?![-_.]?\d)")
_YEAR = re.compile(r"(?:.*[-_. ])?((?:19|20)\d\d)")
_UNIT = r"(hours?|hrs?|h|days?|d|weeks?|wks?|w|months?|mos?|m|years?|yrs?|y)"
_COUNTED = re.compile(
    rf"(?<![a-z\d]){_UNIT}[-_. ]?(\d{{1,5}})(?!\d)|(?<![\da-z])(\d{{1,5}})[-_. ]?{_UNIT}(?![a-z])", re.IGNORECASE
)
_DAYS = {"h": 1 / 24, "d": 1.0, "w": 7.0, "m": 365.25 / 12, "y": 365.25}
_THERAPY = r"c?crt|rtx?|xrt|srs|chemo|tmz|bev|radio|treat|therap|surg|resection|biopsy"
# Words of a course, in the order in which they come.
_STAGES = (
    rf"pre[-_ ]?op|pre[-_ ]?(?:{_THERAPY})|pre(?![a-z])|before|screening",
    r"baseline|initial|(?<![a-z])bl(?![a-z])",
    rf"intra[-_ ]?op|(?:mid|during)[-_ ]?(?:{_THERAPY})",
    rf"post[-_ ]?op|post[-_ ]?(?:{_THERAPY})|post(?![a-z])|early|after|(?<![a-z])eot(?![a-z])|end[-_ ]?of",
    r"follow[-_ ]?up|(?<![a-z])fu(?![a-z])|nadir|late|(?<![a-z])control",
    r"recurren|progression|relapse",
)


@dataclass(frozen=True)
class Span:
    """A number of days, as narrow as it is known.

    Parameters
    ----------
    least, most
        Days; the same where the number is known.
    """

    least: float
    most: float

    @property
    def middle(self) -> float:
        """The number of days to reckon with."""
        return (self.least + self.most) / 2

    @property
    def words(self) -> str:
        """For a sentence.

        >>> Span(98, 98).words, Span(90, 119).words
        ('98 days', '90 to 119 days')
        """
        if self.least == self.most:
            return f"{self.most:.0f} day{'' if self.most == 1 else 's'}"
        return f"{self.least:.0f} to {self.most:.0f} days"


@dataclass(frozen=True)
class Moment:
    """When a visit was.

    Parameters
    ----------
    earliest, latest
        The days that it may have been on; None where no date is known.
    since_start
        Days since a start that all visits of the patient are counted from; None where nothing counts them.
    stage
        Place of a word such as "post-op" in the course of a treatment; -1 where there is none.
    numbers
        Numbers of the name, which tell an order and no time.
    """

    earliest: date | None = None
    latest: date | None = None
    since_start: Span | None = None
    stage: int = -1
    numbers: tuple[int, ...] = ()

    @property
    def words(self) -> str:
        """The date or the days as far as they are known; empty where only the order is."""
        if self.earliest is not None and self.latest is not None:
            return _date_words(self.earliest, self.latest)
        return f"after {self.since_start.words}" if self.since_start is not None else ""

    def days_until(self, later: Moment) -> Span | None:
        """Days from this moment to another one; None where only their order is known."""
        ours, theirs = self.days, later.days
        if ours is None or theirs is None or (self.earliest is None) != (later.earliest is None):
            return None
        if later == self and ours.least == ours.most:
            return Span(0, 0)
        return Span(theirs.least - ours.most, theirs.most - ours.least)

    @property
    def days(self) -> Span | None:
        """The days that it may have been on, counted from any fixed day; None where only the order is known."""
        if self.earliest is not None and self.latest is not None:
            return Span(self.earliest.toordinal(), self.latest.toordinal())
        return self.since_start


def moment_of(name: str, pattern: str = "") -> Moment:
    """What a visit's name tells of when it was.

    Parameters
    ----------
    name
        Such as ``ses-20210304``, ``2021-03``, ``week-044``, ``followup2`` or ``001``.
    pattern
        How the data set writes it, with a group named ``day``: days since its start.
    """
    if pattern:
        found = re.fullmatch(pattern, name, re.IGNORECASE)
        return Moment(since_start=_exactly(int(found["day"] or 0)), numbers=_numbers(name)) if found else Moment()
    dated = _dated(name)
    if dated is not None:
        rest = name.replace(dated[2], "", 1)
        return Moment(dated[0], dated[1], stage=_stage(rest), numbers=_numbers(rest))
    return Moment(since_start=_counted(name), stage=_stage(name), numbers=_numbers(name))


def impossible_day(name: str) -> str:
    """What is written as a date in a visit's name and is none; empty where nothing is, or another date is there.

    >>> impossible_day("2021-02-30"), impossible_day("2021-02-28"), impossible_day("scan_31.11.2020")
    ('2021-02-30', '', '31.11.2020')
    """
    dated = _dated(name)
    if dated is not None and not _YEAR.fullmatch(dated[2]):  # the year is read of a day that cannot be, too
        return ""
    return next((found[0] for pattern in (_DAY, _DAY_FIRST, _MONTH) for found in pattern.finditer(name)), "")


def moment_on(earliest: date, latest: date | None = None) -> Moment:
    """The moment of a date that was read elsewhere, such as in a header."""
    return Moment(earliest, latest or earliest)


def _dated(name: str) -> tuple[date, date, str] | None:
    """First and last day of the date in a name, and how it is written there."""
    for pattern, order in ((_DAY, (1, 3, 4)), (_DAY_FIRST, (3, 2, 1))):
        for found in pattern.finditer(name):
            year, month, day = (int(found[group]) for group in order)
            if 1 <= month <= 12 and 1 <= day <= calendar.monthrange(year, month)[1]:
                return date(year, month, day), date(year, month, day), found[0]
    for found in _MONTH.finditer(name):
        year, month = int(found[1]), int(found[2])
        if 1 <= month <= 12:
            return date(year, month, 1), date(year, month, calendar.monthrange(year, month)[1]), found[0]
    if year_alone := _YEAR.fullmatch(name):
        year = int(year_alone[1])
        return date(year, 1, 1), date(year, 12, 31), year_alone[1]
    return None


def _counted(name: str) -> Span | None:
    """Days since the start, of a name that counts them, or weeks or months: anywhen in that week or month."""
    found = _COUNTED.search(name)
    if found is None:
        return None
    unit = (found[1] or found[4]).lower()
    number, days = int(found[2] or found[3]), _DAYS[unit[0]]
    if unit.startswith("h"):
        return Span(number // 24, -(-number // 24))
    return Span(number * days, (number + 1) * days - 1)


def _exactly(days: int) -> Span:
    return Span(days, days)


def _stage(name: str) -> int:
    return next((rank for rank, words in enumerate(_STAGES) if re.search(words, name, re.IGNORECASE)), -1)


def _numbers(name: str) -> tuple[int, ...]:
    return tuple(int(digits) for digits in re.findall(r"\d{1,11}", name))


def _date_words(earliest: date, latest: date) -> str:
    if earliest == latest:
        return earliest.isoformat()
    same_month = (earliest.year, earliest.month) == (latest.year, latest.month)
    if same_month:
        return f"{earliest:%Y-%m}"
    whole_year = (earliest.month, earliest.day, latest.month, latest.day) == (1, 1, 12, 31)
    return f"{earliest:%Y}" if whole_year and earliest.year == latest.year else f"{earliest} to {latest}"

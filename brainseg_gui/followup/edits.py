"""What people change about a follow-up: records that a journal can hold, each laid over what was measured."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from brainseg_gui.followup.diameters import Line


@dataclass(frozen=True)
class LineMoved:
    """Somebody dragged the ends of a diameter.

    Parameters
    ----------
    visit, lesion
        Index of the visit, and the lesion's number over all visits.
    which
        ``longest`` or ``across``.
    line
        Where it is now.
    """

    visit: int
    lesion: int
    which: str
    line: Line


@dataclass(frozen=True)
class TargetsChosen:
    """Somebody chose which lesions are summed up."""

    lesions: tuple[int, ...]


@dataclass(frozen=True)
class BaselineChosen:
    """Somebody chose the visit that response is counted from."""

    visit: int


@dataclass(frozen=True)
class VisitRemark:
    """Somebody wrote a remark on a visit, or on a lesion of it (None: on the visit as a whole)."""

    visit: int
    text: str
    lesion: int | None = None


@dataclass(frozen=True)
class TreatmentNoted:
    """Somebody noted a treatment, and the day that it began or was done on."""

    day: date
    text: str


Edit = LineMoved | TargetsChosen | BaselineChosen | VisitRemark | TreatmentNoted

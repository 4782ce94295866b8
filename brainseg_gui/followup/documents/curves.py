"""What a follow-up draws over time: sums over targets, and volumes of the regions."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from brainseg_gui.errors import printable
from brainseg_gui.followup.record import FollowUp
from brainseg_gui.followup.results import results_of
from brainseg_gui.followup.volumes import UNKNOWN

_REGIONS = ("WT", "TC", "ET", "RC")


@dataclass(frozen=True)
class Curves:
    """One picture of curves.

    Parameters
    ----------
    title, unit
        What is drawn.
    curves
        Name and values of each line; NaN where a visit has none.
    places, names
        Where the visits stand, in days since the baseline or, where those are not known, one after the other; and
        what they are called.
    treatments
        Days since the baseline, and what was begun or done on them; none where those days are not known.
    limits
        For each line the lower and the upper limits that its values are known within; none where they are not told.
    """

    title: str
    unit: str
    curves: tuple[tuple[str, tuple[float, ...]], ...]
    places: tuple[float, ...]
    names: tuple[str, ...]
    treatments: tuple[tuple[float, str], ...] = ()
    limits: tuple[tuple[tuple[float, float], ...], ...] = ()


def curves_of(record: FollowUp) -> tuple[Curves, ...]:
    """The curves; none of a single visit."""
    visits = list(record.measured_visits())
    if len(visits) < 2:
        return ()
    names = tuple(printable(record.visits[visit].name) for visit in visits)
    days = [record.days(visit) for visit in visits]
    known = [span.middle for span in days if span is not None]
    in_days = len(known) == len(visits)
    places = tuple(known if in_days else [float(visit) for visit in visits])
    treatments = tuple(_treatments(record)) if in_days else ()
    volumes = [(key, tuple(_volume(record, visit, key) for visit in visits)) for key in _REGIONS]
    there = tuple((key, values) for key, values in volumes if not all(math.isnan(value) for value in values))
    sums = ("sum", tuple(result.diameters.total for result in results_of(record)))
    unit = record.criteria.unit
    return (
        Curves(f"Sum over targets, {unit}", unit, (sums,), places, names, treatments),
        Curves("Volumes, ml", "ml", there, places, names, treatments, tuple(_limits(record, visits, there))),
    )


def _treatments(record: FollowUp) -> Iterator[tuple[float, str]]:
    for treatment in record.treatments:
        days = record.days_to(treatment.day)
        if days is not None:
            yield days.middle, printable(treatment.text)


def _limits(
    record: FollowUp, visits: Sequence[int], lines: Sequence[tuple[str, tuple[float, ...]]]
) -> Iterator[tuple[tuple[float, float], ...]]:
    """Between which limits the volumes are known."""
    for key, _ in lines:
        found = [record.visits[visit].volumes.get(key, UNKNOWN) for visit in visits]
        yield tuple((one.low, one.high) for one in found)


def _volume(record: FollowUp, visit: int, key: str) -> float:
    volumes = record.visits[visit].volumes
    return volumes[key].value if key in volumes else math.nan

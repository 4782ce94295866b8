"""What a follow-up comes to, visit by visit: sums, changes and categories, of diameters and of volumes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from brainseg_gui.followup.moments import Span
from brainseg_gui.followup.record import FollowUp
from brainseg_gui.followup.response import (
    Assessment,
    Sums,
    assess,
    size_of,
    thresholds_of,
    volume_thresholds_of,
)


@dataclass(frozen=True)
class VisitResult:
    """What one visit comes to.

    Parameters
    ----------
    visit
        Index of the visit; visits without a mask have no result.
    days
        Days since the baseline; None where nothing tells.
    targets
        Lesions that were summed up: the targets, or what became of them.
    diameters
        Of sums of products or diameters.
    volumes
        Of the volumes of the same lesions; None where the criteria give no limits for them.
    """

    visit: int
    days: Span | None
    targets: tuple[int, ...]
    diameters: Assessment
    volumes: Assessment | None


def results_of(record: FollowUp) -> tuple[VisitResult, ...]:
    """The results of all visits that have a mask."""
    visits = list(record.measured_visits())
    if not visits:
        return ()
    baseline, criteria = visits.index(record.baseline), record.criteria
    parts = [tuple(sorted(record.identities.parts_of(record.targets, visit, record.baseline))) for visit in visits]
    found = [record.lesions(visit) for visit in visits]
    new = _new_lesions(record, visits)
    counts = [len(lesions) for lesions in found]
    sizes = [sum(size_of(lesions[n], criteria) for n in numbers) for lesions, numbers in zip(found, parts, strict=True)]
    volumes = [sum(lesions[n].volume_ml for n in numbers) for lesions, numbers in zip(found, parts, strict=True)]
    grown, barred = _grown_mm(record, visits), [record.visits[visit].not_evaluable for visit in visits]
    by_size = assess(
        Sums(sizes, counts, new, grown, barred), thresholds_of(criteria), baseline, criteria.progression_least
    )
    limits = volume_thresholds_of(criteria)
    sums = Sums(volumes, counts, new, barred=barred)
    by_volume = assess(sums, limits, baseline) if limits is not None else [None] * len(visits)
    rows = zip(visits, parts, by_size, by_volume, strict=True)
    return tuple(VisitResult(visit, _days(record, visit), numbers, a, b) for visit, numbers, a, b in rows)


def _days(record: FollowUp, visit: int) -> Span | None:
    return Span(0, 0) if visit == record.baseline else record.days(visit)


def _new_lesions(record: FollowUp, visits: Sequence[int]) -> list[tuple[int, ...]]:
    """Per visit, the lesions that are there, were not at the baseline, and count as new: as long as they are there.

    A tumour that was taken out before the baseline and comes back is new as well. One that has to be measurable to
    count does so from the visit on at which it first is.
    """
    start, known = tuple(record.lesions(record.baseline)), record.identities
    counted: set[int] = set()
    found = []
    for visit in visits:
        lesions = record.lesions(visit) if visit > record.baseline else {}
        new = lesions.keys() - known.parts_of(start, visit, record.baseline)
        if not record.visits[visit].not_evaluable:
            counted |= {n for n in new if record.criteria.new_lesion == "any" or lesions[n].measurable}
        found.append(tuple(sorted(new & counted)))
    return found


def _grown_mm(record: FollowUp, visits: Sequence[int]) -> list[float]:
    """Per visit, by how much the longest diameter of any target exceeds its smallest so far."""
    smallest: dict[int, float] = {}
    found = []
    for visit in visits:
        lesions, most = record.lesions(visit), 0.0
        for target in record.targets if visit >= record.baseline else ():
            parts = record.identities.parts_of([target], visit, record.baseline)
            now = max((lesions[n].cross.longest_mm for n in parts), default=0.0)
            most = max(most, now - smallest.get(target, now))
            smallest[target] = min(smallest.get(target, now), now)
        found.append(most)
    return found

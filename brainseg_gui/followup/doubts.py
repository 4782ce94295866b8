"""Where the category that the numbers give rests on lesions that are not measurable.

RANO 2.0 (Wen et al., J Clin Oncol 2023, 41:5187) and RANO-BM (Lin et al., Lancet Oncol 2015, 16:e270) measure lesions
from a least diameter on: of smaller ones a voxel more or less is many per cent, so a change of theirs is no basis.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from brainseg_gui.errors import printable
from brainseg_gui.followup.record import FollowUp
from brainseg_gui.followup.response import Category
from brainseg_gui.followup.results import VisitResult, results_of


def doubts_of(record: FollowUp, results: Sequence[VisitResult] | None = None) -> dict[int, str]:
    """Index of a visit -> why its category is in doubt, in a sentence; visits without a doubt are left out.

    Parameters
    ----------
    results
        What `results_of` gives, where that is known.
    """
    results = results_of(record) if results is None else results
    found = {}
    for result in results:
        places = _small(record, _basis(record, result, results))
        if places:
            found[result.visit] = f"In doubt: it rests on what is not measurable, {'; '.join(places)}"
    return found


def _basis(record: FollowUp, result: VisitResult, results: Sequence[VisitResult]) -> list[tuple[int, tuple[int, ...]]]:
    """Visits whose sums the category compares, and the lesions that it counts there."""
    category = result.diameters.category
    if category in (Category.NONE, Category.BASELINE, Category.COMPLETE):
        return []
    counted = {one.visit: one.targets for one in results}
    start = (record.baseline, counted.get(record.baseline, ()))
    if category is not Category.PROGRESSION:
        return [start]
    if result.diameters.new:
        return [(result.visit, result.diameters.new)]
    before = [one for one in results if record.baseline <= one.visit < result.visit]
    lowest = min(before, key=lambda one: one.diameters.total, default=result)
    # a target that is gone is no doubt where it was: what is back is told by what there is now
    return [(lowest.visit, lowest.targets), (result.visit, result.targets)]


def _small(record: FollowUp, basis: Iterable[tuple[int, tuple[int, ...]]]) -> list[str]:
    """Which of these lesions are not measurable, visit by visit."""
    found = []
    for visit, numbers in basis:
        lesions = record.lesions(visit)
        small = [number for number in numbers if number in lesions and not lesions[number].measurable]
        name = printable(record.visits[visit].name)
        found += [f"lesion {number} at {name} ({lesions[number].why_not})" for number in small]
    return found

"""Where the category that the numbers give rests on lesions that are not measurable, others grew, or surgery was done.

RANO 2.0 (Wen et al., J Clin Oncol 2023, 41:5187) and RANO-BM (Lin et al., Lancet Oncol 2015, 16:e270) measure lesions
from a least diameter on: of smaller ones a voxel more or less is many per cent, so a change of theirs is no basis.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from brainseg_gui.errors import printable
from brainseg_gui.followup.diameters import angle_between
from brainseg_gui.followup.record import FollowUp
from brainseg_gui.followup.response import Category
from brainseg_gui.followup.results import VisitResult, results_of

_LEAST_MM = 5.0  # of growth, as RANO-BM has it
_CAVITY = "RC"
_LEAST_ANGLE = 80.0  # degrees between two diameters that are to be perpendicular


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
        said = [f"it rests on what is not measurable, {'; '.join(places)}"] if places else []
        said += _cut(record, result)
        if grown := _grown_others(record, result, results):
            said.append(f"lesions that are no targets grew, {'; '.join(grown)}")
        said += [f"the lines of lesion {number} are {angle:.0f}° apart" for number, angle in _askew(record, result)]
        if said:
            found[result.visit] = f"In doubt: {'; '.join(said)}"
    return found


def _grown_others(record: FollowUp, result: VisitResult, results: Sequence[VisitResult]) -> list[str]:
    """Lesions of the baseline that are not summed up and grew as far as progression asks for, where none is told."""
    told = (Category.BASELINE, Category.PROGRESSION)
    if (
        result.visit <= record.baseline
        or result.diameters.category in told
        or record.visits[result.visit].not_evaluable
    ):
        return []
    before = [one.visit for one in results if record.baseline <= one.visit < result.visit]
    found = []
    for number in sorted(record.lesions(record.baseline).keys() - set(record.targets)):
        sizes = [size for visit in before if (size := _longest_mm(record, number, visit)) > 0]
        now = _longest_mm(record, number, result.visit)
        if sizes and now >= min(sizes) + _LEAST_MM and now >= min(sizes) * (1 + record.criteria.progression / 100):
            found.append(f"lesion {number} from {min(sizes):.1f} to {now:.1f} mm")
    return found


def _cut(record: FollowUp, result: VisitResult) -> list[str]:
    """That a resection lies between the baseline and a visit that is compared with it, by the cavity in its mask."""
    compared = (Category.COMPLETE, Category.PARTIAL, Category.MINOR, Category.STABLE)
    if result.diameters.category not in compared or _CAVITY in record.visits[record.baseline].volumes:
        return []
    after = range(record.baseline + 1, result.visit + 1)
    first = next((visit for visit in after if _CAVITY in record.visits[visit].volumes), None)
    if first is None:
        return []
    name = printable(record.visits[first].name)
    return [f"the mask of {name} has a resection cavity that the baseline has not, and what was removed is no response"]


def _askew(record: FollowUp, result: VisitResult) -> list[tuple[int, float]]:
    """Targets of which somebody moved a line so that the two are far from perpendicular, and the angle in degrees."""
    grid, lesions = record.visits[result.visit].grid, record.lesions(result.visit)
    found = []
    for number in result.targets:
        if grid is not None and record.is_edited(result.visit, number) and record.criteria.dimensions == 2:
            cross = lesions[number].cross
            angle = angle_between(cross.longest, cross.across, grid)
            if angle < _LEAST_ANGLE:
                found.append((number, angle))
    return found


def _longest_mm(record: FollowUp, number: int, visit: int) -> float:
    lesions = record.lesions(visit)
    parts = record.identities.parts_of([number], visit, record.baseline) - set(record.targets)
    return max((lesions[part].cross.longest_mm for part in parts), default=0.0)


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

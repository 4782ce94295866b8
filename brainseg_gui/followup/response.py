"""Sums over target lesions, their change, and the category that the numbers give.

The category is that of the numbers alone: no diagnosis, and no response of a patient, to which clinical state,
steroids, the kind of treatment and a confirming scan belong (`criteria` names the publications).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

from brainseg_gui.errors import with_minus
from brainseg_gui.followup.criteria import Criteria
from brainseg_gui.followup.lesions import MeasuredLesion

CAUTION = (
    "A category of measurements alone: no diagnosis. Clinical state, steroids, treatment, a confirming scan and what "
    "other sequences show are not looked at; of lesions that are no targets a person is told where they grow."
)
_TENTHS_BELOW = 200.0  # per cent
_SAME = 1e-9  # per cent: a change of exactly 25 % is 25 %


class Category(Enum):
    """What the numbers of a visit give."""

    BASELINE = "baseline"
    COMPLETE = "complete response"
    PARTIAL = "partial response"
    MINOR = "minor response"
    STABLE = "stable"
    PROGRESSION = "progression"
    NONE = "not evaluable"

    @property
    def letters(self) -> str:
        """Its abbreviation."""
        return _LETTERS[self]


_LETTERS = {
    Category.BASELINE: "BL",
    Category.COMPLETE: "CR",
    Category.PARTIAL: "PR",
    Category.MINOR: "MR",
    Category.STABLE: "SD",
    Category.PROGRESSION: "PD",
    Category.NONE: "NE",
}
_ORDER = (Category.PROGRESSION, Category.COMPLETE, Category.PARTIAL, Category.MINOR, Category.STABLE)


@dataclass(frozen=True)
class Thresholds:
    """Changes in per cent that make a category, of diameters or of volumes; None where there is no such category."""

    response: float
    minor: float | None
    progression: float


@dataclass(frozen=True)
class Assessment:
    """What the sums of one visit give.

    Parameters
    ----------
    total
        The sum over targets: mm², mm or ml.
    from_baseline, from_nadir
        Change in per cent; NaN where there is nothing to compare with.
    nadir
        Smallest sum before this visit, from the baseline on.
    category
        What it is called.
    reasons
        Why, in words.
    new
        Numbers of new lesions that the category rests on.
    """

    total: float
    from_baseline: float
    from_nadir: float
    nadir: float
    category: Category
    reasons: tuple[str, ...] = ()
    new: tuple[int, ...] = ()


Found = Mapping[int, MeasuredLesion]
"""Number of a lesion over all visits -> how it is measured on one of them."""


def default_targets(baseline: Found, criteria: Criteria) -> tuple[int, ...]:
    """The largest measurable lesions of the baseline, as many as the criteria allow."""
    sizes = {number: size_of(lesion, criteria) for number, lesion in baseline.items() if lesion.measurable}
    return tuple(sorted(sizes, key=lambda number: (-sizes[number], number))[: criteria.targets])


def size_of(lesion: MeasuredLesion, criteria: Criteria) -> float:
    """What the criteria sum up of a lesion: mm² or mm."""
    return lesion.cross.product_mm2 if criteria.dimensions == 2 else lesion.cross.longest_mm


def thresholds_of(criteria: Criteria) -> Thresholds:
    """For sums of diameters."""
    return Thresholds(criteria.response, criteria.minor, criteria.progression)


def volume_thresholds_of(criteria: Criteria) -> Thresholds | None:
    """For volumes; None where the criteria give none."""
    if criteria.volume_response is None or criteria.volume_progression is None:
        return None
    return Thresholds(criteria.volume_response, criteria.volume_minor, criteria.volume_progression)


def percent_words(change: float) -> str:
    """A change in per cent: tenths where a threshold may be near; a thousandfold is no more exact for them.

    >>> percent_words(24.96), percent_words(-99.94), percent_words(5445.51)
    ('+25.0', '−99.9', '+5446')
    """
    return with_minus(f"{change:+.0f}" if change >= _TENTHS_BELOW else f"{change:+.1f}")


def change_percent(now: float, before: float) -> float:
    """Change in per cent; NaN where nothing was there before.

    >>> change_percent(150, 100), change_percent(0, 100)
    (50.0, -100.0)
    """
    return 100.0 * (now - before) / before if before > 0 else math.nan


@dataclass(frozen=True)
class Sums:
    """What is assessed, visit by visit, from the first on.

    Parameters
    ----------
    totals
        Sums over targets.
    lesions
        How many lesions there are of any kind, targets or not.
    new
        New lesions that mean progression: their numbers.
    grown
        Largest growth in mm of a target's longest diameter over its smallest so far; only one dimension needs it.
    barred
        Why a visit cannot be evaluated; empty where it can. Its sum is no nadir.
    """

    totals: Sequence[float]
    lesions: Sequence[int]
    new: Sequence[tuple[int, ...]]
    grown: Sequence[float] | None = None
    barred: Sequence[str] | None = None

    def why_barred(self, index: int) -> str:
        """Why a visit cannot be evaluated; empty where it can."""
        return self.barred[index] if self.barred is not None else ""


def assess(sums: Sums, thresholds: Thresholds, baseline: int = 0, least_growth: float = 0.0) -> tuple[Assessment, ...]:
    """The category of each visit.

    Parameters
    ----------
    baseline
        Index of the visit that response is counted from; those before it are not evaluated.
    least_growth
        Growth in mm that progression of the sum needs besides.
    """
    found = []
    for index, total in enumerate(sums.totals):
        if index < baseline:
            found.append(Assessment(total, math.nan, math.nan, math.nan, Category.NONE, ("before the baseline",)))
        elif why := sums.why_barred(index):
            found.append(Assessment(total, math.nan, math.nan, math.nan, Category.NONE, (why,)))
        elif index == baseline:
            found.append(Assessment(total, 0.0, 0.0, total, Category.BASELINE))
        else:
            found.append(_assessed(sums, thresholds, baseline, index, least_growth))
    return tuple(found)


def _assessed(sums: Sums, thresholds: Thresholds, baseline: int, index: int, least_growth: float) -> Assessment:
    total, first = sums.totals[index], sums.totals[baseline]
    if why := sums.why_barred(baseline):
        return Assessment(total, math.nan, math.nan, math.nan, Category.NONE, (f"the baseline: {why}",))
    nadir = min(sums.totals[one] for one in range(baseline, index) if not sums.why_barred(one))
    from_baseline, from_nadir = change_percent(total, first), change_percent(total, nadir)
    grown = sums.grown[index] if sums.grown is not None else math.inf
    reasons: dict[Category, str] = {}
    if sums.new[index]:
        numbers = ", ".join(str(number) for number in sums.new[index])
        reasons[Category.PROGRESSION] = (
            f"new lesion {numbers}" if len(sums.new[index]) == 1 else f"new lesions {numbers}"
        )
    elif total > 0 and nadir == 0 and first > 0:
        reasons[Category.PROGRESSION] = "target lesions are back"
    elif from_nadir >= thresholds.progression - _SAME and grown >= least_growth - _SAME:
        reasons[Category.PROGRESSION] = f"{percent_words(from_nadir)} % from the smallest sum"
    if first > 0:
        reasons |= _decrease(from_baseline, thresholds, sums.lesions[index])
    if not reasons:
        return Assessment(total, from_baseline, from_nadir, nadir, Category.NONE, ("no target lesion at the baseline",))
    category = next(entry for entry in _ORDER if entry in reasons)
    new = tuple(sums.new[index]) if category is Category.PROGRESSION else ()
    return Assessment(total, from_baseline, from_nadir, nadir, category, (reasons[category],), new)


def _decrease(change: float, thresholds: Thresholds, lesions: int) -> dict[Category, str]:
    words = f"{percent_words(change)} % from the baseline"
    if lesions == 0:
        return {Category.COMPLETE: "no lesion is left"}
    if change <= thresholds.response + _SAME:
        return {Category.PARTIAL: words}
    if thresholds.minor is not None and change <= thresholds.minor + _SAME:
        return {Category.MINOR: words}
    return {Category.STABLE: words}

"""Sums, their changes and categories, worked out by hand; the thresholds themselves belong to the category."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from brainseg_gui.followup.criteria import all_criteria, criteria_named
from brainseg_gui.followup.diameters import Cross, Line
from brainseg_gui.followup.lesions import MeasuredLesion
from brainseg_gui.followup.response import (
    Category,
    Sums,
    assess,
    change_percent,
    default_targets,
    thresholds_of,
    volume_thresholds_of,
)
from brainseg_gui.imaging.plane import Plane

CR, PR, MR, SD, PD = Category.COMPLETE, Category.PARTIAL, Category.MINOR, Category.STABLE, Category.PROGRESSION
BL, NE = Category.BASELINE, Category.NONE
NOWHERE = Line((0, 0, 0), (0, 0, 0))


def _measured(longest: float, across: float, why_not: str = "") -> MeasuredLesion:
    return MeasuredLesion(Cross(Plane.AXIAL, 0, NOWHERE, NOWHERE, longest, across), 5, 1.0, why_not)


def _categories(
    name: str, totals: list[float], *, left: list[int] | None = None, new: dict[int, tuple[int, ...]] | None = None,
    grown: list[float] | None = None, volumes: bool = False, baseline: int = 0,
) -> list[Category]:  # fmt: skip
    criteria = criteria_named(name)
    thresholds = volume_thresholds_of(criteria) if volumes else thresholds_of(criteria)
    assert thresholds is not None
    count = range(len(totals))
    sums = Sums(totals, left or [1] * len(totals), [(new or {}).get(n, ()) for n in count], grown)
    return [entry.category for entry in assess(sums, thresholds, baseline, criteria.progression_least)]


@pytest.mark.parametrize(
    ("name", "totals", "expected"),
    [
        ("rano2", [400, 200, 200], [BL, PR, PR]),  # -50 % exactly
        ("rano2", [400, 201, 251.25], [BL, SD, PD]),  # +25 % exactly, of the smallest sum and not of the baseline
        ("rano2", [400, 499, 500], [BL, SD, PD]),
        ("rano2", [400, 100, 124, 126], [BL, PR, PR, PD]),  # progression goes before what is left of a response
        ("rano2", [400, 300], [BL, SD]),  # no minor response of enhancing tumour
        ("rano2-nonenhancing", [400, 300, 301, 200], [BL, MR, SD, PR]),
        ("rano-lgg", [400, 300], [BL, MR]),
        ("rano2", [0, 0], [BL, NE]),
        ("rano-bm", [50, 35, 36], [BL, PR, SD]),  # -30 % exactly, of longest diameters
    ],
)
def test_categories_of_sums(name: str, totals: list[float], expected: list[Category]) -> None:
    assert _categories(name, totals) == expected


def test_a_complete_response_leaves_no_lesion_at_all() -> None:
    assert _categories("rano2", [400, 0], left=[2, 0]) == [BL, CR]
    assert _categories("rano2", [400, 0], left=[2, 1]) == [BL, PR]  # one that is no target is still there
    assert _categories("rano2", [400, 0, 30], left=[1, 0, 1]) == [BL, CR, PD]


def test_a_new_lesion_is_progression_whatever_the_sum_does() -> None:
    assert _categories("rano2", [400, 100], new={1: (3,)}) == [BL, PD]
    assert _categories("rano2", [0, 0], new={1: (1,)}) == [BL, PD]


def test_metastases_must_grow_by_millimetres_too() -> None:
    assert _categories("rano-bm", [20, 24.5], grown=[0, 4.5]) == [BL, SD]
    assert _categories("rano-bm", [20, 25], grown=[0, 5]) == [BL, PD]


def test_volumes_have_thresholds_of_their_own() -> None:
    assert _categories("rano2", [10, 3.5, 4.8, 4.9], volumes=True) == [BL, PR, SD, PD]
    assert _categories("rano2-nonenhancing", [10, 6, 6.1], volumes=True) == [BL, MR, SD]
    assert volume_thresholds_of(criteria_named("rano-hgg")) is None


def test_visits_before_the_baseline_are_not_assessed() -> None:
    assert _categories("rano2", [100, 400, 450], baseline=1) == [NE, BL, SD]


def test_changes_of_nothing_are_not_defined() -> None:
    assert change_percent(150, 100) == 50
    assert math.isnan(change_percent(5, 0))


def test_targets_are_the_largest_measurable_lesions() -> None:
    found = {1: _measured(12, 11), 2: _measured(40, 9, "too thin"), 3: _measured(20, 20), 4: _measured(15, 15)}
    assert default_targets(found, criteria_named("rano2")) == (3, 4, 1)
    assert default_targets(found, replace(criteria_named("rano2"), targets=2)) == (3, 4)
    assert default_targets({}, criteria_named("rano2")) == ()


def test_every_criteria_call_smaller_smaller_and_larger_larger() -> None:
    for criteria in all_criteria().values():
        for limits in filter(None, (thresholds_of(criteria), volume_thresholds_of(criteria))):
            assert -100 < limits.response < (limits.minor or -1) < 0 < limits.progression

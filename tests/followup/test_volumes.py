"""Growth rates, doubling times and the limits of a volume, worked out by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from brainseg_gui.followup.moments import Span
from brainseg_gui.followup.volumes import (
    VolumeRange,
    diametric_rate,
    doubling_days,
    fitted_rate,
    growth_rate,
    volume_by_border,
)


def test_a_volume_that_doubles_in_a_hundred_days() -> None:
    rate = growth_rate(10, 20, Span(100, 100))
    assert (rate.value, rate.low, rate.high) == pytest.approx((0.6931,) * 3, abs=1e-4)
    assert doubling_days(rate).value == pytest.approx(100)
    assert doubling_days(growth_rate(20, 10, Span(100, 100))).value == pytest.approx(-100)


def test_dates_of_a_month_give_a_range() -> None:
    days = doubling_days(growth_rate(10, 20, Span(80, 120)))
    assert (days.value, days.low, days.high) == pytest.approx((100, 80, 120))


@pytest.mark.parametrize(
    ("before", "after", "days"), [(0, 5, Span(9, 9)), (5, 0, Span(9, 9)), (5, 6, None), (5, 6, Span(0, 0))]
)
def test_what_has_no_rate(before: float, after: float, days: Span | None) -> None:
    rate = growth_rate(before, after, days)
    assert math.isnan(rate.value)
    assert math.isnan(doubling_days(rate).value)


def test_a_time_that_may_be_none_leaves_the_rate_open_upwards() -> None:
    assert growth_rate(10, 20, Span(0, 60)).high == math.inf
    assert growth_rate(20, 10, Span(0, 60)).low == -math.inf


def test_a_rate_of_either_sign_limits_no_doubling_time() -> None:
    days = doubling_days(VolumeRange(0.5, -1.0, 2.0))
    assert days.value == pytest.approx(138.6, abs=0.1)
    assert math.isnan(days.low)
    assert math.isnan(days.high)


def test_no_growth_has_no_doubling_time() -> None:
    assert math.isnan(doubling_days(growth_rate(10, 10, Span(50, 50))).value)


def test_the_line_through_all_visits() -> None:
    days = [0.0, 50.0, 100.0, 200.0]
    exact = fitted_rate([10 * 2 ** (day / 100) for day in days], days)
    assert (exact.value, exact.low, exact.high) == pytest.approx((0.6931,) * 3, abs=1e-3)
    scattered = fitted_rate([10, 15, 19, 41], days)
    assert scattered.low < 0.6931 < scattered.high
    assert math.isnan(fitted_rate([10, 20], [0, 100]).low)
    assert math.isnan(fitted_rate([10, 0], [0, 100]).value)


def test_diameters_of_balls_grow_by_millimetres_a_year() -> None:
    before, after = ((diameter**3) / 2000 for diameter in (20.0, 24.0))
    assert diametric_rate(before, after, Span(365.25, 365.25)).value == pytest.approx(4)


def test_a_border_half_a_voxel_further_in_or_out() -> None:
    found = volume_by_border(np.ones((10, 10, 10), dtype=bool), 0.001)
    assert (found.value, found.low, found.high) == pytest.approx((1.0, (1.0 + 0.512) / 2, 1.3))
    assert volume_by_border(np.zeros((3, 3, 3), dtype=bool), 1.0).high == 0

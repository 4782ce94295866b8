"""Values over time in a page."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

import pytest

from brainseg_gui.evaluation.html.curves import curve_chart

DAYS = (0.0, 30.0, 60.0, 90.0)


def _lines(*curves: Sequence[float]) -> list[str]:
    """The path of each line, without its numbers."""
    named = [(f"line {number}", values) for number, values in enumerate(curves)]
    page = curve_chart("Volumes", named, DAYS, [f"visit {day:g}" for day in DAYS], "ml")
    return [re.sub(r"[\d. ]+", "", path) for path in re.findall(r'<path d="([^"]*)" fill="none" stroke', page)]


@pytest.mark.parametrize(
    ("values", "path"),
    [
        ((1.0, 2.0, 3.0, 4.0), "MLLL"),
        ((1.0, math.nan, 3.0, 4.0), "MML"),
        ((math.nan, 2.0, 3.0, math.nan), "ML"),
        ((1.0, math.nan, math.nan, 4.0), "MM"),
    ],
)
def test_a_value_that_is_not_defined_leaves_a_gap(values: tuple[float, ...], path: str) -> None:
    """Nobody measured what a line across it would show."""
    assert _lines(values) == [path]


def test_a_line_without_any_value_is_left_out() -> None:
    assert _lines((math.nan,) * 4, (1.0, 1.0, 1.0, 1.0)) == ["MLLL"]


def test_dots_say_what_they_stand_for_and_names_stand_where_lines_end() -> None:
    page = curve_chart("Volumes", [("WT", (1.5, 2.25, math.nan))], DAYS[:3], ["a", "b", "c"], "ml")
    assert re.findall(r"<title>([^<]*)</title>", page) == ["WT, a: 1.5 ml", "WT, b: 2.25 ml"]
    end = re.search(r'<text x="([\d.]+)"[^>]*>WT</text>', page)
    places = re.findall(r'<circle cx="([\d.]+)"', page)
    assert end is not None
    assert float(end[1]) == pytest.approx(float(places[-1]) + 8, abs=0.1)

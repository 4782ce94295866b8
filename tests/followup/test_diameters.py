"""Diameters of flat regions: figures worked out by hand, and any shape against looking at everything."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from brainseg_gui.followup.diameters import Cross, across_within, cross_on_slice, longest_within
from brainseg_gui.followup.outline import MaskOutline
from brainseg_gui.imaging.grid import Grid
from brainseg_gui.imaging.plane import Plane
from tests.followup.everything import Everything

Mask = np.ndarray[Any, np.dtype[np.bool_]]
ROOT5, ROOT13 = np.sqrt([5, 13])


def _grid(*spacing: float, turned: bool = False) -> Grid:
    affine = np.diag([*spacing, 1.0])
    if turned:
        turn, _ = np.linalg.qr(np.array([[1.0, 0.3, 0.2], [-0.4, 1.0, 0.1], [0.1, -0.3, 1.0]]))
        affine[:3, :3] = turn @ affine[:3, :3]
    return Grid((99, 99, 99), affine)


def _cross(mask: Mask, grid: Grid | None = None, plane: Plane = Plane.AXIAL) -> Cross:
    return cross_on_slice(mask, grid or _grid(1, 1, 1), plane, 4)


def _lengths(mask: Mask, grid: Grid | None = None) -> tuple[float, float]:
    cross = _cross(mask, grid)
    return cross.longest_mm, cross.across_mm


def _disc(radius: float, size: int = 61, centre: tuple[float, float] = (30.0, 30.0)) -> Mask:
    y, x = np.mgrid[:size, :size]
    return np.asarray((y - centre[0]) ** 2 + (x - centre[1]) ** 2 <= radius**2)


@pytest.mark.parametrize(
    ("rows", "longest", "across"),
    [
        (["1"], 1, 1),
        (["1111111"], 7, 1),
        (["11", "11"], ROOT5, ROOT5),  # from the middle of a side to that of the one across: (2, 1) and (-1, 2)
        (["111", "111", "111"], ROOT13, ROOT13),
        (["010", "111", "010"], 3, 3),
        (["100", "010", "001"], ROOT13, ROOT13 / 5),  # a strip as wide as half a diagonal, crossed aslant
        (["11111", "10001", "10001", "10001", "11111"], 5, 5),  # along two walls of a frame, not across its hole
        (["10001", "10001", "11111"], 5, 3),
        (["1111", "1000", "1111"], 4, 3),
    ],
)
def test_figures_worked_out_by_hand(rows: list[str], longest: float, across: float) -> None:
    mask = np.array([[sign == "1" for sign in row] for row in rows])
    assert _lengths(mask) == pytest.approx((longest, across), abs=1e-5)


@pytest.mark.parametrize("radius", [4.0, 7.3, 12.6, 20.0, 27.5])
def test_discs_are_as_wide_as_they_are(radius: float) -> None:
    rng = np.random.default_rng(3)
    found = [_lengths(_disc(radius, centre=tuple(30 + rng.uniform(-0.5, 0.5, 2)))) for _ in range(8)]
    longest, across = np.mean(found, axis=0) - 2 * radius
    assert 0.3 < longest < 0.95  # the longest of many: two ends where the voxels reach out most
    assert abs(across) < 0.3
    assert np.abs(np.array(found) - 2 * radius).max() < 1.1


def test_an_ellipse_has_both_its_axes() -> None:
    y, x = np.mgrid[-50:51, -50:51]
    for degrees in (0, 20, 45, 70):
        c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
        mask = ((c * x + s * y) / 40.2) ** 2 + ((c * y - s * x) / 15.3) ** 2 <= 1
        assert _lengths(mask) == pytest.approx((80.4, 30.6), abs=0.8)


def test_a_ring_is_measured_in_its_wall() -> None:
    ring = _disc(20.4) & ~_disc(17.6)
    longest, across = _lengths(ring)
    assert longest == pytest.approx(2 * np.sqrt(20.8**2 - 17.2**2), abs=1)  # a chord that touches the hole
    assert across < 5
    assert _lengths(_disc(20.4))[0] == pytest.approx(40.8, abs=1)


def test_voxels_that_are_no_squares_and_grids_that_are_turned() -> None:
    mask = np.ones((4, 10), dtype=bool)
    flat = np.hypot(3 * 3.0, 10 * 0.5), np.hypot(4 * 3.0, 9 * 0.5)
    for turned in (False, True):
        grid = _grid(3.0, 0.5, 2.0, turned=turned)
        cross = _cross(mask, grid)
        assert cross.longest_mm == pytest.approx(max(flat), abs=1e-6)
        assert cross.longest_mm == pytest.approx(cross.longest.length_mm(grid))
        steps = [np.subtract(line.end_ijk, line.start_ijk) for line in (cross.longest, cross.across)]
        first, second = (grid.affine[:3, :3] @ step for step in steps)
        assert first @ second == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize("plane", Plane)
def test_ends_lie_in_the_case(plane: Plane) -> None:
    cross = cross_on_slice(np.ones((1, 6), dtype=bool), _grid(1, 1, 1), plane, 2, (10, 20, 30))
    assert cross.slice_index == (10, 20, 30)[plane.axis] + 2
    start, end = sorted([cross.longest.start_ijk, cross.longest.end_ijk])
    axes = [axis for axis in range(3) if axis != plane.axis]
    assert [start[axis] for axis in axes] == [(10, 20, 30)[axes[0]], (10, 20, 30)[axes[1]] - 0.5]
    assert end[axes[1]] - start[axes[1]] == 6
    assert start[plane.axis] == cross.slice_index


def test_an_empty_slice_is_refused() -> None:
    with pytest.raises(ValueError, match="holds nothing"):
        _cross(np.zeros((3, 3), dtype=bool))


# --- against looking at everything -----------------------------------------------------------------------------------


@given(arrays(bool, st.tuples(st.integers(1, 5), st.integers(1, 5))).filter(lambda mask: bool(mask.any())))
@settings(max_examples=12, deadline=None)
def test_any_shape_as_by_looking_at_everything(mask: Mask) -> None:
    everything = Everything(mask)
    start, end = longest_within(mask, np.eye(2) / 2)
    assert np.linalg.norm(end - start) / 2 == pytest.approx(everything.longest(mask), abs=1e-9)
    side, far = across_within(mask, np.eye(2) / 2, start, end)
    assert np.linalg.norm(far - side) / 2 == pytest.approx(everything.across(start / 2, end / 2), abs=0.12)


@given(arrays(bool, (5, 5)), st.lists(st.tuples(st.floats(-2, 12), st.floats(-2, 12)), min_size=1, max_size=30))
@settings(max_examples=40, deadline=None)
def test_any_point_is_inside_or_not(mask: Mask, points: list[tuple[float, float]]) -> None:
    found = MaskOutline(mask).covers(np.array(points))
    away = np.abs(np.array(points) @ np.array([[1, 0, 1, 1], [0, 1, 1, -1]]) % 2 - 1).min(axis=1) > 1e-6
    assert (found == Everything(mask).holds(np.array(points) / 2))[away].all()

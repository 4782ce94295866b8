"""Rulers, angles and ellipses: millimetres on any grid, what a hand draws, and what a journal brings back."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from brainseg_gui.annotation.measuring.gesture import MeasureGesture, nearest_point
from brainseg_gui.annotation.measuring.mark import (
    Mark,
    MarkKind,
    Point,
    angle_deg,
    area_mm2,
    axes_mm,
    length_mm,
    value_words,
    voxels_in,
)
from brainseg_gui.annotation.measuring.mark_journal import MarkChange, MarkJournals, replayed
from brainseg_gui.imaging.grid import Grid
from brainseg_gui.imaging.plane import Plane

FLAT = Grid((40, 30, 20), np.diag([1.0, 1.0, 1.0, 1.0]))


def tilted(spacing: tuple[float, float, float], degrees: float = 25.0) -> Grid:
    """A grid that is turned about the axis (1, 1, 1)."""
    cross = np.array([[0, -1, 1], [1, 0, -1], [-1, 1, 0]]) / math.sqrt(3)
    angle = math.radians(degrees)
    turn = np.eye(3) + math.sin(angle) * cross + (1 - math.cos(angle)) * cross @ cross
    affine = np.eye(4)
    affine[:3, :3] = turn @ np.diag(spacing)
    affine[:3, 3] = (-40.0, 12.0, 7.5)
    return Grid((40, 30, 20), affine)


def mark(kind: MarkKind, *points: Point, plane: Plane = Plane.AXIAL) -> Mark:
    return Mark("m", kind, plane, round(points[0][plane.axis]), points)


@pytest.mark.parametrize(
    ("plane", "end", "millimetres"),
    [
        (Plane.AXIAL, (13.0, 14.0, 5.0), math.hypot(3 * 0.5, 4 * 2.0)),
        (Plane.CORONAL, (13.0, 10.0, 9.0), math.hypot(3 * 0.5, 4 * 3.0)),
        (Plane.SAGITTAL, (10.0, 14.0, 9.0), math.hypot(4 * 2.0, 4 * 3.0)),
    ],
)
def test_a_length_is_that_in_the_patient_on_oblique_and_anisotropic_grids(
    plane: Plane, end: Point, millimetres: float
) -> None:
    ruler = mark(MarkKind.RULER, (10.0, 10.0, 5.0), end, plane=plane)
    assert length_mm(ruler, tilted((0.5, 2.0, 3.0))) == pytest.approx(millimetres)


def test_an_angle_is_that_in_the_patient_not_that_of_the_voxels() -> None:
    right = mark(MarkKind.ANGLE, (10.0, 10.0, 5.0), (4.0, 10.0, 5.0), (4.0, 20.0, 5.0))
    half = mark(MarkKind.ANGLE, (8.0, 10.0, 5.0), (4.0, 10.0, 5.0), (8.0, 12.0, 5.0))
    straight = mark(MarkKind.ANGLE, (0.0, 10.0, 5.0), (4.0, 10.0, 5.0), (9.0, 10.0, 5.0))
    grid = tilted((1.0, 2.0, 3.0))
    assert [angle_deg(one, grid) for one in (right, half, straight)] == pytest.approx([90.0, 45.0, 180.0])
    assert angle_deg(half, FLAT) == pytest.approx(math.degrees(math.atan(0.5)))


def test_an_ellipse_has_its_axes_and_area() -> None:
    grid = tilted((0.5, 2.0, 3.0))
    ellipse = mark(MarkKind.ELLIPSE, (10.0, 20.0, 5.0), (20.0, 10.0, 5.0))
    assert axes_mm(ellipse, grid) == pytest.approx((5.0, 20.0))
    assert area_mm2(ellipse, grid) == pytest.approx(math.pi * 2.5 * 10.0)
    assert value_words(ellipse, grid) == "5.0 × 20.0 mm, 79 mm²"


def test_voxels_are_in_an_ellipse_by_their_centres() -> None:
    box, inside = voxels_in(mark(MarkKind.ELLIPSE, (8.0, 9.0, 5.0), (12.0, 13.0, 5.0)), FLAT)
    assert box == (slice(8, 13), slice(9, 14), slice(5, 6))
    disc = np.hypot(*np.meshgrid(np.arange(-2, 3), np.arange(-2, 3))) <= 2
    assert np.array_equal(inside[:, :, 0], disc)


def test_an_ellipse_that_reaches_out_of_the_case_holds_what_lies_in_it() -> None:
    box, inside = voxels_in(mark(MarkKind.ELLIPSE, (-6.0, -6.0, 5.0), (6.0, 6.0, 5.0)), FLAT)
    assert box[:2] == (slice(0, 7), slice(0, 7))
    assert inside[0, 0, 0]
    _, nothing = voxels_in(mark(MarkKind.ELLIPSE, (-9.0, -9.0, 5.0), (-4.0, -4.0, 5.0)), FLAT)
    assert not nothing.any()


# --- the hand -------------------------------------------------------------------------------------------------------


def dragged(gesture: MeasureGesture, start: Point, end: Point, known: tuple[Mark, ...] = ()) -> MarkChange | None:
    gesture.press(start, Plane.AXIAL, known, 0.5)
    gesture.move(end)
    return gesture.release(end, 0.5)


def clicked(gesture: MeasureGesture, point: Point) -> MarkChange | None:
    return dragged(gesture, point, point)


def test_a_ruler_is_drawn_by_a_drag_or_by_two_clicks() -> None:
    drag = dragged(MeasureGesture(MarkKind.RULER, FLAT), (4.0, 4.0, 5.0), (10.0, 12.0, 5.0))
    gesture = MeasureGesture(MarkKind.RULER, FLAT)
    assert clicked(gesture, (4.0, 4.0, 5.0)) is None
    clicks = clicked(gesture, (10.0, 12.0, 5.0))
    for change in (drag, clicks):
        assert change is not None
        assert change.before is None
        assert change.after is not None
        assert length_mm(change.after, FLAT) == pytest.approx(10.0)
    assert gesture.drawn is None


@pytest.mark.parametrize("grid", [FLAT, tilted((0.5, 0.5, 5.0))], ids=["straight", "oblique"])
@pytest.mark.parametrize("end", [(10.0, 4.0, 5.0), (4.0, 12.0, 5.0)], ids=["along a row", "along a column"])
def test_an_ellipse_that_is_a_line_measures_nothing(grid: Grid, end: Point) -> None:
    start = (4.0, 4.0, 5.0)
    assert dragged(MeasureGesture(MarkKind.ELLIPSE, grid), start, end) is None
    assert dragged(MeasureGesture(MarkKind.RULER, grid), start, end) is not None
    assert dragged(MeasureGesture(MarkKind.ELLIPSE, grid), start, (end[0] + 1, end[1] + 1, 5.0)) is not None


@pytest.mark.parametrize("first_arm", ["dragged", "clicked"])
def test_an_angle_is_an_arm_and_the_end_of_the_other(first_arm: str) -> None:
    gesture, start, vertex, end = (
        MeasureGesture(MarkKind.ANGLE, FLAT),
        (9.0, 4.0, 5.0),
        (4.0, 4.0, 5.0),
        (4.0, 9.0, 5.0),
    )
    if first_arm == "dragged":
        assert dragged(gesture, start, vertex) is None
    else:
        assert clicked(gesture, start) is None
        assert clicked(gesture, vertex) is None
    change = clicked(gesture, end)
    assert change is not None
    assert change.after is not None
    assert angle_deg(change.after, FLAT) == pytest.approx(90.0)


def test_a_point_that_is_near_is_moved_and_the_measurement_stays_the_same() -> None:
    known = mark(MarkKind.RULER, (4.0, 4.0, 5.0), (10.0, 4.0, 5.0))
    gesture = MeasureGesture(MarkKind.ANGLE, FLAT)
    change = dragged(gesture, (10.5, 4.0, 5.0), (20.0, 4.0, 5.0), (known,))
    assert change is not None
    assert change.before == known
    assert change.after == known.with_point(1, (20.0, 4.0, 5.0))
    assert clicked(MeasureGesture(MarkKind.RULER, FLAT), (30.0, 4.0, 5.0)) is None


def test_what_lies_in_another_slice_is_not_taken() -> None:
    known = mark(MarkKind.RULER, (4.0, 4.0, 6.0), (10.0, 4.0, 6.0))
    change = dragged(MeasureGesture(MarkKind.RULER, FLAT), (10.0, 4.0, 5.0), (20.0, 4.0, 5.0), (known,))
    assert change is not None
    assert change.before is None


def test_points_are_near_in_millimetres_of_the_patient() -> None:
    known = mark(MarkKind.RULER, (4.0, 4.0, 5.0), (10.0, 4.0, 5.0))
    assert nearest_point((10.0, 6.0, 5.0), [known], FLAT, 3.0) == (known, 1)
    assert nearest_point((10.0, 6.0, 5.0), [known], tilted((1.0, 2.0, 1.0)), 3.0) is None


def test_a_press_that_is_lost_leaves_what_is_whole() -> None:
    gesture = MeasureGesture(MarkKind.RULER, FLAT)
    gesture.press((4.0, 4.0, 5.0), Plane.AXIAL, (), 0.5)
    gesture.move((9.0, 4.0, 5.0))
    change = gesture.lose()
    assert change is not None
    gesture.press((4.0, 4.0, 5.0), Plane.AXIAL, (), 0.5)
    assert gesture.lose() is None  # it never moved


# --- the journal ----------------------------------------------------------------------------------------------------


def test_a_journal_brings_back_what_was_there_last(tmp_path: Path) -> None:
    journals = MarkJournals(tmp_path)
    assert not journals.any
    one = Mark("one", MarkKind.RULER, Plane.CORONAL, 7, ((1.25, 7.0, 2.0), (9.0, 7.0, 3.5)))
    two = Mark("two", MarkKind.ANGLE, Plane.AXIAL, 3, ((1.0, 2.0, 3.0), (4.0, 5.0, 3.0), (7.0, 8.0, 3.0)))
    moved = one.with_point(0, (2.0, 7.0, 2.0))
    journals.append("study", [MarkChange(None, one), MarkChange(None, two)])
    journals.append("study", [MarkChange(one, moved), MarkChange(two, None)])
    assert journals.any
    assert journals.read("study") == (moved,)
    journals.append("study", [MarkChange(two, None).undone])
    assert journals.read("study") == (moved, two)
    assert journals.read("another") == ()


@pytest.mark.parametrize(
    "damage",
    [
        {"kind": "circle"},
        {"plane": "oblique"},
        {"slice": -1},
        {"points": [[1, 2, 3]]},
        {"points": [[1, 2, 3], [1, 2, "3"]]},
        {"points": [[1, 2, 3], [1, 2, 1e9]]},
        {"points": [[1, 2, 3]] * 4},
        {"mark": 7},
        {"mark": ""},
    ],
)
def test_a_damaged_line_costs_itself_alone(damage: dict[str, object]) -> None:
    good = {"mark": "a", "kind": "ruler", "plane": "axial", "slice": 4, "points": [[1, 2, 4], [5, 6, 4]]}
    found = replayed([good, {**good, "mark": "b", **damage}, {"gone": "never"}])
    assert [one.key for one in found] == ["a"]

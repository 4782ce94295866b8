"""What a drag of the click tool speaks of, on grids of every kind."""

from __future__ import annotations

import numpy as np
import pytest

from brainseg_gui.controllers.annotating.hand.click_gesture import box_of, hint_of, middle_of
from brainseg_gui.imaging.grid import Grid
from brainseg_gui.imaging.plane import Plane
from brainseg_gui.state.annotating.hand import Pointer
from brainseg_gui.views.slices.hand_event import HandEvent, HandMove

Triple = tuple[float, float, float]


def grid_of(shape: tuple[int, int, int], spacing_mm: Triple) -> Grid:
    return Grid(shape, np.diag([*spacing_mm, 1.0]))


@pytest.mark.parametrize(
    ("spacing_mm", "slices"),
    [((1.0, 1.0, 1.0), 21), ((1.0, 1.0, 5.0), 5), ((0.5, 0.5, 5.0), 3), ((1.0, 1.0, 40.0), 1)],
    ids=str,
)
def test_a_box_is_as_deep_in_mm_as_it_is_wide(spacing_mm: Triple, slices: int) -> None:
    grid = grid_of((128, 128, 61), spacing_mm)
    i, j, k = box_of((40.0, 60.0, 30.0), (60.0, 40.0, 30.0), Plane.AXIAL.axis, grid)
    assert (i, j) == (slice(40, 61), slice(40, 61))
    assert (k.stop - k.start, (k.start + k.stop - 1) / 2) == (slices, 30)


def test_across_thick_slices_a_box_is_as_deep_as_it_is_wide_too() -> None:
    grid = grid_of((128, 128, 61), (1.0, 1.0, 5.0))
    i, j, k = box_of((40.0, 64.0, 28.0), (60.0, 64.0, 32.0), Plane.CORONAL.axis, grid)
    assert (i, j, k) == (slice(40, 61), slice(54, 75), slice(28, 33))


@pytest.mark.parametrize("seed", range(20))
def test_a_box_lies_in_the_grid_and_holds_its_corners_wherever_the_mouse_went(seed: int) -> None:
    rng = np.random.default_rng(seed)
    for _ in range(50):
        shape = tuple(rng.integers(1, 40, 3).tolist())
        grid = grid_of(shape, tuple(rng.choice([0.5, 1.0, 6.0], 3).tolist()))
        plane = Plane(list(Plane)[rng.integers(3)])
        one = [rng.uniform(-0.5, n - 0.5) for n in shape]
        one[plane.axis] = float(rng.integers(shape[plane.axis]))
        other = [float(rng.uniform(-20, n + 20)) for n in shape]  # beyond the picture
        other[plane.axis] = one[plane.axis]
        event = HandEvent(HandMove.PRESSED, Pointer((one[0], one[1], one[2]), plane), False, shift=True)
        hint = hint_of([(one[0], one[1], one[2]), (other[0], other[1], other[2])], event, "WT", True, grid)
        if hint.box is None:
            continue  # a click with an unsteady hand
        assert hint.voxels_ijk == (middle_of(hint.box),)
        corners = (grid.clip((one[0], one[1], one[2])), grid.clip((other[0], other[1], other[2])))
        for voxel in (*corners, *hint.voxels_ijk):
            inside = zip(hint.box, voxel, shape, strict=True)
            assert all(0 <= part.start <= at < part.stop <= count for part, at, count in inside)

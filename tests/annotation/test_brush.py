"""Brushes on grids whose footprints can be counted by hand."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from brainseg_gui.annotation.tools.brush import Brush, BrushShape, footprint, sweep
from brainseg_gui.annotation.tools.components import components_of
from brainseg_gui.imaging.grid import Grid
from brainseg_gui.imaging.plane import Plane

UNIT = (1.0, 1.0, 1.0)


def test_a_disc_of_three_millimetres_is_a_block_of_nine() -> None:
    # radius 1.5: the corner (1, 1) lies at 1.41
    assert footprint(Brush(3, plane=Plane.AXIAL), UNIT)[:, :, 0].all()
    assert footprint(Brush(3, plane=Plane.AXIAL), UNIT).shape == (3, 3, 1)


def test_a_disc_of_four_millimetres() -> None:
    expected = [[0, 0, 1, 0, 0], [0, 1, 1, 1, 0], [1, 1, 1, 1, 1], [0, 1, 1, 1, 0], [0, 0, 1, 0, 0]]
    assert footprint(Brush(4, plane=Plane.AXIAL), UNIT)[:, :, 0].astype(int).tolist() == expected


@pytest.mark.parametrize("plane", Plane)
def test_a_disc_lies_in_its_plane(plane: Plane) -> None:
    mask = footprint(Brush(7, plane=plane), UNIT)
    assert mask.shape[plane.axis] == 1
    assert sorted(mask.shape) == [1, 7, 7]


def test_a_ball_on_thick_slices_has_few_of_them() -> None:
    # radius 4 mm on slices of 3 mm: one to each side, where the disc has radius sqrt(16 - 9) = 2.6
    mask = footprint(Brush(8), (1.0, 1.0, 3.0))
    assert mask.shape == (9, 9, 3)
    assert mask[:, 4, 1].sum() == 9
    assert mask[:, 4, 0].sum() == 5


def test_a_cube_has_its_edge_length_along_every_axis() -> None:
    assert footprint(Brush(6, BrushShape.SQUARE), (1.0, 2.0, 3.0)).shape == (7, 3, 3)
    assert footprint(Brush(6, BrushShape.SQUARE), (1.0, 2.0, 3.0)).all()


def test_the_smallest_brush_is_one_voxel() -> None:
    assert footprint(Brush(0.1), UNIT).shape == (1, 1, 1)
    assert footprint(Brush(0.1), UNIT).all()


def test_footprints_are_kept() -> None:
    assert footprint(Brush(9), UNIT) is footprint(Brush(9), UNIT)


def test_a_dab_at_the_edge_is_cut(grid_of: Callable[..., Grid]) -> None:
    area = sweep(Brush(4, plane=Plane.AXIAL), [(0, 0, 2)], grid_of((5, 5, 5)))
    assert area is not None
    assert area.slab == (slice(0, 3), slice(0, 3), slice(2, 3))
    assert area.mask[:, :, 0].astype(int).tolist() == [[1, 1, 1], [1, 1, 0], [1, 0, 0]]


def test_outside_of_the_grid_nothing_is_painted(grid_of: Callable[..., Grid]) -> None:
    assert sweep(Brush(4), [(-10, 0, 0)], grid_of((5, 5, 5))) is None
    assert sweep(Brush(4, plane=Plane.AXIAL), [(2, 2, 7)], grid_of((5, 5, 5))) is None


def test_a_straight_line_of_a_disc(grid_of: Callable[..., Grid]) -> None:
    area = sweep(Brush(2, plane=Plane.AXIAL), [(2, 2, 1), (7, 2, 1)], grid_of((10, 5, 3)))
    assert area is not None
    painted = area.on_grid((10, 5, 3))[:, :, 1]
    assert painted[:, 2].astype(int).tolist() == [0, 1, 1, 1, 1, 1, 1, 1, 1, 0]
    assert painted[:, 1].astype(int).tolist() == [0, 0, 1, 1, 1, 1, 1, 1, 0, 0]


def test_a_swept_square_has_square_ends(grid_of: Callable[..., Grid]) -> None:
    area = sweep(Brush(2, BrushShape.SQUARE, Plane.AXIAL), [(2, 2, 1), (7, 2, 1)], grid_of((10, 5, 3)))
    assert area is not None
    painted = area.on_grid((10, 5, 3))[:, :, 1]
    assert painted[:, 1].tolist() == painted[:, 2].tolist() == painted[:, 3].tolist()
    assert np.flatnonzero(painted[:, 2]).tolist() == list(range(1, 9))


points = st.tuples(*(st.floats(-3, 23) for _ in range(3)))


@settings(max_examples=60, deadline=None)
@given(
    way=st.lists(points, min_size=1, max_size=4),
    diameter=st.floats(0.5, 9),
    spacing=st.tuples(*(st.floats(0.5, 4) for _ in range(3))),
    shape=st.sampled_from(BrushShape),
)
def test_a_sweep_is_the_union_of_its_dabs(
    way: list[tuple[float, float, float]], diameter: float, spacing: tuple[float, float, float], shape: BrushShape
) -> None:
    grid = Grid((20, 20, 20), np.diag([*spacing, 1.0]))
    area = sweep(Brush(diameter, shape), way, grid)
    painted = np.zeros(grid.shape, bool) if area is None else area.on_grid(grid.shape)
    centres = np.stack(np.indices(grid.shape), axis=-1) * spacing
    inside = np.zeros(grid.shape, bool)
    for start, end in zip(way, way[1:] or way, strict=False):
        for t in np.linspace(0, 1, 15):
            offset = np.abs(centres - (np.array(start) * (1 - t) + np.array(end) * t) * spacing)
            far = np.linalg.norm(offset, axis=-1) if shape is BrushShape.ROUND else offset.max(axis=-1)
            inside |= far <= diameter / 2 - 1e-3
    assert not (inside & ~painted).any()
    assert components_of(painted) is None or components_of(painted).count <= len(way)


@settings(max_examples=40, deadline=None)
@given(start=points, end=points)
def test_a_fast_stroke_of_one_voxel_has_no_gaps(
    start: tuple[float, float, float], end: tuple[float, float, float]
) -> None:
    grid = Grid((21, 21, 21), np.diag([1.0, 1.0, 5.0, 1.0]))
    inner = [tuple(float(np.clip(v, 0, 20)) for v in p) for p in (start, end)]
    area = sweep(Brush(0.1), inner, grid)
    assert area is not None
    parts = components_of(area.mask)
    assert parts is not None
    assert parts.count == 1


def test_a_ball_of_20_mm_takes_far_less_than_5_ms(grid_of: Callable[..., Grid]) -> None:
    grid = grid_of((240, 240, 155))
    times = []
    for n in range(10):
        began = time.process_time()
        sweep(Brush(20), [(100 + n, 120, 80), (106.3 + n, 124.2, 82.7)], grid)
        times.append(time.process_time() - began)
    assert min(times) < 0.005

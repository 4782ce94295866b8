"""Polygons, flood fill and holes."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from brainseg_gui.annotation.tools.fill import flood, flood_intensities, holes
from brainseg_gui.annotation.tools.polygon import polygon
from brainseg_gui.imaging.plane import Plane
from brainseg_gui.imaging.volume import Volume


@pytest.mark.parametrize("plane", Plane)
def test_a_square_with_corners_on_centres_holds_them(plane: Plane) -> None:
    corners = np.insert(np.array([[2, 2], [5, 2], [5, 5], [2, 5]], float), plane.axis, 0, axis=1)
    area = polygon([tuple(c) for c in corners], plane, 3, (8, 8, 8))
    assert area is not None
    assert area.voxels == 16
    assert area.slab[plane.axis] == slice(3, 4)
    assert sum(part == slice(2, 6) for part in area.slab) == 2


def test_a_square_between_centres_holds_those_inside() -> None:
    area = polygon([(1.5, 1.5, 0), (3.5, 1.5, 0), (3.5, 2.5, 0), (1.5, 2.5, 0)], Plane.AXIAL, 0, (8, 8, 1))
    assert area is not None
    assert area.slab == (slice(2, 4), slice(2, 3), slice(0, 1))
    assert area.mask.all()


def test_a_triangle_holds_the_centres_on_its_diagonal() -> None:
    area = polygon([(0, 0, 0), (4, 0, 0), (0, 4, 0)], Plane.AXIAL, 0, (8, 8, 1))
    assert area is not None
    assert area.mask[:, :, 0].sum(axis=0).tolist() == [5, 4, 3, 2, 1]


def test_where_the_outline_crosses_itself_even_odd_decides() -> None:
    # a five-pointed star: its middle is encircled twice, so it is outside
    angles = np.pi / 2 + 2 * np.pi * np.arange(5) * 2 / 5
    star = [(20 + 18 * np.cos(a), 20 + 18 * np.sin(a), 0.0) for a in angles]
    area = polygon(star, Plane.AXIAL, 0, (41, 41, 1))
    assert area is not None
    inside = area.on_grid((41, 41, 1))[:, :, 0]
    assert not inside[20, 20]
    assert inside[20, 32]


def test_outside_and_too_few_vertices_give_nothing() -> None:
    assert polygon([(0, 0, 0), (1, 1, 0)], Plane.AXIAL, 0, (8, 8, 8)) is None
    assert polygon([(0, 0, 0), (4, 0, 0), (0, 4, 0)], Plane.AXIAL, 9, (8, 8, 8)) is None
    assert polygon([(-9, -9, 0), (-5, -9, 0), (-5, -5, 0)], Plane.AXIAL, 0, (8, 8, 8)) is None


def test_a_polygon_that_leaves_the_grid_is_cut() -> None:
    area = polygon([(-5, -5, 0), (20, -5, 0), (20, 20, 0), (-5, 20, 0)], Plane.AXIAL, 2, (4, 5, 6))
    assert area is not None
    assert area.voxels == 20


def test_flood_fill_stays_within_its_label_and_slice() -> None:
    values = np.zeros((5, 5, 3), np.uint8)
    values[2] = 1  # a wall
    flat = flood(values, (0, 0, 1), Plane.AXIAL)
    assert flat is not None
    assert flat.voxels == 10
    assert flat.slab == (slice(0, 2), slice(0, 5), slice(1, 2))
    solid = flood(values, (0, 0, 1))
    assert solid is not None
    assert solid.voxels == 30
    wall = flood(values, (2, 0, 0))
    assert wall is not None
    assert wall.voxels == 15


def test_flood_fill_passes_a_corner_only_where_it_may() -> None:
    values = np.ones((2, 2, 1), np.uint8)
    values[0, 1, 0] = values[1, 0, 0] = 0
    four, eight = flood(values, (0, 0, 0), connectivity=6), flood(values, (0, 0, 0), connectivity=26)
    assert four is not None
    assert eight is not None
    assert (four.voxels, eight.voxels) == (1, 2)


def test_flood_fill_by_intensity(volume_of: Callable[..., Volume]) -> None:
    stored = np.array([10, 12, 15, 30, 12], np.int16).reshape(5, 1, 1)
    volume = volume_of(stored, slope=2.0, intercept=1.0)
    area = flood_intensities(volume, (0, 0, 0), 10.0)  # 21, 25, 31 | 61, 25
    assert area is not None
    assert area.slab[0] == slice(0, 3)
    near = flood_intensities(volume, (0, 0, 0), 10.0, reach_mm=1.0)
    assert near is not None
    assert near.slab[0] == slice(0, 2)


def test_holes_in_3d_and_in_slices() -> None:
    values = np.zeros((5, 5, 5), np.uint8)
    values[1:4, 1:4, 1:4] = 2
    values[2, 2, :] = 0  # a tunnel from top to bottom: a hole in each slice, but none in 3-D
    assert holes(values, 2) is None
    tunnel = holes(values, 2, Plane.AXIAL)
    assert tunnel is not None
    assert tunnel.slab == (slice(2, 3), slice(2, 3), slice(1, 4))
    assert holes(values, 2, Plane.CORONAL) is None  # there it is open above and below
    values[2, 2, 1] = values[2, 2, 3] = 2
    hole = holes(values, 2)
    assert hole is not None
    assert (hole.voxels, hole.slab[2]) == (1, slice(2, 3))


def test_what_a_label_encloses_may_be_another_label() -> None:
    values = np.full((3, 3, 3), 4, np.uint8)
    values[1, 1, 1] = 1
    assert holes(values, 4) is None
    inside = holes(values, 4, only_background=False)
    assert inside is not None
    assert inside.voxels == 1

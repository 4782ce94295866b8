"""Slices on the screen: the way from pixel to voxel and back, and which side is which."""

from __future__ import annotations

import numpy as np
import pytest

from brainseg_gui.imaging.grid import Grid
from brainseg_gui.imaging.plane import (
    DisplayConvention,
    Plane,
    edge_letters,
    picture_shape,
    pixel_size_mm,
    pixel_to_voxel,
    take_slice,
    voxel_to_pixel,
)

SHAPE = (3, 4, 5)
GRID = Grid(SHAPE, np.diag([1.0, 2.0, 3.0, 1.0]))
ARRAY = np.arange(60).reshape(SHAPE)

every_view = pytest.mark.parametrize(
    ("plane", "convention"), [(p, c) for p in Plane for c in DisplayConvention], ids=lambda value: value.name.lower()
)


@every_view
def test_pixel_and_voxel_are_inverse_and_agree_with_the_slice(plane: Plane, convention: DisplayConvention) -> None:
    rows, columns = picture_shape(plane, GRID)
    seen = set()
    for index in range(SHAPE[plane.axis]):
        picture = take_slice(ARRAY, plane, index, convention)
        assert picture.shape == (rows, columns)
        for pixel in np.ndindex(rows, columns):
            voxel = pixel_to_voxel(pixel, plane, index, GRID, convention)
            assert voxel[plane.axis] == index
            assert voxel_to_pixel(voxel, plane, GRID, convention) == pixel
            assert picture[pixel] == ARRAY[voxel]
            seen.add(voxel)
    assert len(seen) == ARRAY.size


@every_view
def test_the_letters_name_the_marked_sides(plane: Plane, convention: DisplayConvention) -> None:
    """Mark the outermost slab of each direction with its letter and look where it appears."""
    letters = edge_letters(plane, convention)
    shown = 1
    for letter, (axis, end) in {
        "R": (0, -1),
        "L": (0, 0),
        "A": (1, -1),
        "P": (1, 0),
        "S": (2, -1),
        "I": (2, 0),
    }.items():
        marked = np.zeros(SHAPE, bool)
        np.moveaxis(marked, axis, 0)[end] = True
        picture = take_slice(marked, plane, shown, convention)
        edges = {"left": picture[:, 0], "right": picture[:, -1], "top": picture[0], "bottom": picture[-1]}
        where = [name for name, edge in edges.items() if edge.all() and picture.sum() == edge.size]
        assert where == [name for name in edges if getattr(letters, name) == letter]


def test_radiological_axial_shows_the_right_on_the_left_and_the_nose_up() -> None:
    volume = np.zeros(SHAPE)
    volume[-1, -1, 2] = 7  # right, anterior
    assert take_slice(volume, Plane.AXIAL, 2, DisplayConvention.RADIOLOGICAL)[0, 0] == 7
    assert take_slice(volume, Plane.AXIAL, 2, DisplayConvention.NEUROLOGICAL)[0, -1] == 7
    assert edge_letters(Plane.AXIAL, DisplayConvention.RADIOLOGICAL) == ("R", "L", "A", "P")
    assert edge_letters(Plane.AXIAL, DisplayConvention.NEUROLOGICAL) == ("L", "R", "A", "P")


def test_radiological_coronal_shows_the_right_on_the_left_and_the_vertex_up() -> None:
    volume = np.zeros(SHAPE)
    volume[-1, 1, -1] = 7  # right, superior
    assert take_slice(volume, Plane.CORONAL, 1, DisplayConvention.RADIOLOGICAL)[0, 0] == 7
    assert edge_letters(Plane.CORONAL, DisplayConvention.RADIOLOGICAL) == ("R", "L", "S", "I")


@pytest.mark.parametrize("convention", DisplayConvention)
def test_sagittal_shows_the_nose_on_the_left_in_both_conventions(convention: DisplayConvention) -> None:
    volume = np.zeros(SHAPE)
    volume[1, -1, -1] = 7  # anterior, superior
    assert take_slice(volume, Plane.SAGITTAL, 1, convention)[0, 0] == 7
    assert edge_letters(Plane.SAGITTAL, convention) == ("A", "P", "S", "I")


@pytest.mark.parametrize(
    ("plane", "size"), [(Plane.AXIAL, (2.0, 1.0)), (Plane.CORONAL, (3.0, 1.0)), (Plane.SAGITTAL, (3.0, 2.0))]
)
def test_pixels_measure_what_the_header_says(plane: Plane, size: tuple[float, float]) -> None:
    assert pixel_size_mm(plane, GRID) == size


@every_view
def test_a_slice_is_no_copy(plane: Plane, convention: DisplayConvention) -> None:
    assert np.shares_memory(take_slice(ARRAY, plane, 0, convention), ARRAY)

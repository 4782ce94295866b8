"""The three planes: which slice, which way up, and the way from voxel to pixel and back.

Pixels are (row, column) with the origin at the top left of the screen. Superior is up in coronal and sagittal
slices, anterior is up in axial slices, anterior is left in sagittal slices. Only left and right depend on the
convention: *radiological* shows the patient's right on the left of the screen, *neurological* on the right.
"""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple, TypeVar

import numpy as np

from brainseg_gui.imaging.grid import Array, Grid

SCALE_BARS_MM = (100, 50, 20, 10, 5, 2, 1)
"""Lengths that a scale bar may have; the longest that there is room for is drawn."""

Number = TypeVar("Number", int, float)  # whole for voxels and pixels, else between their centres


class DisplayConvention(Enum):
    """Which side of the screen shows the patient's right."""

    RADIOLOGICAL = "radiological"
    NEUROLOGICAL = "neurological"


class Plane(Enum):
    """An anatomical plane; its value is the RAS axis that it cuts.

    Attributes
    ----------
    axis
        RAS axis perpendicular to the plane; the slice index counts along it.
    row_axis, column_axis
        RAS axes along the rows' direction (downwards, reversed) and along the columns'.
    """

    AXIAL = 2
    CORONAL = 1
    SAGITTAL = 0

    def __init__(self, axis: int) -> None:
        # plain attributes: they are asked for a hundred times in every step through the slices
        self.axis = axis
        self.row_axis = 1 if axis == 2 else 2
        self.column_axis = 1 if axis == 0 else 0

    @property
    def title(self) -> str:
        """Name for people."""
        return self.name.capitalize()

    @property
    def short_title(self) -> str:
        """As radiologists shorten it: Ax, Cor, Sag."""
        return self.title[:2] if self is Plane.AXIAL else self.title[:3]


class EdgeLetters(NamedTuple):
    """Patient directions at the four edges of the picture."""

    left: str
    right: str
    top: str
    bottom: str


def edge_letters(plane: Plane, convention: DisplayConvention) -> EdgeLetters:
    """Letters at the left, right, top and bottom edge of a slice."""
    top, bottom = ("A", "P") if plane is Plane.AXIAL else ("S", "I")
    if plane is Plane.SAGITTAL:
        return EdgeLetters("A", "P", top, bottom)
    if convention is DisplayConvention.RADIOLOGICAL:
        return EdgeLetters("R", "L", top, bottom)
    return EdgeLetters("L", "R", top, bottom)


def columns_reversed(plane: Plane, convention: DisplayConvention) -> bool:
    """Whether columns run against the RAS axis (rows always do)."""
    return plane is Plane.SAGITTAL or convention is DisplayConvention.RADIOLOGICAL


def take_slice(array: Array, plane: Plane, slice_index: int, convention: DisplayConvention) -> Array:
    """A view of one slice as it lies on the screen.

    Parameters
    ----------
    array
        RAS-ordered volume, (I, J, K).
    slice_index
        Index along `plane.axis`.

    Returns
    -------
    numpy.ndarray
        (rows, columns), row 0 at the top.
    """
    # (column axis, row axis) -> (rows, columns), both in ascending RAS order; then row 0 to the top
    picture = _cut(array, plane, slice_index).T[::-1]
    return picture[:, ::-1] if columns_reversed(plane, convention) else picture


def _cut(array: Array, plane: Plane, slice_index: int) -> Array:
    if plane is Plane.AXIAL:
        return array[:, :, slice_index]
    if plane is Plane.CORONAL:
        return array[:, slice_index, :]
    return array[slice_index, :, :]


def picture_shape(plane: Plane, grid: Grid) -> tuple[int, int]:
    """Rows and columns of a slice."""
    return grid.shape[plane.row_axis], grid.shape[plane.column_axis]


def pixel_size_mm(plane: Plane, grid: Grid) -> tuple[float, float]:
    """Height and width of a pixel in mm."""
    return grid.spacing_mm[plane.row_axis], grid.spacing_mm[plane.column_axis]


def voxel_to_pixel(
    voxel_ijk: tuple[Number, Number, Number], plane: Plane, grid: Grid, convention: DisplayConvention
) -> tuple[Number, Number]:
    """Pixel (row, column) that shows a voxel of the slice, or where a point between the voxels' centres lies."""
    row = grid.shape[plane.row_axis] - 1 - voxel_ijk[plane.row_axis]
    column = voxel_ijk[plane.column_axis]
    if columns_reversed(plane, convention):
        column = grid.shape[plane.column_axis] - 1 - column
    return row, column


def pixel_to_voxel(
    pixel_rc: tuple[Number, Number], plane: Plane, slice_index: int, grid: Grid, convention: DisplayConvention
) -> tuple[Number, Number, Number]:
    """Voxel that a pixel shows, or the point of a place between pixels: the inverse of `voxel_to_pixel`."""
    row, column = pixel_rc
    if columns_reversed(plane, convention):
        column = grid.shape[plane.column_axis] - 1 - column
    voxel = [row] * 3
    voxel[plane.axis] = slice_index
    voxel[plane.row_axis] = grid.shape[plane.row_axis] - 1 - row
    voxel[plane.column_axis] = column
    return voxel[0], voxel[1], voxel[2]


def box_of(values: Array) -> tuple[slice, slice] | None:
    """Rows and columns that hold every label of a slice, or None where there is none: less to colour and draw."""
    # labels are whole numbers, whose bits come together several times faster than `any` looks at them
    rows = np.flatnonzero(np.bitwise_or.reduce(values, axis=1))
    if rows.size == 0:
        return None
    columns = np.flatnonzero(np.bitwise_or.reduce(values[rows[0] : rows[-1] + 1], axis=0))
    return slice(int(rows[0]), int(rows[-1]) + 1), slice(int(columns[0]), int(columns[-1]) + 1)

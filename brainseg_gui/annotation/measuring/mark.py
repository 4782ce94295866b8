"""A length, an angle or an ellipse in a slice, and what it comes to in millimetres."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from enum import Enum

import numpy as np
from numpy.typing import NDArray

from brainseg_gui.imaging.box import Box
from brainseg_gui.imaging.grid import Grid
from brainseg_gui.imaging.plane import Plane

Point = tuple[float, float, float]
Vector = NDArray[np.float64]


class MarkKind(Enum):
    """What is measured.

    Attributes
    ----------
    count
        Points that it takes.
    """

    RULER = "ruler"
    ANGLE = "angle"
    ELLIPSE = "ellipse"

    @property
    def count(self) -> int:
        """Points that it takes: two ends; an arm, the vertex, an arm; two corners of the box around it."""
        return 3 if self is MarkKind.ANGLE else 2


@dataclass(frozen=True)
class Mark:
    """One measurement.

    Parameters
    ----------
    key
        Tells it from all others of the case.
    kind
        What is measured.
    plane, slice_index
        The slice that it lies in.
    points_ijk
        Its points, in voxel coordinates; fewer than `kind.count` while it is being drawn.
    """

    key: str
    kind: MarkKind
    plane: Plane
    slice_index: int
    points_ijk: tuple[Point, ...]

    @property
    def complete(self) -> bool:
        """Whether it has all its points."""
        return len(self.points_ijk) == self.kind.count

    def with_point(self, number: int, point_ijk: Point) -> Mark:
        """With one of its points elsewhere in its slice."""
        points = list(self.points_ijk)
        points[number] = self.in_slice(point_ijk)
        return replace(self, points_ijk=tuple(points))

    def in_slice(self, point_ijk: Point) -> Point:
        """A point, laid into the slice."""
        point = list(point_ijk)
        point[self.plane.axis] = float(self.slice_index)
        return point[0], point[1], point[2]


def way_mm(start: Point, end: Point, grid: Grid) -> Vector:
    """The way from one point to another in the patient, mm: right on oblique and anisotropic grids too."""
    way: Vector = grid.affine[:3, :3] @ (np.subtract(end, start))
    return way


def length_mm(mark: Mark, grid: Grid) -> float:
    """Length of a ruler."""
    start, end = mark.points_ijk
    return float(np.linalg.norm(way_mm(start, end, grid)))


def angle_deg(mark: Mark, grid: Grid) -> float:
    """The angle between both arms, 0 to 180 degrees; NaN where an arm has no length."""
    one, vertex, other = mark.points_ijk
    arms = way_mm(vertex, one, grid), way_mm(vertex, other, grid)
    across, along = float(np.linalg.norm(np.cross(*arms))), float(np.dot(*arms))
    return math.degrees(math.atan2(across, along)) if across or along else math.nan


def is_flat(mark: Mark, grid: Grid) -> bool:
    """Whether it measures nothing: two of its points are one, or an ellipse is a line."""
    if mark.kind is MarkKind.ELLIPSE:
        return area_mm2(mark, grid) == 0
    return len(set(mark.points_ijk)) < len(mark.points_ijk)


def axes_mm(mark: Mark, grid: Grid) -> tuple[float, float]:
    """The two axes of an ellipse, along the slice's columns and rows."""
    across, down = (float(np.linalg.norm(side)) for side in _sides(mark, grid))
    return across, down


def area_mm2(mark: Mark, grid: Grid) -> float:
    """Area of an ellipse."""
    return math.pi / 4 * float(np.linalg.norm(np.cross(*_sides(mark, grid))))


def _sides(mark: Mark, grid: Grid) -> tuple[Vector, Vector]:
    """The sides of the box around an ellipse, in the patient."""
    one, other = mark.points_ijk
    corner = list(one)
    corner[mark.plane.column_axis] = other[mark.plane.column_axis]
    middle = (corner[0], corner[1], corner[2])
    return way_mm(one, middle, grid), way_mm(middle, other, grid)


def voxels_in(mark: Mark, grid: Grid) -> tuple[Box, NDArray[np.bool_]]:
    """The voxels whose centres an ellipse surrounds: a box of the case, and which voxels of it; it may be empty."""
    axes = (mark.plane.column_axis, mark.plane.row_axis)
    box, shares = [slice(mark.slice_index, mark.slice_index + 1)] * 3, []
    for axis in axes:
        low, high = sorted(point[axis] for point in mark.points_ijk)
        start, stop = max(math.ceil(low), 0), min(math.floor(high) + 1, grid.shape[axis])
        box[axis] = slice(start, max(stop, start))
        places = np.arange(start, max(stop, start), dtype=np.float64)
        half = max((high - low) / 2, 1e-9)
        shape = [1, 1, 1]
        shape[axis] = -1
        shares.append((((places - (low + high) / 2) / half) ** 2).reshape(shape))
    return (box[0], box[1], box[2]), shares[0] + shares[1] <= 1.0


def value_words(mark: Mark, grid: Grid) -> str:
    """What it comes to, for people; empty while it is being drawn."""
    if not mark.complete:
        return ""
    if mark.kind is MarkKind.RULER:
        return f"{length_mm(mark, grid):.1f} mm"
    if mark.kind is MarkKind.ANGLE:
        angle = angle_deg(mark, grid)
        return "" if math.isnan(angle) else f"{angle:.1f}°"
    across, down = axes_mm(mark, grid)
    return f"{across:.1f} × {down:.1f} mm, {area_mm2(mark, grid):.0f} mm²"

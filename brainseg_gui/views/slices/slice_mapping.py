"""The way from the screen to voxels and back, for one slice as it is shown at one moment."""

from __future__ import annotations

import math
from dataclasses import dataclass

from PySide6.QtCore import QPoint, QPointF
from PySide6.QtGui import QTransform

from brainseg_gui.imaging.grid import Grid, Voxel
from brainseg_gui.imaging.plane import (
    DisplayConvention,
    Plane,
    picture_shape,
    pixel_size_mm,
    pixel_to_voxel,
    voxel_to_pixel,
)
from brainseg_gui.state.annotating.hand import Point


@dataclass(frozen=True)
class SliceMapping:
    """Where the voxels of a slice are on the screen.

    Parameters
    ----------
    plane, slice_index, grid, convention
        What is shown, and which side is the patient's right.
    mm_to_screen
        From the slice in mm, row 0 at the top, to the viewport.
    """

    plane: Plane
    slice_index: int
    grid: Grid
    convention: DisplayConvention
    mm_to_screen: QTransform

    @property
    def screen_pixels_per_mm(self) -> float:
        """The zoom; the same across and down, and the slice is never turned."""
        return math.hypot(self.mm_to_screen.m11(), self.mm_to_screen.m12())

    def voxel_at(self, position: QPoint) -> Voxel | None:
        """Voxel under a position of the viewport, or None outside the slice."""
        row, column = (math.floor(edge) for edge in self._pixel_edges(QPointF(position)))
        rows, columns = picture_shape(self.plane, self.grid)
        if not (0 <= row < rows and 0 <= column < columns):
            return None
        return pixel_to_voxel((row, column), self.plane, self.slice_index, self.grid, self.convention)

    def nearest_voxel(self, position: QPoint) -> Voxel:
        """Voxel under a position of the viewport; outside the slice the one of its edge that is nearest."""
        return self.voxel_at(position) or self.grid.clip(self.point_at(QPointF(position)))

    def point_at(self, position: QPointF) -> Point:
        """Voxel coordinates under a position of the viewport, also outside the slice."""
        row, column = self._pixel_edges(position)
        return pixel_to_voxel((row - 0.5, column - 0.5), self.plane, self.slice_index, self.grid, self.convention)

    def mm_at(self, position: QPointF) -> QPointF:
        """Where a position of the viewport is in the slice, in mm from the upper left corner of pixel (0, 0)."""
        return self.mm_to_screen.inverted()[0].map(position)

    def position_at(self, point_ijk: Point) -> QPointF:
        """Position of voxel coordinates in the viewport; the inverse of `point_at`."""
        return self._position(voxel_to_pixel(point_ijk, self.plane, self.grid, self.convention))

    def position_of(self, voxel_ijk: Voxel) -> QPoint:
        """Position of a voxel's centre in the viewport."""
        return self._position(voxel_to_pixel(voxel_ijk, self.plane, self.grid, self.convention)).toPoint()

    def _pixel_edges(self, position: QPointF) -> tuple[float, float]:
        """Row and column, counted from the upper left edge of pixel (0, 0)."""
        point = self.mm_at(position)
        height, width = pixel_size_mm(self.plane, self.grid)
        return point.y() / height, point.x() / width

    def _position(self, pixel_rc: tuple[float, float]) -> QPointF:
        height, width = pixel_size_mm(self.plane, self.grid)
        return self.mm_to_screen.map(QPointF((pixel_rc[1] + 0.5) * width, (pixel_rc[0] + 0.5) * height))

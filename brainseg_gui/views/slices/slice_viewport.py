"""Where things are in a view of one slice: the way from the screen to voxels and back."""

from __future__ import annotations

import math

import pyqtgraph as pg
from PySide6.QtCore import QPoint, QPointF
from PySide6.QtGui import QTransform

from brainseg_gui.imaging.case import Case
from brainseg_gui.imaging.grid import Voxel
from brainseg_gui.imaging.modality import Modality
from brainseg_gui.imaging.plane import (
    Plane,
    picture_shape,
    pixel_size_mm,
    pixel_to_point,
    pixel_to_voxel,
    point_to_pixel,
    voxel_to_pixel,
)
from brainseg_gui.state.annotating.hand import Point
from brainseg_gui.state.session import Session


class SliceViewport(pg.GraphicsView):  # type: ignore[misc]  # pyqtgraph has no types
    """An empty view of a slice of the displayed case, in mm, row 0 at the top.

    Parameters
    ----------
    plane
        The plane, or None to follow `viewing.plane`.
    modality
        The modality, or None to follow `viewing.modality`.

    Attributes
    ----------
    cursor
        Where the mouse is in the viewport; None while it is elsewhere.
    """

    cursor: QPointF | None = None

    def __init__(self, session: Session, plane: Plane | None, modality: Modality | None) -> None:
        super().__init__(background="k")
        self._session = session
        self._fixed_plane = plane
        self._fixed_modality = modality
        self._box = pg.ViewBox(enableMouse=False, enableMenu=False, invertY=True, lockAspect=True, border=None)
        self._box.disableAutoRange()
        self.setCentralItem(self._box)

    @property
    def plane(self) -> Plane:
        """The plane that is shown."""
        return self._fixed_plane or self._session.viewing.plane

    @property
    def modality(self) -> Modality:
        """The modality that is shown."""
        return self._fixed_modality or self._session.viewing.modality

    @property
    def slice_index(self) -> int:
        """The slice that is shown: the crosshair's."""
        return self._session.viewing.crosshair[self.plane.axis]

    @property
    def case(self) -> Case | None:
        """The case that is shown."""
        return self._session.displayed

    @property
    def voxel_under_cursor(self) -> Voxel | None:
        """The voxel that the mouse points to: in the slice that is shown now, however long it has rested."""
        return self.voxel_at(self.cursor) if self.cursor is not None else None

    def voxel_at(self, position: QPointF) -> Voxel | None:
        """Voxel under a position of the viewport, or None outside the slice."""
        case = self.case
        if case is None:
            return None
        point = self._box.mapSceneToView(self.mapToScene(position.toPoint()))
        height, width = pixel_size_mm(self.plane, case.grid)
        row, column = math.floor(point.y() / height), math.floor(point.x() / width)
        rows, columns = picture_shape(self.plane, case.grid)
        if not (0 <= row < rows and 0 <= column < columns):
            return None
        convention = self._session.viewing.convention
        return pixel_to_voxel((row, column), self.plane, self.slice_index, case.grid, convention)

    def point_at(self, position: QPointF) -> Point | None:
        """Voxel coordinates under a position of the viewport, also outside the slice; None without a case."""
        case = self.case
        if case is None:
            return None
        scene = self.viewportTransform().inverted()[0].map(position)
        point = self._box.mapSceneToView(scene)
        height, width = pixel_size_mm(self.plane, case.grid)
        pixel = point.y() / height - 0.5, point.x() / width - 0.5
        return pixel_to_point(pixel, self.plane, self.slice_index, case.grid, self._session.viewing.convention)

    def position_at(self, point_ijk: Point) -> QPointF:
        """Position of voxel coordinates in the viewport; the inverse of `point_at`."""
        case = self.case
        if case is None:
            return QPointF()
        row, column = point_to_pixel(point_ijk, self.plane, case.grid, self._session.viewing.convention)
        height, width = pixel_size_mm(self.plane, case.grid)
        scene = self._box.mapViewToScene(QPointF((column + 0.5) * width, (row + 0.5) * height))
        point: QPointF = self.viewportTransform().map(scene)
        return point

    def position_of(self, voxel_ijk: Voxel) -> QPoint:
        """Position of a voxel's centre in the viewport."""
        case = self.case
        if case is None:
            return QPoint()
        row, column = voxel_to_pixel(voxel_ijk, self.plane, case.grid, self._session.viewing.convention)
        height, width = pixel_size_mm(self.plane, case.grid)
        scene = self._box.mapViewToScene(QPointF((column + 0.5) * width, (row + 0.5) * height))
        position: QPoint = self.mapFromScene(scene)
        return position

    @property
    def mm_to_viewport(self) -> QTransform:
        """The way from the slice in mm to the viewport."""
        self._box.updateMatrix()
        transform: QTransform = self._box.childGroup.sceneTransform() * self.viewportTransform()
        return transform

    @property
    def screen_pixels_per_mm(self) -> float:
        """Current zoom."""
        return 1.0 / max(float(self._box.viewPixelSize()[0]), 1e-9)

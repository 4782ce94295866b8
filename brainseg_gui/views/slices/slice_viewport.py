"""An empty view of one slice: what of the case it shows, and where that is on the screen."""

from __future__ import annotations

import pyqtgraph as pg
from PySide6.QtCore import QPoint, QPointF
from PySide6.QtGui import QTransform

from brainseg_gui.imaging.case import Case
from brainseg_gui.imaging.grid import Voxel
from brainseg_gui.imaging.modality import Modality
from brainseg_gui.imaging.plane import Plane
from brainseg_gui.state.annotating.hand import Point
from brainseg_gui.state.session import Session
from brainseg_gui.views.slices.slice_mapping import SliceMapping


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

    @property
    def mapping(self) -> SliceMapping | None:
        """Where the voxels are on the screen now; None without a case."""
        return self._mapping_of(self.case) if self.case is not None else None

    def _mapping_of(self, case: Case) -> SliceMapping:
        plane, viewing = self.plane, self._session.viewing
        return SliceMapping(plane, viewing.crosshair[plane.axis], case.grid, viewing.convention, self.mm_to_viewport)

    def voxel_at(self, position: QPointF) -> Voxel | None:
        """Voxel under a position of the viewport, or None outside the slice."""
        mapping = self.mapping
        return mapping.voxel_at(position.toPoint()) if mapping is not None else None

    def point_at(self, position: QPointF) -> Point | None:
        """Voxel coordinates under a position of the viewport, also outside the slice; None without a case."""
        mapping = self.mapping
        return mapping.point_at(position) if mapping is not None else None

    def position_at(self, point_ijk: Point) -> QPointF:
        """Position of voxel coordinates in the viewport; the inverse of `point_at`."""
        mapping = self.mapping
        return mapping.position_at(point_ijk) if mapping is not None else QPointF()

    def position_of(self, voxel_ijk: Voxel) -> QPoint:
        """Position of a voxel's centre in the viewport."""
        mapping = self.mapping
        return mapping.position_of(voxel_ijk) if mapping is not None else QPoint()

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

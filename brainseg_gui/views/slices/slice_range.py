"""How much of a slice is seen: zoom and pan."""

from __future__ import annotations

import pyqtgraph as pg
from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QTransform

from brainseg_gui.imaging.grid import Voxel
from brainseg_gui.imaging.plane import pixel_size_mm, voxel_to_pixel
from brainseg_gui.views.slices.shown_slice import ShownSlice

_MARGIN = 0.08


class SliceRange:
    """The part of a slice, in mm, row 0 at the top, that fills a viewport.

    Attributes
    ----------
    box
        What pyqtgraph links between views, and lays out in one.
    fitted
        Whether it is the whole head, and stays so in another size and in another case.
    """

    def __init__(self, shown: ShownSlice) -> None:
        self._shown = shown
        self.fitted = True
        self.box = pg.ViewBox(enableMouse=False, enableMenu=False, invertY=True, lockAspect=True, border=None)
        self.box.disableAutoRange()

    def fit(self) -> None:
        """Show the whole head, without the empty margin around it."""
        self.fitted = True
        case = self._shown.case
        if case is not None and case.volumes:
            plane, content = self._shown.plane, next(iter(case.volumes.values())).content
            convention = self._shown.convention
            first = voxel_to_pixel(tuple(part.start for part in content), plane, case.grid, convention)
            last = voxel_to_pixel(tuple(part.stop - 1 for part in content), plane, case.grid, convention)
            height, width = pixel_size_mm(plane, case.grid)
            corner = QPointF(min(first[1], last[1]) * width, min(first[0], last[0]) * height)
            rows, columns = abs(first[0] - last[0]) + 1, abs(first[1] - last[1]) + 1
            self.box.setRange(QRectF(corner.x(), corner.y(), columns * width, rows * height), padding=_MARGIN)

    def refit(self) -> None:
        """Show the whole head again, where it was shown."""
        if self.fitted:
            self.fit()

    def reveal(self, voxel_ijk: Voxel) -> None:
        """Pan to a voxel; a whole slice shows it anyway."""
        case = self._shown.case
        if case is None or self.fitted:
            return
        row, column = voxel_to_pixel(voxel_ijk, self._shown.plane, case.grid, self._shown.convention)
        height, width = pixel_size_mm(self._shown.plane, case.grid)
        middle = self.box.viewRect().center()
        self.box.translateBy(x=(column + 0.5) * width - middle.x(), y=(row + 0.5) * height - middle.y())

    def zoom(self, factor: float, around_mm: QPointF) -> None:
        """Come nearer; a point of the slice stays where it is."""
        self.fitted = False
        self.box.scaleBy((1 / factor, 1 / factor), center=around_mm)

    def pan(self, delta: QPointF) -> None:
        """Move the picture by pixels of the screen."""
        self.fitted = False
        size_x, size_y = self.box.viewPixelSize()
        self.box.translateBy(x=-delta.x() * size_x, y=-delta.y() * size_y)

    def link_to(self, other: SliceRange) -> None:
        """Zoom and pan together with another view of the same plane."""
        self.box.setXLink(other.box)
        self.box.setYLink(other.box)

    @property
    def mm_to_scene(self) -> QTransform:
        """The way from the slice in mm to the scene that holds the box."""
        self.box.updateMatrix()
        transform: QTransform = self.box.childGroup.sceneTransform()
        return transform

    @property
    def screen_pixels_per_mm(self) -> float:
        """Current zoom."""
        return 1.0 / max(float(self.box.viewPixelSize()[0]), 1e-9)

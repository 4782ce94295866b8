"""How much of a slice is seen: zoom and pan."""

from __future__ import annotations

from dataclasses import dataclass

import pyqtgraph as pg
from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QTransform

from brainseg_gui.imaging.grid import Voxel
from brainseg_gui.imaging.plane import DisplayConvention, Plane, picture_shape, pixel_size_mm, voxel_to_pixel
from brainseg_gui.views.slices.shown_slice import ShownSlice

_MARGIN = 0.08
_COARSEST, _FINEST = 0.1, 400.0  # pixels of the screen for a mm: a head is a dot, a voxel more than a window


@dataclass
class _Seen:
    """What linked views have in common: whether all of it is seen, and on which side the patient's right was then."""

    whole: bool = True
    convention: DisplayConvention | None = None


class SliceRange:
    """The part of a slice, in mm, row 0 at the top, that fills a viewport.

    Attributes
    ----------
    box
        What pyqtgraph links between views, and lays out in one.
    """

    def __init__(self, shown: ShownSlice) -> None:
        self._shown = shown
        self._seen = _Seen()
        self.box = pg.ViewBox(enableMouse=False, enableMenu=False, invertY=True, lockAspect=True, border=None)
        self.box.disableAutoRange()

    @property
    def fitted(self) -> bool:
        """Whether it is the whole head, and stays so in another size and in another case."""
        return self._seen.whole

    def fit(self) -> None:
        """Show the whole head, without the empty margin around it."""
        self._seen.whole, self._seen.convention = True, self._shown.convention
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

    def turn_over(self) -> None:
        """Left and right change places on the screen; what was seen of the patient is seen still."""
        case, plane = self._shown.case, self._shown.plane
        if case is None or self.fitted:
            self.fit()
        elif self._seen.convention is not self._shown.convention:  # not again for every linked view
            self._seen.convention = self._shown.convention
            if plane is not Plane.SAGITTAL:
                width_mm = picture_shape(plane, case.grid)[1] * pixel_size_mm(plane, case.grid)[1]
                self.box.translateBy(x=width_mm - 2 * self.box.viewRect().center().x(), y=0.0)

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
        self._seen.whole = False
        now = self.screen_pixels_per_mm
        factor = min(max(now * factor, min(now, _COARSEST)), max(now, _FINEST)) / now
        self.box.scaleBy((1 / factor, 1 / factor), center=around_mm)

    def pan(self, delta: QPointF) -> None:
        """Move the picture by pixels of the screen."""
        self._seen.whole = False
        size_x, size_y = self.box.viewPixelSize()
        self.box.translateBy(x=-delta.x() * size_x, y=-delta.y() * size_y)

    def link_to(self, other: SliceRange) -> None:
        """Zoom and pan together with another view of the same plane."""
        self._seen = other._seen
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

"""One slice with its crosshair, letters and scale bar: what it shows, and where things are in it."""

from __future__ import annotations

import math

import pyqtgraph as pg
from PySide6.QtCore import QPoint, QPointF, QRectF
from PySide6.QtGui import QPainter, QResizeEvent, QShowEvent

from brainseg_gui.imaging.case import Case
from brainseg_gui.imaging.grid import Voxel
from brainseg_gui.imaging.labels import regions
from brainseg_gui.imaging.modality import Modality
from brainseg_gui.imaging.plane import Plane, edge_letters, picture_shape, pixel_size_mm, pixel_to_voxel, voxel_to_pixel
from brainseg_gui.state.session import Session
from brainseg_gui.views.slice_marks import SliceMarks, draw_crosshair, draw_marks
from brainseg_gui.views.slice_picture import Content, SlicePicture

_MARGIN = 0.08


class SliceCanvas(pg.GraphicsView):
    """A slice of the displayed case, drawn.

    Parameters
    ----------
    plane
        The plane, or None to follow `viewing.plane`.
    modality
        The modality, or None to follow `viewing.modality`.
    content
        Which masks are drawn.
    """

    _fitted = False  # pyqtgraph resizes the view while it makes it

    def __init__(
        self,
        session: Session,
        plane: Plane | None = None,
        modality: Modality | None = None,
        content: Content = Content.ALL,
    ) -> None:
        super().__init__(background="k")
        self._session = session
        self._fixed_plane = plane
        self._fixed_modality = modality
        self.content = content
        self._fitted = True
        self._stale = True
        self._shown_slice: tuple[object, ...] | None = None
        self._box = pg.ViewBox(enableMouse=False, enableMenu=False, invertY=True, lockAspect=True, border=None)
        self._box.disableAutoRange()
        self.setCentralItem(self._box)
        self._picture = SlicePicture(session, content)
        self._box.addItem(self._picture.group, ignoreBounds=True)
        self.setViewportUpdateMode(self.ViewportUpdateMode.FullViewportUpdate)
        self.setAcceptDrops(False)
        self.viewport().setAcceptDrops(False)  # drops are for the window
        self.setMinimumSize(120, 100)
        self._connect()

    def _connect(self) -> None:
        session, events = self._session, self._session.viewing.events
        session.case_changed.connect(self._on_case_changed)
        session.layers.changed.connect(self._on_masks_changed)
        session.layers.appearance_changed.connect(self._on_masks_changed)
        events.crosshair.connect(self._on_crosshair_changed)
        for field in (events.modality, events.windows, events.convention, events.smooth, events.plane):
            field.connect(self._on_picture_changed)
        masks = (events.masks_visible, events.opacity, events.hidden, events.safe_colours, events.peek)
        for field in (*masks, events.agreement):
            field.connect(self._on_masks_changed)
        events.crosshair_visible.connect(self._on_marks_changed)

    # what is shown

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

    def fit(self) -> None:
        """Show the whole head, without the empty margin around it."""
        self._fitted = True
        case = self.case
        if case is not None and case.volumes:
            plane, content = self.plane, next(iter(case.volumes.values())).content
            convention = self._session.viewing.convention
            first = voxel_to_pixel(tuple(part.start for part in content), plane, case.grid, convention)
            last = voxel_to_pixel(tuple(part.stop - 1 for part in content), plane, case.grid, convention)
            height, width = pixel_size_mm(plane, case.grid)
            corner = QPointF(min(first[1], last[1]) * width, min(first[0], last[0]) * height)
            rows, columns = abs(first[0] - last[0]) + 1, abs(first[1] - last[1]) + 1
            self._box.setRange(QRectF(corner.x(), corner.y(), columns * width, rows * height), padding=_MARGIN)

    def link_to(self, other: SliceCanvas) -> None:
        """Zoom and pan together with another view of the same plane."""
        self._box.setXLink(other._box)
        self._box.setYLink(other._box)

    def _synchronize(self) -> None:
        """Show the state as it is; put off while nobody can see it."""
        if not self.isVisible():
            self._stale = True
            return
        self._stale = False
        case = self.case
        self._picture.group.setVisible(case is not None)
        if case is None:
            return
        if self._fitted:
            self.fit()
        self._shown_slice = (self.plane, self.slice_index)
        self._picture.show(case, self.plane, self.slice_index, self.modality)
        self.viewport().update()

    def _on_case_changed(self) -> None:
        self._fitted = True
        self._synchronize()

    def _on_picture_changed(self) -> None:
        self._synchronize()

    def _on_masks_changed(self) -> None:
        if self.case is not None and self.isVisible() and not self._stale:
            self._picture.show_masks(self.plane, self.slice_index)
            self.viewport().update()
        else:
            self._stale = True

    def _on_marks_changed(self) -> None:
        self.viewport().update()

    def _on_crosshair_changed(self) -> None:
        if (self.plane, self.slice_index) != self._shown_slice:
            self._synchronize()
        else:
            self.viewport().update()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if self._stale:
            self._synchronize()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if self._fitted:
            self.fit()

    # where things are

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

    def position_of(self, voxel_ijk: Voxel) -> QPoint:
        """Position of a voxel's centre in the viewport."""
        case = self.case
        if case is None:
            return QPoint()
        row, column = voxel_to_pixel(voxel_ijk, self.plane, case.grid, self._session.viewing.convention)
        height, width = pixel_size_mm(self.plane, case.grid)
        return self.mapFromScene(self._box.mapViewToScene(QPointF((column + 0.5) * width, (row + 0.5) * height)))

    @property
    def screen_pixels_per_mm(self) -> float:
        """Current zoom."""
        return 1.0 / max(self._box.viewPixelSize()[0], 1e-9)

    def drawForeground(self, painter: QPainter, rect: QRectF) -> None:
        case = self.case
        if case is None:
            return
        painter.save()
        painter.resetTransform()
        if self._session.viewing.crosshair_visible:
            draw_crosshair(painter, self.viewport().rect(), self.position_of(self._session.viewing.crosshair))
        draw_marks(painter, self.viewport().rect(), self._marks(case))
        painter.restore()

    def _marks(self, case: Case) -> SliceMarks:
        words = [self.plane.title, self.modality.title]
        if self.modality not in case.volumes:
            words.append("reading…" if self._session.previewing else "not found")
        return SliceMarks(
            edge_letters(self.plane, self._session.viewing.convention),
            " · ".join(words),
            self._content_title(),
            f"{self.slice_index + 1} / {case.grid.shape[self.plane.axis]}",
            self.screen_pixels_per_mm,
        )

    def _content_title(self) -> str:
        """Which masks are shown, where it is not all of them."""
        layers = self._session.layers
        if self.content is Content.ALL:
            return ""
        if self.content is Content.AGREEMENT:
            return f"agreement {(self._session.viewing.agreement or regions()[0]).key}"
        layer = layers.reference if self.content is Content.REFERENCE else layers.prediction
        return layer.name if layer is not None else f"no {self.content.value}"

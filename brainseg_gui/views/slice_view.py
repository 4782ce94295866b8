"""One slice with its crosshair, letters and scale bar, and the mouse over it."""

from __future__ import annotations

import math

import pyqtgraph as pg
from PySide6.QtCore import QPoint, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QEnterEvent, QKeyEvent, QMouseEvent, QPainter, QResizeEvent, QShowEvent, QWheelEvent

from brainseg_gui.imaging.case import Case
from brainseg_gui.imaging.grid import Voxel
from brainseg_gui.imaging.modality import Modality
from brainseg_gui.imaging.plane import Plane, picture_shape, pixel_size_mm, pixel_to_voxel, voxel_to_pixel
from brainseg_gui.imaging.window import Window
from brainseg_gui.state.session import Session
from brainseg_gui.views.slice_marks import draw_crosshair, draw_marks
from brainseg_gui.views.slice_picture import Content, SlicePicture

_WHEEL_STEP = 120
_ZOOM_PER_PIXEL = 1.01
_ZOOM_PER_STEP = 1.15
_MARGIN = 0.08


class SliceView(pg.GraphicsView):
    """A slice of the displayed case.

    Left: move the crosshair. Wheel: scroll. Ctrl+wheel or right drag: zoom. Middle drag: pan. Ctrl+drag: window
    (left–right width, up–down level). Double click: maximise.

    Parameters
    ----------
    plane
        The plane, or None to follow `viewing.plane`.
    modality
        The modality, or None to follow `viewing.modality`.
    content
        Which masks are drawn.
    """

    voxel_hovered = Signal(object)
    maximise_requested = Signal()

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
        self._drag: tuple[str, QPointF] | None = None
        self._wheel = 0
        self._fitted = True
        self._stale = True
        self._shown_slice: tuple[object, ...] | None = None
        self._box = pg.ViewBox(enableMouse=False, enableMenu=False, invertY=True, lockAspect=True, border=None)
        self._box.disableAutoRange()
        self.setCentralItem(self._box)
        self._picture = SlicePicture(session, content)
        self._box.addItem(self._picture.group, ignoreBounds=True)
        self.setViewportUpdateMode(self.ViewportUpdateMode.FullViewportUpdate)
        self.viewport().setMouseTracking(True)
        self.setAcceptDrops(False)
        self.viewport().setAcceptDrops(False)  # drops are for the window
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
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

    def link_to(self, other: SliceView) -> None:
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
        draw_marks(painter, self, case, self._session)
        painter.restore()

    # mouse and keys

    def wheelEvent(self, event: QWheelEvent) -> None:
        self._wheel += event.angleDelta().y()
        steps = int(self._wheel / _WHEEL_STEP)
        self._wheel -= steps * _WHEEL_STEP
        if steps and event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self._zoom(_ZOOM_PER_STEP**steps, event.position())
        elif steps:
            self.scroll(steps)
        event.accept()

    def scroll(self, steps: int) -> None:
        """Move by slices; positive goes to the right, anterior or superior."""
        case = self.case
        if case is None:
            return
        axis = self.plane.axis
        voxel = list(self._session.viewing.crosshair)
        voxel[axis] = min(max(voxel[axis] + steps, 0), case.grid.shape[axis] - 1)
        self._session.viewing.crosshair = (voxel[0], voxel[1], voxel[2])

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._drag = (self._meaning_of_press(event), event.position())
        if self._drag[0] == "crosshair":
            self._move_crosshair(event.position())
        event.accept()

    def _meaning_of_press(self, event: QMouseEvent) -> str:
        if event.button() == Qt.MouseButton.RightButton:
            return "zoom"
        if event.button() == Qt.MouseButton.MiddleButton:
            return "pan"
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            return "window"
        return "crosshair"

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        event.accept()
        if self._drag is None:
            self.voxel_hovered.emit(self.voxel_at(event.position()))
            return
        meaning, before = self._drag
        delta = event.position() - before
        self._drag = (meaning, event.position())
        if meaning == "crosshair":
            self._move_crosshair(event.position())
            self.voxel_hovered.emit(self.voxel_at(event.position()))
        elif meaning == "zoom":
            self._zoom(_ZOOM_PER_PIXEL ** (-delta.y()), QPointF(self.viewport().rect().center()))
        elif meaning == "pan":
            size_x, size_y = self._box.viewPixelSize()
            self._fitted = False
            self._box.translateBy(x=-delta.x() * size_x, y=-delta.y() * size_y)
        else:
            self._drag_window(delta)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._drag = None
        event.accept()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        event.accept()
        if event.button() == Qt.MouseButton.LeftButton:
            self.maximise_requested.emit()

    def leaveEvent(self, event: QEnterEvent) -> None:
        self.voxel_hovered.emit(None)
        super().leaveEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        steps = {Qt.Key.Key_PageUp: 1, Qt.Key.Key_PageDown: -1}.get(Qt.Key(event.key()))
        moves = {
            Qt.Key.Key_Left: (0, -1),
            Qt.Key.Key_Right: (0, 1),
            Qt.Key.Key_Up: (-1, 0),
            Qt.Key.Key_Down: (1, 0),
        }
        if steps is not None:
            self.scroll(steps)
        elif Qt.Key(event.key()) in moves and self.case is not None:
            self._step_crosshair(*moves[Qt.Key(event.key())])
        else:
            event.ignore()

    def _step_crosshair(self, rows: int, columns: int) -> None:
        case, viewing = self.case, self._session.viewing
        row, column = voxel_to_pixel(viewing.crosshair, self.plane, case.grid, viewing.convention)
        moved = pixel_to_voxel(
            (row + rows, column + columns), self.plane, self.slice_index, case.grid, viewing.convention
        )
        viewing.crosshair = case.grid.clip(moved)

    def _move_crosshair(self, position: QPointF) -> None:
        voxel = self.voxel_at(position)
        if voxel is not None:
            self._session.viewing.crosshair = voxel

    def _zoom(self, factor: float, around: QPointF) -> None:
        self._fitted = False
        centre = self._box.mapSceneToView(self.mapToScene(around.toPoint()))
        self._box.scaleBy((1 / factor, 1 / factor), center=centre)
        self.viewport().update()

    def _drag_window(self, delta: QPointF) -> None:
        window = self._session.viewing.windows.get(self.modality)
        if window is None:
            return
        width = max(window.width * math.exp(delta.x() / 200), 1e-6)
        level = window.level - delta.y() * window.width / 300
        self._session.viewing.set_window(self.modality, Window(level, width))

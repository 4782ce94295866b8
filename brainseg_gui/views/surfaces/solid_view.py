"""Surfaces as they were drawn last, with the crosshair over them; the mouse turns, moves, zooms and points."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QImage, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QResizeEvent, QWheelEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from brainseg_gui.imaging.grid import Voxel
from brainseg_gui.state.session import Session
from brainseg_gui.surfaces.camera import Camera, Size
from brainseg_gui.surfaces.rendering import Rendering
from brainseg_gui.surfaces.surface import Surface

_DEGREES_PER_PIXEL = 0.5
_STILL_PX = 4  # less of a drag is a click
_ZOOM_PER_STEP, _ZOOM_PER_PIXEL = 1.15, 1.01
_KEYS = {
    Qt.Key.Key_Left: (-10.0, 0.0),
    Qt.Key.Key_Right: (10.0, 0.0),
    Qt.Key.Key_Up: (0.0, 10.0),
    Qt.Key.Key_Down: (0.0, -10.0),
}
_LETTERS = (
    ("R", (1, 0, 0)),
    ("L", (-1, 0, 0)),
    ("A", (0, 1, 0)),
    ("P", (0, -1, 0)),
    ("S", (0, 0, 1)),
    ("I", (0, 0, -1)),
)
_QUIET, _CROSS = QColor("#9aa0a6"), QColor(111, 155, 242)
_MARGIN = 8
_MOST_NAMED = 8
TIP = (
    "Drag or arrow keys: turn. Click: go there. Wheel or right drag: zoom. Middle drag: move. R: see all again. "
    "Double click: enlarge"
)


class SolidView(QWidget):
    """The picture.

    Signals
    -------
    changed_size
        It needs another picture.
    pointed
        World position (RAS, mm) of what was clicked, and the direction out of it, towards the viewer; none (0, 0, 0) of
        the slice that is seen: nothing lies behind its picture.
    enlarge_requested
        It shall have all the room, or share it again.
    """

    changed_size = Signal()
    pointed = Signal(object, object)
    enlarge_requested = Signal()

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session, self._state = session, session.solid
        self._rendering: Rendering | None = None
        self._named: list[Surface] = []
        self._image = QImage()
        self._pressed: QPointF | None = None
        self._crosshair_before: Voxel | None = None
        self._last = QPointF()
        self._dragging = False
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Ignored)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setToolTip(TIP)
        self.setAccessibleName("Surfaces in 3-D")
        viewing, events = session.viewing.events, self._state.events
        for signal in (viewing.crosshair, viewing.crosshair_visible, events.note, events.camera):
            signal.connect(self._repaint)

    @property
    def rendering(self) -> Rendering | None:
        """What is shown."""
        return self._rendering

    @property
    def dragging(self) -> bool:
        """Whether the mouse turns, moves or zooms it now: quick pictures are wanted, no fine ones."""
        return self._dragging

    @property
    def picture_size(self) -> Size:
        """In dots of the screen."""
        ratio = self.devicePixelRatioF()
        return max(1, round(self.width() * ratio)), max(1, round(self.height() * ratio))

    def show_rendering(self, rendering: Rendering | None, surfaces: Sequence[Surface] = ()) -> None:
        """Show another picture of some surfaces; it may be smaller than the view, and is enlarged then."""
        self._rendering = rendering
        self._named = [surface for surface in surfaces if surface is not self._state.shell]
        if rendering is None:
            self._image = QImage()
        else:
            pixels = np.ascontiguousarray(rendering.pixels)
            height, width = pixels.shape[:2]
            self._image = QImage(pixels.data, width, height, 3 * width, QImage.Format.Format_RGB888).copy()
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(400, 400)

    def _repaint(self, *_: object) -> None:
        self.update()

    # --- painting -----------------------------------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), Qt.GlobalColor.black)
        painter.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.SmoothPixmapTransform)
        if self._rendering is not None:
            painter.drawImage(QRectF(self.rect()), self._image)
            self._draw_crosshair(painter)
            self._draw_letters(painter)
            self._draw_names(painter, self._named)
        self._say(painter, self._state.note)
        painter.end()

    def _say(self, painter: QPainter, sentence: str) -> None:
        """In the middle of nothing, or above what is seen."""
        painter.setPen(_QUIET)
        edge = 24 if self._rendering is None else _MARGIN
        room = self.rect().adjusted(edge, edge, -edge, -edge)
        place = Qt.AlignmentFlag.AlignVCenter if self._rendering is None else Qt.AlignmentFlag.AlignTop
        painter.drawText(room, Qt.AlignmentFlag.AlignHCenter | place | Qt.TextFlag.TextWordWrap, sentence)

    def _draw_crosshair(self, painter: QPainter) -> None:
        """A line along each axis of the grid, open where they meet."""
        case, viewing = self._session.displayed, self._session.viewing
        if case is None or not viewing.crosshair_visible:
            return
        ends = []
        for axis, count in enumerate(case.grid.shape):
            low, high = ([float(n) for n in viewing.crosshair] for _ in range(2))
            low[axis], high[axis] = 0.0, count - 1.0
            ends += [case.grid.to_world((low[0], low[1], low[2])), case.grid.to_world((high[0], high[1], high[2]))]
        i, j, k = viewing.crosshair
        centre, *points = (QPointF(x, y) for x, y in self._on_screen([case.grid.to_world((i, j, k)), *ends]))
        painter.setPen(QPen(_CROSS, 1))
        for start, end in list(pairwise(points))[::2]:
            painter.drawLine(start, end)
        painter.setPen(QPen(_CROSS.lighter(140), 1.5))
        painter.drawEllipse(centre, 5, 5)

    def _on_screen(self, points_mm: list[tuple[float, float, float]]) -> list[tuple[float, float]]:
        seen = self._shown_camera.project(np.array(points_mm), (self.width(), self.height()))
        return [(x, y) for x, y in seen[:, :2].tolist()]

    @property
    def _shown_camera(self) -> Camera:
        """Of the picture: it may be a moment behind the one that is wanted."""
        return self._rendering.camera if self._rendering is not None else self._state.camera

    def _draw_letters(self, painter: QPainter) -> None:
        """The patient's directions, as a small star in the corner; what points away is faint."""
        axes, arm = self._shown_camera.axes, 22
        middle = QPointF(self.width() - arm - 3 * _MARGIN, self.height() - arm - 3 * _MARGIN)
        for letter, direction in sorted(_LETTERS, key=lambda one: float(axes[2] @ np.array(one[1]))):
            right, down, towards = (axes @ np.array(direction)).tolist()
            place = middle + QPointF(right, down) * arm
            painter.setPen(QColor(255, 255, 255, 90 if towards < -0.2 else 220))
            painter.drawText(QRectF(place.x() - 10, place.y() - 10, 20, 20), Qt.AlignmentFlag.AlignCenter, letter)

    def _draw_names(self, painter: QPainter, surfaces: list[Surface]) -> None:
        """Colour is never alone: which colour is what."""
        line = painter.fontMetrics().height() + 2
        named = surfaces[:_MOST_NAMED]
        further = [f"and {len(surfaces) - _MOST_NAMED} further"] if len(surfaces) > _MOST_NAMED else []
        top = self.height() - _MARGIN - line * (len(named) + len(further))
        for row, surface in enumerate(named):
            self._draw_swatch(painter, QRectF(_MARGIN, top + row * line + line / 2 - 5, 10, 10), surface)
            self._write(painter, surface.name, row * line + top, line)
        for sentence in further:
            self._write(painter, sentence, top + len(named) * line, line)

    def _draw_swatch(self, painter: QPainter, place: QRectF, surface: Surface) -> None:
        """Filled; of glass, a frame."""
        if surface.glass:
            painter.setPen(QPen(QColor(surface.colour), 1.5))
            painter.drawRect(place.adjusted(1, 1, -1, -1))
        else:
            painter.fillRect(place, QColor(surface.colour))

    def _write(self, painter: QPainter, words: str, top: float, line: float) -> None:
        painter.setPen(QColor(220, 224, 228))
        room = QRectF(_MARGIN + 16, top, self.width() - 2 * _MARGIN - 16, line)
        painter.drawText(room, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, words)

    # --- mouse and keys -----------------------------------------------------------------------------------------------

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._pressed = self._last = event.position()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._pressed is None:
            return
        if not self._dragging and (event.position() - self._pressed).manhattanLength() < _STILL_PX:
            return
        self._dragging = True
        moved, self._last = event.position() - self._last, event.position()
        self._state.camera = self._dragged(event.buttons(), moved)

    def _dragged(self, buttons: Qt.MouseButton, moved: QPointF) -> Camera:
        camera = self._state.camera
        if buttons & Qt.MouseButton.LeftButton:
            return camera.turned(-moved.x() * _DEGREES_PER_PIXEL, moved.y() * _DEGREES_PER_PIXEL)
        if buttons & Qt.MouseButton.MiddleButton:
            return camera.moved(moved.x(), moved.y(), (self.width(), self.height()))
        return camera.zoomed(_ZOOM_PER_PIXEL ** -moved.y())

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        pressed, dragged = self._pressed is not None, self._dragging
        self._pressed, self._dragging = None, False
        if dragged:
            self.changed_size.emit()  # the picture at rest is a fine one
        elif pressed and event.button() is Qt.MouseButton.LeftButton:
            self._point(event.position())

    def _point(self, place: QPointF) -> None:
        self._crosshair_before = None
        if self._rendering is not None:
            at = place.x() / self.width(), place.y() / self.height()
            point = self._rendering.point_at(*at)
            if point is not None:
                self._crosshair_before = self._session.viewing.crosshair
                outward = self._shown_camera.axes[2]
                self.pointed.emit(point, np.zeros(3) if self._rendering.shows_slice_at(*at) else outward)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """The first of the two clicks went somewhere: that is taken back."""
        if event.button() is Qt.MouseButton.LeftButton:
            if self._crosshair_before is not None:
                self._session.viewing.crosshair, self._crosshair_before = self._crosshair_before, None
            self.enlarge_requested.emit()

    def wheelEvent(self, event: QWheelEvent) -> None:
        self._state.camera = self._state.camera.zoomed(_ZOOM_PER_STEP ** (event.angleDelta().y() / 120))
        event.accept()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        turn = _KEYS.get(Qt.Key(event.key()))
        if turn is None or event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier:
            super().keyPressEvent(event)
        else:
            self._state.camera = self._state.camera.turned(*turn)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.changed_size.emit()

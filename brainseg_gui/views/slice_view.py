"""The mouse and the keys over a slice."""

from __future__ import annotations

import math

from PySide6.QtCore import QPointF, Qt, Signal
from PySide6.QtGui import QEnterEvent, QKeyEvent, QMouseEvent, QWheelEvent

from brainseg_gui.imaging.modality import Modality
from brainseg_gui.imaging.plane import Plane, pixel_to_voxel, voxel_to_pixel
from brainseg_gui.imaging.window import Window
from brainseg_gui.state.session import Session
from brainseg_gui.views.slice_canvas import SliceCanvas
from brainseg_gui.views.slice_picture import Content

_WHEEL_STEP = 120
_ZOOM_PER_PIXEL = 1.01
_ZOOM_PER_STEP = 1.15


class SliceView(SliceCanvas):
    """A slice to work in; parameters as `SliceCanvas`.

    Left: move the crosshair. Wheel: scroll. Ctrl+wheel or right drag: zoom. Middle drag: pan. Ctrl+drag: window
    (left–right width, up–down level). Double click: maximise.
    """

    voxel_hovered = Signal(object)
    maximise_requested = Signal()

    def __init__(
        self,
        session: Session,
        plane: Plane | None = None,
        modality: Modality | None = None,
        content: Content = Content.ALL,
    ) -> None:
        super().__init__(session, plane, modality, content)
        self._drag: tuple[str, QPointF] | None = None
        self._wheel = 0
        self.viewport().setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)

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

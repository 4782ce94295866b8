"""The mouse and the keys over a slice."""

from __future__ import annotations

import math

from PySide6.QtCore import QEvent, QPointF, Qt, QTimer, Signal, SignalInstance
from PySide6.QtGui import QEnterEvent, QFocusEvent, QHideEvent, QKeyEvent, QMouseEvent, QResizeEvent, QWheelEvent
from PySide6.QtWidgets import QAbstractSpinBox, QApplication, QLineEdit, QPlainTextEdit

from brainseg_gui.imaging.case import Case
from brainseg_gui.imaging.modality import Modality
from brainseg_gui.imaging.plane import Plane, pixel_to_voxel, voxel_to_pixel
from brainseg_gui.imaging.window import Window
from brainseg_gui.state.annotating.hand import Pointer
from brainseg_gui.state.annotating.tools import Tool
from brainseg_gui.state.session import Session
from brainseg_gui.views.slices.hand_event import HandEvent, HandMove
from brainseg_gui.views.slices.slice_canvas import SliceCanvas
from brainseg_gui.views.slices.slice_picture import Content

_WHEEL_STEP = 120
_ZOOM_PER_PIXEL = 1.01
_ZOOM_PER_STEP = 1.15
_TOOLS = ("hand", "measure")


class SliceView(SliceCanvas):
    """A slice to work in; parameters as `SliceCanvas`.

    Left: move the crosshair. Wheel: scroll. Ctrl+wheel or right drag: zoom. Middle drag: pan. Ctrl+drag: window
    (left–right width, up–down level). Double click: enlarge; while a tool is in the hand with the middle button.

    While a tool is in the hand, the left and the right button are the tool's: `hand_used` tells of them. While
    something is measured, the left one is the ruler's: `measure_used` tells of it.
    """

    cursor_moved = Signal()
    """The cursor came, moved, or left; or the slice moved under it (zoom, pan, another size)."""

    enlarge_requested = Signal()
    hand_used = Signal(object)
    measure_used = Signal(object)

    _drag: tuple[str, QPointF] | None = None  # events come while pyqtgraph makes the view
    _resting: QPointF | None = None  # where the cursor was on the screen

    def __init__(
        self,
        session: Session,
        plane: Plane | None = None,
        modality: Modality | None = None,
        content: Content = Content.ALL,
    ) -> None:
        super().__init__(session, plane, modality, content)
        self._hand_button = Qt.MouseButton.NoButton
        self._wheel = 0
        self.viewport().setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.WheelFocus)
        annotating = session.annotating
        for field in (annotating.options.events.tool, annotating.hand.events.browsing):
            field.connect(self._show_cursor)
        annotating.annotation_changed.connect(self._show_cursor)
        session.measuring.hand.events.tool.connect(self._show_cursor)
        self._box.sigRangeChanged.connect(self._on_slice_moved)

    @property
    def _hand_works(self) -> bool:
        """Whether the mouse is the tool's."""
        if self._measures:
            return False
        annotating = self._session.annotating
        tool = annotating.options.tool is not Tool.BROWSE and not annotating.hand.browsing
        return tool and annotating.editable and not self._session.previewing

    @property
    def _measures(self) -> bool:
        """Whether the left button is the ruler's."""
        return self._session.measuring.hand.tool is not None and not self._session.previewing

    def _show_cursor(self) -> None:
        taken = self._hand_works or self._measures
        shape = Qt.CursorShape.CrossCursor if taken else Qt.CursorShape.ArrowCursor
        self.viewport().setCursor(shape)

    def wheelEvent(self, event: QWheelEvent) -> None:
        self._wheel += event.angleDelta().y() or event.angleDelta().x()  # some systems turn the wheel with Shift
        steps = int(self._wheel / _WHEEL_STEP)
        self._wheel -= steps * _WHEEL_STEP
        if steps and event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self._zoom(_ZOOM_PER_STEP**steps, event.position())
        elif steps and event.modifiers() & Qt.KeyboardModifier.ShiftModifier and self._hand_works:
            self._session.annotating.options.resize(steps)
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
        event.accept()
        if self._in_hand:
            return  # a second button: the stroke goes on
        self._drag = (self._meaning_of_press(event), event.position())
        if self._drag[0] == "crosshair":
            self._move_crosshair(event.position())
        elif self._in_hand:
            self._hand_button = event.button()
            self._use_hand(HandMove.PRESSED, event)

    def _meaning_of_press(self, event: QMouseEvent) -> str:
        taken = event.modifiers() & Qt.KeyboardModifier.ControlModifier
        if self._hand_works and not taken and event.button() != Qt.MouseButton.MiddleButton:
            return "hand"
        if self._measures and not taken and event.button() == Qt.MouseButton.LeftButton:
            return "measure"
        if event.button() == Qt.MouseButton.RightButton:
            return "zoom"
        if event.button() == Qt.MouseButton.MiddleButton:
            return "pan"
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            return "window"
        return "crosshair"

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        event.accept()
        self._follow(event.position())
        if self._drag is None:
            return
        meaning, before = self._drag
        if self._in_hand:
            self._drag_hand(event)
            return
        delta = event.position() - before
        self._drag = (meaning, event.position())
        if meaning == "crosshair":
            self._move_crosshair(event.position())
        elif meaning == "zoom":
            self._zoom(_ZOOM_PER_PIXEL ** (-delta.y()), QPointF(self.viewport().rect().center()))
        elif meaning == "pan":
            size_x, size_y = self._box.viewPixelSize()
            self._fitted = False
            self._box.translateBy(x=-delta.x() * size_x, y=-delta.y() * size_y)
        else:
            self._drag_window(delta)

    def _drag_hand(self, event: QMouseEvent) -> None:
        if event.buttons() & self._hand_button:
            self._use_hand(HandMove.MOVED, event)
        else:  # the release went to another window
            self._lose_hand()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        event.accept()
        if self._in_hand:
            if event.button() != self._hand_button:
                return
            self._use_hand(HandMove.RELEASED, event)
        self._drag = None

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        event.accept()
        if (meaning := self._meaning_of_press(event)) in _TOOLS:
            self._drag = (meaning, event.position())
            self._hand_button = event.button()
            self._use_hand(HandMove.DOUBLE_CLICKED, event)
        elif event.button() in (Qt.MouseButton.LeftButton, Qt.MouseButton.MiddleButton):
            self.enlarge_requested.emit()

    def _use_hand(self, move: HandMove, event: QMouseEvent) -> None:
        point, keys = self.point_at(event.position()), event.modifiers()
        if point is None:
            return
        right = self._hand_button == Qt.MouseButton.RightButton
        shift, alt = (bool(keys & key) for key in (Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.AltModifier))
        pixel_mm = 1 / self.screen_pixels_per_mm
        self._teller.emit(HandEvent(move, Pointer(point, self.plane), right, shift, alt, pixel_mm))

    @property
    def _in_hand(self) -> bool:
        """Whether a button is down for a tool or the ruler."""
        return self._drag is not None and self._drag[0] in _TOOLS

    @property
    def _teller(self) -> SignalInstance:
        """Who hears of what the button does that is down."""
        measures = self._drag is not None and self._drag[0] == "measure"
        return self.measure_used if measures else self.hand_used

    def _lose_hand(self) -> None:
        """End a stroke whose mouse button was released where this view did not hear of it."""
        if self._in_hand:
            pointer = self._session.annotating.hand.pointer or Pointer((0.0, 0.0, 0.0), self.plane)
            teller, self._drag = self._teller, None
            teller.emit(HandEvent(HandMove.LOST, pointer))

    def _follow(self, position: QPointF | None) -> None:
        """Note where the cursor is, or that it left, and say so."""
        self.cursor = position
        self._resting = self.viewport().mapToGlobal(position) if position is not None else None
        self._point()
        self.cursor_moved.emit()

    def _point(self) -> None:
        """Say where the mouse is, for the outline of the brush."""
        hand = self._session.annotating.hand
        point = self.point_at(self.cursor) if self.cursor is not None and self._hand_works else None
        if point is not None:
            hand.pointer = Pointer(point, self.plane)
        elif hand.pointer is not None:
            hand.pointer = None

    def _on_slice_moved(self) -> None:
        """The mouse rests on the screen while the slice, or the view itself, moves under it."""
        if self._resting is not None:
            place = self.viewport().mapFromGlobal(self._resting)
            self._follow(place if self.viewport().rect().contains(place.toPoint()) else None)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        QTimer.singleShot(0, self, self._on_slice_moved)  # when all that was laid out anew has its place

    def _on_crosshair_changed(self) -> None:
        super()._on_crosshair_changed()
        if self.cursor is not None:  # the brush is in the new slice, also after a key
            self._point()

    def enterEvent(self, event: QEnterEvent) -> None:
        super().enterEvent(event)
        self._follow(event.position())  # a view that appears under a resting mouse hears of no move
        typing = isinstance(QApplication.focusWidget(), QLineEdit | QAbstractSpinBox | QPlainTextEdit)
        if self._hand_works and not typing:
            self.setFocus(Qt.FocusReason.MouseFocusReason)  # Space, Return and Backspace are for this view

    def leaveEvent(self, event: QEvent) -> None:
        self._follow(None)
        super().leaveEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        self._lose_hand()
        super().focusOutEvent(event)

    def hideEvent(self, event: QHideEvent) -> None:
        self._lose_hand()
        self._follow(None)
        super().hideEvent(event)

    def viewportEvent(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.UngrabMouse:
            self._lose_hand()
        return bool(super().viewportEvent(event))

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
            self._step_crosshair(self.case, *moves[Qt.Key(event.key())])
        else:
            event.ignore()

    def _step_crosshair(self, case: Case, rows: int, columns: int) -> None:
        viewing = self._session.viewing
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

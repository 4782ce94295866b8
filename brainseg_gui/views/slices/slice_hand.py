"""The mouse over a slice while a tool is in the hand."""

from __future__ import annotations

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QMouseEvent

from brainseg_gui.state.annotating.hand import Point, Pointer
from brainseg_gui.state.annotating.tools import Tool
from brainseg_gui.state.session import Session
from brainseg_gui.views.slices.hand_event import HandEvent, HandMove
from brainseg_gui.views.slices.shown_slice import ShownSlice
from brainseg_gui.views.slices.slice_mapping import SliceMapping

REACH_PX = 8.0
"""Pixels within which an end is meant."""


class SliceHand(QObject):
    """Tells of each press, move and release that is the tool's, the ruler's or a diameter's, and where it points."""

    tool_used = Signal(object)
    measure_used = Signal(object)
    line_used = Signal(object)

    def __init__(self, session: Session, shown: ShownSlice) -> None:
        super().__init__()
        self._session, self._shown = session, shown
        self._hand = session.annotating.hand
        self._button = Qt.MouseButton.NoButton
        self._used = self.tool_used

    @property
    def works(self) -> bool:
        """Whether the mouse is the tool's."""
        annotating = self._session.annotating
        tool = annotating.options.tool is not Tool.BROWSE and not annotating.hand.browsing
        return tool and annotating.editable and not self._session.previewing and not self.measures

    @property
    def measures(self) -> bool:
        """Whether the left button is the ruler's."""
        return self._session.measuring.hand.tool is not None and not self._session.previewing

    @property
    def pressed(self) -> bool:
        """Whether a stroke goes on."""
        return self._button != Qt.MouseButton.NoButton

    def takes(self, event: QMouseEvent, mapping: SliceMapping | None) -> bool:
        """Whether a press begins a stroke."""
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            return False
        if self.measures:
            return event.button() == Qt.MouseButton.LeftButton
        if self.works:
            return event.button() != Qt.MouseButton.MiddleButton
        return event.button() == Qt.MouseButton.LeftButton and self._on_line(event, mapping)

    def _on_line(self, event: QMouseEvent, mapping: SliceMapping | None) -> bool:
        """Whether the mouse is at an end of a diameter."""
        following = self._session.following
        hidden = self._session.previewing or not self._session.viewing.masks_visible
        if mapping is None or following.record is None or hidden:
            return False
        lines = following.lines_in(mapping.plane, mapping.slice_index, mapping.grid)
        places = [mapping.position_at(end) for line in lines for end in line.ends]
        return any((place - event.position()).manhattanLength() <= REACH_PX for place in places)

    def press(self, event: QMouseEvent, mapping: SliceMapping | None, move: HandMove = HandMove.PRESSED) -> None:
        """A button went down, for the first time or for the second at once."""
        self._button = event.button()
        self._used = self.measure_used if self.measures else self.tool_used if self.works else self.line_used
        self._tell(move, event, mapping)

    def drag(self, event: QMouseEvent, mapping: SliceMapping | None) -> None:
        """The mouse moved during a stroke."""
        if event.buttons() & self._button:
            self._tell(HandMove.MOVED, event, mapping)
        else:  # the release went to another window
            self.lose()

    def release(self, event: QMouseEvent, mapping: SliceMapping | None) -> None:
        """A button went up: the one that began the stroke ends it."""
        if event.button() == self._button:
            self._tell(HandMove.RELEASED, event, mapping)
            self._button = Qt.MouseButton.NoButton

    def lose(self) -> None:
        """End a stroke whose mouse button was released where this view did not hear of it."""
        if self.pressed:
            self._button = Qt.MouseButton.NoButton
            pointer = self._hand.pointer or Pointer((0.0, 0.0, 0.0), self._shown.plane)
            self._used.emit(HandEvent(HandMove.LOST, pointer))

    def point(self, point_ijk: Point | None) -> None:
        """Say where the mouse is, for the outline of the brush."""
        if point_ijk is not None and self.works:
            self._hand.pointer = Pointer(point_ijk, self._shown.plane)
        elif self._hand.pointer is not None:
            self._hand.pointer = None

    def _tell(self, move: HandMove, event: QMouseEvent, mapping: SliceMapping | None) -> None:
        if mapping is None:
            return
        keys, right = event.modifiers(), self._button == Qt.MouseButton.RightButton
        shift, alt = (bool(keys & key) for key in (Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.AltModifier))
        pointer = Pointer(mapping.point_at(event.position()), self._shown.plane)
        self._used.emit(HandEvent(move, pointer, right, shift, alt, 1 / mapping.screen_pixels_per_mm))

"""What the buttons and the wheel of the mouse mean over a slice: work of the tool in the hand, or looking around."""

from __future__ import annotations

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QMouseEvent, QWheelEvent

from brainseg_gui.state.session import Session
from brainseg_gui.views.slices.hand_event import HandMove
from brainseg_gui.views.slices.slice_hand import SliceHand
from brainseg_gui.views.slices.slice_mapping import SliceMapping
from brainseg_gui.views.slices.slice_navigation import SliceNavigation
from brainseg_gui.views.slices.wheel_steps import WheelSteps

_ZOOM_PER_STEP = 1.15


class SliceGestures:
    """Gives each gesture to the hand, if it takes it, and else to the navigation.

    Every method takes the mapping of the slice that is shown at that moment; None without a case.
    """

    def __init__(self, session: Session, hand: SliceHand, navigation: SliceNavigation) -> None:
        self._options = session.annotating.options
        self._hand, self._navigation = hand, navigation
        self._wheel = WheelSteps()

    def turn_wheel(self, event: QWheelEvent, mapping: SliceMapping | None) -> None:
        """Scroll; with Ctrl zoom, with Shift change the size of the tool."""
        steps = self._wheel.of(event)
        if steps and event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self._navigation.zoom(_ZOOM_PER_STEP**steps, event.position(), mapping)
        elif steps and event.modifiers() & Qt.KeyboardModifier.ShiftModifier and self._hand.works:
            self._options.resize(steps)
        elif steps:
            self._navigation.scroll(steps)

    def press(self, event: QMouseEvent, mapping: SliceMapping | None) -> None:
        """Begin a stroke, or a drag."""
        if self._hand.pressed:
            return  # a second button: the stroke goes on
        if not self._taken(event, mapping, HandMove.PRESSED):
            self._navigation.press(event, mapping)

    def press_twice(self, event: QMouseEvent, mapping: SliceMapping | None) -> bool:
        """Tell the hand of a double click, if it takes it; returns whether it does."""
        return self._taken(event, mapping, HandMove.DOUBLE_CLICKED)

    def move(self, event: QMouseEvent, mapping: SliceMapping | None, middle: QPointF) -> None:
        """Go on with what was begun; `middle` is the middle of the viewport."""
        if self._hand.pressed:
            self._hand.drag(event, mapping)
        elif event.buttons() == Qt.MouseButton.NoButton:
            self._navigation.release()  # a dialog, or another program, had the release
        elif self._navigation.dragging:
            self._navigation.drag(event.position(), mapping, middle)

    def release(self, event: QMouseEvent, mapping: SliceMapping | None) -> None:
        """End what was begun."""
        self._navigation.release()
        if self._hand.pressed:
            self._hand.release(event, mapping)

    def _taken(self, event: QMouseEvent, mapping: SliceMapping | None, move: HandMove) -> bool:
        if not self._hand.takes(event, mapping):
            return False
        self._navigation.release()
        self._hand.press(event, mapping, move)
        return True

"""Whole notches of a wheel, which may turn by less than one at a time."""

from __future__ import annotations

from PySide6.QtGui import QWheelEvent

_NOTCH = 120  # eighths of a degree


class WheelSteps:
    """Adds up what a wheel turns; a part of a notch is kept for the next turn."""

    def __init__(self) -> None:
        self._rest = 0

    def of(self, event: QWheelEvent) -> int:
        """The notches that are full with this turn, away from the person positive."""
        self._rest += event.angleDelta().y() or event.angleDelta().x()  # some systems turn the wheel with Shift
        steps = int(self._rest / _NOTCH)
        self._rest -= steps * _NOTCH
        return steps

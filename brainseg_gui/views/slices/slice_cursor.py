"""Where the mouse is over a slice."""

from __future__ import annotations

from PySide6.QtCore import QObject, QPointF, Signal
from PySide6.QtWidgets import QWidget


class SliceCursor(QObject):
    """Follows the mouse over a viewport, also while it rests and the slice, or the viewport itself, moves under it.

    Attributes
    ----------
    position
        Where the mouse is in the viewport; None while it is elsewhere.
    """

    moved = Signal()
    """The cursor came, moved, or left; or the slice moved under it (zoom, pan, another size)."""

    def __init__(self, viewport: QWidget) -> None:
        super().__init__(viewport)
        self._viewport = viewport
        self.position: QPointF | None = None
        self._resting: QPointF | None = None  # where it was on the screen

    def follow(self, position: QPointF | None) -> None:
        """Note where the cursor is, or that it left, and say so."""
        self.position = position
        self._resting = self._viewport.mapToGlobal(position) if position is not None else None
        self.moved.emit()

    def look_again(self) -> None:
        """Find the resting mouse, after the slice or the viewport moved under it."""
        if self._resting is not None:
            place = self._viewport.mapFromGlobal(self._resting)
            self.follow(place if self._viewport.rect().contains(place.toPoint()) else None)

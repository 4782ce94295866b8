"""The measurements of the open case, the one being drawn, and what was done to them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from psygnal import Signal, SignalGroupDescriptor

from brainseg_gui.imaging.plane import Plane

if TYPE_CHECKING:
    from brainseg_gui.annotation.measuring.mark import Mark, MarkKind
    from brainseg_gui.annotation.measuring.mark_journal import MarkChange
    from brainseg_gui.state.measuring.roi_statistics import RoiStatistics


@dataclass
class MeasuringHand:
    """What the mouse measures; every field emits when it really changes.

    Parameters
    ----------
    tool
        What a press of the left button begins; None while the mouse does something else.
    drawn
        The measurement that is being drawn or changed.
    chosen
        Key of the measurement whose row is chosen; empty for none.
    where
        Key of the label or region whose statistics are shown; empty for the chosen ellipse.
    statistics
        Those that are shown; None where there is nothing to measure.
    """

    events: ClassVar[SignalGroupDescriptor] = SignalGroupDescriptor()

    tool: MarkKind | None = None
    drawn: Mark | None = None
    chosen: str = ""
    where: str = ""
    statistics: RoiStatistics | None = None


class Measuring:
    """The measurements of the open case, in the order in which they were made."""

    changed = Signal()
    """The measurements are others."""

    recorded = Signal(object)
    """A `MarkChange` that is to be kept: what a person did, or took back."""

    def __init__(self) -> None:
        self.hand = MeasuringHand()
        self.marks: tuple[Mark, ...] = ()
        self._done: list[MarkChange] = []
        self._undone: list[MarkChange] = []

    def open(self, marks: Iterable[Mark]) -> None:
        """Show the measurements of another case; what was done to those before cannot be taken back any more."""
        self.hand.drawn, self.hand.chosen, self.hand.where, self.hand.statistics = None, "", "", None
        self._done, self._undone = [], []
        marks = tuple(marks)
        if marks or self.marks:
            self.marks = marks
            self.changed.emit()

    @property
    def undoable(self) -> bool:
        """Whether there is anything to take back."""
        return bool(self._done)

    @property
    def redoable(self) -> bool:
        """Whether anything was taken back."""
        return bool(self._undone)

    @property
    def chosen(self) -> Mark | None:
        """The measurement whose row is chosen."""
        return self.of(self.hand.chosen)

    def of(self, key: str) -> Mark | None:
        """The measurement of a key; None where there is none."""
        return next((mark for mark in self.marks if mark.key == key), None)

    def seen_in(self, plane: Plane, slice_index: int) -> list[Mark]:
        """What lies in a slice, the one being drawn as it is now."""
        drawn = self.hand.drawn
        kept = [mark for mark in self.marks if drawn is None or mark.key != drawn.key]
        marks = [*kept, drawn] if drawn is not None else kept
        return [mark for mark in marks if (mark.plane, mark.slice_index) == (plane, slice_index)]

    def change(self, change: MarkChange) -> None:
        """Do something to a measurement."""
        self._done.append(change)
        self._undone.clear()
        self._apply(change)

    def undo(self) -> None:
        """Take the last change back."""
        if self._done:
            change = self._done.pop()
            self._undone.append(change)
            self._apply(change.undone)

    def redo(self) -> None:
        """Do again what was taken back last."""
        if self._undone:
            change = self._undone.pop()
            self._done.append(change)
            self._apply(change)

    def _apply(self, change: MarkChange) -> None:
        known = {mark.key: mark for mark in self.marks}
        if change.after is not None:
            known[change.key] = change.after
        else:
            known.pop(change.key, None)
        self.marks = tuple(known.values())
        if self.hand.chosen not in known:
            self.hand.chosen = ""
        self.changed.emit()
        self.recorded.emit(change)

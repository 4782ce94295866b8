"""Scribbles: marks of several labels that grow into regions, kept apart from the annotation."""

from __future__ import annotations

from weakref import WeakKeyDictionary

import numpy as np
from psygnal import Signal

from brainseg_gui.annotation.annotation import Annotation, Move
from brainseg_gui.annotation.edits import Edit
from brainseg_gui.annotation.history import History
from brainseg_gui.annotation.slab import LabelChange, Slab, Values
from brainseg_gui.imaging.box import whole_box
from brainseg_gui.imaging.grid import Grid
from brainseg_gui.imaging.labels import LabelMap, LabelScheme

BACKGROUND = 255
"""The number of scribbles that say: here is no tumour."""


class Scribbles:
    """Marks on the grid of the open case; they have an undo of their own, and no rules.

    Marks that have grown are put aside with the edit that they became: where it is undone, they are there again.
    """

    changed = Signal(object)
    """Marks in a box (a tuple of three slices) changed."""

    def __init__(self) -> None:
        self._marks: Annotation | None = None
        self._grown: WeakKeyDictionary[Edit, History] = WeakKeyDictionary()

    @property
    def values(self) -> Values | None:
        """Numbers of the labels, `BACKGROUND` for none, 0 where nothing is marked, (I, J, K); None before any mark."""
        return self._marks.values if self._marks is not None else None

    @property
    def any(self) -> bool:
        """Whether something is marked."""
        return self._marks is not None and bool(self._marks.history.position or self._marks.painting)

    def paint(self, change: LabelChange | None, grid: Grid, scheme: LabelScheme) -> None:
        """Add to the mark in progress."""
        if self._marks is None:
            self._marks = Annotation(LabelMap(np.zeros(grid.shape, np.uint8), grid, scheme))
        self._tell(self._marks.paint(change))

    def finish(self) -> None:
        """End the mark in progress."""
        if self._marks is not None:
            self._marks.finish("Scribble", "seeds")

    def cancel(self) -> None:
        """Drop the mark in progress."""
        if self._marks is not None:
            self._tell(self._marks.cancel())

    def undo(self) -> None:
        """Take the last mark back."""
        if self._marks is not None:
            self._follow(self._marks.undo())

    def redo(self) -> None:
        """Draw again what was taken back last."""
        if self._marks is not None:
            self._follow(self._marks.redo())

    @property
    def redoable(self) -> bool:
        """Whether there is a mark to draw again."""
        return self._marks is not None and self._marks.history.redoable is not None

    def clear(self) -> None:
        """Take all marks away."""
        if self._marks is not None:
            shape, self._marks = self._marks.values.shape, None
            self.changed.emit(whole_box(shape))

    def put_aside(self, edit: Edit) -> None:
        """Take the marks away that have become an edit."""
        if self._marks is not None:
            self._grown[edit] = self._marks.history
            self.clear()

    def follow(self, edited: Annotation) -> None:
        """Bring back the marks of the first edit that is undone now, and put aside those of one that is not.

        Marks that are drawn since then, and have not grown, stay instead.
        """
        undone = edited.history.since(edited.history.position)
        wanted = next((self._grown[edit] for edit in undone if edit in self._grown), None)
        shown = self._marks.history if self._marks is not None else None
        if shown is wanted or (self.any and not any(shown is history for history in self._grown.values())):
            return
        self.clear()
        if wanted is not None:
            self._marks = _redrawn(wanted, edited.labels)
            self.changed.emit(whole_box(self._marks.values.shape))

    def _follow(self, move: Move | None) -> None:
        self._tell(move.slab if move is not None else None)

    def _tell(self, slab: Slab | None) -> None:
        if slab is not None:
            self.changed.emit(slab)


def _redrawn(history: History, like: LabelMap) -> Annotation:
    """The marks that a history leads to, on the grid of a label map."""
    values = np.zeros(like.grid.shape, np.uint8, order="F")
    for edit in history.applied:
        edit.toggle(values)
    return Annotation(LabelMap(values, like.grid, like.scheme), history)

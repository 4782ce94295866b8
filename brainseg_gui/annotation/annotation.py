"""The annotation: the label map that a person edits, with its rules and its history.

Its voxels are uint8 *numbers of the study's label scheme*, exactly as a `LabelMap` holds them, not classes of a
network: what is painted is what is saved, numbers that the scheme does not know survive, and saving needs no
translation. A layer that follows another scheme is translated by meaning when it is taken as the start
(`algebra.translated`).

The array is in Fortran order, so that axial slices are contiguous, as those of the images mostly are.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np

from brainseg_gui.annotation.edits import Edit, EditSource, edit_between
from brainseg_gui.annotation.history import History
from brainseg_gui.annotation.rules import PaintRules, permitted
from brainseg_gui.annotation.slab import LabelChange, Slab, Values, slab_shape, united
from brainseg_gui.imaging.grid import Voxel
from brainseg_gui.imaging.labels import LabelMap


@dataclass(frozen=True)
class Move:
    """What undo, redo or a jump changed.

    Parameters
    ----------
    slab
        Box that changed.
    centre
        Voxel to look at: the middle of the last edit that was toggled.
    axis
        RAS axis of the plane in which that edit was made, or None.
    """

    slab: Slab
    centre: Voxel
    axis: int | None


class Annotation:
    """Voxels being edited.

    A stroke is painted piece by piece with `paint`, visible in `values` at once, and becomes one edit with
    `finish`, or nothing with `cancel`. Rules are judged against the voxels before the stroke.

    Parameters
    ----------
    labels
        Where to start; its voxels are copied.
    history
        Edits that led there, when a journal was restored.
    """

    def __init__(self, labels: LabelMap, history: History | None = None) -> None:
        self._start = labels
        self._values: Values = np.array(labels.values, dtype=np.uint8, order="F")
        self._settled: Values = self._values.copy(order="F")
        self._touched: Slab | None = None
        self.history = history if history is not None else History()
        self.rules = PaintRules()

    @property
    def values(self) -> Values:
        """The voxels as they are now, with the stroke in progress, (I, J, K); a read-only view."""
        return _read_only(self._values)

    @property
    def settled(self) -> Values:
        """The voxels after the last finished edit, (I, J, K); a read-only view."""
        return _read_only(self._settled)

    @property
    def labels(self) -> LabelMap:
        """A new label map over the live voxels; ask again after an edit, for it caches its counts."""
        return LabelMap(self.values, self._start.grid, self._start.scheme)

    def snapshot(self) -> LabelMap:
        """A copy after the last finished edit that later edits leave alone: for saving in a thread."""
        return LabelMap(_read_only(self._settled.copy(order="F")), self._start.grid, self._start.scheme)

    @property
    def painting(self) -> bool:
        """Whether a stroke is in progress."""
        return self._touched is not None

    def paint(self, change: LabelChange | None) -> Slab | None:
        """Add to the stroke in progress; begins one if there is none.

        Returns
        -------
        tuple of slice or None
            The box to repaint, or None when the rules permit nothing.
        """
        if change is None or change.mask.size == 0:
            return None
        label = int(change.labels) if change.labels.ndim == 0 else change.labels
        before = self._settled[change.slab]
        allowed = permitted(before, change.mask, label, self.rules, paint_over=change.paint_over)
        if not allowed.any():
            return None
        np.copyto(self._values[change.slab], change.labels, where=allowed)
        self._touched = united([self._touched, change.slab])
        return change.slab

    def finish(self, name: str, tool: str = "brush", *, axis: int | None = None, layer: str = "") -> Edit | None:
        """End the stroke; returns its edit, or None when nothing changed.

        Parameters
        ----------
        name
            Name for people, as the history shows it.
        tool, axis, layer
            As in `EditSource`.
        """
        slab, self._touched = self._touched, None
        if slab is None:
            return None
        source = EditSource(tool, axis, layer, time.time())
        edit = edit_between(name, slab, self._settled[slab], self._values[slab], source)
        if edit is not None:
            self._settled[edit.slab] = self._values[edit.slab]
            self.history.push(edit)
        return edit

    def cancel(self) -> Slab | None:
        """Drop the stroke in progress; returns the box to repaint."""
        slab, self._touched = self._touched, None
        if slab is not None:
            self._values[slab] = self._settled[slab]
        return slab

    def edit(
        self, change: LabelChange | None, name: str, tool: str, *, axis: int | None = None, layer: str = ""
    ) -> Edit | None:
        """Carry out one proposal as an edit of its own; None when nothing changed.

        Raises
        ------
        RuntimeError
            If a stroke is in progress.
        """
        if self.painting:
            raise RuntimeError("a stroke is in progress")
        self.paint(change)
        return self.finish(name, tool, axis=axis, layer=layer)

    def undo(self) -> Move | None:
        """Drop the stroke in progress, else take the last edit back; None when there is nothing to undo."""
        if self.painting or not self.history.position:
            return _move_of(self.cancel())
        return self.jump(self.history.position - 1)

    def redo(self) -> Move | None:
        """Drop the stroke in progress, else apply again what was undone last; None when there is nothing."""
        if self.painting or self.history.redoable is None:
            return _move_of(self.cancel())
        return self.jump(self.history.position + 1)

    def jump(self, position: int) -> Move | None:
        """Go to any point of the history; 0 is the start.

        Raises
        ------
        ValueError
            If there is no such point.
        """
        edits = self.history.move_to(position)
        dropped = self.cancel()
        if not edits:
            return _move_of(dropped)
        for edit in edits:
            edit.toggle(self._settled)
            self._values[edit.slab] = self._settled[edit.slab]
        slab = united([dropped, *(edit.slab for edit in edits)])
        return Move(slab or edits[-1].slab, edits[-1].centre, edits[-1].source.axis)


def _move_of(slab: Slab | None) -> Move | None:
    if slab is None:
        return None
    i, j, k = (part.start + length // 2 for part, length in zip(slab, slab_shape(slab), strict=True))
    return Move(slab, (i, j, k), None)


def _read_only(values: Values) -> Values:
    view = values.view()
    view.flags.writeable = False
    return view

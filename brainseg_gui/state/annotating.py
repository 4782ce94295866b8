"""The annotation that is being edited, the tools in the hand, and what they are about to do."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray
from psygnal import Signal, SignalGroupDescriptor

from brainseg_gui.annotation.annotation import Annotation, Move
from brainseg_gui.annotation.edits import Edit
from brainseg_gui.annotation.rules import PaintRules
from brainseg_gui.annotation.slab import Change, Slab
from brainseg_gui.annotation.threshold import IntensityRange
from brainseg_gui.imaging.labels import LabelMap
from brainseg_gui.imaging.modality import Modality
from brainseg_gui.state.hand import Hand
from brainseg_gui.state.layers import Layer
from brainseg_gui.state.operating import Operating
from brainseg_gui.state.proposing import Proposing
from brainseg_gui.state.scribbles import Scribbles

BRUSH_MM = (0.5, 100.0)
"""Smallest and largest brush."""


class Tool(Enum):
    """What the left mouse button does over a slice."""

    BROWSE = "browse"
    BRUSH = "brush"
    LASSO = "lasso"
    FILL = "fill"
    SEEDS = "seeds"
    COPY = "copy"


class Painting(Enum):
    """Which voxels of the brush's footprint are painted."""

    ALL = "all"
    IN_RANGE = "in range"
    FOLLOW_EDGES = "follow edges"


@dataclass
class ToolOptions:
    """The tool and its settings; every field emits when it really changes.

    Parameters
    ----------
    tool
        The tool in the hand.
    brush_mm
        Diameter of the brush.
    square, in_3d
        Square instead of round; a ball or cube instead of a disc in the plane. Fill and lasso follow `in_3d` too.
    painting
        Which voxels of the footprint are painted.
    intensities, modality
        Range of the painting "in range", and the modality whose intensities count.
    contrast
        How far intensities may differ for "follow edges" and fill by intensity, in standard deviations.
    by_intensity
        Fill spreads over similar intensities, instead of one label.
    erasing
        The left button erases, and the right one paints.
    copy_from
        Name of the layer that "copy" takes voxels from; empty for the newest prediction.
    """

    events: ClassVar[SignalGroupDescriptor] = SignalGroupDescriptor()

    tool: Tool = Tool.BROWSE
    brush_mm: float = 8.0
    square: bool = False
    in_3d: bool = False
    painting: Painting = Painting.ALL
    intensities: IntensityRange | None = None
    modality: Modality = Modality.FLAIR
    contrast: float = 2.5
    by_intensity: bool = False
    erasing: bool = False
    copy_from: str = ""

    @property
    def has_brush(self) -> bool:
        """Whether the tool in the hand has a size and a shape."""
        return self.tool in (Tool.BRUSH, Tool.SEEDS, Tool.COPY)

    def resize(self, steps: int) -> None:
        """Make the brush larger (positive) or smaller; as many steps back lead to the same size."""
        size = self.brush_mm
        for _ in range(abs(steps)):
            size += _step(size) if steps > 0 else -_step(size - 0.01)
        self.brush_mm = min(max(round(size, 1), BRUSH_MM[0]), BRUSH_MM[1])


def _step(brush_mm: float) -> float:
    """How much larger the next brush is: about a tenth of an ordinary one."""
    return next((step for below, step in ((8.0, 0.5), (20.0, 1.0), (40.0, 2.0)) if brush_mm < below), 5.0)


@dataclass(frozen=True, eq=False)
class Preview:
    """What an operation would do, shown before it is accepted.

    Parameters
    ----------
    title
        Name of the edit that accepting makes.
    tool
        Key of the tool, for the provenance.
    change
        The proposal; None where the operation found nothing to change.
    layer
        Name of the layer that voxels are copied from, else empty.
    """

    title: str
    tool: str
    change: Change | None
    layer: str = ""


class Annotating:
    """The layer being edited. All edits go through here, so that those who watch hear of every one.

    Only one layer of a case is edited at a time; `begin` takes another one up.
    """

    annotation_changed = Signal()
    """Another annotation is edited, or none; or it became read-only."""

    ending = Signal()
    """The annotation is about to be put aside: what is in the hand must be finished now."""

    voxels_changed = Signal(object)
    """Voxels in a box (a tuple of three slices) changed; also while a stroke is in progress."""

    edited = Signal(object)
    """An edit (`Edit`) was finished."""

    moved = Signal(object)
    """The history moved (`Move`): undo, redo, or a jump."""

    history_changed = Signal()
    """The list of edits, or the position in it, changed."""

    rules_changed = Signal()
    """The active label, what may be painted over, or the locks changed."""

    preview_changed = Signal()
    """A proposal is shown, another one, or none."""

    def __init__(self) -> None:
        self.options = ToolOptions()
        self.hand = Hand()
        self.scribbles = Scribbles()
        self.operating = Operating()
        self.proposing = Proposing()
        self._annotation: Annotation | None = None
        self._layer: Layer | None = None
        self._read_only = ""
        self._preview: Preview | None = None
        self._counts: NDArray[np.int64] = np.zeros(256, np.int64)
        self._saved: tuple[Edit | None, Path] | None = None

    @property
    def annotation(self) -> Annotation | None:
        """The voxels being edited, or None."""
        return self._annotation

    @property
    def layer(self) -> Layer | None:
        """The layer that shows them."""
        return self._layer

    @property
    def read_only(self) -> str:
        """Why the annotation may not be changed; empty when it may."""
        return self._read_only

    @property
    def editable(self) -> bool:
        """Whether tools work."""
        return self._annotation is not None and not self._read_only

    @property
    def rules(self) -> PaintRules:
        """Active label, what may be painted over, locks."""
        return self._annotation.rules if self._annotation is not None else PaintRules()

    @rules.setter
    def rules(self, rules: PaintRules) -> None:
        if self._annotation is not None and rules != self._annotation.rules:
            self._annotation.rules = rules
            self.rules_changed.emit()

    @property
    def preview(self) -> Preview | None:
        """The proposal that is shown, or None."""
        return self._preview

    @property
    def unsaved(self) -> bool:
        """Whether there are edits that no file holds."""
        return self._layer is not None and self._layer.saved_as is None

    def at_rest(self, labels: LabelMap) -> LabelMap:
        """Labels that stay as they are while a thread reads them: a copy of those that are edited."""
        live = self._annotation is not None and self._layer is not None and self._layer.labels is labels
        return self._annotation.snapshot() if live and self._annotation is not None else labels

    def begin(self, annotation: Annotation, layer: Layer, read_only: str = "") -> None:
        """Take up a layer; its label map becomes the annotation's live voxels.

        Parameters
        ----------
        read_only
            Why it may not be changed, when it may not.
        """
        self._put_aside()
        self._annotation, self._layer, self._read_only = annotation, layer, read_only
        self._saved = (annotation.history.undoable, layer.saved_as) if layer.saved_as is not None else None
        labels = annotation.labels
        self._counts = labels.counts.copy()
        layer.labels = labels
        self._set_preview(None)
        self.annotation_changed.emit()
        self.history_changed.emit()
        self.rules_changed.emit()

    def end(self) -> None:
        """Edit nothing any more; the layer stays as it is."""
        if self._annotation is not None:
            self._put_aside()
            self._annotation = self._layer = self._saved = None
            self._read_only = ""
            self.options.tool = Tool.BROWSE
            self._set_preview(None)
            self.annotation_changed.emit()
            self.history_changed.emit()

    def _put_aside(self) -> None:
        if self._annotation is not None:
            self.ending.emit()
            self.scribbles.clear()

    def paint(self, change: Change | None) -> None:
        """Add to the stroke in progress."""
        if self._annotation is not None and self.editable:
            self._repaint(self._annotation.paint(change))

    def finish(self, name: str, tool: str, *, axis: int | None = None, layer: str = "") -> Edit | None:
        """End the stroke in progress; returns its edit, or None when nothing changed."""
        if self._annotation is None:
            return None
        edit = self._annotation.finish(name, tool, axis=axis, layer=layer)
        if edit is not None:
            self._recount(edit, self._annotation.settled)
            self._settle()
            self.edited.emit(edit)
            self.history_changed.emit()
        return edit

    def cancel_stroke(self) -> None:
        """Drop the stroke in progress."""
        if self._annotation is not None:
            self._repaint(self._annotation.cancel())

    def edit(
        self, change: Change | None, name: str, tool: str, *, axis: int | None = None, layer: str = ""
    ) -> Edit | None:
        """Carry out one proposal as an edit of its own; None when nothing changed."""
        self.cancel_stroke()
        self.paint(change)
        return self.finish(name, tool, axis=axis, layer=layer)

    def undo(self) -> None:
        """Take the last edit back."""
        if self._annotation is not None and self.editable:
            self._follow(self._annotation.undo())

    def redo(self) -> None:
        """Apply again what was taken back last."""
        if self._annotation is not None and self.editable:
            self._follow(self._annotation.redo())

    def jump(self, position: int) -> None:
        """Go to any point of the history; 0 is the start."""
        if self._annotation is not None and self.editable:
            self._follow(self._annotation.jump(position))

    def propose(self, preview: Preview | None) -> None:
        """Show what an operation would do, or nothing any more."""
        if preview is not self._preview:
            self._set_preview(preview)

    def accept(self) -> Edit | None:
        """Carry the shown proposal out."""
        shown, self._preview = self._preview, None
        self.preview_changed.emit()
        if shown is None:
            return None
        return self.edit(shown.change, shown.title, shown.tool, layer=shown.layer)

    def mark_saved(self, path: Path, last: Edit | None) -> None:
        """Note that a file holds the voxels as they were after the edit `last` (None: as at the start)."""
        self._saved = (last, path)
        self._note_saved()

    def _set_preview(self, preview: Preview | None) -> None:
        self._preview = preview
        self.preview_changed.emit()

    def _follow(self, move: Move | None) -> None:
        if move is None or self._annotation is None:
            return
        self._counts = self._annotation.labels.counts.copy()
        self._settle()
        self.voxels_changed.emit(move.slab)
        self.moved.emit(move)
        self.history_changed.emit()

    def _repaint(self, slab: Slab | None) -> None:
        if slab is not None:
            self.voxels_changed.emit(slab)

    def _recount(self, edit: Edit, after: NDArray[np.uint8]) -> None:
        """Count only what changed: a whole case takes longer than a stroke may."""
        now = after[edit.slab]
        before = now ^ edit.difference()
        for values, sign in ((now, 1), (before, -1)):
            self._counts[1:] += sign * np.bincount(values.ravel(order="K"), minlength=256)[1:]

    def _settle(self) -> None:
        """Let the layer show the new state: a label map of its own, with its counts known already."""
        if self._annotation is None or self._layer is None:
            return
        labels: LabelMap = self._annotation.labels
        labels.__dict__["counts"] = self._counts.copy()
        self._layer.labels = labels
        self._note_saved()

    def _note_saved(self) -> None:
        if self._annotation is not None and self._layer is not None:
            same = self._saved is not None and self._saved[0] is self._annotation.history.undoable
            self._layer.saved_as = self._saved[1] if same and self._saved is not None else None

"""The annotation that is being edited: its edits, its history, its counts, and what no file holds yet."""

from __future__ import annotations

from pathlib import Path

from psygnal import Signal

from brainseg_gui.annotation.annotation import Annotation, Move
from brainseg_gui.annotation.edits import Edit
from brainseg_gui.annotation.rules import PaintRules
from brainseg_gui.annotation.slab import LabelChange, Slab
from brainseg_gui.annotation.tally import Tally
from brainseg_gui.imaging.labels import LabelMap
from brainseg_gui.state.annotating.clicking import Clicking
from brainseg_gui.state.annotating.hand import Hand
from brainseg_gui.state.annotating.operating import Operating
from brainseg_gui.state.annotating.preview import Preview
from brainseg_gui.state.annotating.proposing import Proposing
from brainseg_gui.state.annotating.scribbles import Scribbles
from brainseg_gui.state.annotating.tools import Tool, ToolOptions
from brainseg_gui.state.layers.layers import Layer

_HIDDEN = "Another case is being read: wait for it, or stop with Esc"


class ActiveAnnotation:
    """The layer being edited. All edits go through here, so that those who watch hear of every one.

    Only one layer of a case is edited at a time; `begin` takes another one up.

    Attributes
    ----------
    hidden
        Whether the images of another case, which is being read, are shown in place of these: nothing is begun on what
        nobody sees, while what is in the hand is finished.
    """

    annotation_changed = Signal()
    """Another annotation is edited, or none; or it became read-only."""

    ending = Signal()
    """The annotation is about to be put aside: what is in the hand must be finished now."""

    saving = Signal()
    """The annotation is about to be written: what is seen belongs into the file."""

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
        self.clicking = Clicking()
        self._annotation: Annotation | None = None
        self._layer: Layer | None = None
        self._read_only = ""
        self.hidden = False
        self._preview: Preview | None = None
        self._tally: Tally | None = None
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
        return self._writable and not self.hidden

    @property
    def why_not(self) -> str:
        """Why tools do not work on the annotation; empty where they do."""
        return self._read_only or (_HIDDEN if self.hidden else "")

    @property
    def _writable(self) -> bool:
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
        self._suspend()
        self._annotation, self._layer, self._read_only = annotation, layer, read_only
        self._saved = (annotation.history.undoable, layer.saved_as) if layer.saved_as is not None else None
        self._tally = Tally(annotation.settled)
        self._show(annotation, layer)
        layer.edited = annotation.history.position > 0
        self._set_preview(None)
        self.annotation_changed.emit()
        self.history_changed.emit()
        self.rules_changed.emit()

    def end(self) -> None:
        """Edit nothing any more; the layer stays as it is."""
        if self._annotation is not None:
            self._suspend()
            self._annotation = self._layer = self._tally = self._saved = None
            self._read_only = ""
            self.options.tool = Tool.BROWSE
            self._set_preview(None)
            self.annotation_changed.emit()
            self.history_changed.emit()

    def _suspend(self) -> None:
        if self._annotation is not None:
            self.ending.emit()
            self.scribbles.clear()

    def paint(self, change: LabelChange | None) -> None:
        """Add to the stroke in progress."""
        if self._annotation is not None and self._writable:
            self._repaint(self._annotation.paint(change))

    def finish(self, name: str, tool: str, *, axis: int | None = None, layer: str = "") -> Edit | None:
        """End the stroke in progress; returns its edit, or None when nothing changed."""
        if self._annotation is None:
            return None
        edit = self._annotation.finish(name, tool, axis=axis, layer=layer)
        if edit is not None:
            self._settle(edit.slab)
            self.edited.emit(edit)
            self.history_changed.emit()
        return edit

    def cancel_stroke(self) -> None:
        """Drop the stroke in progress."""
        if self._annotation is not None:
            self._repaint(self._annotation.cancel())

    def edit(
        self, change: LabelChange | None, name: str, tool: str, *, axis: int | None = None, layer: str = ""
    ) -> Edit | None:
        """Carry out one proposal as an edit of its own; None when nothing changed."""
        self.cancel_stroke()
        self.paint(change)
        return self.finish(name, tool, axis=axis, layer=layer)

    def undo(self) -> None:
        """Take the last edit back."""
        if self._annotation is not None and self._writable:
            self._follow(self._annotation.undo())

    def redo(self) -> None:
        """Apply again what was taken back last."""
        if self._annotation is not None and self._writable:
            self._follow(self._annotation.redo())

    def jump(self, position: int) -> None:
        """Go to any point of the history; 0 is the start."""
        if self._annotation is not None and self._writable:
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

    def mark_unsaved(self) -> None:
        """Note that no file holds the annotation as it is read now."""
        self._saved = None
        self._note_saved()

    def _set_preview(self, preview: Preview | None) -> None:
        self._preview = preview
        self.preview_changed.emit()

    def _follow(self, move: Move | None) -> None:
        if move is None or self._annotation is None:
            return
        self._settle(move.slab)
        self.scribbles.follow(self._annotation)
        self.voxels_changed.emit(move.slab)
        self.moved.emit(move)
        self.history_changed.emit()

    def _repaint(self, slab: Slab | None) -> None:
        if slab is not None:
            self.voxels_changed.emit(slab)

    def _settle(self, slab: Slab) -> None:
        """Count what changed, only that: a whole case takes longer than a stroke may; then let the layer show it."""
        if self._annotation is None or self._layer is None or self._tally is None:
            return
        self._tally.refresh(self._annotation.settled, slab)
        self._show(self._annotation, self._layer)
        self._note_saved()

    def _show(self, annotation: Annotation, layer: Layer) -> None:
        """Give the layer a label map of its own for the new state, with its counts known already."""
        labels = annotation.labels
        if self._tally is not None:
            counts = self._tally.counts
            counts[0] = 0  # as a label map counts
            labels.__dict__["counts"] = counts
        layer.labels = labels

    def _note_saved(self) -> None:
        if self._annotation is not None and self._layer is not None:
            same = self._saved is not None and self._saved[0] is self._annotation.history.undoable
            self._layer.saved_as = self._saved[1] if same and self._saved is not None else None
            self._layer.edited = self._annotation.history.position > 0

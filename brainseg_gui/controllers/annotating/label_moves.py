"""Undo across *Edit labels…*: the meaning of the numbers goes back with the voxels, else what enhances is oedema."""

from __future__ import annotations

from weakref import WeakKeyDictionary

from PySide6.QtCore import QObject

from brainseg_gui.annotation.edits import Edit
from brainseg_gui.annotation.history import History
from brainseg_gui.imaging.labels import LabelScheme
from brainseg_gui.state.session import Notice, Session
from brainseg_gui.views.layers.layers_panel import LayersPanel

RENUMBERED = "Renumber labels"
"""Name of the edit that lets voxels follow their labels to other numbers."""


class LabelMoves(QObject):
    """Knows the scheme before and after each renumbering of this session."""

    def __init__(self, session: Session, layers: LayersPanel, parent: QObject) -> None:
        super().__init__(parent)
        self._session, self._annotating, self._layers = session, session.annotating, layers
        self._known = WeakKeyDictionary[Edit, tuple[LabelScheme, LabelScheme]]()  # as long as a history holds them
        self._last: Edit | None = None  # the renumbering that is applied, of those that are known
        self._annotating.annotation_changed.connect(self._look)
        self._annotating.moved.connect(self._on_moved, priority=-1)  # the last: the annotation begins anew by it

    def remember(self, edit: Edit, before: LabelScheme, after: LabelScheme) -> None:
        """Note what a renumbering did to the meaning of numbers."""
        self._known[edit] = (before, after)
        self._last = edit

    def bars(self, position: int) -> bool:
        """Whether the way to a position of the history crosses a renumbering of an earlier session; says so.

        Its scheme is in no journal.
        """
        annotation = self._annotating.annotation
        history = annotation.history if annotation is not None else History()
        first, last = sorted((history.position, position))
        crossed = history.since(first)[: last - first]
        if all(edit.name != RENUMBERED or edit in self._known for edit in crossed):
            return False
        stays = "what came before stays" if position < history.position else "what came after is not done again"
        what = f"The labels were changed here in an earlier session: {stays}"
        self._session.say(Notice(what, "Edit the labels once more to give them other numbers"))
        return True

    def _look(self) -> None:
        annotation = self._annotating.annotation
        self._last = self._applied(annotation.history) if annotation is not None else None

    def _on_moved(self, _move: object) -> None:
        annotation, layer = self._annotating.annotation, self._annotating.layer
        if annotation is None or layer is None:
            return
        now, before = self._applied(annotation.history), self._last
        if now == before:
            return
        self._last = now
        undone = next(
            (edit for edit in annotation.history.since(annotation.history.position) if edit in self._known), None
        )
        scheme = self._known[now][1] if now is not None else self._known[undone][0] if undone is not None else None
        if scheme is not None and scheme != layer.labels.scheme:
            self._layers.scheme_requested.emit(layer, scheme)  # as its menu does

    def _applied(self, history: History) -> Edit | None:
        return next((edit for edit in reversed(history.applied) if edit in self._known), None) if self._known else None

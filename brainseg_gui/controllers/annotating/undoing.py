"""Undo and redo: one pair of keys for edits, corners, seeds, measurements and changes of a follow-up."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Literal

from PySide6.QtCore import QObject

from brainseg_gui.controllers.annotating.hand.hand_tools import why_idle
from brainseg_gui.controllers.annotating.paint import PaintController
from brainseg_gui.state.annotating.tools import Tool
from brainseg_gui.state.notices import Notice
from brainseg_gui.state.session import Session
from brainseg_gui.views.actions.actions import Actions
from brainseg_gui.views.widgets.plain_text import plain_caption

if TYPE_CHECKING:
    from brainseg_gui.state.following.following import Following
    from brainseg_gui.state.measuring.measuring import Measuring


class UndoController(QObject):
    """Takes back whatever is in the hand, and names it in the menu."""

    def __init__(
        self, session: Session, paint: PaintController, actions: Actions, barred: Callable[[int], bool], parent: QObject
    ) -> None:
        super().__init__(parent)
        self._barred = barred
        self._session, self._annotating, self._paint, self._actions = session, session.annotating, paint, actions
        self._measuring: Measuring | None = None  # since somebody measures
        self._following: Following | None = None  # since somebody follows a patient
        for signal in (self._annotating.history_changed, self._annotating.scribbles.changed):
            signal.connect(self.show_names)
        self._annotating.options.events.tool.connect(self.show_names)
        paint.busy_changed.connect(self.show_names)

    def know_measuring(self, measuring: Measuring) -> None:
        """Undo measurements, too."""
        self._measuring = measuring
        measuring.changed.connect(self.show_names)
        measuring.hand.events.tool.connect(self.show_names)

    def know_following(self, following: Following) -> None:
        """Undo changes of a follow-up, too."""
        self._following = following
        following.changed.connect(self.show_names)

    def undo(self) -> None:
        """Take back the last measurement, corner, seed or edit, whichever is in the hand; nothing that is not seen."""
        annotating = self._annotating
        if self._session.previewing:
            return
        if self._measures:
            _, beside = self._beside("undoable")
            if beside is not None:
                beside.undo()
            return
        if self._paint.step_back():
            return
        if annotating.options.tool is Tool.SEEDS and annotating.scribbles.any:
            annotating.scribbles.undo()
        else:
            self._move(-1)

    def take_back_click(self) -> None:
        """Take back the last click, waiting or accepted, while that tool is in the hand: a lone key undoes no more."""
        annotation = self._annotating.annotation
        if self._session.previewing:
            return
        if annotation is None:
            self._session.say(why_idle(self._session))
            return
        last = annotation.history.undoable
        if self._annotating.options.tool is not Tool.CLICK:
            self._session.say(
                Notice("The tool Click is not in the hand", "Undo takes the last edit back", problem=False)
            )
        elif self._paint.clicks_wait:
            self._paint.step_back()
        elif self._paint.forget_note():
            return
        elif last is not None and last.source.tool == Tool.CLICK.value:
            self._move(-1)
        else:
            self._session.say(Notice("The last edit is no click", "Undo takes it back", problem=False))

    def redo(self) -> None:
        """Apply again what was taken back last."""
        annotating = self._annotating
        if self._session.previewing:
            return
        if self._measures:
            _, beside = self._beside("redoable")
            if beside is not None:
                beside.redo()
            return
        if self._paint.step_forward() or self._paint.busy:
            return
        if annotating.options.tool is Tool.SEEDS and annotating.scribbles.redoable:
            annotating.scribbles.redo()
        else:
            self._move(1)

    def go_to(self, position: int) -> None:
        """Go to the state after so many edits; not where nothing of it is seen, nor out of a tool's work."""
        if not self._session.previewing and not self._paint.busy and not self._barred(position):
            self._annotating.jump(position)

    def _move(self, steps: int) -> None:
        annotation = self._annotating.annotation
        if annotation is None:
            return
        position = annotation.history.position + steps
        if 0 <= position <= len(annotation.history):
            self.go_to(position)

    def show_names(self, *_: object) -> None:
        """Name what undo and redo would do."""
        annotating, paint = self._annotating, self._paint
        history = annotating.annotation.history if annotating.annotation is not None else None
        seeds = annotating.options.tool is Tool.SEEDS
        undoable = history.undoable.name if history is not None and history.undoable else ""
        redoable = history.redoable.name if history is not None and history.redoable else ""
        undoable = "seed" if seeds and annotating.scribbles.any else undoable
        redoable = "seed" if seeds and annotating.scribbles.redoable else redoable
        undoable = "corner" if paint.polygon_open else "click" if paint.clicks_wait else undoable
        redoable = "corner" if paint.corner_redoable else "" if paint.busy else redoable
        if self._measures:
            undoable, redoable = self._beside("undoable")[0], self._beside("redoable")[0]
        for key, word, name in (("annotate.undo", "&Undo", undoable), ("annotate.redo", "&Redo", redoable)):
            self._actions[key].setText(f"{word} {plain_caption(name)}".strip())
            self._actions[key].setEnabled(bool(name) or (key == "annotate.undo" and paint.busy))

    @property
    def _measures(self) -> bool:
        """Whether undo and redo are about measurements: while one measures, or there is nothing else to undo."""
        measures = self._measuring is not None and self._measuring.hand.tool is not None
        return measures or self._annotating.annotation is None

    def _beside(self, able: Literal["undoable", "redoable"]) -> tuple[str, Measuring | Following | None]:
        """What undo or redo is about where it is about no mask, with its words: measurements, else the follow-up."""
        known = (("measurement", self._measuring), ("follow-up's change", self._following))
        return next(((words, it) for words, it in known if it is not None and getattr(it, able)), ("", None))

"""Leaving a case with work that no file holds: asked once, and whatever the answer, nothing is lost.

Only annotations are asked for. A prediction that was not saved comes back with its case (`UnsavedPredictions`) while
the program runs, so leaving it asks nothing; closing the program does (`QuittingController`).
"""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, QTimer
from PySide6.QtGui import QSessionManager

from brainseg_gui.controllers.annotating.annotation_record import AnnotationRecord
from brainseg_gui.controllers.annotating.journal import JournalController
from brainseg_gui.controllers.annotating.saving.saving import SaveController
from brainseg_gui.state.session import Session
from brainseg_gui.views.shell.main_window import MainWindow
from brainseg_gui.views.widgets.question import Question

_SOON_MS = 50


class LeavingController(QObject):
    """Asks Save, Not now or Cancel before the open case is left.

    Parameters
    ----------
    finish
        Ends what is in the hand, so that it counts.
    """

    def __init__(
        self,
        session: Session,
        window: MainWindow,
        journals: JournalController,
        saving: SaveController,
        finish: Callable[[], None],
    ) -> None:
        super().__init__(window)
        self._session, self._window = session, window
        self._journals, self._saving, self._finish = journals, saving, finish
        self._question: Question | None = None

    @property
    def question(self) -> Question | None:
        """The question that waits for an answer."""
        return self._question

    @property
    def free(self) -> bool:
        """Whether the case may be left without a question; ends what is in the hand."""
        self._finish()
        return not (self._saving.running or self._journals.at_risk)

    def ask(self, then: Callable[[], None]) -> None:
        """Do `then` when the case may be left: at once, after an answer, or never."""
        self._finish()
        if self._question is not None:
            self._question.raise_()
        elif self._saving.running:  # how it ends decides whether there is anything to ask
            QTimer.singleShot(_SOON_MS, self, lambda: self.ask(then))
        elif not self._journals.at_risk:
            then()
        else:
            self._question = self._make_question()
            self._question.answered.connect(lambda key: self._on_answered(key, then))
            self._question.open()

    def answer_session_end(self, manager: QSessionManager) -> None:
        """The desktop ends: ask where it lets us, else the journal keeps the work."""
        self._finish()
        self._journals.wait()
        if not self._journals.at_risk or not manager.allowsInteraction():
            return
        question = self._make_question()
        question.exec()
        if question.chosen() == "cancel":
            manager.cancel()
        elif question.chosen() == "save":
            manager.cancel()  # saving may have to ask for a name; the person ends the session again
            self._save(list(self._journals.at_risk), _nothing)
        manager.release()

    def close(self) -> None:
        """Take an open question back, when the program ends."""
        if self._question is not None:
            self._question.answer("cancel")

    def _make_question(self) -> Question:
        records, case = self._journals.at_risk, self._session.case
        name = case.case_id if case is not None else "this case"
        edits = sum(len(one.annotation.history.applied) for one in records)
        words = "1 edit" if edits == 1 else f"{edits:,} edits"
        safe = all(one.journal is not None for one in records) and not self._journals.failing
        later = ("later", "Not now") if safe else ("later", "Leave without saving")
        more = (
            "Not now: the journal keeps the work and offers it when the case is opened again."
            if safe
            else "The journal could not be written: what is not saved now is lost."
        )
        return Question(
            self._window,
            f"Save the annotation of {name}? {words} are in no file yet."
            if edits != 1
            else f"Save the annotation of {name}? {words} is in no file yet.",
            more,
            (("save", "Save"), later, ("cancel", "Cancel")),
        )

    def _on_answered(self, key: str, then: Callable[[], None]) -> None:
        self._question = None
        if key == "later":
            then()
        elif key == "save":
            self._save(list(self._journals.at_risk), then)

    def _save(self, waiting: list[AnnotationRecord], then: Callable[[], None]) -> None:
        """Save one after the other; a save that fails or is given up keeps the case open."""
        if not waiting:
            then()
            return
        first, *rest = waiting
        self._saving.save_record(first, lambda saved: self._save(rest, then) if saved else None)


def _nothing() -> None:
    """Nothing waits."""

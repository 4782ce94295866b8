"""Closing the program: asked about where masks would be lost, or a list of cases is being segmented."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from functools import partial

from PySide6.QtCore import QObject
from PySide6.QtGui import QSessionManager

from brainseg_gui.controllers.annotating.saving.saving import SaveController
from brainseg_gui.controllers.jobs.job import Job
from brainseg_gui.controllers.jobs.notices import notice_of
from brainseg_gui.controllers.shell.leaving import LeavingController
from brainseg_gui.errors import listed, printable
from brainseg_gui.imaging.case import CaseSource
from brainseg_gui.state.layers.layers import Layer, LayerRole
from brainseg_gui.state.session import Session
from brainseg_gui.views.shell.main_window import MainWindow
from brainseg_gui.views.widgets.question import Question

_NAMED = 8  # cases; more are counted


class QuittingController(QObject):
    """Asks about annotations as leaving a case does, then once about all predictions; they come back with no start."""

    def __init__(
        self, session: Session, window: MainWindow, leaving: LeavingController, saving: SaveController
    ) -> None:
        super().__init__(window)
        self._session, self._window = session, window
        self._leaving, self._saving = leaving, saving
        self._question: Question | None = None
        self._job: Job | None = None

    @property
    def commands(self) -> dict[str, Callable[[], object]]:
        """What each action does."""
        return {"file.quit": self._window.close}

    @property
    def question(self) -> Question | None:
        """The question of this controller that waits for an answer."""
        return self._question

    @property
    def free(self) -> bool:
        """Whether the program may be closed without a question; ends what is in the hand."""
        busy = self._session.cohort_run.work.running or self._job is not None
        missed = self._predictions or self._session.unsaved_predictions.missed
        return self._leaving.free and not busy and not missed

    def ask(self, then: Callable[[], None]) -> None:
        """Do `then` when the program may be closed: at once, after the answers, or never."""
        if self._question is not None:
            self._question.raise_()
        elif self._job is None:
            self._ask_of_list(partial(self._leaving.ask, partial(self._ask_of_predictions, then)))

    def answer_session_end(self, manager: QSessionManager) -> None:
        """The desktop ends: ask about what would be lost or stopped, where it lets us, then about annotations."""
        ending = self._what_ends()
        if ending and manager.allowsInteraction():
            words = listed(ending)
            text = f"End the session? {words[0].upper()}{words[1:]}."
            more = "Stay to save or finish it; edits of annotations are in the journal either way."
            question = Question(self._window, text, more, (("cancel", "Stay"), ("end", "End all the same")))
            question.exec()
            if question.chosen() != "end":
                manager.cancel()
                manager.release()
                return
            manager.release()
        self._leaving.answer_session_end(manager)

    def _what_ends(self) -> list[str]:
        """What is in no file, or at work, besides annotations."""
        total, everything = self._missed.total(), self._session.cohort_run
        found = ["a prediction is in no file" if total == 1 else f"{total} predictions are in no file"] if total else []
        if self._session.segmenting.running:
            found.append("a segmentation is running")
        if everything.work.running:
            found.append(f"the run on the cohort is at {everything.ended} of {everything.total} cases")
        return found

    def close(self) -> None:
        """Take an open question back, when the program ends."""
        if self._question is not None:
            self._question.answer("cancel")
        if self._job is not None:
            self._job.end()

    # the list of cases

    def _ask_of_list(self, then: Callable[[], None]) -> None:
        state = self._session.cohort_run
        if not state.work.running:
            then()
            return
        text = f"Stop the run on the cohort? {state.ended} of {state.total} cases are done."
        more = "What is done is in files. The run goes on with the others when brainseg is opened again."
        self._show(text, more, (("stop", "Stop and quit"), ("cancel", "Go on")), {"stop": then})

    # predictions

    @property
    def _predictions(self) -> list[Layer]:
        """Of the open case, what a person would miss."""
        return [layer for layer in self._session.layers.at_risk if layer.role is LayerRole.PREDICTION]

    @property
    def _missed(self) -> Counter[str]:
        """How many predictions of each case are in no file, those of the open one first."""
        here, case = self._predictions, self._session.case
        counts = Counter({case.case_id: len(here)} if here and case is not None else {})
        for one in self._session.unsaved_predictions.missed:
            counts[one.source.case_id] += len(one.kept)
        return counts

    def _ask_of_predictions(self, then: Callable[[], None]) -> None:
        here, counts = self._predictions, self._missed
        total = counts.total()
        if not total:
            then()
            return
        what = "the prediction that is" if total == 1 else f"{total} predictions that are"
        answers = (("save", "Save" if total == 1 else "Save all"), ("discard", "Discard"), ("cancel", "Cancel"))
        acts: dict[str, Callable[[], None]] = {"save": partial(self._save, here, then), "discard": then}
        self._show(f"Save {what} in no file?", _named(counts), answers, acts)

    def _save(self, here: Sequence[Layer], then: Callable[[], None]) -> None:
        """Those of the open case first, one after the other; one that is not saved keeps the program open."""
        if here:
            first, *rest = here
            self._saving.save_layer(first, lambda saved: self._save(rest, then) if saved else None)
        else:
            self._save_left(then)

    def _save_left(self, then: Callable[[], None]) -> None:
        kept, output = self._session.unsaved_predictions, self._session.output
        if not kept.missed:
            then()
            return
        from brainseg_gui.controllers.segmenting.left_predictions import save_left  # it reads cases

        self._session.saving.begin("saving predictions")
        self._job = job = Job(save_left(kept, kept.missed, output.tree, self._session.cohort), self)
        job.succeeded.connect(lambda saved: self._on_saved(saved, then))
        job.failed.connect(self._on_failed)
        job.start()

    def _on_saved(self, saved: Sequence[CaseSource], then: Callable[[], None]) -> None:
        self._job = None
        for source in saved:
            self._session.unsaved_predictions.forget(source)
        self._session.saving.end("Saved the predictions")
        then()

    def _on_failed(self, error: Exception) -> None:
        self._job = None
        self._session.saving.end("Not saved")
        self._session.say(notice_of(error))

    # asking

    def _show(
        self, text: str, more: str, answers: Sequence[tuple[str, str]], acts: Mapping[str, Callable[[], None]]
    ) -> None:
        self._question = question = Question(self._window, text, printable(more), answers)
        question.answered.connect(partial(self._on_answered, acts))
        question.open()

    def _on_answered(self, acts: Mapping[str, Callable[[], None]], key: str) -> None:
        self._question = None
        if key in acts:
            acts[key]()


def _named(counts: Mapping[str, int]) -> str:
    """The cases with how many predictions each has."""
    words = [name if n == 1 else f"{name} ({n})" for name, n in counts.items()]
    more = f" and {len(words) - _NAMED} more cases" if len(words) > _NAMED else ""
    where = "Each is saved beside the images of its case."
    return f"{', '.join(words[:_NAMED])}{more}. {where} Discarded, they are gone when brainseg closes."

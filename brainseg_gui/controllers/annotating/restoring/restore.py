"""Unsaved work of an earlier start: found in the journals, offered, restored, or given up."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtWidgets import QWidget

from brainseg_gui.annotation.journal.journal_fields import JournalError
from brainseg_gui.annotation.journal.journal_replay import JournalNote
from brainseg_gui.controllers.annotating.annotate import AnnotateController
from brainseg_gui.controllers.annotating.annotation_record import path_of
from brainseg_gui.controllers.annotating.journal import JournalController
from brainseg_gui.controllers.annotating.restoring.offers import WorkOffers
from brainseg_gui.controllers.annotating.restoring.unsaved_list import UnsavedList, is_there
from brainseg_gui.controllers.annotating.restoring.unsaved_search import UnsavedWork, search
from brainseg_gui.controllers.annotating.restoring.unsaved_words import (
    contents_of,
    count_of,
    moment_of,
)
from brainseg_gui.controllers.jobs.job import Job, end_jobs
from brainseg_gui.controllers.jobs.notices import notice_of
from brainseg_gui.imaging.case import Case, CaseSource
from brainseg_gui.state.session import Notice, Session
from brainseg_gui.views.actions.actions import Actions
from brainseg_gui.views.layers.layers_panel import LayersPanel
from brainseg_gui.views.widgets.question import Question

if TYPE_CHECKING:
    from brainseg_gui.controllers.annotating.restoring.work_return import WorkReturn
    from brainseg_gui.views.annotating.unsaved_dialog import UnsavedDialog


class RestoreController(QObject):
    """Looks into the journals when the program starts and when a case is opened; offers what it finds."""

    open_requested = Signal(object)
    """A folder or file with unsaved work is to be opened."""

    source_requested = Signal(object)
    """A case of the open cohort with unsaved work is to be opened."""

    def __init__(
        self,
        session: Session,
        window: QWidget,
        journals: JournalController,
        annotate: AnnotateController,
        layers: LayersPanel,
        actions: Actions,
    ) -> None:
        super().__init__(window)
        self._session, self._window = session, window
        self._journals, self._annotate, self._actions = journals, annotate, actions
        self._searched_case: Case | None = None
        self._offers = WorkOffers(session)
        self._wanted: JournalNote | None = None
        self._first = True
        self._searching = False
        self._list = UnsavedList(window)
        self._list.restore_requested.connect(self._on_restore_requested)
        self._list.discard_requested.connect(self._ask_discard)
        session.case_changed.connect(self._on_case_changed)
        layers.remove_requested.connect(lambda _layer: QTimer.singleShot(0, self, self.search_journals))
        self._show_state()

    @cached_property
    def _return(self) -> WorkReturn:
        # here, because a start waits for no restoring
        from brainseg_gui.controllers.annotating.restoring.work_return import WorkReturn

        made = WorkReturn(self._session, self._journals, self._annotate, self)
        made.done.connect(self._forget)
        return made

    @property
    def commands(self) -> dict[str, Callable[[], object]]:
        """What the buttons of the notices do."""
        return {
            "annotate.restore": self.offer,
            "journal.restore": self.restore,
            "journal.later": self._offers.put_off,
            "journal.discard": self.ask_discard,
            "journal.open": self.open_other,
            "journal.list": self.show_all,
            "journal.retry": self._journals.retry,
            "journal.take_over": self._journals.ask_take_over,
        }

    @property
    def listed(self) -> UnsavedDialog | None:
        """The list of all unsaved work, while it is on the screen."""
        return self._list.dialog

    @property
    def searching(self) -> bool:
        """Whether it is still to be said what unsaved work there is of the open case."""
        return self._searching

    # looking

    def start(self) -> None:
        """Look for unsaved work of any case, when the program starts without one."""
        if self._session.case is None and not self._session.opening.running:
            self.search_journals()

    def search_journals(self) -> None:
        """Read the notes of all journals in a thread, and offer what is there."""
        case = None if self._session.previewing else self._session.case
        work = search(self._journals.folder, case, self._journals.study.lock, tidy=self._first)
        self._searching = True
        job = Job(work, self)
        job.succeeded.connect(self._on_found)
        job.failed.connect(lambda error: self._session.say(notice_of(error)))
        job.start()

    def _on_case_changed(self) -> None:
        case = self._session.case
        if case is None or self._session.previewing or case is self._searched_case:
            return
        self._offers.tells_elsewhere &= self._first
        self._searched_case = case
        self._offers.begin_case()
        self._return.give_up()
        self._show_state()
        self.search_journals()

    def _on_found(self, found: UnsavedWork) -> None:
        if found.case is not self._session.case:
            return
        self._searching = False
        if found.case is not None:
            self._journals.study.know(found.case, found.study)
        own = {record.journal.path for record in self._journals.records if record.journal is not None}
        self._offers.here = tuple(note for note in found.here if note.path not in own)
        self._offers.elsewhere = found.elsewhere
        self._show_state()
        if self._first:
            self._first = False
            self._say_unreadable(found.unreadable)
        if not self._restore_wanted(found):
            self._offers.offer_next()

    def _restore_wanted(self, found: UnsavedWork) -> bool:
        """Restore what was chosen while its case was not open yet; returns whether there is nothing to offer now."""
        wanted, self._wanted = self._wanted, None
        if wanted is None or found.case is None:
            return False
        self._offers.offered = next((note for note in self._offers.here if note.path == wanted.path), None)
        if self._offers.offered is not None:
            self.restore()
        elif wanted.header.opened_from != str(path_of(found.case)):
            return False
        elif (other := self._neighbour(found.case, wanted.header.title)) is not None:
            self._wanted = wanted
            self.source_requested.emit(other)
        else:
            what = f"The unsaved work of {wanted.header.title} was done on other images than those that are there now"
            self._session.say(Notice(what, "Open the case as it was then: the work is kept until you discard it"))
        return True

    def _neighbour(self, case: Case, case_id: str) -> CaseSource | None:
        """Another case of the open one's folder, by its name."""
        if case.case_id == case_id:
            return None
        identity = case.source.folder / case_id
        return next((source for source in self._session.cohort if source.identity == identity), None)

    def _say_unreadable(self, errors: tuple[JournalError, ...]) -> None:
        """Say it once; damaged ones are put aside, those of a newer program wait for it."""
        if not errors:
            return
        lines = []
        for error in errors:
            path = error.path
            if path is not None and "damaged" in error.what:
                path = self._journals.folder.quarantine(path)
            lines.append(f"{path}: {error.what}")
        count = "A journal" if len(errors) == 1 else f"{len(errors)} journals"
        self._session.say(
            Notice(f"{count} of earlier work cannot be read", "Nothing was removed; see the details", "\n".join(lines))
        )

    # offering

    def offer(self) -> None:
        """Offer again what was put off; a list of all where there is work of other cases too."""
        self._offers.put_off_nothing()
        if self._offers.elsewhere:
            self.show_all()
        elif self._offers.here and self._offers.shown:  # it was chosen in the menu
            self.restore()
        elif self._offers.here:
            self._offers.offer_next()
        else:
            self._session.say(Notice("There is no unsaved work", problem=False))

    def open_other(self) -> None:
        """Open the case that the offered work belongs to, and bring the work back: that is one wish, asked for once."""
        if self._offers.elsewhere:
            self._on_restore_requested(self._offers.elsewhere[0])

    def show_all(self) -> None:
        """List the unsaved work of all cases."""
        self._session.say(None)
        self._list.open(self._offers.here, self._offers.elsewhere)

    def _on_restore_requested(self, note: JournalNote) -> None:
        if note in self._offers.here:
            self._offers.offered = note
            self.restore()
        else:
            self._wanted = note
            self._open(note)

    def _open(self, note: JournalNote) -> None:
        if is_there(note):
            self.open_requested.emit(Path(note.header.opened_from))
        else:
            what = f"{note.header.title} is no longer at {note.header.opened_from}"
            self._session.say(Notice(what, "Open it where it is now: its unsaved work is offered again"))

    # restoring

    def restore(self) -> None:
        """Bring the offered work back, as a layer to go on with."""
        if self._offers.offered is not None:
            self._return.start(self._offers.offered)

    def ask_before_done(self, then: Callable[[], None]) -> None:
        """Do `then` to a case that is to be called done, after a question where it has work that was not restored."""
        if not self._offers.here or self._session.case is None:
            then()
            return
        question = Question(
            self._window,
            f"{self._session.case.case_id} has unsaved work that was not restored: call it done all the same?",
            f"The journal holds {contents_of(self._offers.here[0])}. It stays there until it is discarded.",
            (("restore", "Restore"), ("done", "Done"), ("cancel", "Cancel")),
        )
        self._offers.offered = self._offers.here[0]
        acts = {"restore": self.restore, "done": then}
        question.answered.connect(lambda key: acts[key]() if key in acts else None)
        question.open()

    def ask_discard(self) -> None:
        """Give the offered work up, after one question."""
        if self._offers.offered is not None:
            self._ask_discard(self._offers.offered)

    def _ask_discard(self, note: JournalNote) -> None:
        question = Question(
            self._list.dialog or self._window,
            f"Discard {count_of(note)} of {moment_of(note)}?",
            "This cannot be undone.",
            (("keep", "Keep"), ("discard", "Discard")),
            otherwise="keep",
        )
        question.answered.connect(lambda key: self._discard(note) if key == "discard" else None)
        question.open()

    def _discard(self, note: JournalNote) -> None:
        self._journals.folder.discard(note.path)
        self._session.say(None)
        self._forget(note)

    def _forget(self, note: JournalNote) -> None:
        self._offers.forget(note)
        self._show_state()
        if self._list.dialog is None:
            self._offers.offer_next()

    def _show_state(self) -> None:
        self._actions["annotate.restore"].setEnabled(self._offers.any)
        self._list.refresh(self._offers.here, self._offers.elsewhere)

    def close(self) -> None:
        """Wait for what is being read."""
        end_jobs(self)

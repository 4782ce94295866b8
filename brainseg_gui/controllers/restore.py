"""Unsaved work of an earlier start: found in the journals, offered, restored, or given up."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Signal

from brainseg_gui.annotation.annotation import Annotation
from brainseg_gui.annotation.journal_fields import JournalError
from brainseg_gui.annotation.journal_folder import JournalFolder
from brainseg_gui.annotation.journal_replay import JournalNote, Restored
from brainseg_gui.annotation.study_lock import StudyLock
from brainseg_gui.controllers.annotate import AnnotateController
from brainseg_gui.controllers.job import Job
from brainseg_gui.controllers.journal import JournalController
from brainseg_gui.controllers.notices import notice_of
from brainseg_gui.controllers.person import person
from brainseg_gui.errors import BrainsegError
from brainseg_gui.imaging.case import Case
from brainseg_gui.imaging.labels import LabelMap
from brainseg_gui.progress import Progress
from brainseg_gui.state.layers import Layer, Role
from brainseg_gui.state.session import Notice, Session
from brainseg_gui.views.main_window import MainWindow
from brainseg_gui.views.question import Question


@dataclass(frozen=True)
class _Found:
    """What the journals hold: of the open case, of others, and what cannot be read."""

    case: Case | None
    study: str
    here: tuple[JournalNote, ...]
    elsewhere: tuple[JournalNote, ...]
    unreadable: tuple[JournalError, ...]


class RestoreController(QObject):
    """Looks into the journals when the program starts and when a case is opened; offers what it finds."""

    open_requested = Signal(object)
    """A folder or file with unsaved work is to be opened."""

    def __init__(
        self, session: Session, window: MainWindow, journals: JournalController, annotate: AnnotateController
    ) -> None:
        super().__init__(window)
        self._session, self._window = session, window
        self._journals, self._annotate = journals, annotate
        self._looked_at: Case | None = None
        self._notes: tuple[JournalNote, ...] = ()
        self._others: tuple[JournalNote, ...] = ()
        self._offered: JournalNote | None = None
        self._later: set[Path] = set()
        self._first = True
        session.case_changed.connect(self._on_case_changed)
        window.layers_panel.remove_requested.connect(lambda _layer: QTimer.singleShot(0, self, self.look))
        self._show_action()

    @property
    def commands(self) -> dict[str, Callable[[], object]]:
        """What the buttons of the notices do."""
        return {
            "annotate.restore": self.offer,
            "journal.restore": self.restore,
            "journal.later": self.put_off,
            "journal.discard": self.ask_discard,
            "journal.open": self.open_other,
            "journal.retry": self._journals.retry,
            "journal.take_over": self._journals.ask_take_over,
        }

    # looking

    def start(self) -> None:
        """Look for unsaved work of any case, when the program starts without one."""
        if self._session.case is None and not self._session.opening.running:
            self.look()

    def look(self) -> None:
        """Read the notes of all journals in a thread, and offer what is there."""
        case = None if self._session.previewing else self._session.case
        work = _look(self._journals.folder, case, self._journals.lock, tidy=self._first)
        job = Job(work, self)
        job.succeeded.connect(self._on_found)
        job.failed.connect(lambda error: self._session.say(notice_of(error)))
        job.start()

    def _on_case_changed(self) -> None:
        case = self._session.case
        if case is None or self._session.previewing or case is self._looked_at:
            return
        self._looked_at, self._notes, self._offered = case, (), None
        self._others = ()  # told once, at the start
        self._later.clear()
        self._show_action()
        self.look()

    def _on_found(self, found: _Found) -> None:
        if found.case is not self._session.case:
            return
        if found.case is not None:
            self._journals.know(found.case, found.study)
        own = {kept.journal.path for kept in self._journals.kept if kept.journal is not None}
        self._notes = tuple(note for note in found.here if note.path not in own)
        self._show_action()
        if self._first:
            self._first = False
            self._others = found.elsewhere
            self._say_unreadable(found.unreadable)
        self._offer_next()

    def _say_unreadable(self, errors: tuple[JournalError, ...]) -> None:
        """Say it once; damaged ones are put aside, those of a newer program wait for it."""
        if not errors:
            return
        lines = []
        for error in errors:
            path = error.path
            if path is not None and "damaged" in error.what:
                path = self._journals.folder.put_aside(path)
            lines.append(f"{path}: {error.what}")
        count = "A journal" if len(errors) == 1 else f"{len(errors)} journals"
        self._session.say(
            Notice(f"{count} of earlier work cannot be read", "Nothing was removed; see the details", "\n".join(lines))
        )

    # offering

    def offer(self) -> None:
        """Offer again what was put off."""
        self._later.clear()
        if self._notes:
            self._offer_next()
        else:
            self._session.say(Notice("There is no unsaved work of this case", problem=False))

    def _offer_next(self) -> None:
        waiting = [note for note in self._notes if note.path not in self._later]
        self._offered = waiting[0] if waiting else None
        if self._offered is not None:
            self._say(words_for(self._offered), _OFFERS)
        elif self._others:
            note, more = self._others[0], len(self._others) - 1
            others = f", and of {more} more" if more else ""
            self._say(
                f"brainseg has unsaved work of {note.header.title}{others} ({_count(note)}, {_when(note.made)})",
                (("Open", "journal.open"), ("Not now", "journal.later")),
            )

    def _say(self, words: str, actions: tuple[tuple[str, str], ...]) -> None:
        said = self._session.notice  # what was said about the case is not lost
        details = "\n".join(part for part in (said.what, said.remedy, said.details) if part) if said else ""
        self._session.say(Notice(words, details=details, actions=actions, problem=False))

    def put_off(self) -> None:
        """Not now: the journal stays."""
        self._session.say(None)
        if self._offered is not None:
            self._later.add(self._offered.path)
            self._offer_next()
        else:
            self._others = self._others[1:]
            self._offer_next()

    def open_other(self) -> None:
        """Open the case that the offered work belongs to."""
        if not self._others:
            return
        place = Path(self._others[0].header.place)
        if self._others[0].header.place and place.exists():
            self.open_requested.emit(place)
        else:
            what = f"{self._others[0].header.title} is no longer at {place}"
            self._session.say(Notice(what, "Open it where it is now: its unsaved work is offered again"))

    # restoring

    def restore(self) -> None:
        """Bring the offered work back, as a layer to go on with."""
        note, case = self._offered, self._session.case
        if note is None or case is None:
            return
        try:
            self._journals.lock_study()
        except BrainsegError as error:
            self._session.say(notice_of(error, (("Try again", "journal.restore"), ("Not now", "journal.later"))))
            return
        job = Job(_restore(self._journals.folder, note.path, self._journals.study(), case), self)
        job.succeeded.connect(self._on_restored)
        job.failed.connect(self._on_not_restored)
        job.start()

    def _on_restored(self, answer: tuple[Case, Restored]) -> None:
        case, found = answer
        if case is not self._session.case:
            return
        labels = LabelMap(found.values, case.grid, found.note.header.scheme)
        layer = Layer("annotation", Role.ANNOTATION, labels, person())
        annotation = Annotation(labels, found.history)
        self._journals.adopt(layer, annotation, found)
        self._session.add_layer(layer)
        self._annotate.resume(layer)
        words = f"Restored {_count(found.note)}, the last {_when(found.note.made)}"
        self._session.say(Notice(words, problem=False))
        self._forget(found.note)

    def _on_not_restored(self, error: Exception) -> None:
        self._session.say(notice_of(error, (("Not now", "journal.later"), ("Discard…", "journal.discard"))))

    def ask_discard(self) -> None:
        """Give the offered work up, after one question."""
        note = self._offered
        if note is None:
            return
        question = Question(
            self._window,
            f"Discard {_count(note)} of {_when(note.made)}?",
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
        self._notes = tuple(other for other in self._notes if other.path != note.path)
        self._show_action()
        self._offer_next()

    def _show_action(self) -> None:
        self._window.actions_table["annotate.restore"].setEnabled(bool(self._notes))

    def close(self) -> None:
        """Wait for what is being read."""
        for job in self.findChildren(Job):
            job.blockSignals(True)
            job.wait()


_OFFERS = (("Restore", "journal.restore"), ("Not now", "journal.later"), ("Discard…", "journal.discard"))


def words_for(note: JournalNote) -> str:
    """What a journal holds, when it was written, and from what it was started."""
    kind, _, name = note.header.start.partition(": ")
    start = {"empty": "an empty mask", "": "a mask"}.get(kind, f"the {kind} {name}".strip())
    return f"There is unsaved work on this case: {_count(note)}, the last {_when(note.made)}, started from {start}"


def _count(note: JournalNote) -> str:
    return {0: "an annotation", 1: "1 edit"}.get(len(note.edits), f"{len(note.edits):,} edits")


def _when(seconds: float) -> str:
    made, today = time.localtime(seconds), time.localtime()
    day = "today" if made[:3] == today[:3] else f"on {time.strftime('%d %B %Y', made).lstrip('0')}"
    return f"{day} at {time.strftime('%H:%M', made)}"


def _look(
    folder: JournalFolder, case: Case | None, lock: StudyLock | None, *, tidy: bool
) -> Generator[Progress, None, _Found]:
    from brainseg_gui.annotation.study import study_digest

    yield Progress("looking for unsaved work", 0.0)
    study = study_digest(case) if case is not None else ""
    if tidy:
        folder.tidy()
    notes = folder.restorable(None, lock)
    here = tuple(note for note in notes if note.header.study == study)
    return _Found(case, study, here, tuple(n for n in notes if n not in here), folder.unreadable() if tidy else ())


def _restore(
    folder: JournalFolder, path: Path, study: str, case: Case
) -> Generator[Progress, None, tuple[Case, Restored]]:
    yield Progress("restoring", 0.0)
    return case, folder.restore(path, study, case.grid.shape)

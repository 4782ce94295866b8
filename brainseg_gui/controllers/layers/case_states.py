"""The work queue of a cohort: states and notes in one shared file, and done-and-next."""

from __future__ import annotations

import os
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, wait
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, QTimer
from PySide6.QtWidgets import QInputDialog, QWidget

from brainseg_gui.annotation.case_list import NAME, CaseEntry, CaseState, as_called
from brainseg_gui.controllers.jobs.latest_job import LatestJob
from brainseg_gui.controllers.layers.case_list_work import (
    CaseListContents,
    CaseListLocation,
    reading,
    until_done,
    writing,
)
from brainseg_gui.controllers.layers.files import FilesController
from brainseg_gui.controllers.settings.person import person
from brainseg_gui.controllers.settings.preferences import Preferences, folder_token
from brainseg_gui.state.session import Notice, Session
from brainseg_gui.views.actions.actions import Actions
from brainseg_gui.views.widgets.lazy_panel import LazyPanel

if TYPE_CHECKING:
    from brainseg_gui.imaging.case import Case
    from brainseg_gui.views.layers.cases_panel import CasesPanel

_SLOW_MS = 3000
_AT_THE_END_S = 5.0


@dataclass(frozen=True)
class _Change:
    """What is to be written, where, and what follows."""

    location: CaseListLocation
    entries: dict[str, CaseEntry]
    then: Callable[[], None] | None


class CaseStatesController(QObject):
    """Reads and writes the list of the open cohort; a colleague's changes come in whenever the window is used again.

    Both happen in jobs: what is shown is what was read last, with the changes that are being written.
    """

    def __init__(
        self,
        session: Session,
        window: QWidget,
        preferences: Preferences,
        files: FilesController,
        cases: LazyPanel[CasesPanel],
        actions: Actions,
    ) -> None:
        super().__init__(window)
        self._session, self._window, self._preferences, self._files = session, window, preferences, files
        self._cases, self._actions = cases, actions
        self._states = session.case_states
        self.before_done: Callable[[Callable[[], None]], None] = lambda then: then()  # asks, where work is not restored
        self._location: CaseListLocation | None = None
        self._read: dict[str, CaseEntry] = {}
        self._changes: deque[_Change] = deque()  # the first of them is being written
        self._written: Future[CaseListContents] | None = None
        self._reading, self._writing = LatestJob(session, self), LatestJob(session, self)
        self._slow = QTimer(self, singleShot=True, interval=_SLOW_MS)
        self._slow.timeout.connect(self._on_slow)
        session.cohort_changed.connect(self._on_cohort_changed)
        session.case_changed.connect(self._show_actions)
        session.annotating.annotation_changed.connect(self._on_annotation_changed)
        cases.when_made(self._listen)
        window.installEventFilter(self)
        self._show_actions()

    def _listen(self, panel: CasesPanel) -> None:
        panel.state_requested.connect(self.set_state)
        panel.flag_requested.connect(self.flag)

    @property
    def commands(self) -> dict[str, Callable[[], object]]:
        """What each action does."""
        return {
            "cases.done_next": self.done_and_next,
            "cases.done": lambda: self.before_done(partial(self._set_open, CaseState.DONE)),
            "cases.in_work": partial(self._set_open, CaseState.IN_WORK),
            "cases.to_do": partial(self._set_open, CaseState.TO_DO),
            "cases.flag": lambda: self.flag(self._open_case) if self._open_case else None,
            "cases.next_to_do": self.next_to_do,
        }

    def set_state(
        self, case_id: str, state: CaseState, note: str | None = None, then: Callable[[], None] | None = None
    ) -> None:
        """Say how far a case is, in the file; the note stays unless another one is given.

        Parameters
        ----------
        then
            Called once the file says so, and not at all where it cannot be written.
        """
        if self._location is None or self._states.path is None:
            return
        known = self._states.of(case_id)
        note = known.note if note is None else note
        if (state, note) != (known.state, known.note) or case_id not in self._states.entries:
            entry = CaseEntry(case_id, state, note, datetime.now(UTC).replace(microsecond=0), person())
            self._changes.append(_Change(self._location, {case_id: entry}, then))
            self._show()
            self._write_next()
        elif then is not None:
            then()

    def flag(self, case_id: str) -> None:
        """Ask for a remark and flag a case with it."""
        known = self._states.of(case_id)
        note, given = QInputDialog.getText(self._window, f"Flag {case_id}", "What is to be seen to?", text=known.note)
        if given:
            self.set_state(case_id, CaseState.FLAGGED, note.strip())

    def done_and_next(self) -> None:
        """Note that the open case is done, and open the next one of the list that is not."""
        case_id = self._open_case
        if case_id:
            self.before_done(lambda: self._files.leave(lambda: self._go_on(case_id)))

    def next_to_do(self) -> None:
        """Open the next case of the list that is not done; how it is shown stays."""
        self._files.leave(self._open_next)

    def _go_on(self, case_id: str) -> None:
        before, case = self._session.notice, self._session.case
        self.set_state(case_id, CaseState.DONE, then=lambda: self._go_on_from(case, before))

    def _go_on_from(self, case: Case | None, before: Notice | None) -> None:
        if self._session.case is not case:  # another one was opened meanwhile
            return
        said = self._session.notice
        self._open_next()
        if said is not None and said is not before:  # where the list is kept
            self._session.say_too(said)

    def _open_next(self) -> None:
        waiting = self._cases().after(self._open_case)
        for source in waiting:
            if self._states.of(source.case_id).state in (CaseState.TO_DO, CaseState.IN_WORK):
                self._files.reading.read(source)
                return
        learn = (("Learn from them…", "train.learn"),)
        self._session.say(Notice("No case of the list is left to do", problem=False, actions=learn))

    # what happens

    @property
    def _open_case(self) -> str:
        """The open case, if it belongs to the cohort."""
        case = self._session.case
        if case is None or self._session.previewing or self._states.path is None:
            return ""
        return case.case_id if any(source.identity == case.source.identity for source in self._session.cohort) else ""

    def _set_open(self, state: CaseState) -> None:
        if self._open_case:
            self.set_state(self._open_case, state)

    def _on_cohort_changed(self) -> None:
        folder = self._cohort_folder()
        self._reading.stop()
        self._read = {}
        self._states.show(None, {})
        self._location = self._location_of(folder) if folder is not None else None
        self._read_again()
        self._show_actions()

    def _location_of(self, folder: Path) -> CaseListLocation:
        return CaseListLocation(folder, self._preferences.journals.parent / "cases" / f"{folder_token(folder)}-{NAME}")

    def _on_annotation_changed(self) -> None:
        case_id = self._open_case
        if case_id and self._session.annotating.editable and self._states.of(case_id).state is CaseState.TO_DO:
            self.set_state(case_id, CaseState.IN_WORK)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.WindowActivate and self._states.path is not None:
            self._read_again()
        return False

    def _show_actions(self) -> None:
        for key in self.commands:
            there = self._states.path is not None if key == "cases.next_to_do" else bool(self._open_case)
            self._actions[key].setEnabled(there)

    def close(self) -> None:
        """Wait a moment for what is being written."""
        deadline = time.monotonic() + _AT_THE_END_S
        while self._changes and (left := deadline - time.monotonic()) > 0:
            if self._written is None:
                change = self._changes[0]
                self._written = writing(change.location, change.entries, self._read)
            wait([self._written], left)
            self._changes.popleft()
            self._written = None
        self._reading.close()
        self._writing.close()

    # reading and writing

    def _read_again(self) -> None:
        if self._location is not None and not self._reading.running:  # one that hangs is enough
            self._reading.start(until_done(reading(self._location)), self._on_read, self._on_unreadable)

    def _on_read(self, found: CaseListContents) -> None:
        self._take(found)
        self._show_actions()
        self._on_annotation_changed()  # it may have begun before the list was there

    def _on_unreadable(self) -> None:
        self._states.show(None, {})  # what cannot be read is not written over
        self._show_actions()

    def _write_next(self) -> None:
        if self._changes and self._written is None:
            change = self._changes[0]
            self._written = writing(change.location, change.entries, self._read)
            self._writing.start(until_done(self._written), self._on_written, self._on_not_written)
            self._slow.start()

    def _on_written(self, found: CaseListContents) -> None:
        change = self._end_writing()
        if self._location is not None and change.location.folder == self._location.folder:
            self._take(found)
        if change.then is not None:
            change.then()
        self._write_next()

    def _on_not_written(self) -> None:
        self._end_writing()
        self._show()
        self._write_next()

    def _end_writing(self) -> _Change:
        self._slow.stop()
        self._written = None
        return self._changes.popleft()

    def _on_slow(self) -> None:
        words = "The list of cases is still being written: its drive does not answer"
        self._session.say(Notice(words, "It goes on by itself; the window can be used meanwhile", problem=False))

    def _take(self, found: CaseListContents) -> None:
        """Show what a list holds, and say where it is kept if that is new."""
        moved = self._location is not None and found.location.apart and not self._location.apart
        self._location, self._read = found.location, dict(found.entries)
        self._show()
        if moved:
            words = "The states of the cases are kept on this computer only: the cohort's folder takes no files"
            where = str(found.location.path)
            self._session.say(Notice(words, "Make the folder writable to share them", where, problem=False))

    def _show(self) -> None:
        if self._location is None:
            return
        changes = [change for change in self._changes if change.location.folder == self._location.folder]
        coming = {case: entry for change in changes for case, entry in change.entries.items()}
        self._states.show(self._location.path, as_called({**self._read, **coming}, self._session.cohort))

    def _cohort_folder(self) -> Path | None:
        folders = {source.folder for source in self._session.cohort}
        if not folders:
            return None
        if len(folders) == 1:
            return folders.pop()
        try:
            return Path(os.path.commonpath([str(folder) for folder in folders]))
        except ValueError:  # several drives
            return None

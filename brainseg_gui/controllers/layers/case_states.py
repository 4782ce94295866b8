"""The work queue of a cohort: states and notes in one shared file, and done-and-next."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject
from PySide6.QtWidgets import QInputDialog

from brainseg_gui.annotation.case_list import NAME, CaseEntry, CaseListError, CaseState, read_entries, write_entries
from brainseg_gui.controllers.jobs.notices import notice_of
from brainseg_gui.controllers.layers.files import FilesController
from brainseg_gui.controllers.settings.person import person
from brainseg_gui.controllers.settings.preferences import Preferences
from brainseg_gui.state.session import Notice, Session
from brainseg_gui.views.shell.main_window import MainWindow

if TYPE_CHECKING:
    from brainseg_gui.views.layers.cases_panel import CasesPanel


class CaseStatesController(QObject):
    """Reads and writes the list of the open cohort; a colleague's changes come in whenever the window is used again."""

    def __init__(self, session: Session, window: MainWindow, preferences: Preferences, files: FilesController) -> None:
        super().__init__(window)
        self._session, self._window, self._preferences, self._files = session, window, preferences, files
        self._states = session.case_states
        self._apart = False  # kept in the user's own data, because the cohort's folder takes no files
        session.cohort_changed.connect(self._on_cohort_changed)
        session.case_changed.connect(self._show_actions)
        session.annotating.annotation_changed.connect(self._on_annotation_changed)
        window.late.cases.when_made(self._listen)
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
            "cases.done": partial(self._set_open, CaseState.DONE),
            "cases.in_work": partial(self._set_open, CaseState.IN_WORK),
            "cases.to_do": partial(self._set_open, CaseState.TO_DO),
            "cases.flag": lambda: self.flag(self._open_case) if self._open_case else None,
            "cases.next_to_do": self.next_to_do,
        }

    def set_state(self, case_id: str, state: CaseState, note: str | None = None) -> bool:
        """Say how far a case is, in the file; the note stays unless another one is given.

        Returns
        -------
        bool
            Whether the file says so now.
        """
        if self._states.path is None:
            return False
        known = self._states.of(case_id)
        note = known.note if note is None else note
        if (state, note) != (known.state, known.note) or case_id not in self._states.entries:
            entry = CaseEntry(case_id, state, note, datetime.now(UTC).replace(microsecond=0), person())
            return self._write({case_id: entry})
        return True

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
            self._files.leave(lambda: self._go_on(case_id))

    def next_to_do(self) -> None:
        """Open the next case of the list that is not done; how it is shown stays."""
        self._files.leave(self._open_next)

    def _go_on(self, case_id: str) -> None:
        before = self._session.notice
        if self.set_state(case_id, CaseState.DONE):
            said = self._session.notice
            self._open_next()
            if said is not None and said is not before:  # where the list is kept
                self._session.say_too(said)

    def _open_next(self) -> None:
        waiting = self._window.cases_panel.after(self._open_case)
        for source in waiting:
            if self._states.of(source.case_id).state in (CaseState.TO_DO, CaseState.IN_WORK):
                self._files.read(source)
                return
        self._session.say(Notice("No case of the list is left to do", problem=False))

    # what happens

    @property
    def _open_case(self) -> str:
        """The open case, if it belongs to the cohort."""
        case = self._session.case
        if case is None or self._session.previewing or self._states.path is None:
            return ""
        return case.case_id if any(source.place == case.source.place for source in self._session.cohort) else ""

    def _set_open(self, state: CaseState) -> None:
        if self._open_case:
            self.set_state(self._open_case, state)

    def _on_cohort_changed(self) -> None:
        self._apart = False
        folder = self._cohort_folder()
        self._states.show(None, {})
        if folder is not None:
            self._read(folder / NAME)
            if not self._states.entries and not os.access(folder, os.W_OK):
                self._keep_apart(folder)
        self._show_actions()

    def _on_annotation_changed(self) -> None:
        case_id = self._open_case
        if case_id and self._session.annotating.editable and self._states.of(case_id).state is CaseState.TO_DO:
            self.set_state(case_id, CaseState.IN_WORK)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.WindowActivate and self._states.path is not None:
            self._read(self._states.path)
        return False

    def _show_actions(self) -> None:
        for key in self.commands:
            there = self._states.path is not None if key == "cases.next_to_do" else bool(self._open_case)
            self._window.actions_table[key].setEnabled(there)

    def _read(self, path: Path) -> None:
        try:
            self._states.show(path, read_entries(path))
        except CaseListError as error:
            self._states.show(None, {})  # what cannot be read is not written over
            self._session.say(notice_of(error))

    def _write(self, entries: dict[str, CaseEntry]) -> bool:
        path = self._states.path
        if path is None:
            return False
        try:
            self._states.show(path, write_entries(path, entries))
        except CaseListError as error:
            folder = self._cohort_folder()
            if self._apart or folder is None or not isinstance(error.__cause__, OSError):
                self._session.say(notice_of(error))
                return False
            before = self._states.entries
            self._keep_apart(folder)
            return self._write({**before, **entries})
        return True

    def _keep_apart(self, folder: Path) -> None:
        """Keep the list in the user's own data, and say so."""
        self._apart = True
        token = hashlib.sha256(os.fsencode(folder)).hexdigest()[:16]
        path = self._preferences.journals.parent / "cases" / f"{token}-{NAME}"
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._read(path)
        words = "The states of the cases are kept on this computer only: the cohort's folder takes no files"
        self._session.say(Notice(words, "Make the folder writable to share them", str(path), problem=False))

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

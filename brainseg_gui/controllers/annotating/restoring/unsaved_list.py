"""The list of all unsaved work, while it is on the screen."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from brainseg_gui.annotation.journal.journal_replay import JournalNote
from brainseg_gui.controllers.annotating.restoring.unsaved_words import contents_of
from brainseg_gui.imaging.cases.background_thread import answer_soon

if TYPE_CHECKING:
    from brainseg_gui.views.annotating.unsaved_dialog import UnsavedDialog


class UnsavedList(QObject):
    """Shows the journals of the open case and of others; says which one is to be restored or discarded."""

    restore_requested = Signal(object)
    """A journal (`JournalNote`); the list is closed."""
    discard_requested = Signal(object)
    """A journal (`JournalNote`); nobody has asked yet whether it is meant."""

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self._window = window
        self._dialog: UnsavedDialog | None = None
        self._notes: dict[Path, JournalNote] = {}

    @property
    def dialog(self) -> UnsavedDialog | None:
        """The list on the screen, or None."""
        return self._dialog

    def open(self, here: Sequence[JournalNote], elsewhere: Sequence[JournalNote]) -> None:
        """Show the list.

        Parameters
        ----------
        here, elsewhere
            Journals of the open case, and of others.
        """
        from brainseg_gui.views.annotating.unsaved_dialog import UnsavedDialog

        if self._dialog is None:
            self._dialog = UnsavedDialog(self._window)
            self._dialog.restore_requested.connect(self._on_restore_requested)
            self._dialog.discard_requested.connect(lambda path: self.discard_requested.emit(self._notes[path]))
            self._dialog.finished.connect(self._on_closed)
            self._dialog.open()
        self.refresh(here, elsewhere)

    def refresh(self, here: Sequence[JournalNote], elsewhere: Sequence[JournalNote]) -> None:
        """Show what is left, if the list is open; closes it when nothing is."""
        self._notes = {note.path: note for note in (*here, *elsewhere)}
        if self._dialog is not None and self._notes:
            _show(self._dialog, here, elsewhere)
        elif self._dialog is not None:
            self._dialog.close()

    def _on_restore_requested(self, path: Path) -> None:
        if self._dialog is not None:
            self._dialog.close()
        self.restore_requested.emit(self._notes[path])

    def _on_closed(self) -> None:
        self._dialog = None


def is_there(note: JournalNote) -> bool:
    """Whether its case can be opened from where it was."""
    return note.path in _there([note])


def _there(notes: Sequence[JournalNote]) -> set[Path]:
    """Those whose case can be opened from where it was; of a drive that does not answer nobody can tell."""
    named = {note.path: Path(note.header.opened_from) for note in notes if note.header.opened_from}
    return answer_soon(lambda: {path for path, place in named.items() if place.exists()}, set(named))


def _show(dialog: UnsavedDialog, here: Sequence[JournalNote], elsewhere: Sequence[JournalNote]) -> None:
    from brainseg_gui.views.annotating.unsaved_dialog import UnsavedRow

    there = _there(elsewhere)
    rows = [UnsavedRow(note.path, note.header.title, contents_of(note), "The open case", True) for note in here]
    for note in elsewhere:
        header = note.header
        rows.append(UnsavedRow(note.path, header.title, contents_of(note), header.opened_from, note.path in there))
    dialog.show_rows(rows)

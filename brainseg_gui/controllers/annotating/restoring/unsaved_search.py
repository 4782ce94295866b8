"""What the restoring of unsaved work reads, in threads: the notes of all journals, and the journal that is chosen."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path

from brainseg_gui.annotation.journal.journal_fields import JournalError
from brainseg_gui.annotation.journal.journal_folder import JournalFolder
from brainseg_gui.annotation.journal.journal_replay import JournalNote, Restored
from brainseg_gui.annotation.journal.study_lock import StudyLock
from brainseg_gui.imaging.case import Case
from brainseg_gui.progress import Progress


@dataclass(frozen=True)
class UnsavedWork:
    """What the journals hold: of the open case, of others, and what cannot be read.

    Parameters
    ----------
    case, study
        The case that was open, and its digest; none and empty without one.
    here, elsewhere
        Journals of that case, and those of others, newest first.
    unreadable
        Why others cannot be read.
    """

    case: Case | None
    study: str
    here: tuple[JournalNote, ...]
    elsewhere: tuple[JournalNote, ...]
    unreadable: tuple[JournalError, ...]


def search(
    folder: JournalFolder, case: Case | None, lock: StudyLock | None, *, tidy: bool
) -> Generator[Progress, None, UnsavedWork]:
    """Read the notes of all journals.

    Parameters
    ----------
    case, lock
        The open case, and its lock where this window holds it.
    tidy
        Clean the folder first, and tell what cannot be read.
    """
    from brainseg_gui.annotation.journal.study import study_digest

    yield Progress("looking for unsaved work", 0.0)
    study = study_digest(case) if case is not None else ""
    if tidy:
        folder.tidy()
    notes = folder.restorable(None, lock)
    here = tuple(note for note in notes if note.header.study == study)
    elsewhere = tuple(note for note in notes if note not in here)
    return UnsavedWork(case, study, here, elsewhere, folder.unreadable() if tidy else ())


def bring_back(
    folder: JournalFolder, path: Path, study: str, case: Case
) -> Generator[Progress, None, tuple[Case, Restored]]:
    """Replay one journal of the open case."""
    yield Progress("restoring", 0.0)
    return case, folder.restore(path, study, case.grid.shape)

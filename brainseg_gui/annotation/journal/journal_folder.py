"""The folder of journals: which can be restored, restoring one, and keeping the folder clean."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Sequence
from pathlib import Path

from brainseg_gui.annotation.journal import study_lock
from brainseg_gui.annotation.journal.journal import Journal
from brainseg_gui.annotation.journal.journal_fields import JournalError, JournalHeader
from brainseg_gui.annotation.journal.journal_replay import JournalNote, Restored, read_note, restored
from brainseg_gui.annotation.journal.study_lock import StudyLock
from brainseg_gui.imaging.grid import Voxel
from brainseg_gui.storage.writing import make_private_folder

_SUFFIX = ".journal"
_NAME_LENGTH = 40
_ABANDONED_S = 3600.0


class JournalFolder:
    """The journals of this user.

    Parameters
    ----------
    path
        The folder; made when it is first needed, for this user only. It belongs to the program's data, not to a
        study.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def lock(self, study: str, *, take_over: bool = False) -> StudyLock:
        """Take the right to write annotations of a study.

        Raises
        ------
        LockedError
            If another window has it: open read-only then, and say so.
        JournalError
            If the folder cannot be written.
        """
        try:
            make_private_folder(self.path)
            return study_lock.acquire(self._lock_path(study), take_over=take_over)
        except OSError as error:
            reason = error.strerror or str(error)
            raise JournalError(
                f"no journal can be kept here ({reason})", "Make the folder writable", self.path
            ) from error

    def held_elsewhere(self, study: str) -> bool:
        """Whether another computer holds the study: only a person can know whether that window is still there."""
        holder = study_lock.holder_of(self._lock_path(study))
        return holder is not None and not holder.here

    def begin(self, header: JournalHeader, lock: StudyLock) -> Journal:
        """A journal for a new annotation; its file is made by the first `Journal.follow`."""
        name = f"{header.study[:_NAME_LENGTH]}-{os.urandom(6).hex()}{_SUFFIX}"
        return Journal(self.path / name, header, lock)

    def resume(self, found: Restored, lock: StudyLock) -> Journal:
        """The journal of an annotation that was restored, to go on with."""
        return Journal(found.note.path, found.note.header, lock, kept=found.kept, files=found.note.files)

    def restorable(self, study: str | None = None, lock: StudyLock | None = None) -> tuple[JournalNote, ...]:
        """Journals that hold unsaved work and that no other window is writing, newest first.

        Parameters
        ----------
        study
            Only those of one study, or None for all.
        lock
            The lock of this window, where it holds the study already. Journals that it writes itself are listed
            too: ask before `begin`.
        """
        notes = [note for path in self._files() if (note := _note_or_none(path)) is not None]
        wanted = [note for note in notes if not note.kept and study in (None, note.header.study)]
        free = [n for n in wanted if not study_lock.is_held(self._lock_path(n.header.study), lock)]
        return tuple(sorted(free, key=lambda note: note.made, reverse=True))

    def unreadable(self) -> tuple[JournalError, ...]:
        """Why journals in the folder cannot be read, one error each: damage, or a newer program."""
        return tuple(error for path in self._files() if (error := _problem_of(path)) is not None)

    def restore(self, path: Path, study: str, shape: Voxel) -> Restored:
        """Bring back the state after the last finished action.

        Parameters
        ----------
        study, shape
            Of the open case; a journal of another one is refused.

        Raises
        ------
        JournalError
            If it cannot be read or belongs to another study.
        """
        return restored(path, study, shape)

    def quarantine(self, path: Path) -> Path:
        """Give a damaged journal a name under which it is not read again; returns its path."""
        damaged = path.with_name(f"{path.name}.damaged")
        with contextlib.suppress(OSError):
            path.rename(damaged)
        return damaged

    def discard(self, path: Path) -> None:
        """Remove a journal that the person gave up."""
        with contextlib.suppress(OSError):
            path.unlink(missing_ok=True)

    def tidy(self) -> None:
        """Remove what no one needs: journals whose state is kept, halves of rewrites, locks of the dead."""
        for path in self._files():
            note = _note_or_none(path)
            if note is not None and note.kept and not study_lock.is_held(self._lock_path(note.header.study)):
                self.discard(path)
        if not self.path.is_dir():
            return
        for path in self.path.glob("*.lock"):
            study_lock.remove_stale(path)
        for pattern in (".brainseg-*", "*.lock.*"):
            for path in self.path.glob(pattern):
                if _age_s(path) > _ABANDONED_S:
                    self.discard(path)

    def _files(self) -> Sequence[Path]:
        return sorted(self.path.glob(f"*{_SUFFIX}")) if self.path.is_dir() else ()

    def _lock_path(self, study: str) -> Path:
        return self.path / f"{study[:_NAME_LENGTH]}.lock"


def _age_s(path: Path) -> float:
    try:
        return time.time() - path.stat().st_mtime
    except OSError:
        return 0.0


def _note_or_none(path: Path) -> JournalNote | None:
    try:
        return read_note(path)
    except JournalError:
        return None


def _problem_of(path: Path) -> JournalError | None:
    try:
        read_note(path)
    except JournalError as error:
        return error
    return None

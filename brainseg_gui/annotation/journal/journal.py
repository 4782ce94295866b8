"""The journal: every finished action on disk before the next one begins.

`Journal.follow` is called after each finished edit, undo, redo and jump. It compares the history with what is
written, appends what is missing, and flushes it to the disk. It may be called again after any failure: nothing is
ever skipped, for it always writes all that is missing.

The file is bounded: when it grows too large, it is written anew, beginning with a snapshot that is late enough, and
put in place by a rename. The history in memory is not shortened by that.
"""

from __future__ import annotations

import contextlib
import os
import time
from bisect import bisect_left
from collections.abc import Sequence
from pathlib import Path

from brainseg_gui.annotation.edits import Edit
from brainseg_gui.annotation.history import History
from brainseg_gui.annotation.journal.journal_fields import JournalError, JournalHeader
from brainseg_gui.annotation.journal.journal_format import (
    edit_record,
    file_record,
    header_bytes,
    kept_record,
    move_record,
    snapshot_record,
)
from brainseg_gui.annotation.journal.study_lock import StudyLock
from brainseg_gui.annotation.slab import Values
from brainseg_gui.storage.writing import write_bytes

USUAL_LIMIT_BYTES = 32 * 2**20
_FILES = 8  # saves that are remembered


class Journal:
    """The journal of one annotation that is being edited.

    No file is made before the first `follow`. Calling that once, while nothing is edited yet, spares the first
    stroke the snapshot. One thread at a time.

    Parameters
    ----------
    path
        Its file.
    header
        What it belongs to.
    lock
        The study's lock, held by this window; checked before every write.
    kept
        Position in the history whose state is kept elsewhere: 0 for a start layer, None for none.
    files
        The file that the mask lies in, as in `JournalNote.files`.
    limit_bytes
        Size beyond which the file is written anew, to at most half of it where the last edit allows.
    """

    def __init__(
        self,
        path: Path,
        header: JournalHeader,
        lock: StudyLock,
        *,
        kept: int | None = 0,
        files: Sequence[tuple[str, str]] = (),
        limit_bytes: int = USUAL_LIMIT_BYTES,
    ) -> None:
        self.path, self.header = path, header
        self._lock, self._limit = lock, limit_bytes
        self._inode: int | None = None  # of the file that was written last; None when it must be written anew
        self._size = 0
        self._base = 0
        self._base_edit: Edit | None = None  # the last edit that the snapshot holds
        self._written: list[Edit] = []
        self._position = 0
        self._files = list(files)
        self._kept = kept
        self._kept_edit: Edit | None = None
        self._kept_known = False  # whether `_kept_edit` was looked up in the history

    @property
    def size(self) -> int:
        """Bytes of the file."""
        return self._size

    def describe(self, header: JournalHeader) -> None:
        """Take another header (another label scheme); the next `follow` writes the file anew."""
        self.header, self._inode = header, None

    def follow(self, history: History, settled: Values, *, flush: bool = True) -> None:
        """Bring the file up to the history; on return it is on the disk.

        Parameters
        ----------
        history
            The annotation's history.
        settled
            Its voxels after the last finished edit, (I, J, K).
        flush
            Wait for the disk. Without, the system has the record, which outlives the program but not a power loss:
            call `flush` soon, in a thread.

        Raises
        ------
        JournalError
            If it could not be written. The annotation is untouched and the journal holds an earlier state; the
            next call writes all that is missing.
        LockedError
            If another window took the study over; nothing is written then.
        """
        self._write(history, settled, b"", flush)

    def flush(self) -> None:
        """Wait until what `follow` wrote is on the disk; may run in a thread while nothing else is called.

        Raises
        ------
        JournalError
            If the disk refused; the next `follow` writes all anew.
        """
        try:
            with self.path.open("rb+") as stream:
                os.fsync(stream.fileno())
        except FileNotFoundError:
            return  # removed: nothing is at risk, or the next `follow` makes it anew
        except OSError as error:
            self._inode = None
            raise _not_written(error, self.path) from error

    def mark_kept(self, history: History, settled: Values) -> None:
        """Note that the present state is in a file, after a *verified* save; until the next edit nothing is at risk.

        Raises
        ------
        JournalError, LockedError
            As `follow`.
        """
        self._kept, self._kept_known = history.position, True
        self._kept_edit = history.undoable
        self._write(history, settled, kept_record(time.time()), True)

    def note_file(self, history: History, settled: Values, path: str, digest: str) -> None:
        """Note the file that the mask lies in, *before* it is written there: a kill may come at any moment.

        Parameters
        ----------
        digest
            Of the voxels that it holds, or is about to get.
        path
            Its name; empty where that is not known yet.

        Raises
        ------
        JournalError, LockedError
            As `follow`.
        """
        self._files = [*self._files, (path, digest)][-_FILES:]
        self._write(history, settled, file_record(path, digest), True)

    def is_kept(self, history: History) -> bool:
        """Whether the present state of the annotation is in a file, or is what it was started from."""
        return self._kept_in(history) == history.position

    def remove(self) -> None:
        """Remove the file: its state is kept, or the person gave it up.

        Raises
        ------
        LockedError
            If another window took the study over: the file is that window's now.
        """
        with contextlib.suppress(OSError):
            if self._lock.check() or self._is_ours():
                self.path.unlink(missing_ok=True)
        self._inode = None

    def _write(self, history: History, settled: Values, more: bytes, flush: bool) -> None:
        kept = self._kept_in(history)
        try:
            if not self._lock.check() and not self._is_ours():
                self._leave()
            if not (self._is_ours() and self._continues(history)):
                self._rewrite(history, settled, kept)
                return
            common = _common(self._written, history, self._base)
            raw = self._missing(history, common) + more
            if self._size + len(raw) > self._limit:
                self._rewrite(history, settled, kept)
            elif raw:
                self._append(raw, flush)
        except OSError as error:
            if more:
                self._inode = None  # its place in the history is only known now: the next call writes all anew
            raise _not_written(error, self.path) from error
        self._written[common:] = history.since(self._base + common)  # all but the last stroke stays: no copy of it
        self._position = history.position

    def _leave(self) -> None:
        """Let the file be: somebody else had the study and may have gone on with it; ours gets another name."""
        if self.path.exists():
            self.path = self.path.with_name(f"{self.path.stem}-{os.urandom(6).hex()}{self.path.suffix}")
            self._inode = None

    def _kept_in(self, history: History) -> int | None:
        """The kept position, as long as the history still leads through it."""
        if self._kept is None:
            return None
        if not self._kept_known:
            self._kept_edit = history.edit(self._kept - 1) if self._kept else None
            self._kept_known = True
        if self._kept > len(history) or (self._kept and history.edit(self._kept - 1) is not self._kept_edit):
            self._kept = None
        return self._kept

    def _continues(self, history: History) -> bool:
        """Whether the file's snapshot lies on the way to the present state."""
        if history.position < self._base:
            return False
        return self._base == 0 or history.edit(self._base - 1) is self._base_edit

    def _missing(self, history: History, common: int) -> bytes:
        """The records that lead from what is written, of which the first few count, to the history."""
        added, target, now = history.since(self._base + common), history.position - self._base, time.time()
        position, raw = self._position - self._base, b""
        if added:
            raw = move_record(common, now) if position != common else b""
            raw += b"".join(edit_record(edit) for edit in added)
            position = common + len(added)
        return raw + (move_record(target, now) if position != target else b"")

    def _append(self, raw: bytes, flush: bool) -> None:
        try:
            with self.path.open("r+b", buffering=0) as stream:
                stream.seek(self._size)
                rest = memoryview(raw)
                while rest:  # a file without a buffer may take less than all
                    rest = rest[stream.write(rest) :]
                if flush:
                    os.fsync(stream.fileno())
        except OSError:
            # half a record gives its room back; the next call appends again
            with contextlib.suppress(OSError):
                os.truncate(self.path, self._size)
            raise
        self._size += len(raw)

    def _is_ours(self) -> bool:
        """Whether the file is there as it was left."""
        try:
            found = self.path.stat()
        except FileNotFoundError:
            return False
        return (found.st_ino, found.st_size) == (self._inode, self._size)

    def _rewrite(self, history: History, settled: Values, kept: int | None) -> None:
        """Write the whole journal: a snapshot, the edits that follow it, and where in them we are."""
        base = self._first_kept_edit(history)
        records = [header_bytes(self.header), snapshot_record(_state_at(base, history, settled))]
        records += [file_record(path, digest) for path, digest in self._files]
        now, edits = time.time(), history.edits
        for position in range(base, len(history) + 1):
            if position > base:
                records.append(edit_record(edits[position - 1]))
            if position == kept:
                records.append(kept_record(now))
        if history.position != len(history):
            records.append(move_record(history.position - base, now))
        raw = b"".join(records)
        write_bytes(self.path, raw, chosen=False, private=True)
        self._inode = self.path.stat().st_ino
        self._size, self._base = len(raw), base
        self._base_edit = edits[base - 1] if base else None
        self._written, self._position = list(edits[base:]), history.position

    def _first_kept_edit(self, history: History) -> int:
        """How many edits go into the snapshot, so that the rest takes at most half of the limit."""
        base, room = len(history), self._limit // 2
        for edit in reversed(history.edits):
            room -= edit.nbytes + 500
            if room < 0:
                break
            base -= 1
        return min(base, history.position)


def _not_written(error: OSError, path: Path) -> JournalError:
    reason = error.strerror or str(error)
    return JournalError(
        f"the journal could not be written ({reason}), so the last edits would be lost in a crash",
        "Free some space on the disk, or save now. It is tried again at the next edit",
        path,
    )


def _common(written: Sequence[Edit], history: History, base: int) -> int:
    """How many of the edits that are written lead the history from `base` on.

    A history loses edits at its end only, and an edit is made once: where one is the same, all before it are.
    """
    most = min(len(written), len(history) - base)
    return bisect_left(range(most), True, key=lambda number: written[number] is not history.edit(base + number))


def _state_at(position: int, history: History, settled: Values) -> Values:
    """The voxels at an earlier point of the history, (I, J, K)."""
    values = settled.copy(order="F")
    for edit in reversed(history.edits[position : history.position]):
        edit.toggle(values)
    return values

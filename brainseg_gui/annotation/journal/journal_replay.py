"""Reading a journal: following its records to the last whole one, and the state that they lead to."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, field
from pathlib import Path

from brainseg_gui.annotation.edits import Edit
from brainseg_gui.annotation.history import History
from brainseg_gui.annotation.journal.journal_fields import Damaged, JournalError, JournalHeader
from brainseg_gui.annotation.journal.journal_format import (
    EDIT,
    FILE,
    KEPT,
    MOVE,
    SNAPSHOT,
    Record,
    edit_of,
    file_of,
    made_at,
    position_of,
    read_header,
    read_records,
    snapshot_of,
)
from brainseg_gui.annotation.slab import Values
from brainseg_gui.imaging.grid import Voxel, describe_shape
from brainseg_gui.plain_files import read_bytes

_LARGEST_BYTES = 2**30


@dataclass(frozen=True)
class JournalNote:
    """What a journal holds, for a list.

    Parameters
    ----------
    path
        Its file.
    header
        What it belongs to.
    edits
        Names of the edits that would be restored, oldest first.
    made
        When the last action was finished, in seconds since 1970.
    kept
        Whether that state is in a file already, so that there is nothing to restore.
    cut_bytes
        Bytes at the end that do not count: an action that was not finished, or damage.
    files
        The file that the mask lies in, with the digest of the voxels that it held or was about to get, newest last.
    """

    path: Path
    header: JournalHeader
    edits: tuple[str, ...]
    made: float
    kept: bool
    cut_bytes: int = 0
    files: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, eq=False)
class Restored:
    """An annotation as its journal holds it.

    Parameters
    ----------
    note
        What was restored.
    values
        Voxels after the last finished action, (I, J, K).
    history
        The edits since the journal's snapshot, at the same position.
    kept
        Position whose state is in a file, or None.
    """

    note: JournalNote
    values: Values
    history: History
    kept: int | None


@dataclass
class _Replay:
    """The journal's records, followed without touching voxels."""

    shape: Voxel
    end: int
    snapshot: Record | None = None
    edits: list[Edit] = field(default_factory=list)
    position: int = 0
    kept: int | None = None
    made: float = 0.0
    files: list[tuple[str, str]] = field(default_factory=list)

    def start(self) -> Values:
        """The voxels of the snapshot, (I, J, K)."""
        if self.snapshot is None:
            raise Damaged("it holds no finished action")
        return snapshot_of(self.snapshot, self.shape)

    def follow(self, record: Record) -> None:
        """Take one record.

        Raises
        ------
        Damaged
            If it makes no sense here.
        """
        if (record.kind == SNAPSHOT) != (self.snapshot is None):
            raise Damaged("the first record, and only that, is a snapshot")
        if record.kind == SNAPSHOT:
            self.snapshot = record
        elif record.kind == EDIT:
            self._take_edit(edit_of(record, self.shape))
        elif record.kind == MOVE:
            self.position = position_of(record, len(self.edits))
        elif record.kind == KEPT:
            self.kept = self.position
        elif record.kind == FILE:
            self.files.append(file_of(record))
        else:
            raise Damaged("a record is of an unknown kind")
        if record.kind not in (KEPT, FILE):
            self.made = made_at(record) or self.made
        self.end = record.end

    def _take_edit(self, edit: Edit) -> None:
        if self.kept is not None and self.position < self.kept:
            self.kept = None
        del self.edits[self.position :]
        self.edits.append(edit)
        self.position += 1


def read_note(path: Path) -> JournalNote:
    """What a journal holds, without decompressing any of it.

    Raises
    ------
    JournalError
        If it is no journal, or too new.
    """
    return _note(path, *_replayed(path))


def restored(path: Path, study: str, shape: Voxel) -> Restored:
    """The state after the last finished action; see `journal_folder.JournalFolder.restore`."""
    replay, header, total = _replayed(path, (study, shape))
    try:
        values = replay.start()
        for edit in replay.edits[: replay.position]:
            edit.toggle(values)
    except ValueError as error:
        raise _damaged(path, str(error)) from error
    history = History(replay.edits, replay.position)
    return Restored(_note(path, replay, header, total), values, history, replay.kept)


def _replayed(path: Path, of: tuple[str, Voxel] | None = None) -> tuple[_Replay, JournalHeader, int]:
    """A journal's records followed to the last whole one, its header, and its size.

    Parameters
    ----------
    of
        Study and shape that it must belong to; its edits are then checked by decompressing them.

    Raises
    ------
    JournalError
        If it is no journal, is too new, or belongs to another study.
    """
    try:
        raw = read_bytes(path, _LARGEST_BYTES)
        header, start = read_header(raw)
    except OSError as error:
        raise JournalError(
            f"the journal cannot be read ({error.strerror})", "Check the folder of journals", path
        ) from error
    except Damaged as error:
        raise _damaged(path, str(error)) from error
    except JournalError as error:
        raise JournalError(error.what, error.remedy, path) from error
    if of is not None and (header.study, header.shape) != of:
        raise JournalError(
            f"this journal belongs to another study (a grid of {describe_shape(header.shape)} voxels)",
            "Open that study to restore it",
            path,
        )
    replay = _Replay(header.shape, start)
    with contextlib.suppress(ValueError):  # what follows a record that makes no sense does not count
        for record in read_records(raw, start):
            if of is not None and record.kind == EDIT:
                edit_of(record, header.shape).check()
            replay.follow(record)
    if replay.snapshot is None:
        raise _damaged(path, "it holds no finished action")
    return replay, header, len(raw)


def _note(path: Path, replay: _Replay, header: JournalHeader, total: int) -> JournalNote:
    names = tuple(edit.name for edit in replay.edits[: replay.position])
    made = replay.made or header.created
    kept = replay.kept == replay.position
    return JournalNote(path, header, names, made, kept, total - replay.end, tuple(replay.files))


def _damaged(path: Path, why: str) -> JournalError:
    return JournalError(f"the journal is damaged ({why})", "Nothing can be restored from it; discard it", path)

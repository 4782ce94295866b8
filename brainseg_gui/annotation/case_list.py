"""What has been done about each case of a cohort, in one plain file that people share.

``brainseg-cases.csv`` has one line per case, sorted by name, so that a colleague can read it and a version control
system can merge it::

    case,state,note,changed,by
    TCGA-02-0006,done,,2026-03-01T09:30:00+00:00,anna
    TCGA-02-0009,flagged,motion in FLAIR,2026-03-01T10:02:11+00:00,ben

Whoever changed a case last is right about it. For every write the file is locked, read again and merged, so that many
people may work with one folder. People open it with spreadsheets too: a text that one would take for a formula gets a
leading apostrophe, which is taken off again when the file is read. A link of that name is not followed: the folder may
come from anywhere.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import Enum
from pathlib import Path

from brainseg_gui.errors import BrainsegError, printable
from brainseg_gui.imaging.case import CaseSource
from brainseg_gui.plain_files import read_stream, visible
from brainseg_gui.storage.cells import from_cell, to_cell
from brainseg_gui.storage.lock_file import BusyError, briefly_locked
from brainseg_gui.storage.writing import open_derived, write_bytes

NAME = "brainseg-cases.csv"

_FIELDS = ("case", "state", "note", "changed", "by")
_TRIES = 5
_NEVER = datetime.fromtimestamp(0, UTC)
_LARGEST_BYTES = 2**25


class CaseListError(BrainsegError):
    """The file of case states cannot be read or written."""


class CaseState(Enum):
    """How far the work on a case has come."""

    TO_DO = "to do"
    IN_WORK = "in work"
    DONE = "done"
    FLAGGED = "flagged"

    @property
    def title(self) -> str:
        """For people."""
        return self.value.capitalize()


@dataclass(frozen=True)
class CaseEntry:
    """One line.

    Parameters
    ----------
    case
        Name of the case.
    state, note
        How far it is; what was remarked.
    changed
        When, in UTC.
    by
        Who said so.
    """

    case: str
    state: CaseState = CaseState.TO_DO
    note: str = ""
    changed: datetime = _NEVER
    by: str = ""


def read_entries(path: Path) -> dict[str, CaseEntry]:
    """The entries of a file by case; none where there is no file.

    Raises
    ------
    CaseListError
        If it cannot be read, or a line makes no sense: nothing is guessed.
    """
    try:
        with open_derived(path, "rb") as stream:
            text = read_stream(stream, path, _LARGEST_BYTES).decode("utf-8-sig")
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError) as error:
        reason = (error.strerror if isinstance(error, OSError) else "it is not UTF-8") or "no reason is given"
        remedy = "Check the file, or move it away: a new one is begun then"
        raise CaseListError(f"the list of cases cannot be read ({reason})", remedy, path) from error
    return _parsed(text, path)


def as_called(entries: Mapping[str, CaseEntry], cases: Iterable[CaseSource]) -> dict[str, CaseEntry]:
    """Entries with those of visits whose ids did not name the patient yet: the folder's ``M06`` is ``P7_M06`` now."""
    cases = tuple(cases)
    found, ids = dict(entries), {case.case_id for case in cases}
    for case in cases:
        earlier = case.folder.name
        known = entries.get(earlier) if earlier not in ids and case.case_id.endswith(f"_{earlier}") else None
        if known is not None:
            found.setdefault(case.case_id, replace(known, case=case.case_id))
    return found


def merged(one: Mapping[str, CaseEntry], other: Mapping[str, CaseEntry]) -> dict[str, CaseEntry]:
    """Both lists in one; the later change of a case counts, and of two at the same second that of `other`."""
    result = dict(one)
    for case, entry in other.items():
        if case not in result or entry.changed >= result[case].changed:
            result[case] = entry
    return result


def write_entries(path: Path, entries: Mapping[str, CaseEntry]) -> dict[str, CaseEntry]:
    """Merge entries into the file; returns what it holds now.

    Raises
    ------
    CaseListError
        If it cannot be read or written; the file is untouched then.
    """
    try:
        with briefly_locked(path):
            return _merge_into(path, entries)
    except BusyError as error:
        raise CaseListError("the list of cases is being written all the time", "Try again in a moment", path) from error
    except OSError as error:
        reason = error.strerror or str(error)
        raise CaseListError(
            f"the list of cases cannot be written ({reason})", "Make the cohort's folder writable", path
        ) from error


def _merge_into(path: Path, entries: Mapping[str, CaseEntry]) -> dict[str, CaseEntry]:
    for _ in range(_TRIES):
        before = _stamp(path)
        together = merged(read_entries(path), entries)
        raw = _text(together).encode(errors="backslashreplace")
        if _stamp(path) == before:  # else a program that knows no lock wrote meanwhile: its lines count, too
            write_bytes(path, raw, chosen=False)
            return together
    raise BusyError(path)


def _parsed(text: str, path: Path) -> dict[str, CaseEntry]:
    rows = csv.reader(io.StringIO(text))
    result: dict[str, CaseEntry] = {}
    row: list[str] = []
    try:
        for row in rows:
            if row and tuple(row) != _FIELDS:
                entry = _entry_of(row)
                known = result.get(entry.case)
                if known is None or entry.changed >= known.changed:  # two lines of one case: a merge by hand
                    result[entry.case] = entry
    except (ValueError, OverflowError, csv.Error) as error:
        raise CaseListError(
            f"line {rows.line_num} of the list of cases makes no sense: {visible(','.join(row))}",
            "Mend the line in a text editor, or move the file away",
            path,
        ) from error
    return result


def _entry_of(row: list[str]) -> CaseEntry:
    case, state, note, changed, by = row
    if not case:
        raise ValueError("it names no case")
    return CaseEntry(from_cell(case), CaseState(state), from_cell(note), _time_of(changed), from_cell(by))


def _time_of(text: str) -> datetime:
    found = datetime.fromisoformat(text)
    return found.astimezone(UTC) if found.tzinfo is not None else found.replace(tzinfo=UTC)


def _cell(text: str) -> str:
    return to_cell(printable(text))


def _text(entries: Mapping[str, CaseEntry]) -> str:
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(_FIELDS)
    for case in sorted(entries):
        entry = entries[case]
        changed = entry.changed.astimezone(UTC).isoformat(timespec="seconds")
        note = " ".join(entry.note.split())  # one line per case
        writer.writerow((_cell(case), entry.state.value, _cell(note), changed, _cell(entry.by)))
    return stream.getvalue()


def _stamp(path: Path) -> tuple[int, int, int] | None:
    try:
        found = path.lstat()
    except OSError:
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns

"""One writer per study: a lock file that tells who holds it, and that a dead process cannot keep.

The file is made with ``O_EXCL``, which works the same on every system and on network folders. It names the
process, when that process started (process numbers are used again) and the computer. A lock of this computer whose
process is gone is stale and taken over; a lock of another computer can only be broken by a person.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import socket
import time
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from brainseg_gui.errors import BrainsegError
from brainseg_gui.faults.process_mark import start_mark

_LARGEST_BYTES = 4096
_BEING_WRITTEN_S = 10.0  # a lock file that says nothing yet may be in the making


class LockedError(BrainsegError):
    """Another window holds the study, or took it over."""


@dataclass(frozen=True)
class Holder:
    """Who holds a lock.

    Parameters
    ----------
    pid, started
        The process, and a mark of when it started.
    host
        Name of the computer.
    since
        When the lock was taken, in seconds since 1970.
    token
        Tells one lock from another.
    """

    pid: int
    started: str
    host: str
    since: float
    token: str

    @property
    def alive(self) -> bool:
        """Whether its process may still be running; one of another computer always may."""
        return not self.here or start_mark(self.pid) == self.started

    @property
    def here(self) -> bool:
        """Whether it runs on this computer, so that the truth of `alive` is known."""
        return self.host == socket.gethostname()


class StudyLock:
    """A lock that is held, until `release`."""

    def __init__(self, path: Path, holder: Holder) -> None:
        self._path, self._holder = path, holder

    def check(self) -> None:
        """Make sure that the lock is still ours.

        Raises
        ------
        LockedError
            If another window took it over.
        """
        found = _read(self._path)
        if found is None or found.token != self._holder.token:
            raise LockedError(
                "another window has taken over this annotation",
                "Save this one under another name, or close it",
                self._path,
            )

    def holds(self, holder: Holder) -> bool:
        """Whether `holder` describes this lock."""
        return holder.token == self._holder.token

    def release(self) -> None:
        """Give the study free; harmless when the lock is no longer ours."""
        found = _read(self._path)
        if found is not None and found.token == self._holder.token:
            with contextlib.suppress(OSError):
                self._path.unlink(missing_ok=True)


def acquire(path: Path, *, take_over: bool = False) -> StudyLock:
    """Take the lock.

    Parameters
    ----------
    take_over
        Take it from whoever holds it: only after a person said so.

    Raises
    ------
    LockedError
        If another window holds it; says since when and where.
    OSError
        If the folder cannot be written.
    """
    mine = Holder(os.getpid(), start_mark(os.getpid()), socket.gethostname(), time.time(), secrets.token_hex(8))
    for _ in range(5):
        if _create(path, mine):
            return StudyLock(path, mine)
        holder = _read(path)
        if holder is None and _in_the_making(path):
            raise LockedError("another window is opening this annotation", "Try again in a moment", path)
        if holder is not None and holder.alive and not take_over:
            raise _locked(path, holder)
        _put_aside(path, holder)
    raise LockedError("another window is opening this annotation", "Try again in a moment", path)


def holder_of(path: Path) -> Holder | None:
    """Who holds the lock, dead or alive; None when nobody does."""
    return _read(path)


def is_held(path: Path, but_by: StudyLock | None = None) -> bool:
    """Whether a living process holds the lock; that of `but_by` does not count."""
    holder = _read(path)
    if holder is None:
        return _in_the_making(path)
    return holder.alive and not (but_by is not None and but_by.holds(holder))


def remove_stale(path: Path) -> None:
    """Remove a lock whose process is gone."""
    holder = _read(path)
    if not (holder.alive if holder is not None else _in_the_making(path)):
        _put_aside(path, holder)


def _create(path: Path, holder: Holder) -> bool:
    try:
        handle = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    except FileExistsError:
        return False
    with os.fdopen(handle, "w", encoding="utf-8") as stream:
        json.dump(asdict(holder), stream)
        stream.flush()
        os.fsync(stream.fileno())
    return True


def _read(path: Path) -> Holder | None:
    try:
        with path.open("rb") as stream:
            found: Any = json.loads(stream.read(_LARGEST_BYTES))
        values = {field.name: found[field.name] for field in fields(Holder)}
        return Holder(
            int(values["pid"]),
            str(values["started"]),
            str(values["host"]),
            float(values["since"]),
            str(values["token"]),
        )
    except (OSError, ValueError, KeyError, TypeError, OverflowError, RecursionError):
        return None


def _in_the_making(path: Path) -> bool:
    try:
        return abs(time.time() - path.stat().st_mtime) < _BEING_WRITTEN_S  # the clock may have been set back
    except OSError:
        return False


def _put_aside(path: Path, stale: Holder | None) -> None:
    """Remove a stale lock, and only that one: between reading and removing it another may have been made."""
    aside = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    try:
        os.rename(path, aside)
    except OSError:
        return
    if _read(aside) != stale:
        with contextlib.suppress(OSError):
            os.link(aside, path)
    aside.unlink(missing_ok=True)


def _locked(path: Path, holder: Holder) -> LockedError:
    since = time.strftime("%H:%M", time.localtime(holder.since))
    where = f"process {holder.pid}" if holder.here else f"on the computer {holder.host}"
    return LockedError(
        f"this study is being annotated in another window ({where}, since {since})",
        "It opens read-only here; close the other window to edit",
        path,
    )

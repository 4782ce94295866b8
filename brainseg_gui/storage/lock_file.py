"""Lock files: made with ``O_EXCL``, which works the same on every system and on network folders that know no locks.

A lock names the process that holds it, when that process started (process numbers are used again) and the computer,
by its host name and by marks that stay when that changes. A lock of this computer whose process is gone is stale.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import random
import socket
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from brainseg_gui.faults.computer_mark import computer_marks, is_here
from brainseg_gui.faults.process_mark import start_mark
from brainseg_gui.storage.folder import open_folder

_LARGEST_BYTES = 4096
_BEING_WRITTEN_S = 10.0  # a lock file that says nothing yet may be in the making
_PATIENCE_S = 20.0
_STUCK_AFTER_S = 8.0  # what holds a brief lock of another computer so long is gone
_TURN_S = 0.004


class BusyError(OSError):
    """Others write a file all the time."""

    def __init__(self, path: Path) -> None:
        super().__init__(errno.EBUSY, "it is being written all the time", str(path))


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
    computer
        Its `computer_marks`; none in locks of versions that only noted the host name.
    """

    pid: int
    started: str
    host: str
    since: float
    token: str
    computer: tuple[str, ...] = ()

    @property
    def alive(self) -> bool:
        """Whether its process may still be running; one of another computer always may."""
        return not self.here or start_mark(self.pid) == self.started

    @property
    def here(self) -> bool:
        """Whether it runs on this computer, so that the truth of `alive` is known."""
        return is_here(self.host, self.computer)


def new_holder() -> Holder:
    """This process, for a lock of its own."""
    pid, token = os.getpid(), os.urandom(8).hex()
    return Holder(pid, start_mark(pid), socket.gethostname(), time.time(), token, computer_marks())


def create(path: Path, holder: Holder) -> bool:
    """Make a lock file, if there is none.

    Raises
    ------
    OSError
        If the folder cannot be written, or takes no bytes: then no file is left that says nothing.
    """
    with open_folder(path.parent) as folder:
        try:
            stream = folder.open(path.name, "xb", 0o600)
        except FileExistsError:
            return False
        try:
            with stream:
                stream.write(json.dumps(asdict(holder)).encode())
                stream.flush()
        except OSError:
            with contextlib.suppress(OSError):
                folder.remove(path.name)
            raise
    return True


def read_holder(path: Path) -> Holder | None:
    """Who holds a lock, dead or alive; None where nobody does, it cannot be read, or the file makes no sense."""
    try:
        return holder_in(path)
    except OSError:
        return None


def holder_in(path: Path) -> Holder | None:
    """Who holds a lock, dead or alive; None where the file makes no sense.

    Raises
    ------
    OSError
        If it cannot be read; `FileNotFoundError` where there is none.
    """
    try:
        with open_folder(path.parent) as folder, folder.open(path.name, "rb") as stream:
            found: Any = json.loads(stream.read(_LARGEST_BYTES))
        return Holder(
            int(found["pid"]),
            str(found["started"]),
            str(found["host"]),
            float(found["since"]),
            str(found["token"]),
            tuple(map(str, found.get("computer", ()))),
        )
    except (ValueError, KeyError, TypeError, OverflowError, RecursionError):
        return None


def in_the_making(path: Path) -> bool:
    """Whether a lock file without sense is so young that it may be just being written."""
    try:
        return abs(time.time() - path.lstat().st_mtime) < _BEING_WRITTEN_S  # the clock may have been set back
    except OSError:
        return False


def remove_stale_lock(path: Path, stale: Holder | None) -> None:
    """Remove a stale lock, and only that one: between reading and removing it another may have been made."""
    moved = path.with_name(f"{path.name}.{os.urandom(4).hex()}")
    try:
        os.rename(path, moved)
    except OSError:
        return
    if read_holder(moved) != stale:
        with contextlib.suppress(OSError):
            os.link(moved, path, follow_symlinks=False)
    with contextlib.suppress(OSError):
        moved.unlink(missing_ok=True)


def release(path: Path, holder: Holder) -> None:
    """Remove a lock; harmless when it is no longer this one."""
    found = read_holder(path)
    if found is not None and found.token == holder.token:
        with contextlib.suppress(OSError):
            path.unlink(missing_ok=True)


@contextlib.contextmanager
def briefly_locked(path: Path) -> Iterator[None]:
    """Hold the lock of a file for the moment in which it is read, changed and written.

    The lock lies beside it. One whose process is gone is taken over at once; one of another computer, or of a file
    that makes no sense, when it did not change for some seconds: nobody needs longer.

    Raises
    ------
    BusyError
        If others do not let us for twenty seconds.
    OSError
        If the folder cannot be written.
    """
    lock, mine = path.with_name(f".{path.name}.lock"), new_holder()
    last = time.monotonic() + _PATIENCE_S
    seen, since = "", time.monotonic()
    while not create(lock, mine):
        holder = read_holder(lock)
        token = holder.token if holder is not None else f"{_inode(lock)}"
        if token != seen:
            seen, since = token, time.monotonic()
        dead = holder is not None and not holder.alive
        if dead or time.monotonic() - since > _STUCK_AFTER_S:
            remove_stale_lock(lock, holder)
        elif time.monotonic() > last:
            raise BusyError(path)
        time.sleep(_TURN_S * (0.5 + random.random()))
    try:
        yield
    finally:
        release(lock, mine)


def _inode(path: Path) -> int:
    try:
        return path.lstat().st_ino
    except OSError:
        return 0

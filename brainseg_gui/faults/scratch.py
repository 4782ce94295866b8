"""Temporary files that only this user can read: removed at the end, and what a crash left at the next start.

Names say whose they are: ``brainseg-PLACE-PID-MARK-…``. PLACE tells computers and containers apart, in which process
numbers mean something else; MARK tells a process from a later one with its number.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import shutil
import socket
import stat
import tempfile
import time
from functools import cache
from pathlib import Path
from typing import BinaryIO, cast

from brainseg_gui.faults.process_mark import start_mark

SHARED_MEMORY = Path("/dev/shm")
_STRANGE_AFTER_S = 7 * 86400.0  # what another container left, whose processes cannot be asked for


def prefix() -> str:
    """How the names of this process's temporary files begin."""
    return f"brainseg-{_place()}-{os.getpid()}-{_short(start_mark(os.getpid()))}-"


def folders() -> tuple[Path, ...]:
    """Where temporary files may lie: in memory if possible, else on disk; those that are there."""
    places = [SHARED_MEMORY]
    with contextlib.suppress(OSError):  # no folder at all can be written
        places.append(Path(tempfile.gettempdir()))
    return tuple(folder for folder in places if folder.is_dir())


def scratch_folder() -> Path | None:
    """A folder for this process and its children, on disk; None where none can be made."""
    return _scratch_folder(os.getpid())


def words_file() -> BinaryIO:
    """A file without a name for what a child process writes to its standard error; one that forgets, if need be."""
    try:
        return cast(BinaryIO, tempfile.TemporaryFile(dir=scratch_folder()))
    except OSError:
        return open(os.devnull, "w+b")


def environment() -> dict[str, str]:
    """What makes a child process leave its temporary files in the scratch folder of this one."""
    folder = scratch_folder()
    return {"TMPDIR": str(folder)} if folder is not None else {}


def sweep(places: tuple[Path, ...] | None = None) -> int:
    """Remove what processes left that are gone; returns how many files and folders that were."""
    removed = 0
    for folder in folders() if places is None else places:
        for path in folder.glob("brainseg-*"):
            with contextlib.suppress(OSError, ValueError):
                if is_left(path.name, path.lstat()):
                    shutil.rmtree(path) if path.is_dir() else path.unlink()
                    removed += 1
    return removed


@cache
def _scratch_folder(pid: int) -> Path | None:
    try:
        folder = Path(tempfile.mkdtemp(prefix=prefix()))  # mode 0700
    except OSError:
        return None
    atexit.register(_remove, folder, pid)
    return folder


def _remove(folder: Path, pid: int) -> None:
    if os.getpid() == pid:
        shutil.rmtree(folder, ignore_errors=True)


def is_left(name: str, found: os.stat_result) -> bool:
    """Whether something of such a name is ours, and the process that made it is gone; a link never is.

    Raises
    ------
    ValueError
        If it is no such name.
    """
    if stat.S_ISLNK(found.st_mode) or (hasattr(os, "getuid") and found.st_uid != os.getuid()):
        return False
    _, place, pid, mark, _ = name.split("-", 4)
    if place != _place():
        return time.time() - found.st_mtime > _STRANGE_AFTER_S
    return _short(start_mark(int(pid))) != mark


@cache
def _place() -> str:
    try:
        namespace = os.readlink("/proc/self/ns/pid")
    except OSError:
        namespace = ""
    return _short(f"{socket.gethostname()} {namespace}")


def _short(text: str) -> str:
    import hashlib

    return hashlib.sha256(text.encode()).hexdigest()[:8]

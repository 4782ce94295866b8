"""Half-written files and folders that a kill left: named by who writes them, removed when nobody does."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import stat
import time
from collections.abc import Iterable
from pathlib import Path

from brainseg_gui.faults import scratch
from brainseg_gui.storage.folder import Folder, open_folder

_SUFFIX = r"(?:\.[\w.]{0,15})?"
_NAME = re.compile(rf"\.(brainseg-[0-9a-f]{{8}}-[0-9]{{1,10}}-[0-9a-f]{{8}})-[0-9a-f]{{16}}{_SUFFIX}")
_ASIDE = re.compile(r"\.(.+)\.replaced\.(brainseg-[0-9a-f]{8}-[0-9]{1,10}-[0-9a-f]{8}-)[0-9a-f]{8}", re.DOTALL)
_MOST_OF_A_NAME = 150  # bytes: a drive takes 255
_REST_S = 60.0  # a folder that many files are written into is not searched for each of them

_swept: dict[str, float] = {}  # folder -> when


def new_name(suffix: str = "") -> str:
    """A name of its own for a file or folder in the making; it tells the process that writes it."""
    return f".{scratch.prefix()}{os.urandom(8).hex()}{suffix if re.fullmatch(_SUFFIX, suffix) else ''}"


def aside_name(name: str) -> str:
    """A name for what steps aside while another takes its place; it tells where that was, and whose."""
    known = f".{name}" if len(os.fsencode(name)) <= _MOST_OF_A_NAME else ""
    return f"{known}.replaced.{scratch.prefix()}{os.urandom(4).hex()}"


def recover(place: Path) -> bool:
    """Put back what a killed process had moved aside, where nothing took its place since; whether it did."""
    with contextlib.suppress(OSError), open_folder(place.parent) as folder:
        return any(_put_back(folder, name) == place.name for name in folder.names())
    return False


def _put_back(folder: Folder, name: str) -> str:
    """The name that something has again; empty where it is none that stepped aside, or its place is taken."""
    if (ours := _ASIDE.fullmatch(name)) is None:
        return ""
    with contextlib.suppress(OSError):
        found = folder.status(name)
        if found is not None and folder.status(ours[1]) is None and scratch.is_left(ours[2], found):
            folder.rename(name, ours[1])
            return ours[1]
    return ""


def sweep(folder: Folder) -> int:
    """Remove what dead processes left in a folder, and put back what they had moved aside; returns how many that were.

    Only what has exactly our names and belongs to this user, and whose process is gone. What another computer wrote
    is left for a week: its processes cannot be asked for.
    """
    removed = 0
    for name in folder.names():
        removed += bool(_put_back(folder, name))
        if (ours := _NAME.fullmatch(name)) is None:
            continue
        with contextlib.suppress(OSError):
            found = folder.status(name)
            if found is not None and scratch.is_left(f"{ours[1]}-", found):
                _remove(folder, name, found)
                removed += 1
    return removed


def _remove(folder: Folder, name: str, found: os.stat_result) -> None:
    if stat.S_ISDIR(found.st_mode):
        shutil.rmtree(folder.path / name)  # follows no link
    elif stat.S_ISREG(found.st_mode):
        folder.remove(name)


def sweep_now_and_then(folder: Folder) -> None:
    """As `sweep`, at most once a minute for each folder; nothing that fails there is of any matter."""
    path, now = os.path.abspath(folder.path), time.monotonic()
    if now - _swept.get(path, -_REST_S) >= _REST_S:
        _swept[path] = now
        with contextlib.suppress(OSError):
            sweep(folder)


def tidy(folders: Iterable[Path]) -> None:
    """As `sweep_now_and_then`, of folders that are opened: nothing may ever be written there again."""
    for path in dict.fromkeys(folders):
        with contextlib.suppress(OSError), open_folder(path) as folder:
            sweep_now_and_then(folder)

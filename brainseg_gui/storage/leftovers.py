"""Half-written files that a kill left beside their place: named by who writes them, removed when nobody does."""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import stat

from brainseg_gui.faults import scratch
from brainseg_gui.storage.folder import Folder

_SUFFIX = r"(?:\.[\w.]{0,15})?"
_NAME = re.compile(rf"\.(brainseg-[0-9a-f]{{8}}-[0-9]{{1,10}}-[0-9a-f]{{8}})-[0-9a-f]{{16}}{_SUFFIX}")


_swept: set[str] = set()


def new_name(suffix: str = "") -> str:
    """A name of its own for a file in the making; it tells the process that writes it."""
    return f".{scratch.prefix()}{secrets.token_hex(8)}{suffix if re.fullmatch(_SUFFIX, suffix) else ''}"


def sweep(folder: Folder) -> int:
    """Remove what dead processes left in a folder; returns how many files that were.

    Only files of exactly our names that belong to this user, and whose process is gone. What another computer wrote
    is left for a week: its processes cannot be asked for.
    """
    removed = 0
    for name in folder.names():
        if (ours := _NAME.fullmatch(name)) is None:
            continue
        with contextlib.suppress(OSError):
            found = folder.status(name)
            if found is not None and stat.S_ISREG(found.st_mode) and scratch.is_left(f"{ours[1]}-", found):
                folder.remove(name)
                removed += 1
    return removed


def sweep_once(folder: Folder) -> None:
    """As `sweep`, once in the life of this process for each folder; nothing that fails there is of any matter."""
    path = os.path.abspath(folder.path)
    if path not in _swept:
        _swept.add(path)
        with contextlib.suppress(OSError):
            sweep(folder)

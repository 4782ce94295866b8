"""Work must be kept even where the home folder is missing or cannot be written."""

from __future__ import annotations

import os
import stat
import sys
import tempfile
from functools import cache
from pathlib import Path

_KINDS = {"DATA": ".local/share", "STATE": ".local/state", "CACHE": ".cache", "CONFIG": ".config"}


@cache
def stand_in() -> Path | None:
    """Let a private temporary folder stand in for what of the home folder cannot be written.

    Sets ``HOME`` and ``XDG_…_HOME`` for this process and its children. Settings that can only be read still are.

    Returns
    -------
    Path or None
        The folder that stands in; None where all is well, or nothing can be done.
    """
    if sys.platform in ("win32", "darwin"):
        return None
    home = Path(os.path.expanduser("~"))
    homeless = not home.is_absolute() or not _can_write(home)
    missing = [kind for kind, usual in _KINDS.items() if not _usable(kind, home / usual)]
    if not missing:
        return None
    folder = _private_folder()
    if folder is None:
        return None
    for kind in missing:
        os.environ[f"XDG_{kind}_HOME"] = str(folder / _KINDS[kind])
    if homeless and not home.is_dir():
        os.environ["HOME"] = str(folder)
    return folder


def _usable(kind: str, usual: Path) -> bool:
    chosen = os.environ.get(f"XDG_{kind}_HOME", "").strip()
    folder = Path(chosen or usual) / "brainseg"
    if not folder.is_absolute():
        return False
    return _can_write(folder) or (kind == "CONFIG" and folder.is_dir())


def _can_write(folder: Path) -> bool:
    """Whether a folder can be written, or made."""
    try:
        there = next(parent for parent in (folder, *folder.parents) if parent.exists())
        return there.is_dir() and os.access(there, os.W_OK | os.X_OK)
    except (OSError, StopIteration):
        return False


def _private_folder() -> Path | None:
    """The same folder at each start until the computer is restarted, if nobody else made one of that name."""
    try:
        folder = Path(tempfile.gettempdir()) / f"brainseg-home-{os.getuid()}"
        folder.mkdir(mode=0o700, exist_ok=True)
        found = folder.lstat()
        ours = stat.S_ISDIR(found.st_mode) and found.st_uid == os.getuid() and not found.st_mode & 0o077
        return folder if ours else Path(tempfile.mkdtemp(prefix="brainseg-home-"))
    except OSError:
        return None

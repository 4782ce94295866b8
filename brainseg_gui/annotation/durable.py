"""Small files that are whole or not there: written beside, flushed to disk, renamed."""

from __future__ import annotations

import contextlib
import os
import tempfile
from pathlib import Path

from brainseg_gui.links import behind_links

TEMPORARY = ".brainseg-"


def write_durably(path: Path, raw: bytes, *, private: bool = True) -> None:
    """Replace a file by `raw`; on failure the old one stays. A link stays, and leads to the new file.

    Parameters
    ----------
    private
        Readable for this user only; else as the user's new files are.

    Raises
    ------
    OSError
        If it could not be written.
    """
    path = behind_links(path)
    handle, name = tempfile.mkstemp(prefix=TEMPORARY, dir=path.parent)  # mode 0600
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(raw)
            stream.flush()
            os.fsync(stream.fileno())
        if not private:
            os.chmod(temporary, 0o666 & ~_umask())
        os.replace(temporary, path)
        flush_folder(path.parent)
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)


def flush_folder(folder: Path) -> None:
    """Make a new name in a folder survive a power loss, where the system can."""
    if os.name != "posix":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def make_private_folder(folder: Path) -> None:
    """Make a folder that only this user can look into, or make an existing one so."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    os.chmod(folder, 0o700)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask

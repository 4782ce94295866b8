"""Files whose names the program derived, in folders that may come from anywhere: read without following a link."""

from __future__ import annotations

import contextlib
import stat
from pathlib import Path

from brainseg_gui.plain_files import MEBIBYTE, read_stream
from brainseg_gui.storage.folder import open_folder
from brainseg_gui.storage.writing import open_derived


def read_derived(path: Path, most_bytes: int = MEBIBYTE, *, root: Path | None = None) -> bytes:
    """The content of a regular file.

    Parameters
    ----------
    root
        A folder above it that a person chose: no link is followed below. None where its own folder was chosen.

    Raises
    ------
    OSError
        If it cannot be read, is no file of its own or larger than `most_bytes`; `strerror` says so in words.
    """
    with open_derived(path, "rb", root=root) as stream:
        return read_stream(stream, path, most_bytes)


def is_derived_file(path: Path, *, root: Path | None = None) -> bool:
    """Whether there is a regular file of that name, which no link leads to."""
    with contextlib.suppress(OSError), open_folder(path.parent, root) as folder:
        found = folder.status(path.name)
        return found is not None and stat.S_ISREG(found.st_mode)
    return False

"""Files that a person asked for, such as reports and figures: whole or not there, and errors in words."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from brainseg_gui.errors import SaveError
from brainseg_gui.storage.writing import replacing


def write_text(path: Path, text: str, *, chosen: bool = True) -> None:
    """Write text as UTF-8, whole or not at all; file names that are no text are written with escapes.

    Parameters
    ----------
    chosen
        False where the person named the folder only: a link of the file's name is not followed then.

    Raises
    ------
    SaveError
        If it could not be written. The file that was there is untouched.
    """
    write_made(path, lambda stream: stream.write(text.encode(errors="backslashreplace")), chosen=chosen)


def write_made(path: Path, make: Callable[[BinaryIO], object], *, chosen: bool = True) -> None:
    """Write what `make` puts into a stream, whole or not at all.

    It is made in memory: the libraries that draw meet no full disk, of which each would say something else.

    Raises
    ------
    SaveError
        If it could not be written. The file that was there is untouched.
    """
    stream = io.BytesIO()
    make(stream)
    write_file(path, lambda temporary: _save(temporary, stream.getbuffer()), chosen=chosen)


def _save(path: Path, raw: memoryview) -> None:
    path.write_bytes(raw)


def write_file(path: Path, write: Callable[[Path], None], *, chosen: bool = True) -> None:
    """Write a file without ever leaving half of it: beside `path` first, then renamed over it. See `write_made`.

    Raises
    ------
    SaveError
        If it could not be written. The file that was there is untouched.
    """
    try:
        with replacing(path, chosen=chosen) as temporary:
            write(temporary)
    except OSError as error:
        reason = error.strerror or str(error)
        raise SaveError(f"it was not written ({reason})", "Choose another file or folder", path) from error

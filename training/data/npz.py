"""Arrays in an ``.npz``, read without believing it: no pickles, no bombs, nothing that is not an array of numbers."""

from __future__ import annotations

import os
import struct
import zipfile
import zlib
from pathlib import Path
from typing import Any

import numpy as np

from brainseg_gui.storage.writing import open_derived

_MOST_EXPANSION = 1000  # of masks, which compress well
_SMALL_BYTES = 2**20
_MOST_MEMBERS = 50_000
_DAMAGE = (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, NotImplementedError, MemoryError, struct.error,
           OverflowError, SyntaxError, TypeError)  # fmt: skip


def read_npz(path: Path, *, root: Path | None = None) -> dict[str, Any]:
    """All arrays of a file, whose name the program derived: no link is followed.

    Parameters
    ----------
    root
        A folder above it that a person chose; no link is followed below. None where its own folder was chosen.

    Raises
    ------
    OSError, ValueError
        If it cannot be read, is damaged, or promises more than it holds.
    """
    try:
        with open_derived(path, "rb", root=root) as stream:
            size = os.fstat(stream.fileno()).st_size
            with zipfile.ZipFile(stream) as archive:
                _check_sizes(archive, size)
            stream.seek(0)
            with np.load(stream, allow_pickle=False) as content:
                return {name: _numbers(content[name]) for name in content.files}
    except _DAMAGE as error:
        raise ValueError(f"it is damaged ({error})") from error


def _check_sizes(archive: zipfile.ZipFile, size: int) -> None:
    members = archive.infolist()
    promised = sum(member.file_size for member in members)
    if len(members) > _MOST_MEMBERS or promised > max(_MOST_EXPANSION * size, _SMALL_BYTES):
        raise ValueError("it promises more than it holds")
    for member in members:
        with archive.open(member) as stream:
            _check_header(stream, member.file_size)


def _check_header(stream: Any, size: int) -> None:
    """Refuse an array whose shape promises more than its entry holds, before memory is taken for it."""
    version = np.lib.format.read_magic(stream)
    read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
    shape, _, dtype = read(stream)
    count = 1
    for n in shape:
        count *= int(n)
    if dtype.hasobject or not 0 <= count * dtype.itemsize <= size:
        raise ValueError("an array promises more than it holds, or is none of numbers")


def _numbers(array: Any) -> Any:
    if not isinstance(array, np.ndarray):
        raise ValueError("it holds something that is no array")
    return array

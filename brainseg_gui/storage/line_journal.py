"""A journal of small changes: a line of JSON for each, only ever added to.

Killing the program costs the line that is being written and no other; two windows that write into one journal lose
nothing of each other.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from brainseg_gui.plain_files import json_of
from brainseg_gui.storage.folder import flush
from brainseg_gui.storage.reading import read_derived
from brainseg_gui.storage.writing import make_private_folder, open_derived

_LARGEST_BYTES = 2**26


class LineJournal:
    """One file of lines.

    Parameters
    ----------
    path
        The file; it and its folder are made by the first `append`, for this user only.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def append(self, entries: Sequence[Mapping[str, Any]]) -> None:
        """Add changes at the end, and wait for the disk.

        Raises
        ------
        OSError
            If they cannot be written; then none of them counts.
        """
        text = "".join(f"{json.dumps(entry, allow_nan=False)}\n" for entry in entries)
        make_private_folder(self.path.parent)
        with open_derived(self.path, "ab") as stream:
            # a line break first: what was cut at the end of the last line must not swallow this one
            _write_all(stream.fileno(), f"\n{text}".encode())

    def read(self) -> list[Mapping[str, Any]]:
        """All changes that are whole, in order; none where there is no such journal.

        Raises
        ------
        OSError
            If it is there and cannot be read.
        """
        try:
            lines = read_derived(self.path, _LARGEST_BYTES).splitlines()
        except FileNotFoundError:
            return []
        found = (_entry(line) for line in lines if line.strip())
        return [entry for entry in found if entry is not None]


def _write_all(handle: int, raw: bytes) -> None:
    """Add to a file and wait for the disk: all, or nothing. A drive that becomes full takes a part without a word."""
    written = 0
    try:
        while written < len(raw):
            written += os.write(handle, raw[written:])
        flush(handle)
    except OSError:
        end = os.lseek(handle, 0, os.SEEK_CUR)  # behind what was written here
        if written and os.fstat(handle).st_size == end:  # nobody added anything since
            os.ftruncate(handle, end - written)
        raise


def _entry(line: bytes) -> Mapping[str, Any] | None:
    """A change; None of a line that was cut or damaged, which costs that change alone."""
    try:
        value = json_of(line)
    except ValueError:
        return None
    return value if isinstance(value, dict) else None

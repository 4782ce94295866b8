"""What is scored so far, kept in a file of JSON lines, so that a second call goes on where the first ended."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Mapping
from io import TextIOWrapper
from pathlib import Path
from typing import IO, Any, TextIO

from brainseg_gui.errors import SaveError
from brainseg_gui.evaluation.records.from_json import case_of
from brainseg_gui.plain_files import json_of
from brainseg_gui.storage.writing import open_derived, remove_derived

_LONGEST_LINE = 2**24
_LARGEST_BYTES = 2**30


class PartialResults:
    """One line per scored pair, written as soon as it is known.

    Lines are found again by the content of the two masks and the rules (`ScoringTask.key`), not by names: a file that
    changed is scored again, and a run that was killed in the middle of a line loses that line only.

    Parameters
    ----------
    path
        The file; None keeps nothing. Its name is derived from that of the results: a link there is refused.
    fresh
        Forget what an earlier run left there.

    Raises
    ------
    SaveError
        If it cannot be read or written.
    """

    def __init__(self, path: Path | None, *, fresh: bool = False) -> None:
        self._path = path
        self._stream: TextIO | None = None
        self.known: dict[str, Mapping[str, Any]] = {}
        if path is None:
            return
        try:
            if not fresh and path.exists():
                with open_derived(path, "rb") as stream:
                    if os.fstat(stream.fileno()).st_size > _LARGEST_BYTES:
                        raise SaveError("it is far too large for half-done results", "Move it away", path)
                    self._read(stream)
            if fresh:
                remove_derived(path)
            self._stream = TextIOWrapper(open_derived(path, "ab"), encoding="ascii")
            if not fresh and _ends_torn(path):
                self._stream.write("\n")
        except OSError as error:
            raise SaveError(
                f"it cannot be written ({error.strerror})", "Choose another folder for the results", path
            ) from error

    def _read(self, stream: IO[bytes]) -> None:
        while line := stream.readline(_LONGEST_LINE):
            try:
                entry = json_of(line)
                case_of(entry["case"])
                self.known[str(entry["key"])] = entry["case"]
            except (ValueError, KeyError, TypeError, AttributeError, OverflowError):
                continue  # a torn line, or one of another version: that case is scored again

    def add(self, key: str, case: Mapping[str, Any]) -> None:
        """Keep a result.

        Raises
        ------
        SaveError
            If the disk is full, for example.
        """
        if self._stream is None or self._path is None:
            return
        try:
            self._stream.write(json.dumps({"key": key, "case": case}) + "\n")
            self._stream.flush()
        except OSError as error:
            raise SaveError(f"it cannot be written ({error.strerror})", "Free some space", self._path) from error

    def close(self) -> None:
        """Close the file."""
        if self._stream is not None:
            with contextlib.suppress(OSError):  # what `add` could not write is told, and cannot be written now
                self._stream.close()


def _ends_torn(path: Path) -> bool:
    with open_derived(path, "rb") as stream:
        size = stream.seek(0, 2)
        if not size:
            return False
        stream.seek(size - 1)
        return stream.read(1) != b"\n"

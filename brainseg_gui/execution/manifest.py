"""What is done in an output folder: entries by the content of the inputs, of the result and by the settings.

Each process that works there appends to a file of its own, so that neither two clients nor a network folder without
locks mix lines; an entry is written before its result gets its name, so that no result is ever there without one. Which
entry counts is asked of the files' content, never of a clock: the one whose inputs and result lie there now.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import socket
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from brainseg_gui.imaging.file_mark import FileMark, mark_of, stamp_of
from brainseg_gui.plain_files import json_of
from brainseg_gui.storage.folder import flush
from brainseg_gui.storage.writing import open_derived

FOLDER = "brainseg-done"
"""Name of the manifest's folder in that of the results."""
_ENDING = ".jsonl"
_LONGEST_LINE = 2**20


@dataclass(frozen=True)
class Entry:
    """One result.

    Parameters
    ----------
    output
        Its name in the folder, as `result_name` says.
    key
        Of all settings that it depends on, and of the model.
    inputs
        The files that it was made of, as they were read, by their paths.
    made
        The result.
    reply
        What was told about it.
    """

    output: str
    key: str
    inputs: Mapping[str, FileMark]
    made: FileMark
    reply: Mapping[str, Any] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """The entry as plain values."""
        return {
            "output": self.output,
            "key": self.key,
            "inputs": {path: _as_list(mark) for path, mark in self.inputs.items()},
            "made": _as_list(self.made),
            "reply": dict(self.reply),
        }

    @classmethod
    def of_json(cls, found: Mapping[str, Any]) -> Entry:
        """The entry of values of `as_json`; `ValueError` and the like where they are none."""
        inputs = {str(path): _mark_of(values) for path, values in found["inputs"].items()}
        return cls(str(found["output"]), str(found["key"]), inputs, _mark_of(found["made"]), dict(found["reply"]))

    def looks_current(self, key: str, inputs: Iterable[Path], output: Path) -> bool:
        """Whether sizes and times alone say that nothing changed since: files are not read."""
        try:
            return self._is_of(key, inputs) and all(
                stamp_of(path) == (mark.size, mark.modified_ns) for path, mark in self._marks(output)
            )
        except OSError:
            return False

    def is_current(self, key: str, inputs: Iterable[Path], output: Path) -> bool:
        """Whether nothing changed since; a file whose time differs is read."""
        return self._is_of(key, inputs) and all(_fits(mark, path) for path, mark in self._marks(output))

    def made_now(self, output: Path) -> bool:
        """Whether the result is still the one that was made, whatever of."""
        return _fits(self.made, output)

    def with_times_of_now(self, output: Path) -> Entry:
        """The entry of files that were copied or touched since: their times are those of now."""
        return replace(self, inputs={path: mark_of(Path(path)) for path in self.inputs}, made=mark_of(output))

    def _is_of(self, key: str, inputs: Iterable[Path]) -> bool:
        return self.key == key and {*self.inputs} == {str(path) for path in inputs}

    def _marks(self, output: Path) -> Iterator[tuple[Path, FileMark]]:
        yield output, self.made
        for path, mark in self.inputs.items():
            yield Path(path), mark


def result_name(results: Path, path: Path) -> str:
    """What the manifest of a folder of results calls one of them, which may lie elsewhere too."""
    return path.relative_to(results).as_posix() if path.is_relative_to(results) else str(path)


class ManifestWriter:
    """Appends entries of this process.

    Parameters
    ----------
    folder
        Of the results; that of the manifest is there.
    """

    def __init__(self, folder: Path) -> None:
        self._root = folder
        name = f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(4)}{_ENDING}"
        self._path = folder / FOLDER / name

    def append(self, entry: Entry) -> None:
        """Write an entry so that it outlives a power loss.

        Raises
        ------
        OSError
            If it cannot be written.
        """
        with open_derived(self._path, "ab", root=self._root) as stream:
            stream.write(json.dumps(entry.as_json()).encode("ascii") + b"\n")
            stream.flush()
            flush(stream.fileno())


def read_manifest(folder: Path, output: str = "") -> dict[str, list[Entry]]:
    """The entries of a folder of results, by the names of these; torn lines and strange ones are passed over.

    Parameters
    ----------
    output
        Only those of one result; of all if empty.
    """
    found: dict[str, list[Entry]] = {}
    with contextlib.suppress(FileNotFoundError, NotADirectoryError):
        for name in sorted(os.listdir(folder / FOLDER)):
            if name.endswith(_ENDING):
                for entry in _entries_in(folder / FOLDER / name, folder, output):
                    found.setdefault(entry.output, []).append(entry)
    return found


def _entries_in(path: Path, root: Path, output: str) -> Iterator[Entry]:
    wanted = json.dumps(output).encode("ascii") if output else b""
    with contextlib.suppress(OSError), open_derived(path, "rb", root=root) as stream:
        while line := stream.readline(_LONGEST_LINE):
            if wanted in line:
                with contextlib.suppress(ValueError, KeyError, TypeError, AttributeError):
                    entry = Entry.of_json(json_of(line))
                    if not output or entry.output == output:
                        yield entry


def _fits(mark: FileMark, path: Path) -> bool:
    try:
        return mark.fits(path)
    except OSError:
        return False


def _as_list(mark: FileMark) -> list[Any]:
    return [mark.size, mark.modified_ns, mark.sha256]


def _mark_of(values: Any) -> FileMark:
    size, modified_ns, sha256 = values
    return FileMark(int(size), int(modified_ns), str(sha256))

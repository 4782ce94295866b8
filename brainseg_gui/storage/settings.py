"""What a person set, in one JSON file: texts, numbers, lists and tables of them. It can hold no objects that run.

Qt's own INI files can: they unpickle Python objects, however these are written. Ours, not pydantic: its import would
make every start 150 ms longer, for one table of plain values.
"""

from __future__ import annotations

import errno
import json
import logging
import os
import threading
import weakref
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from brainseg_gui.links import behind_links
from brainseg_gui.plain_files import json_of, read_bytes
from brainseg_gui.storage.lock_file import briefly_locked
from brainseg_gui.storage.writing import write_text

log = logging.getLogger(__name__)

FORMAT = 1
_FORMAT_KEY = "format"
_LARGEST_BYTES = 2**23
_SOON_S = 1.0

Change = Callable[[Any], Any]
"""What becomes of the value that a setting has, or of None."""


class DamagedError(ValueError):
    """The file holds no settings."""


class LaterError(ValueError):
    """The file was written by a later version."""


@dataclass(eq=False)
class SettingsFile:
    """Settings in memory, written some time after each change, in a thread; several windows may share the file.

    Parameters
    ----------
    path
        The file; a link is followed, for it is the person's own. None for no settings at all: nothing is remembered.
    """

    path: Path | None

    def __post_init__(self) -> None:
        self._values: dict[str, Any] = {}
        self._changes: list[tuple[str, Change]] = []
        self._guard, self._writing = threading.Lock(), threading.Lock()
        self._timer: threading.Timer | None = None
        _in_use.add(self)

    def read(self) -> None:
        """Take what the file holds.

        Raises
        ------
        DamagedError, LaterError
            If it holds something else.
        OSError
            If it cannot be read.
        """
        for other in tuple(_in_use):
            if other is not self and other.path == self.path:
                other.flush()  # what another part of this program set a moment ago counts, too
        if self.path is not None:
            self._values = _read(self.path)

    @property
    def is_written(self) -> bool:
        """Whether all that was changed is in the file."""
        return not self._changes

    @property
    def is_writable(self) -> bool:
        """Whether the file may be written; one that can only be read is left as it is, wherever it lies."""
        if self.path is None:
            return False
        place = behind_links(self.path)
        return os.access(place.parent, os.W_OK) and (not place.exists() or os.access(place, os.W_OK))

    def get(self, key: str) -> Any:
        """A setting, or None."""
        return self._values.get(key)

    def set(self, key: str, value: Any) -> None:
        """Set it, whatever it was."""
        self.change(key, lambda _: value)

    def change(self, key: str, change: Change) -> None:
        """Change a setting; what another window makes of it meanwhile is changed in the same way, not lost."""
        if self.path is None:
            return
        with self._guard:
            self._values = {**self._values, key: change(self._values.get(key))}
            self._changes.append((key, change))
            if self._timer is None:
                self._timer = threading.Timer(_SOON_S, self.flush)
                self._timer.daemon = True
                self._timer.start()

    def flush(self) -> None:
        """Write what was changed; a drive that refuses is told to the log, and tried again at the next change."""
        with self._writing:
            with self._guard:
                changes, self._changes = self._changes, []
                if self._timer is not None:
                    self._timer.cancel()
                    self._timer = None
            if self.path is None or not changes:
                return
            try:
                if not self.is_writable:
                    raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(self.path))
                self._write(self.path, changes)
            except (OSError, ValueError) as error:
                log.warning("the settings cannot be written: %s", error)
                with self._guard:
                    self._changes = [*changes, *self._changes]

    def _write(self, path: Path, changes: list[tuple[str, Change]]) -> None:
        with briefly_locked(behind_links(path)):
            try:
                newest = _read(path)
            except FileNotFoundError:
                newest = {}
            newest[_FORMAT_KEY] = FORMAT
            for key, change in changes:
                newest[key] = change(newest.get(key))
            write_text(path, json.dumps(newest, indent=1, default=str) + "\n", chosen=True)
        with self._guard:
            for key, change in self._changes:
                newest[key] = change(newest.get(key))
            self._values = newest


_in_use: weakref.WeakSet[SettingsFile] = weakref.WeakSet()


def _read(path: Path) -> dict[str, Any]:
    try:
        found = json_of(read_bytes(path, _LARGEST_BYTES).decode("utf-8-sig"))
    except OSError as error:
        if error.errno in (errno.EISDIR, errno.EINVAL, errno.EFBIG):  # no regular file, or far too large
            raise DamagedError(str(error)) from error
        raise
    except ValueError as error:
        raise DamagedError(str(error)) from error
    version = found.get(_FORMAT_KEY, FORMAT) if isinstance(found, dict) else None
    if not isinstance(version, int) or isinstance(version, bool):
        raise DamagedError("it holds no settings")
    if version > FORMAT:
        raise LaterError
    return dict(found)

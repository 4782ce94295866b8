"""The log: always on, private, bounded, and veiled."""

from __future__ import annotations

import contextlib
import logging
import os
import time
from io import TextIOWrapper
from logging.handlers import RotatingFileHandler
from pathlib import Path

import platformdirs

from brainseg_gui.faults.redactor import Redactor

NAME = "brainseg.log"
LARGEST_BYTES = 2**20
KEPT = 3
_TAIL_BYTES = 2**16


def log_path() -> Path:
    """Where the log is written."""
    return platformdirs.user_log_path("brainseg") / NAME


def start_log(redactor: Redactor) -> LogFile | None:
    """Write all messages of the program from INFO on to the log; None where it cannot be written."""
    path = log_path()
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        handler = LogFile(path, redactor)
    except OSError:
        return None
    root = logging.getLogger()
    root.addHandler(handler)
    for name in ("brainseg_gui", "qt"):
        logging.getLogger(name).setLevel(logging.INFO)
    return handler


def log_tail(lines: int = 60) -> str:
    """The last lines of the log; empty without one."""
    try:
        with log_path().open("rb") as stream:
            stream.seek(max(0, stream.seek(0, os.SEEK_END) - _TAIL_BYTES))
            text = stream.read().decode("utf-8", "replace")
    except OSError:
        return ""
    return "\n".join(text.splitlines()[-lines:])


class LogFile(RotatingFileHandler):
    """A log that only this user can read; it never disturbs the program, and several windows may write it.

    Parameters
    ----------
    path
        Its file; full ones are kept beside it as ``.1`` to ``.3``.
    redactor
        Takes names and paths out of every entry.
    """

    def __init__(self, path: Path, redactor: Redactor) -> None:
        super().__init__(path, maxBytes=LARGEST_BYTES, backupCount=KEPT, encoding="utf-8", errors="backslashreplace")
        self.setFormatter(_RedactingFormatter(redactor))

    def emit(self, record: logging.LogRecord) -> None:
        """Write one entry, to the file of this name even when another window has begun a new one."""
        with contextlib.suppress(OSError):
            if (stream := self.stream) is not None and not _is_at(stream, self.baseFilename):
                stream.close()
                self.stream = self._open()
        super().emit(record)

    def handleError(self, record: logging.LogRecord) -> None:
        """A full disk must not fill the terminal as well."""

    def _open(self) -> TextIOWrapper:
        handle = os.open(self.baseFilename, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        with contextlib.suppress(OSError):
            os.chmod(self.baseFilename, 0o600)
        return TextIOWrapper(open(handle, "wb"), encoding=self.encoding, errors=self.errors)


def _is_at(stream: TextIOWrapper, path: str) -> bool:
    try:
        return os.path.samestat(os.stat(path), os.fstat(stream.fileno()))
    except FileNotFoundError:
        return False


class _RedactingFormatter(logging.Formatter):
    """One entry per line, its further lines indented: no name of a file can forge an entry."""

    converter = staticmethod(time.gmtime)

    def __init__(self, redactor: Redactor) -> None:
        super().__init__("%(message)s")
        self._redactor = redactor

    def format(self, record: logging.LogRecord) -> str:
        if record.exc_info:
            self._redactor.hide_paths_of(record.exc_info[1])
        for argument in record.args if isinstance(record.args, tuple) else ():
            if isinstance(argument, BaseException):
                self._redactor.hide_paths_of(argument)
            elif isinstance(argument, Path):
                self._redactor.hide_path(argument)
        text = self._redactor(super().format(record)).replace("\r", "\\r").replace("\n", "\n    ")
        return f"{self.formatTime(record, '%Y-%m-%d %H:%M:%SZ')} {record.levelname} [{os.getpid()}] {text}"

"""Marks of running windows: one that stays behind tells the next start that its window did not end as it should."""

from __future__ import annotations

import contextlib
import faulthandler
import json
import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import platformdirs

from brainseg_gui import __version__
from brainseg_gui.faults.process_mark import start_mark

_LARGEST_BYTES = 2**18
_LAST = "last-crash.txt"


@dataclass(frozen=True)
class Ending:
    """A window that did not end as it should.

    Parameters
    ----------
    since
        When it was started, in seconds since 1970.
    version
        Of the program.
    trace
        Where it was when it crashed, as far as the crash could still write that; empty for one that was killed.
    """

    since: float
    version: str
    trace: str

    @property
    def cause(self) -> str:
        """The first line of the trace: the signal's name."""
        return self.trace.strip().partition("\n")[0].removeprefix("Fatal Python error: ")


def marks_folder() -> Path:
    """Where the marks lie."""
    return platformdirs.user_state_path("brainseg") / "running"


class RunningMark:
    """The mark of this process; `faulthandler` writes a crash beside it.

    Raises
    ------
    OSError
        If the folder cannot be written.
    """

    def __init__(self) -> None:
        self._left = False
        folder = marks_folder()
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        name = f"{os.getpid()}-{os.urandom(4).hex()}"
        self._mark, self._trace = folder / f"{name}.json", folder / f"{name}.trace"
        about = {"pid": os.getpid(), "mark": start_mark(os.getpid()), "since": time.time(), "version": __version__}
        with _private(folder / f"{name}.new") as stream:  # another start must not find half a mark
            json.dump(about, stream)
        os.replace(folder / f"{name}.new", self._mark)
        self._stream = _private(self._trace)
        faulthandler.enable(self._stream, all_threads=True)

    def leave(self, reason: str) -> None:
        """Let the next start tell why this process ended."""
        self._left = True
        with contextlib.suppress(OSError, ValueError):
            self._stream.write(f"{reason}\n")

    def end(self) -> None:
        """This process ends, as it should unless `leave` was called."""
        faulthandler.disable()
        with contextlib.suppress(OSError):
            self._stream.close()
        if self._left:
            return
        for path in (self._mark, self._trace):
            with contextlib.suppress(OSError):
                path.unlink(missing_ok=True)


def take_endings() -> tuple[Ending, ...]:
    """Windows that did not end as they should, newest last; each is told once, its trace is kept until the next."""
    found = []
    for mark in sorted(marks_folder().glob("*.json")):
        about = _about(mark)
        if about is not None and start_mark(about["pid"]) == about["mark"]:
            continue
        trace = mark.with_suffix(".trace")
        if about is not None:
            found.append(Ending(about["since"], about["version"], _text(trace)))
        with contextlib.suppress(OSError):
            mark.unlink()
            trace.replace(marks_folder() / _LAST) if _text(trace) else trace.unlink(missing_ok=True)
    return tuple(sorted(found, key=lambda ending: ending.since))


def last_trace() -> str:
    """Trace of the newest crash that was told of; empty without one."""
    return _text(marks_folder() / _LAST)


def _private(path: Path) -> IO[str]:
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8")


def _about(mark: Path) -> dict[str, Any] | None:
    try:
        about: Any = json.loads(mark.read_text("utf-8"))
        types = {"pid": int, "mark": str, "since": float, "version": str}
        return {name: kind(about[name]) for name, kind in types.items()}
    except (OSError, ValueError, KeyError, TypeError, OverflowError, RecursionError):
        return None


def _text(path: Path) -> str:
    try:
        with path.open("rb") as stream:
            return stream.read(_LARGEST_BYTES).decode("utf-8", "replace")
    except OSError:
        return ""

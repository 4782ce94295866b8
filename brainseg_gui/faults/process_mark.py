"""Processes, told apart for certain: their numbers are given out anew, after a restart above all."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

_PROC = Path("/proc")
_START_TIME = 19  # of the fields of /proc/PID/stat that follow the name; number 22 in proc(5)
_ENDED = ("Z", "X")  # a child that was not waited for, and one that is being removed


def since_of(pid: int) -> str:
    """When a process began, as text that no other process with this id ever has; empty where that is unknown.

    On Linux the start of the computer and the clock ticks from there to the start of the process, so that a change
    of the system's time does not move it; elsewhere what ``ps`` says.
    """
    if (fields := _stat_fields(pid)) is not None:
        with contextlib.suppress(OSError, IndexError):
            boot = (_PROC / "sys/kernel/random/boot_id").read_text("ascii").strip()
            return f"{boot} {fields[_START_TIME]}"
        return ""
    return "" if _has_proc() else _what_ps_says(pid)


def command_of(pid: int) -> tuple[tuple[str, ...], Path]:
    """The words that a process was started with, and the folder that it works in; no words where that is unknown.

    Where only ``ps`` tells, all words come as one.
    """
    process = _PROC / str(pid)
    try:
        words = (process / "cmdline").read_bytes().rstrip(b"\0").split(b"\0")
        return tuple(map(os.fsdecode, words)), Path(os.readlink(process / "cwd"))
    except OSError:
        pass
    told = "" if _has_proc() else _what_ps_says(pid, "command=")
    return ((told,) if told else ()), Path("/")


def start_mark(pid: int) -> str:
    """As `since_of`, and empty too when the process has ended."""
    return "" if has_ended(pid) else since_of(pid)


def has_ended(pid: int) -> bool:
    """Whether a process that still has its id has ended; False where that is unknown."""
    return (_stat_fields(pid) or [""])[0] in _ENDED


def _stat_fields(pid: int) -> list[str] | None:
    """What follows the name in ``/proc/PID/stat``; the name itself may hold blanks and brackets."""
    try:
        return (_PROC / str(pid) / "stat").read_text("ascii", "replace").rpartition(")")[2].split()
    except OSError:
        return None


def _has_proc() -> bool:
    return (_PROC / "self/stat").exists()


def _what_ps_says(pid: int, of_what: str = "lstart=") -> str:
    import subprocess

    command = ["ps", *(("-ww",) if of_what == "command=" else ()), "-o", of_what, "-p", str(pid)]
    try:
        answer = subprocess.run(
            command, capture_output=True, text=True, timeout=10, check=True, env={**os.environ, "LC_ALL": "C"}
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return " ".join(answer.stdout.split())

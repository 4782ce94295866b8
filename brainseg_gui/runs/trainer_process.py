"""The process of a trainer: whether it is there, and its end."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TypeGuard

from brainseg_gui.faults.process_mark import command_of, has_ended, since_of

_POLL_S = 0.02


def is_alive(pid: object, since: object = "") -> bool:
    """Whether a process of this machine is there and has not ended.

    Parameters
    ----------
    since
        What `since_of` said of it when it began; without that, or where it cannot be found out any more, the id alone
        decides.
    """
    if not _is_there(pid):
        return False
    return not since or since_of(pid) in ("", since)


def is_certain(pid: object, since: object) -> bool:
    """Whether a process is there and is, beyond doubt, the one that began then: it may be killed."""
    return bool(since) and _is_there(pid) and since_of(pid) == since


def trains(pid: int, run: Path) -> bool:
    """Whether a process was started as the trainer of a run folder: events may come from a stranger and name any."""
    words, folder = command_of(pid)
    if len(words) == 1:
        return words[0].endswith(f" -m training {run}")
    place = os.path.realpath(run)
    return any(
        words[n : n + 2] == ("-m", "training") and os.path.realpath(folder / words[n + 2]) == place
        for n in range(len(words) - 2)
    )


def kill(pid: int, since: str, run: Path, wait_s: float = 30.0) -> bool:
    """End the trainer of a run at once, and wait until it is gone; whether there was one, and now is not.

    On Linux through a file descriptor, which stays with the process: no other one is hit even when this one ends
    between the last look and the signal.
    """
    with contextlib.suppress(ProcessLookupError), _held(pid) as descriptor:
        if not is_certain(pid, since) or not trains(pid, run):
            return False
        if descriptor is None:
            os.kill(pid, signal.SIGKILL)
        else:
            signal.pidfd_send_signal(descriptor, signal.SIGKILL)
        return _wait(pid, since, descriptor, wait_s)
    return False


@contextlib.contextmanager
def _held(pid: int) -> Iterator[int | None]:
    """A descriptor of a process, None where the system has none."""
    descriptor = _descriptor_of(pid)
    try:
        yield descriptor
    finally:
        if descriptor is not None:
            os.close(descriptor)


def _descriptor_of(pid: int) -> int | None:
    try:
        return os.pidfd_open(pid)
    except ProcessLookupError:
        raise
    except (AttributeError, OSError):  # another system, an old kernel, a sandbox
        return None


def _wait(pid: int, since: str, descriptor: int | None, wait_s: float) -> bool:
    if descriptor is not None:
        ended = select.poll()
        ended.register(descriptor, select.POLLIN)
        return bool(ended.poll(1000 * wait_s))
    last = time.monotonic() + wait_s
    while is_alive(pid, since):
        if time.monotonic() > last:
            return False
        time.sleep(_POLL_S)
    return True


def _is_there(pid: object) -> TypeGuard[int]:
    if not isinstance(pid, int) or isinstance(pid, bool) or pid <= 0:
        return False
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        return True
    return not has_ended(pid)  # a child that was not waited for still answers signals

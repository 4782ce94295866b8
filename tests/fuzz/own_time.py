"""How long a process had for its work: the time of the clock, less what it waited for others to leave the processor.

What computes for ever and what waits for ever both use it up, on a busy computer as on a calm one. The state of a
process does not tell: its first thread sleeps while those of a network compute, or wait for their turn.
"""

from __future__ import annotations

import contextlib
import time
from pathlib import Path
from typing import NamedTuple

import psutil


class OwnTime:
    """The time of one process, with its threads and its children, from now on.

    A thread that ended counts as when it was last looked at, so look now and then.

    Parameters
    ----------
    pid
        Of the process.
    """

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._first = _threads(pid)
        self._last = dict(self._first)
        self._began = time.monotonic()

    def look(self) -> float:
        """Seconds of its own so far.

        Threads that keep each other waiting lack nothing from elsewhere: it is no less than the busiest one computed.
        """
        self._last |= _threads(self._pid)
        nothing = _Thread(0.0, 0.0)
        spent = [(last, self._first.get(name, nothing)) for name, last in self._last.items()]
        computed_s = max((last.computed_s - first.computed_s for last, first in spent), default=0.0)
        waited_s = sum(last.waited_s - first.waited_s for last, first in spent)
        return max(computed_s, time.monotonic() - self._began - waited_s)


class _Thread(NamedTuple):
    """Seconds on a processor, and ready for one that others had."""

    computed_s: float
    waited_s: float


def _threads(pid: int) -> dict[str, _Thread]:
    """By their files; empty where the system does not count."""
    found = {}
    for process in _family(pid):
        for file in Path(f"/proc/{process}/task").glob("*/schedstat"):
            with contextlib.suppress(OSError, ValueError):  # it ended meanwhile
                computed_ns, waited_ns, _ = file.read_text().split()
                found[str(file)] = _Thread(int(computed_ns) / 1e9, int(waited_ns) / 1e9)
    return found


def _family(pid: int) -> tuple[int, ...]:
    try:
        return pid, *(child.pid for child in psutil.Process(pid).children(recursive=True))
    except psutil.NoSuchProcess:
        return ()

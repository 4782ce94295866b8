"""Work that nobody waits for yet lets the others go first; afterwards all is as before.

A niceness cannot be taken back without special rights, so that every later segmentation would stand behind. Linux'
batch class can: its threads do not interrupt those of the window when they wake. Windows has a class of priority.
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path

_THREADS = Path("/proc/self/task")


@contextlib.contextmanager
def behind_others(really: bool = True) -> Iterator[None]:
    """All threads of this process, and those that they start, go behind others; not where `really` is False."""
    if not really:
        yield
        return
    _go_behind(True)
    try:
        yield
    finally:
        _go_behind(False)


def _go_behind(behind: bool) -> None:
    if sys.platform == "linux":
        policy = os.SCHED_BATCH if behind else os.SCHED_OTHER
        for thread in os.listdir(_THREADS):
            with contextlib.suppress(OSError):  # it has ended, or a container forbids it
                os.sched_setscheduler(int(thread), policy, os.sched_param(0))
    elif sys.platform == "win32":
        import psutil

        with contextlib.suppress(psutil.Error):
            psutil.Process().nice(psutil.BELOW_NORMAL_PRIORITY_CLASS if behind else psutil.NORMAL_PRIORITY_CLASS)

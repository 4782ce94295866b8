"""How much memory is free, and how much a piece of work takes at most."""

from __future__ import annotations

import contextlib
import threading
from pathlib import Path
from types import TracebackType

import psutil

_EVERY_S = 0.005
_CGROUP = Path("/sys/fs/cgroup")  # version 2; a container sees its own limits here


def free_memory_bytes() -> float:
    """What this process may still take: free memory of the computer, or of its container if that is less."""
    free = float(psutil.virtual_memory().available)
    with contextlib.suppress(OSError, ValueError):  # no such limit, or the word "max"
        limit = int((_CGROUP / "memory.max").read_text())
        used = int((_CGROUP / "memory.current").read_text())
        statistics = dict(line.split() for line in (_CGROUP / "memory.stat").read_text().splitlines())
        free = min(free, float(limit - used + int(statistics.get("inactive_file", 0))))
    return free


class PeakMemory:
    """Watches this process's resident memory while a ``with`` block runs.

    Attributes
    ----------
    growth_bytes
        Largest size seen, less the size at the start.
    """

    def __init__(self) -> None:
        self.growth_bytes = 0
        self._process = psutil.Process()
        self._end = threading.Event()
        self._watch = threading.Thread(target=self._sample, name="peak-memory", daemon=True)

    def __enter__(self) -> PeakMemory:
        self._start_bytes = self._process.memory_info().rss
        self._watch.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end.set()
        self._watch.join()

    def _sample(self) -> None:
        while not self._end.wait(_EVERY_S):
            grown = self._process.memory_info().rss - self._start_bytes
            self.growth_bytes = max(self.growth_bytes, grown)

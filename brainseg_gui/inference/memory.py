"""How much memory a piece of work takes at most."""

from __future__ import annotations

import threading
from types import TracebackType

import psutil

_EVERY_S = 0.005


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

"""Whose turn it is at the network's process: one piece of work at a time; what was begun ahead leaves for any other."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Generator, Iterator
from typing import TypeVar

from brainseg_gui.errors import Cancelled, EngineError
from brainseg_gui.progress import Progress

_LEFT_WITHIN_S = 2.0  # it looks up every tenth of a second, and has to stop the process

_Found = TypeVar("_Found")


class EngineTurn:
    """The turn of an engine."""

    def __init__(self) -> None:
        self._working = threading.Lock()
        self._wanted = threading.Event()
        self._gives_way = False

    @contextlib.contextmanager
    def taken(self, *, gives_way: bool = False) -> Iterator[None]:
        """Take the turn.

        Parameters
        ----------
        gives_way
            Whether the work ends, with `Cancelled`, as soon as anybody else wants the turn; it has to run `leaving`.

        Raises
        ------
        EngineError
            If somebody else works who does not give way.
        """
        if not self._working.acquire(blocking=False) and (gives_way or not self._asked_for()):
            raise EngineError("a segmentation is already running", "Wait for it, or cancel it")
        self._gives_way = gives_way
        self._wanted.clear()
        try:
            yield
        finally:
            self._gives_way = False
            self._working.release()

    def leaving(self, work: Generator[Progress, None, _Found]) -> Generator[Progress, None, _Found]:
        """The same work, ended where it gives way and somebody else wants the turn."""
        with contextlib.closing(work):
            while True:
                try:
                    progress = next(work)
                except StopIteration as end:
                    found: _Found = end.value
                    return found
                if self._gives_way and self._wanted.is_set():
                    raise Cancelled
                yield progress

    def _asked_for(self) -> bool:
        """Ask who works to leave, if it gives way; whether it did."""
        if not self._gives_way:
            return False
        self._wanted.set()
        return self._working.acquire(timeout=_LEFT_WITHIN_S)

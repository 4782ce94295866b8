"""Whose turn it is at the network's process: one piece of work at a time; what was begun ahead leaves for any other.

Work that took minutes before, or is one of many cases, waits for its turn; a click does not.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Generator, Iterator
from typing import TypeVar

from brainseg_gui.errors import Cancelled, EngineError
from brainseg_gui.inference.options import STARTING
from brainseg_gui.progress import Progress

_LOOK_S = 0.05
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
            raise EngineError("the network works for something else", "Wait for it, or cancel it")
        with self._held(gives_way=gives_way):
            yield

    def waited_for(self) -> Generator[Progress, None, contextlib.AbstractContextManager[None]]:
        """Wait for the turn, however long another works; the turn is left with the context that is returned.

        Yields
        ------
        Progress
            Every twentieth of a second. Closing the generator gives the wish up.
        """
        self._wanted.set()
        while not self._working.acquire(timeout=_LOOK_S):
            yield Progress(STARTING, 0.0, "the network works for something else")
            self._wanted.set()
        return self._held(gives_way=False)

    @contextlib.contextmanager
    def _held(self, *, gives_way: bool) -> Iterator[None]:
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

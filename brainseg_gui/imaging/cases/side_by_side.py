"""Several pieces of long work at once, as many as there are cores."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from concurrent.futures import wait
from contextlib import closing
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from threading import Event, Lock
from typing import Generic, TypeVar

from brainseg_gui.free_memory import usable_cores
from brainseg_gui.imaging.cases.background_thread import in_background
from brainseg_gui.progress import Progress

Result = TypeVar("Result")
_POLL_S = 0.1


def side_by_side(
    works: Sequence[Generator[Progress, None, Result]],
    stage: str,
    words: Callable[[Sequence[int]], str] = lambda _: "",
) -> Generator[Progress, None, list[Result]]:
    """The results of all works, in their order.

    Parameters
    ----------
    words
        What to tell of the works that are under way, by their places.

    Yields
    ------
    Progress
        Ten times a second. Closing the generator closes each work at its next progress, and waits for that.

    Raises
    ------
    Exception
        What the first work raises that raises anything; the others are closed.
    """
    together = _Together(works)
    workers = [in_background(together.work_off, stage) for _ in range(min(usable_cores(), len(works)))]
    try:
        while wait(workers, timeout=_POLL_S).not_done:
            yield Progress(stage, together.done, words(sorted(together.under_way)))
    finally:
        together.stop.set()
        wait(workers)
    for worker in workers:
        worker.result()
    return [together.results[number] for number in range(len(works))]


@dataclass
class _Together(Generic[Result]):
    """What the threads share."""

    works: Sequence[Generator[Progress, None, Result]]
    stop: Event = field(default_factory=Event)
    results: dict[int, Result] = field(default_factory=dict)
    under_way: frozenset[int] = frozenset()  # replaced, never altered: it is read while others begin and end
    lock: Lock = field(default_factory=Lock)
    shares: list[float] = field(init=False)
    waiting: SimpleQueue[int] = field(default_factory=SimpleQueue)

    def __post_init__(self) -> None:
        self.shares = [0.0] * len(self.works)
        for number in range(len(self.works)):
            self.waiting.put(number)

    @property
    def done(self) -> float:
        """How far all of it is, 0 to 1."""
        return sum(self.shares) / max(len(self.shares), 1)

    def work_off(self) -> None:
        """One work after the other, until none waits."""
        while not self.stop.is_set():
            try:
                number = self.waiting.get_nowait()
            except Empty:
                return
            with self.lock:
                self.under_way |= {number}
            try:
                self._run(number)
            except BaseException:
                self.stop.set()
                raise
            with self.lock:
                self.under_way -= {number}

    def _run(self, number: int) -> None:
        with closing(self.works[number]) as work:
            while not self.stop.is_set():
                try:
                    self.shares[number] = next(work).done
                except StopIteration as end:
                    self.results[number], self.shares[number] = end.value, 1.0
                    return

"""Calls that may never return, such as reading from a drive that went away: waited for in steps, or left behind."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, wait
from threading import Thread
from typing import Any, TypeVar

from brainseg_gui.progress import Progress

Result = TypeVar("Result")

_POLL_S = 0.1
_GRACE_S = 0.3
_MOMENT_S = 0.2


def in_background(call: Callable[[], Result], name: str = "aside") -> Future[Result]:
    """Run a call in a thread of its own that does not keep the program from ending.

    The threads of a `ThreadPoolExecutor` do: one that is blocked in the system would be waited for at exit, for ever.
    """
    future: Future[Result] = Future()

    def run() -> None:
        try:
            future.set_result(call())
        except BaseException as error:  # noqa: BLE001  whoever waits gets it, a bug as well
            future.set_exception(error)

    Thread(target=run, name=name, daemon=True).start()
    return future


def waited_for(future: Future[Result], progress: Progress) -> Generator[Progress, None, Result]:
    """The result of a call that runs aside; yields `progress` until it is there, so that one can cancel."""
    while not future.done():
        wait([future], timeout=_POLL_S)
        yield progress
    return future.result()


def answer_soon(call: Callable[[], Result], otherwise: Result, within_s: float = _MOMENT_S) -> Result:
    """What a quick look at a drive finds; `otherwise` where that fails, or the drive does not answer in a moment."""
    future = in_background(call, "look")
    wait([future], timeout=within_s)
    return otherwise if not future.done() or future.exception() is not None else future.result()


def let_end(futures: Iterable[Future[Any]]) -> None:
    """Wait a moment for calls that were told to stop; those that cannot hear it are left behind."""
    wait(futures, timeout=_GRACE_S)

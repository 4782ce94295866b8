"""Dask's executor, which also knows what its workers have begun: they say so by the scheduler."""

from __future__ import annotations

import itertools
import secrets
from collections.abc import Callable
from concurrent.futures import Executor, Future
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar
from weakref import WeakKeyDictionary

if TYPE_CHECKING:
    from distributed import Client

Given = ParamSpec("Given")
Result = TypeVar("Result")


class DaskExecutor(Executor):
    """Runs functions of modules on the workers of a cluster.

    Futures stay as Dask makes them: one that were marked as running could not be cancelled any more, which is how Dask
    says that its scheduler is gone.
    """

    def __init__(self, client: Client) -> None:
        self._client = client
        self._executor = client.get_executor(pure=False)
        self._call = secrets.token_hex(8)
        self._count = itertools.count()
        self._numbers: WeakKeyDictionary[Future[Any], int] = WeakKeyDictionary()
        self._begun: set[int] = set()
        client.subscribe_topic(self._call, lambda event: self._begun.add(event[1]))

    def submit(self, fn: Callable[Given, Result], /, *args: Given.args, **kwargs: Given.kwargs) -> Future[Result]:
        """As `Executor.submit`, for arguments that are given by their places."""
        if kwargs:
            raise TypeError("a task is given its arguments by their places")
        number = next(self._count)
        key = f"{fn.__name__}-{self._call}-{number}"  # the name is what Dask's own pages show
        future: Future[Result] = self._executor.submit(carried_out, self._call, number, fn, *args, key=key)
        self._numbers[future] = number
        return future

    def has_begun(self, future: Future[Any]) -> bool:
        """Whether a worker has begun what a future of this executor stands for."""
        return self._numbers.get(future) in self._begun

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """As `Executor.shutdown`; without waiting, what is not done is given up."""
        self._client.unsubscribe_topic(self._call)
        self._executor.shutdown(wait=wait and not cancel_futures)


def carried_out(topic: str, number: int, function: Callable[..., Result], *given: Any) -> Result:
    """In the worker: say that a task is begun, and do it."""
    from distributed import get_worker

    get_worker().log_event(topic, number)
    return function(*given)

"""Running many tasks: a bounded number is handed over, each is tried again where its worker died, all ends are told."""

from __future__ import annotations

import queue
import sys
from collections.abc import Callable, Generator, Iterable, Mapping
from concurrent.futures import Executor, Future
from dataclasses import dataclass
from typing import Any

from brainseg_gui import __version__
from brainseg_gui.errors import BrainsegError
from brainseg_gui.execution.processes import WorkerDiedError

WAITING = "waiting for workers"
NOBODY = "no worker is there yet: the run goes on when the cluster has one (Ctrl+C ends it)"
_WAIT_S = 0.2

Record = Mapping[str, Any]
"""What a task is given, and what it answers: values of JSON alone."""
TaskFunction = Callable[[dict[str, Any]], dict[str, Any]]


class UnfitWorkerError(BrainsegError):
    """A worker that has another version of the program or lacks what the tasks need."""


class ClusterLostError(BrainsegError):
    """Nobody answers for a cluster any more."""


@dataclass(frozen=True)
class TaskEnd:
    """How one task ended.

    Parameters
    ----------
    number
        Place of its record.
    reply
        What the function answered; None where its worker died or it raised.
    fault
        Why there is no reply, in words.
    tries
        How often it was begun.
    """

    number: int
    reply: dict[str, Any] | None
    fault: str = ""
    tries: int = 1

    @property
    def wants_another_try(self) -> bool:
        """Whether it may well end otherwise: its worker died, or its reply says so."""
        return self.reply is None or bool(self.reply.get("again"))


@dataclass(frozen=True)
class _Try:
    number: int
    record: Record
    count: int


def run_tasks(
    executor: Executor,
    function: TaskFunction,
    records: Iterable[Record],
    *,
    at_once: int,
    retries: int = 0,
    on_begun: Callable[[int], None] | None = None,
    has_begun: Callable[[Future[Any]], bool] = Future.running,
) -> Generator[TaskEnd | None, None, None]:
    """Run a task for each record; ends come in the order in which they are ready, None when none is ready yet.

    Closing the generator cancels what has not begun.

    Parameters
    ----------
    function
        Of a module, so that workers find it by its name. A reply with ``again`` asks for another try; one with
        ``unfit`` says why its worker can do none of these tasks, in one sentence.
    records
        Taken one after the other as there is room.
    at_once
        How many are handed over at most.
    retries
        How often a task is tried again.
    on_begun
        Told the place of each record whose task a worker has begun, soon after.
    has_begun
        As of `Workers`.

    Raises
    ------
    UnfitWorkerError
        If a worker cannot do the tasks.
    ClusterLostError
        If the cluster's scheduler is gone.
    """
    waiting = enumerate(records)
    running: dict[Future[dict[str, Any]], _Try] = {}
    ready: queue.SimpleQueue[Future[dict[str, Any]]] = queue.SimpleQueue()
    begun: set[int] = set()

    def begin(task: _Try) -> None:
        future = executor.submit(function, dict(task.record))
        running[future] = task
        future.add_done_callback(ready.put)

    try:
        while True:
            while len(running) < at_once and (following := next(waiting, None)) is not None:
                begin(_Try(*following, count=1))
            if not running:
                return
            try:
                future = ready.get(timeout=_WAIT_S)
            except queue.Empty:
                if on_begun is not None:
                    _tell(on_begun, {task.number for future, task in running.items() if has_begun(future)}, begun)
                yield None
                continue
            task = running.pop(future)
            end = _end_of(future, task)
            if end.wants_another_try and task.count <= retries:
                begin(_Try(task.number, task.record, task.count + 1))
            else:
                yield end
    finally:
        for future in running:
            future.cancel()


def _tell(on_begun: Callable[[int], None], at_work: set[int], told: set[int]) -> None:
    for number in sorted(at_work - told):
        on_begun(number)
    told |= at_work


def _end_of(future: Future[dict[str, Any]], task: _Try) -> TaskEnd:
    if future.cancelled():
        raise ClusterLostError("the cluster's scheduler is gone", "Give the same command again: it goes on from here")
    error = future.exception()
    if error is None:
        reply = future.result()
        if "unfit" in reply:
            raise UnfitWorkerError(str(reply["unfit"]), "Nothing was done there. Make all workers alike, then go on")
        return TaskEnd(task.number, reply, tries=task.count)
    if isinstance(error, WorkerDiedError):
        return TaskEnd(task.number, None, f"its process died ({error})", task.count)
    if _was_killed(error):
        return TaskEnd(task.number, None, "its workers died, one after the other (perhaps of memory)", task.count)
    if isinstance(error, (ImportError, AttributeError)) and "brainseg" in str(error):
        raise UnfitWorkerError(
            f"a worker has no brainseg {__version__} ({error})", "Install the same version for all workers"
        )
    reason = str(error) or repr(error)
    fault = f"something went wrong inside the program ({reason})"
    return TaskEnd(task.number, {"failed": fault}, fault, task.count)  # the same again would go wrong again


def _was_killed(error: BaseException) -> bool:
    """Whether Dask gave a task up because its workers died; asked without importing it."""
    distributed = sys.modules.get("distributed")
    return distributed is not None and isinstance(error, distributed.KilledWorker)

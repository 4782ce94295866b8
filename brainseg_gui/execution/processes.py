"""An executor of processes on this computer: each has a thread that feeds it; one that dies loses only its own task.

Ours, not pebble: a process that dies says its last words here, what it wrote to stderr, which pebble does not keep; it
is started with ``-P``, never from a case's folder; and multiprocessing, on which pebble stands, forks the window with
its threads or imports the program's main module into every child. pebble also costs 80 ms of processor time to import.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from concurrent.futures import Executor, Future
from dataclasses import dataclass
from typing import Any, ParamSpec, TypeVar

from brainseg_gui.execution.worker_process import WorkerProcess
from brainseg_gui.free_memory import free_memory_bytes, usable_cores

_PROCESS_BYTES = 1_500_000_000  # a case of 240×240×155 with its four images, and room
_MOST_PROCESSES = 16

Given = ParamSpec("Given")
Result = TypeVar("Result")


class WorkerDiedError(Exception):
    """The process that carried out a task died over it; says how."""


class TaskFaultError(Exception):
    """A task ended with an error that it did not put into words."""


@dataclass(frozen=True)
class _Task:
    future: Future[Any]
    function: str
    arguments: tuple[Any, ...]


def default_processes() -> int:
    """As many as there are cores for this program and memory for them."""
    cores = usable_cores()
    room = int(free_memory_bytes() // _PROCESS_BYTES)
    return max(1, min(cores, room, _MOST_PROCESSES))


class LocalProcesses(Executor):
    """Runs functions of modules, with arguments and results of JSON; processes are started when tasks come.

    Parameters
    ----------
    most
        How many processes there are at most.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._tasks: queue.SimpleQueue[_Task | None] = queue.SimpleQueue()
        self._feeders: list[_Feeder] = []
        self._lock = threading.Lock()
        self._closed = False

    def submit(self, fn: Callable[Given, Result], /, *args: Given.args, **kwargs: Given.kwargs) -> Future[Result]:
        """As `Executor.submit`, for functions that a module holds by their name."""
        if kwargs:
            raise TypeError("a task is given its arguments by their places")
        future: Future[Result] = Future()
        with self._lock:
            if self._closed:
                raise RuntimeError("cannot schedule new futures after shutdown")
            self._tasks.put(_Task(future, f"{fn.__module__}:{fn.__qualname__}", args))
            if len(self._feeders) < self._most:
                self._feeders.append(_Feeder(self._tasks))
                self._feeders[-1].start()
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """As `Executor.shutdown`; `cancel_futures` kills the processes in the midst of their tasks."""
        with self._lock:
            self._closed = True
        if cancel_futures:
            self._drop_waiting()
            for feeder in self._feeders:
                feeder.stop()
        for _ in self._feeders:
            self._tasks.put(None)
        if wait:
            for feeder in self._feeders:
                feeder.join()

    def _drop_waiting(self) -> None:
        while True:
            try:
                task = self._tasks.get_nowait()
            except queue.Empty:
                return
            if task is not None:
                task.future.cancel()


class _Feeder(threading.Thread):
    """A thread and its process, which is started for the first task, and anew when it has died."""

    def __init__(self, tasks: queue.SimpleQueue[_Task | None]) -> None:
        super().__init__(name="feed tasks", daemon=True)
        self._tasks = tasks
        self._process: WorkerProcess | None = None
        self._lock = threading.Lock()
        self._stopped = False

    def stop(self) -> None:
        """Kill the process; the thread ends after it."""
        with self._lock:
            self._stopped = True
            if self._process is not None:
                self._process.kill()

    def run(self) -> None:
        try:
            while (task := self._tasks.get()) is not None:
                if task.future.set_running_or_notify_cancel():
                    self._carry_out(task)
        finally:
            if self._process is not None:
                self._process.end()

    def _carry_out(self, task: _Task) -> None:
        try:
            result = self._answer(task)
        except Exception as error:  # noqa: BLE001  whoever waits for the answer raises it
            task.future.set_exception(error)
        else:
            task.future.set_result(result)

    def _answer(self, task: _Task) -> Any:
        process = self._living()
        if process is None:
            raise WorkerDiedError("stopped")
        reply = process.ask(task.function, task.arguments)
        if reply is None:
            raise WorkerDiedError(process.last_words())
        if "error" in reply:
            raise TaskFaultError(reply["error"])
        return reply["result"]

    def _living(self) -> WorkerProcess | None:
        """The process; None when all is to stop."""
        with self._lock:
            if self._stopped:
                return None
            if self._process is None or not self._process.alive:
                if self._process is not None:
                    self._process.end()
                self._process = WorkerProcess()
            return self._process

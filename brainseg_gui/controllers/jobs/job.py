"""Long work on a thread of its own: a generator of progress, run to its end or cancelled."""

from __future__ import annotations

import logging
from collections.abc import Generator
from threading import Event, Thread
from typing import Any

from PySide6.QtCore import QObject, Signal

from brainseg_gui.errors import BrainsegError, Cancelled
from brainseg_gui.progress import Progress

log = logging.getLogger(__name__)

_running: set[_Runner] = set()
"""What threads are busy with: it outlives the jobs, which go with their windows."""


class _Runner(QObject):
    """The work on its thread. Its signals are emitted there; `Job` receives them in its own thread.

    The thread is Python's: what hangs on a drive ends with the process, where Qt aborts the whole program as soon as a
    thread of its own is destroyed before its end.
    """

    progressed = Signal(object)
    succeeded = Signal(object)
    failed = Signal(object)
    cancelled = Signal()

    def __init__(self, work: Generator[Progress, None, Any]) -> None:
        super().__init__()
        self._work = work
        self._thread = Thread(target=self.run, name="job", daemon=True)
        self.cancel = Event()

    def start(self) -> None:
        _running.difference_update([runner for runner in _running if not runner._thread.is_alive()])
        _running.add(self)
        self._thread.start()

    def wait(self, milliseconds: int = 10_000) -> bool:
        """Whether the thread is at its end."""
        if self._thread.ident is not None:
            self._thread.join(milliseconds / 1000)
        ended = not self._thread.is_alive()
        if ended:
            _running.discard(self)
        return ended

    def run(self) -> None:
        try:
            self._run_to_end()
        except Cancelled:
            self.cancelled.emit()
        except Exception as error:
            if not isinstance(error, BrainsegError):
                log.exception("unexpected failure in %s", self._work)
            self.failed.emit(error)

    def _run_to_end(self) -> None:
        while True:
            if self.cancel.is_set():
                self._work.close()
                raise Cancelled
            try:
                progress = next(self._work)
            except StopIteration as end:
                self.succeeded.emit(end.value)
                return
            self.progressed.emit(progress)


class Job(QObject):
    """One piece of long work; its signals arrive in the thread that made the job.

    Parameters
    ----------
    writes
        Whether it writes something that is there at its end: then a cancel that comes too late is none.

    Signals
    -------
    progressed
        A `Progress`.
    succeeded, failed
        What the generator returned, or the exception that it raised.
    cancelled
        After `cancel`, once the generator is closed.
    finished
        After any of the three.
    """

    progressed = Signal(object)
    succeeded = Signal(object)
    failed = Signal(object)
    cancelled = Signal()
    finished = Signal()

    def __init__(self, work: Generator[Progress, None, Any], parent: QObject, *, writes: bool = False) -> None:
        super().__init__(parent)
        self._writes = writes
        self._runner = _Runner(work)
        self._cancelling = False
        self._runner.progressed.connect(self._on_progressed)
        self._runner.succeeded.connect(self._on_succeeded)
        self._runner.failed.connect(self._on_failed)
        self._runner.cancelled.connect(self._on_cancelled)

    def start(self) -> Job:
        """Begin."""
        self._runner.start()
        return self

    def cancel(self) -> None:
        """Ask for the end; `cancelled` follows, and no other outcome unless what it writes was there by then."""
        self._cancelling = True
        self._runner.cancel.set()

    def abandon(self) -> None:
        """Ask for the end, and let nothing be heard of it any more."""
        self.blockSignals(True)
        self.cancel()

    def wait(self, milliseconds: int = 10_000) -> bool:
        """Wait for the thread, when the program ends."""
        return self._runner.wait(milliseconds)

    def end(self, milliseconds: int = 3000) -> None:
        """Let the work come to its end, when the program ends; cancel what does not, such as a drive that hangs."""
        if not self.wait(milliseconds):
            self.cancel()
            self.wait()

    def _on_progressed(self, progress: Progress) -> None:
        if not self._cancelling:
            self.progressed.emit(progress)

    def _on_succeeded(self, result: object) -> None:
        given_up = self._cancelling and not self._writes
        self._end(self.cancelled if given_up else self.succeeded, result)

    def _on_failed(self, error: Exception) -> None:
        self._end(self.cancelled if self._cancelling else self.failed, error)

    def _on_cancelled(self) -> None:
        self._end(self.cancelled, None)

    def _end(self, outcome: Any, value: object) -> None:
        self._runner.wait()
        if outcome is self.cancelled or outcome == self.cancelled:
            self.cancelled.emit()
        else:
            outcome.emit(value)
        self.finished.emit()
        self.deleteLater()


def abandon_jobs(owner: QObject, milliseconds: int = 10_000) -> None:
    """Cancel whatever runs for an object, those included that it gave up before, and wait; when the program ends."""
    jobs = owner.findChildren(Job)
    for job in jobs:
        job.abandon()
    for job in jobs:
        job.wait(milliseconds)


def end_jobs(owner: QObject) -> None:
    """Let whatever runs for an object come to its end, unheard, when the program ends."""
    for job in owner.findChildren(Job):
        job.blockSignals(True)
        job.end()

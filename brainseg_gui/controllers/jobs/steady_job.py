"""Work that is asked for faster than it is done: what runs comes to its end, then the newest wish is carried out."""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import Any

from PySide6.QtCore import QObject

from brainseg_gui.controllers.jobs.latest_job import Answer, Failed, LatestJob
from brainseg_gui.progress import Progress
from brainseg_gui.state.session import Session

Begin = Callable[[], Generator[Progress, None, Any]]


class SteadyJob(QObject):
    """As `LatestJob`, but under a stream of wishes there is an answer after each piece of work, not only at the end.

    Its wishes are begun late, when the one before is done: what they read is as new as it can be.
    """

    def __init__(self, session: Session, parent: QObject) -> None:
        super().__init__(parent)
        self._job = LatestJob(session, self)
        self._next: tuple[Begin, Answer, Failed | None] | None = None

    @property
    def running(self) -> bool:
        """Whether an answer is still to come."""
        return self._job.running or self._next is not None

    def wish(self, begin: Begin, answer: Answer, failed: Failed | None = None) -> None:
        """Carry this out as soon as what runs is done, instead of what was wished for meanwhile."""
        if self._job.running:
            self._next = (begin, answer, failed)
        else:
            self._job.start(begin(), lambda result: self._on_done(result, answer), lambda: self._on_failed(failed))

    def stop(self) -> None:
        """Give up what runs and what was wished for."""
        self._next = None
        self._job.stop()

    def close(self) -> None:
        """Wait for the thread, when the program ends."""
        self._next = None
        self._job.close()

    def _on_done(self, result: Any, answer: Answer) -> None:
        answer(result)
        self._go_on()

    def _on_failed(self, failed: Failed | None) -> None:
        if failed is not None:
            failed()
        self._go_on()

    def _go_on(self) -> None:
        if self._next is not None and not self._job.running:
            wish, self._next = self._next, None
            self.wish(*wish)

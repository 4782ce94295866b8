"""Work of which only the newest answer matters: the one before is given up."""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal

from brainseg_gui.controllers.jobs.job import Job
from brainseg_gui.controllers.jobs.notices import notice_of
from brainseg_gui.progress import Progress
from brainseg_gui.state.session import Session

Work = Generator[Progress, None, Any]
Answer = Callable[[Any], None]
Failed = Callable[[], None]


class LatestJob(QObject):
    """Runs one job at a time; what fails is said in the notice bar.

    Parameters
    ----------
    pause_ms
        Wait so long before beginning, so that of many wishes in a row only the last is carried out.

    Signals
    -------
    progressed
        A `Progress` of the newest job.
    """

    progressed = Signal(object)

    def __init__(self, session: Session, parent: QObject, pause_ms: int = 0) -> None:
        super().__init__(parent)
        self._session = session
        self._job: Job | None = None
        self._wish: tuple[Work, Answer, Failed | None] | None = None
        self._closed = False
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(pause_ms)
        self._soon.timeout.connect(self._begin)

    @property
    def running(self) -> bool:
        """Whether an answer is still to come."""
        return self._job is not None or self._wish is not None

    def start(self, work: Work, answer: Answer, failed: Failed | None = None) -> None:
        """Begin, instead of whatever runs; `answer` gets the result, `failed` hears that there is none."""
        self.stop()
        if not self._closed:
            self._wish = (work, answer, failed)
            self._soon.start()

    def stop(self) -> None:
        """Give up what runs; its answer is not heard."""
        self._soon.stop()
        self._wish = None
        if self._job is not None:
            self._job.cancel()
            self._job = None

    def close(self) -> None:
        """Wait for the threads, when the program ends; what a late signal asks for afterwards is not begun."""
        self._closed = True
        self.stop()
        for job in self.findChildren(Job):
            job.wait()

    def _begin(self) -> None:
        if self._wish is None:
            return
        (work, answer, failed), self._wish = self._wish, None
        job = Job(work, self)
        self._job = job
        job.progressed.connect(lambda progress: self._on_progressed(job, progress))
        job.succeeded.connect(lambda result: self._on_succeeded(job, result, answer))
        job.failed.connect(lambda error: self._on_failed(job, error, failed))
        job.start()

    def _on_progressed(self, job: Job, progress: Progress) -> None:
        if job is self._job:
            self.progressed.emit(progress)

    def _on_succeeded(self, job: Job, result: Any, answer: Answer) -> None:
        if job is self._job:
            self._job = None
            answer(result)

    def _on_failed(self, job: Job, error: Exception, failed: Failed | None) -> None:
        if job is self._job:
            self._job = None
            if failed is not None:
                failed()
            self._session.say(notice_of(error))

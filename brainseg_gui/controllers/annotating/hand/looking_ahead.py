"""With the click tool in the hand, the network sees the open case before anybody clicks."""

from __future__ import annotations

from collections.abc import Generator

from PySide6.QtCore import QObject, QTimer

from brainseg_gui.controllers.annotating.hand.click_asking import Once
from brainseg_gui.controllers.jobs.job import Job, abandon_jobs
from brainseg_gui.errors import ShortMemoryError
from brainseg_gui.imaging.case import Case
from brainseg_gui.progress import Progress
from brainseg_gui.state.annotating.clicking import Readiness
from brainseg_gui.state.annotating.tools import Tool
from brainseg_gui.state.session import Session

_PAUSE_MS = 150  # who only passes the tool begins nothing


class LookingAhead(QObject):
    """Begins when the tool is taken, never before; another case, and whoever wants the engine, end it.

    Parameters
    ----------
    network_of
        As for `ClickTool`: a click that comes meanwhile asks the same network, which lets it wait for this.
    """

    def __init__(self, session: Session, parent: QObject, network_of: Once) -> None:
        super().__init__(parent)
        self._session, self._network_of = session, network_of
        self._state = session.annotating.clicking
        self._job: Job | None = None
        self._seen: Case | None = None  # or looked at now
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(_PAUSE_MS)
        self._soon.timeout.connect(self._begin)
        session.case_changed.connect(self._on_case_changed)
        session.annotating.annotation_changed.connect(self._judge)
        session.annotating.options.events.tool.connect(self._judge)
        for work in (session.segmenting, session.cohort_run.work):
            work.events.running.connect(self._judge)
        self._judge()

    def close(self) -> None:
        """End the thread, when the program ends."""
        self._soon.stop()
        self._job = None
        abandon_jobs(self)

    @property
    def _wanted(self) -> bool:
        """Whether the tool is in the hand, over what it can work on, and the engine has nothing else to do."""
        session, annotating = self._session, self._session.annotating
        at_work = session.segmenting.running or session.cohort_run.work.running
        in_hand = annotating.options.tool is Tool.CLICK and annotating.editable
        return in_hand and session.case is not None and not session.previewing and not at_work

    def _on_case_changed(self) -> None:
        if self._network_of.made is not None:  # a click may have looked at a case that this did not
            self._network_of.made.forget(but=self._session.case)
        self._judge()

    def _judge(self, *_: object) -> None:
        if self._seen is not None and self._seen is not self._session.case:
            self._drop()
        if self._wanted and self._seen is None:
            self._soon.start()
        else:
            self._soon.stop()

    def _drop(self) -> None:
        """What was seen, or is looked at, is of a case that is no longer open."""
        job, self._job, self._seen = self._job, None, None
        if job is not None:
            job.cancel()
        self._state.readiness = Readiness.UNKNOWN

    def _begin(self) -> None:
        case = self._session.case
        if case is None or not self._wanted:
            return
        self._seen, self._state.readiness = case, Readiness.LOOKING
        self._job = job = Job(_looked_at(case, self._network_of), self)
        job.succeeded.connect(lambda ready: self._on_ended(job, Readiness.READY if ready else Readiness.UNKNOWN))
        job.failed.connect(lambda error: self._on_failed(job, error))
        job.cancelled.connect(lambda: self._on_gave_way(job))
        job.start()

    def _on_ended(self, job: Job, readiness: Readiness) -> None:
        if job is self._job:
            self._job, self._state.readiness = None, readiness

    def _on_failed(self, job: Job, error: Exception) -> None:
        """Nobody asked for it, so nobody is troubled: the first click meets the same, and the images answer it."""
        short = isinstance(error, ShortMemoryError)
        self._on_ended(job, Readiness.SHORT_OF_MEMORY if short else Readiness.UNKNOWN)

    def _on_gave_way(self, job: Job) -> None:
        """The engine is needed for something else; when that has ended, it begins again."""
        if job is self._job:
            self._on_ended(job, Readiness.UNKNOWN)
            self._seen = None
            self._judge()


def _looked_at(case: Case, network_of: Once) -> Generator[Progress, None, bool]:
    yield Progress("looking ahead", 0.0)
    network = network_of()
    if network is not None:
        yield from network.look_ahead(case)
    return network is not None

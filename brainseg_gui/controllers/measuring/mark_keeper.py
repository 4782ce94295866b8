"""Keeping measurements: every change goes to the disk in a thread, in order, and none is dropped."""

from __future__ import annotations

import logging
from collections.abc import Callable, Generator, Sequence
from functools import partial

from PySide6.QtCore import QObject

from brainseg_gui.annotation.journal.study import study_digest
from brainseg_gui.annotation.measuring.mark_journal import MarkChange, MarkJournals
from brainseg_gui.controllers.jobs.job import Job
from brainseg_gui.errors import SaveError
from brainseg_gui.imaging.case import Case
from brainseg_gui.progress import Progress, run_to_end
from brainseg_gui.state.session import Notice, Session

log = logging.getLogger(__name__)

Know = Callable[[Case, str], None]


class MarkKeeper(QObject):
    """Writes what `session.measuring` records; what could not be written is tried again with the next change.

    Parameters
    ----------
    study
        Digest of the open case, if it is known; else empty.
    know
        Hears of a digest that was worked out.
    """

    def __init__(
        self, session: Session, parent: QObject, journals: MarkJournals, study: Callable[[], str], know: Know
    ) -> None:
        super().__init__(parent)
        self._session, self._journals, self._study, self._know = session, journals, study, know
        self._waiting: list[tuple[Case, str, MarkChange]] = []
        self._job: Job | None = None
        self._failing = False
        session.measuring.recorded.connect(self._on_recorded)

    @property
    def is_written(self) -> bool:
        """Whether every change is on the disk."""
        return not self._waiting

    def close(self) -> None:
        """Write what is left, when the program ends."""
        if self._job is not None:
            self._job.wait()
            self._job = None
        while self._waiting and not self._failing:
            batch = self._next()
            try:
                run_to_end(self._work(batch))
            except SaveError as error:
                log.warning("measurements are not kept: %s", error)
                return
            del self._waiting[: len(batch)]

    def _on_recorded(self, change: MarkChange) -> None:
        if self._session.case is not None:
            self._waiting.append((self._session.case, self._study(), change))
            self._begin()

    def _begin(self) -> None:
        if self._job is None and self._waiting:
            batch = self._next()
            self._job = job = Job(self._work(batch), self)
            job.succeeded.connect(partial(self._on_written, batch))
            job.failed.connect(self._on_failed)
            job.start()

    def _next(self) -> list[tuple[Case, str, MarkChange]]:
        case = self._waiting[0][0]
        others = (n for n, (of, _, _) in enumerate(self._waiting) if of is not case)
        return self._waiting[: next(others, len(self._waiting))]

    def _work(self, batch: Sequence[tuple[Case, str, MarkChange]]) -> Generator[Progress, None, str]:
        case, study, _ = batch[0]
        return _written(self._journals, case, study, [change for _, _, change in batch])

    def _on_written(self, batch: Sequence[tuple[Case, str, MarkChange]], study: str) -> None:
        self._job, self._failing = None, False
        self._know(batch[0][0], study)
        del self._waiting[: len(batch)]
        self._begin()

    def _on_failed(self, error: Exception) -> None:
        self._job = None
        if not self._failing:
            self._failing = True
            remedy = "They are in this window still, and written with the next one once the drive lets us"
            self._session.say(Notice(f"Measurements cannot be kept now ({error})", remedy))


def _written(
    journals: MarkJournals, case: Case, study: str, changes: Sequence[MarkChange]
) -> Generator[Progress, None, str]:
    yield Progress("keeping measurements", 0.0)
    study = study or study_digest(case)
    try:
        journals.append(study, changes)
    except OSError as error:
        raise SaveError(error.strerror or str(error), "Make room on the drive, or let it be written") from error
    return study

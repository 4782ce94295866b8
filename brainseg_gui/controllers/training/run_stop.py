"""Ending runs: politely, and at once where that takes too long."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator

from PySide6.QtCore import QObject

from brainseg_gui.controllers.jobs.job import Job, end_jobs
from brainseg_gui.controllers.jobs.notices import notice_of
from brainseg_gui.imaging.cases.background_thread import in_background, waited_for
from brainseg_gui.progress import Progress
from brainseg_gui.runs.force_stop import stop_now
from brainseg_gui.runs.run_folder import RunFolder
from brainseg_gui.state.session import Notice
from brainseg_gui.state.training.run_record import RunRecord
from brainseg_gui.state.training.run_watch import RunWatch
from brainseg_gui.state.training.run_words import stop_now_sentence

STOP_NOW = "stop now"


class RunStop(QObject):
    """Stops the runs of a watch.

    Parameters
    ----------
    poll
        Reads what is new in the runs.
    """

    def __init__(self, watch: RunWatch, poll: Callable[[], None], parent: QObject) -> None:
        super().__init__(parent)
        self._watch, self._poll = watch, poll
        self._offered: RunRecord | None = None

    def ask(self) -> None:
        """Ask the chosen run for a polite end."""
        record = self._watch.chosen
        if record is None:
            return
        asking = in_background(record.folder.ask_to_stop, "write stop file")
        job = Job(waited_for(asking, Progress("asking", 0.0)), self)
        job.failed.connect(lambda error: self._on_not_asked(record, error))
        job.start()
        record.stop_asked_at = time.time()
        self._watch.news_came.emit()

    def offer_now(self) -> None:
        """Say what an end at once loses, with a button that does it."""
        self._offered = self._watch.chosen
        if self._offered is not None:
            self._watch.say(Notice(stop_now_sentence(self._offered), actions=(("Stop now", STOP_NOW),)))

    def answer(self, action: str) -> None:
        """End the run that was offered to be ended at once."""
        record, self._offered = self._offered, None
        if action != STOP_NOW or record is None or record.ending:
            return
        self._watch.say(None)
        record.ending = True
        self._watch.news_came.emit()
        job = Job(_stop_now(record.folder), self)
        job.failed.connect(lambda error: self._watch.say(notice_of(error)))
        job.finished.connect(lambda: self._on_finished(record))
        job.start()

    def close(self) -> None:
        """Wait for what is being ended, when the program ends."""
        end_jobs(self)

    def _on_not_asked(self, record: RunRecord, error: Exception) -> None:
        if not isinstance(error, OSError):
            raise error
        record.stop_asked_at = None
        self._watch.news_came.emit()
        self._watch.say(Notice(f"The stop file cannot be written ({error.strerror})", "Stop the run on its machine"))

    def _on_finished(self, record: RunRecord) -> None:
        record.ending = False
        self._poll()


def _stop_now(folder: RunFolder) -> Generator[Progress, None, str]:
    yield Progress("ending", 0.0)
    return stop_now(folder)

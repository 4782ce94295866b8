"""Small changes go to the disk in a thread, in order, and none is dropped."""

from __future__ import annotations

import logging
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol

from PySide6.QtCore import QObject, Signal

from brainseg_gui.controllers.jobs.job import Job
from brainseg_gui.errors import SaveError
from brainseg_gui.progress import Progress
from brainseg_gui.state.session import Notice, Session

log = logging.getLogger(__name__)


class Home(Protocol):
    """Where changes are kept."""

    def append(self, changes: Sequence[Any], /) -> None:
        """Keep changes; an `OSError` if that cannot be done now."""


@dataclass(eq=False)
class _Batch:
    """Changes that are written together; `kept` or `problem` is set by the thread that does it."""

    home: Home
    changes: list[Any]
    kept: bool = False
    problem: str = ""


class Keeper(QObject):
    """Writes changes one batch after the other; what could not be written is tried again with the next change.

    Parameters
    ----------
    what
        What is kept, as a sentence begins: ``Measurements``.
    """

    written = Signal(object)
    """The `Home` that changes were just kept in."""

    def __init__(self, session: Session, parent: QObject, what: str) -> None:
        super().__init__(parent)
        self._session, self._what = session, what
        self._waiting: list[tuple[Home, Any]] = []
        self._job: Job | None = None
        self._batch: _Batch | None = None
        self._failing = False

    @property
    def is_written(self) -> bool:
        """Whether every change is on the disk."""
        return not self._waiting

    def keep(self, home: Home, change: Any) -> None:
        """Keep one change more."""
        self._waiting.append((home, change))
        self._begin()

    def close(self) -> None:
        """Write what is left, when the program ends; a drive that does not answer is not waited for."""
        if self._job is not None and not self._job.wait():
            log.warning("%s are not kept: the drive does not answer", self._what.lower())
            return
        if self._batch is not None and self._batch.kept:  # what the thread did must not be done again
            del self._waiting[: len(self._batch.changes)]
        self._job = self._batch = None
        while self._waiting:
            batch = self._next()
            if not Job(_written(batch), self).start().wait() or not batch.kept:
                log.warning("%s are not kept: %s", self._what.lower(), batch.problem or "the drive does not answer")
                return
            del self._waiting[: len(batch.changes)]

    def _begin(self) -> None:
        if self._job is None and self._waiting:
            self._batch = batch = self._next()
            self._job = job = Job(_written(batch), self)
            job.succeeded.connect(partial(self._on_written, batch))
            job.failed.connect(self._on_failed)
            job.start()

    def _next(self) -> _Batch:
        """The changes that wait longest, as many as have one home."""
        home = self._waiting[0][0]
        count = next((n for n, (other, _) in enumerate(self._waiting) if other is not home), len(self._waiting))
        return _Batch(home, [change for _, change in self._waiting[:count]])

    def _on_written(self, batch: _Batch, _nothing: object) -> None:
        if batch is not self._batch:
            return  # the program ended meanwhile
        self._job, self._batch, self._failing = None, None, False
        del self._waiting[: len(batch.changes)]
        self.written.emit(batch.home)
        self._begin()

    def _on_failed(self, error: Exception) -> None:
        self._job = self._batch = None
        if not self._failing:
            self._failing = True
            remedy = "They are in this window still, and written with the next one once the drive lets us"
            self._session.say(Notice(f"{self._what} cannot be kept now ({error})", remedy))


def _written(batch: _Batch) -> Generator[Progress, None, None]:
    yield Progress("keeping changes", 0.0)
    try:
        batch.home.append(batch.changes)
        batch.kept = True
    except OSError as error:
        batch.problem = error.strerror or str(error)
        raise SaveError(error.strerror or str(error), "Make room on the drive, or let it be written") from error

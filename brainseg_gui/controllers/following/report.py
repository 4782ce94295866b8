"""The report of a follow-up, as HTML, PDF, CSV or JSON: what the command line writes, of what is seen now."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from pathlib import Path

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QWidget

from brainseg_gui.controllers.jobs.job import Job
from brainseg_gui.controllers.jobs.notices import notice_of
from brainseg_gui.controllers.layers.save_dialog import ask_path, ending_of
from brainseg_gui.controllers.settings.preferences import Preferences
from brainseg_gui.errors import printable
from brainseg_gui.followup.record import FollowUp
from brainseg_gui.followup.visits import Visit
from brainseg_gui.progress import Progress, scaled
from brainseg_gui.state.session import Notice, Session

_FILTER = "Page of HTML (*.html);;PDF (*.pdf);;CSV (*.csv);;JSON (*.json)"
_KINDS = (".html", ".htm", ".pdf", ".csv", ".json")
_WRITTEN_BY_MS = 60_000


class FollowUpReportController(QObject):
    """Asks for a file and writes the report there, as a job; what is changed meanwhile does not come into it."""

    def __init__(self, session: Session, window: QWidget, preferences: Preferences) -> None:
        super().__init__(window)
        self._session, self._window, self._preferences = session, window, preferences
        self._job: Job | None = None

    def choose(self) -> None:
        """Let the person choose where the report goes."""
        record = self._session.following.record
        if record is None:
            self._session.say(Notice("A report is about measured visits", "Open a patient first", problem=False))
            return
        folder = Path(self._preferences.get("last report folder", str(Path.home())))
        name = printable(record.patient).replace("/", "_")
        proposal = folder / f"{name}_follow-up.html"
        path = ask_path(self._window, "Save report of the follow-up", proposal, _FILTER, _named)
        if path is not None:
            self._preferences.set("last report folder", str(path.parent))
            self.save_as(path)

    def save_as(self, path: Path) -> None:
        """Write the report of what is measured now."""
        following = self._session.following
        if following.record is None or following.line is None:
            return
        if self._job is not None:
            self._session.say(Notice("A report is being written", "Wait for its end", problem=False))
            return
        self._job = job = Job(_written(following.record, following.line.visits, path), self)
        job.succeeded.connect(lambda _: self._session.say(Notice(f"Saved {path}", problem=False)))
        job.failed.connect(lambda error: self._session.say(notice_of(error, (("Save elsewhere…", "follow.report"),))))
        job.finished.connect(self._on_finished)
        job.start()

    def _on_finished(self) -> None:
        self._job = None

    def close(self) -> None:
        """Let what is being written finish, when the program ends."""
        if self._job is not None:
            self._job.wait(_WRITTEN_BY_MS)


def _named(typed: Path, kind: str) -> Path:
    return typed if typed.suffix.lower() in _KINDS else typed.with_name(f"{typed.name}{ending_of(kind) or '.html'}")


def _written(record: FollowUp, visits: Sequence[Visit], path: Path) -> Generator[Progress, None, Path]:
    # imported on the job's thread: matplotlib takes half a second
    from brainseg_gui.followup.documents.files import write_follow_up

    yield from scaled(write_follow_up(record, visits, path), 0.0, 1.0)
    return path

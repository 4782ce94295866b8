"""Looking at run folders once a second, on a thread of its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Signal

from brainseg_gui.controllers.jobs.job import Job, abandon_jobs
from brainseg_gui.imaging.cases.background_thread import in_background, waited_for
from brainseg_gui.progress import Progress
from brainseg_gui.runs.run_folder import RunFolder, find_runs
from brainseg_gui.state.training.run_reader import RunNews, RunReader

_EVERY_MS = 1000
_SEARCH_EVERY = 5


@dataclass(frozen=True, eq=False)
class PollResult:
    """What one look found.

    Parameters
    ----------
    runs
        The run folders, newest first.
    news
        What is new, by folder.
    problems
        Place -> why it could not be looked through.
    """

    runs: tuple[RunFolder, ...]
    news: Mapping[Path, RunNews]
    problems: Mapping[Path, str] = field(default_factory=dict)


class RunPoll(QObject):
    """Reads what is new in all runs below some places; nothing is read in the GUI thread.

    Signals
    -------
    polled
        A `PollResult`.
    """

    polled = Signal(object)

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.search_paths: tuple[Path, ...] = ()
        self.hidden: frozenset[Path] = frozenset()
        self._readers: dict[Path, RunReader] = {}
        self._job: Job | None = None
        self._polls = 0
        self._dropped: set[Path] = set()
        self._again = False
        self._timer = QTimer(self)
        self._timer.setInterval(_EVERY_MS)
        self._timer.timeout.connect(self._on_tick)

    @property
    def active(self) -> bool:
        """Whether it looks once a second."""
        return self._timer.isActive()

    def start(self) -> None:
        """Look now, and once a second from now on."""
        self._timer.start()
        self.poll()

    def stop(self) -> None:
        """Look no more; a look that is under way is finished."""
        self._timer.stop()

    def forget(self, path: Path) -> None:
        """Read a run no more; should it be watched again, it is read from its beginning."""
        self.hidden |= {path}
        self._dropped.add(path)

    def poll(self, *, search: bool = True) -> None:
        """Look now, or as soon as the look that is under way has ended."""
        if self._job is not None:
            self._again = self._again or search
            return
        dropped, self._dropped = self._dropped, set()
        reading = in_background(
            partial(_poll, self.search_paths if search else None, self.hidden, dropped, self._readers), "read runs"
        )
        self._job = Job(waited_for(reading, Progress("looking", 0.0)), self)
        self._job.succeeded.connect(self.polled)
        self._job.finished.connect(self._on_finished)
        self._job.start()

    def close(self) -> None:
        """Stop whatever runs, when the program ends."""
        self.stop()
        abandon_jobs(self)
        self._job = None

    def _on_tick(self) -> None:
        self._polls += 1
        self.poll(search=self._polls % _SEARCH_EVERY == 0)

    def _on_finished(self) -> None:
        self._job = None
        if self._again:
            self._again = False
            self.poll()


def _poll(
    search_paths: tuple[Path, ...] | None, hidden: frozenset[Path], dropped: set[Path], readers: dict[Path, RunReader]
) -> PollResult:
    """Read what is new; search the places for runs where they are given. Only one at a time may have the readers."""
    problems: dict[Path, str] = {}
    for path in dropped:
        readers.pop(path, None)
    if search_paths is not None:
        found = _search(search_paths, problems)
        known = dict(readers)
        readers.clear()
        seen = {path: folder for path, folder in found.items() if path not in hidden}
        readers.update({path: known.get(path) or RunReader(folder) for path, folder in seen.items()})
    news = {path: reader.read() for path, reader in readers.items()}
    return PollResult(tuple(reader.folder for reader in readers.values()), news, problems)


def _search(search_paths: tuple[Path, ...], problems: dict[Path, str]) -> dict[Path, RunFolder]:
    found: dict[Path, RunFolder] = {}
    for path in search_paths:
        try:
            runs = find_runs(path)
        except OSError as error:
            problems[path] = f"the folder cannot be read ({error.strerror})"
            continue
        found |= {run.path: run for run in runs}
        if not runs:
            problems[path] = "there is no run in this folder"
    return dict(sorted(found.items(), key=lambda item: item[1].changed_at, reverse=True))

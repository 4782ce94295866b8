"""Starting trainers, and noticing those that end before they have said anything."""

from __future__ import annotations

from collections.abc import Callable, Generator
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from brainseg_gui.controllers.jobs.job import Job, end_jobs
from brainseg_gui.imaging.cases.background_thread import in_background, waited_for
from brainseg_gui.progress import Progress
from brainseg_gui.runs.config import TrainingConfig
from brainseg_gui.runs.run_folder import RunFolder
from brainseg_gui.runs.trainer_process import is_alive
from brainseg_gui.state.training.run_record import RunRecord


class RunStart(QObject):
    """Makes run folders and launches their trainers, on a thread of its own.

    Parameters
    ----------
    launch
        Starts the trainer of a run folder and returns its process id.

    Signals
    -------
    launched
        The run folder whose trainer was started.
    failed
        Run folder and exception.
    """

    launched = Signal(object)
    failed = Signal(object, object)

    def __init__(self, launch: Callable[[RunFolder], int], parent: QObject) -> None:
        super().__init__(parent)
        self._launch = launch
        self._processes: dict[Path, int] = {}
        self._ended: set[Path] = set()

    def create(self, path: Path, config: TrainingConfig) -> None:
        """Make a run folder and start its trainer."""
        self._begin(RunFolder(path), config)

    def resume(self, folder: RunFolder) -> None:
        """Start the trainer of a run that is there."""
        self._begin(folder, None)

    def close(self) -> None:
        """Wait for what is being started, when the program ends: it is started."""
        end_jobs(self)

    def ended_early(self, record: RunRecord) -> bool:
        """Whether a trainer that was started here has ended and left no event; True once."""
        path = record.folder.path
        process_id = self._processes.get(path)
        if not record.starting or process_id is None or is_alive(process_id):
            return False
        if path not in self._ended:  # its last words may not be read yet: they are at the next look
            self._ended.add(path)
            return False
        self._ended.discard(path)
        del self._processes[path]
        return True

    def _begin(self, folder: RunFolder, config: TrainingConfig | None) -> None:
        job = Job(_start(folder, config, self._launch), self)
        job.succeeded.connect(lambda process_id: self._on_started(folder, process_id))
        job.failed.connect(lambda error: self.failed.emit(folder, error))
        job.start()

    def _on_started(self, folder: RunFolder, process_id: int) -> None:
        self._processes[folder.path] = process_id
        self._ended.discard(folder.path)
        self.launched.emit(folder)


def _start(
    folder: RunFolder, config: TrainingConfig | None, launch: Callable[[RunFolder], int]
) -> Generator[Progress, None, int]:
    def begin() -> int:
        return launch(folder if config is None else RunFolder.create(folder.path, config))

    return (yield from waited_for(in_background(begin, "start trainer"), Progress("starting", 0.0)))

"""The form of a new run: presets, folders, and the look through the data set."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, QTimer
from PySide6.QtWidgets import QFileDialog, QWidget

from brainseg_gui.controllers.jobs.job import Job, abandon_jobs
from brainseg_gui.controllers.jobs.latest_job import LatestJob, Work
from brainseg_gui.controllers.jobs.notices import notice_of
from brainseg_gui.controllers.settings.preferences import Preferences
from brainseg_gui.controllers.training.dataset_check import look_through
from brainseg_gui.errors import BrainsegError
from brainseg_gui.imaging.cases.background_thread import in_background, waited_for
from brainseg_gui.progress import Progress
from brainseg_gui.runs.config import TrainingConfig
from brainseg_gui.runs.config_file import preset_names, read_preset
from brainseg_gui.runs.run_folder import RunFolder
from brainseg_gui.state.session import Session
from brainseg_gui.state.training.run_watch import RunWatch
from brainseg_gui.state.training.training_draft import NAME_KEY, DatasetCheck, TrainingDraft

if TYPE_CHECKING:
    from brainseg_gui.views.training.training_window import TrainingWindow

_FOLDERS = ("data.train", "data.validation")
_KEPT = ("data.train", "data.validation", "data.split", "data.cache")
_PAUSE_MS = 300
_TYPING_MS = 100
_TITLES = {
    "data.train": "Choose a folder of cases to train on",
    "data.validation": "Choose a folder of cases to validate on",
    "data.cache": "Choose a folder for preprocessed cases",
    "network.start_from": "Choose the model folder to start from",
}


class TrainingFormController(QObject):
    """Fills the form and judges what depends on the disk."""

    def __init__(
        self, session: Session, draft: TrainingDraft, watch: RunWatch, preferences: Preferences, parent: QObject
    ) -> None:
        super().__init__(parent)
        self._draft, self._watch, self._preferences = draft, watch, preferences
        self._window: QWidget | None = None
        self._job: Job | None = None
        self._judging, self._naming = LatestJob(session, self, _TYPING_MS), LatestJob(session, self)
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(_PAUSE_MS)
        self._pause.timeout.connect(self._look_through)
        draft.set_parent(Path(preferences.get("runs folder", str(Path.home() / "brainseg-runs"))))
        draft.value_changed.connect(self._on_value_changed)
        self.load(read_preset("default"))

    def serve(self, window: TrainingWindow) -> None:
        """Answer a window's form."""
        self._window = window
        form = window.form
        self._find_free_name()
        form.show_presets(preset_names())
        form.preset_requested.connect(self.choose_preset)
        form.preset_file_requested.connect(self.choose_preset_file)
        form.folder_requested.connect(self.choose_folder)
        form.parent_requested.connect(self.choose_parent)

    def close(self) -> None:
        """Stop whatever runs, when the program ends."""
        self._pause.stop()
        self._judging.close()
        self._naming.close()
        abandon_jobs(self)

    def choose_preset(self, name: str) -> None:
        """Fill the form from a preset or a configuration file; the data stay as they are chosen."""
        try:
            config = read_preset(name)
        except BrainsegError as error:
            self._watch.say(notice_of(error))
            return
        self.load(config, keep=_KEPT)

    def choose_preset_file(self) -> None:
        """Ask for a configuration file and fill the form from it."""
        name, _ = QFileDialog.getOpenFileName(
            self._window, "Choose a configuration", str(self._draft.parent), "Configurations (*.toml)"
        )
        if name:
            self.choose_preset(name)

    def load(self, config: TrainingConfig, *, keep: tuple[str, ...] = ()) -> None:
        """Fill the form; the name becomes one that is free."""
        draft = self._draft
        named = (NAME_KEY,) if keep and draft.is_changed(NAME_KEY) else ()
        draft.load(config, keep=(*keep, *named))
        if self._window is not None:
            self._find_free_name()

    def choose_folder(self, key: str) -> None:
        """Ask for a folder for a field; lists of folders grow by it."""
        before = self._draft.value(key)
        start = (before[-1] if before else "") if isinstance(before, tuple) else before
        start = start or self._preferences.get("last folder", str(Path.home()))
        folder = QFileDialog.getExistingDirectory(self._window, _TITLES.get(key, "Choose a folder"), start)
        if not folder:
            return
        self._draft.set(key, (*dict.fromkeys([*before, folder]),) if isinstance(before, tuple) else folder)

    def choose_parent(self) -> None:
        """Ask for the folder of runs."""
        folder = QFileDialog.getExistingDirectory(self._window, "Choose a folder for runs", str(self._draft.parent))
        if folder:
            self._preferences.set("runs folder", folder)
            self._draft.set_parent(Path(folder))
            self.judge_folder()

    def judge_folder(self) -> None:
        """Find out whether the run folder can be made; nobody waits for a drive that does not answer."""
        draft = self._draft
        draft.set_parent(draft.parent)
        if self._window is not None and not draft.starting:
            path = draft.run_path
            self._judging.start(_looking(partial(_holds_run, path)), partial(self._on_judged, path))

    def _on_judged(self, path: Path, taken: bool) -> None:
        draft = self._draft
        if path == draft.run_path and not draft.starting:
            draft.set_parent(draft.parent, "holds a run already; choose another name" if taken else "")

    def _find_free_name(self) -> None:
        """Give the run a name that none has yet, unless the person gives it one meanwhile."""
        parent, wanted = self._draft.parent, str(self._draft.value(NAME_KEY))
        self._naming.start(_looking(partial(_free_name, parent, wanted)), partial(self._on_free_name, wanted))

    def _on_free_name(self, wanted: str, name: str) -> None:
        if self._draft.value(NAME_KEY) == wanted:
            self._draft.set(NAME_KEY, name)
        self.judge_folder()

    def _on_value_changed(self, key: str) -> None:
        if key in ("", NAME_KEY):
            self.judge_folder()
        if key in ("", *_FOLDERS):
            if self._draft.value("data.train"):
                self._draft.set_check(DatasetCheck(running=True))
                self._pause.start()
            else:
                self._forget()
                self._draft.set_check(DatasetCheck())

    def _forget(self) -> None:
        self._pause.stop()
        if self._job is not None:
            self._job.abandon()
            self._job = None

    def _look_through(self) -> None:
        self._forget()
        train, validation = (self._draft.value(key) for key in _FOLDERS)
        self._job = Job(look_through(train, validation), self)
        self._job.succeeded.connect(self._on_looked_through)
        self._job.failed.connect(self._on_failed)
        self._job.start()

    def _on_looked_through(self, check: DatasetCheck) -> None:
        self._job = None
        self._draft.set_check(check)

    def _on_failed(self, error: Exception) -> None:
        self._job = None
        self._draft.set_check(DatasetCheck(problems=(f"The folders cannot be looked through ({error})",)))


def _looking(call: Callable[[], Any]) -> Work:
    return (yield from waited_for(in_background(call, "look for runs"), Progress("looking for runs", 0.0)))


def _holds_run(path: Path) -> bool:
    return RunFolder(path).is_there


def _free_name(parent: Path, wanted: str) -> str:
    name, number = wanted, 2
    while _holds_run(parent / name):
        name, number = f"{wanted}-{number}", number + 1
    return name

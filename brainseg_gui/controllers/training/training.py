"""Training: from a form to a running process, and following it and all others."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QFileDialog, QWidget

from brainseg_gui.controllers.jobs.notices import notice_of
from brainseg_gui.controllers.settings.preferences import Preferences
from brainseg_gui.controllers.settings.side_window import SideWindow
from brainseg_gui.controllers.training.run_pictures import RunPictures
from brainseg_gui.controllers.training.run_poll import PollResult, RunPoll
from brainseg_gui.controllers.training.run_search_paths import RunSearchPaths
from brainseg_gui.controllers.training.run_start import RunStart
from brainseg_gui.controllers.training.run_stop import RunStop
from brainseg_gui.controllers.training.training_form import TrainingFormController
from brainseg_gui.errors import BrainsegError
from brainseg_gui.runs.run_folder import RunFolder
from brainseg_gui.state.session import Notice, Session
from brainseg_gui.state.training.run_record import RunRecord
from brainseg_gui.state.training.run_watch import RunWatch
from brainseg_gui.state.training.training_draft import TrainingDraft

if TYPE_CHECKING:
    from brainseg_gui.views.training.training_window import TrainingWindow


class TrainingController(QObject):
    """Opens the training window; starts, stops, resumes and follows runs.

    Parameters
    ----------
    use_model
        Puts a model folder into the Segment panel and chooses it; hears what is to be told of the end.
    launch
        Starts the trainer of a run folder and returns its process id; tests give their own.
    """

    def __init__(
        self,
        session: Session,
        window: QWidget,
        preferences: Preferences,
        use_model: Callable[[Path, Callable[[BrainsegError | None], None]], None],
        launch: Callable[[RunFolder], int] = RunFolder.launch,
    ) -> None:
        super().__init__(window)
        self._session, self._main = session, window
        self._use_model = use_model
        self.watch, self.draft = RunWatch(), TrainingDraft()
        self._shown = SideWindow(self._make_window, preferences, "training")
        self._expected: dict[Path, RunFolder] = {}
        self._search_paths = RunSearchPaths(preferences)
        self._asked: Path | None = None
        self._creating: Path | None = None
        self._first_poll = True
        self._form = TrainingFormController(session, self.draft, self.watch, preferences, self)
        self._starts = RunStart(launch, self)
        self._starts.launched.connect(self._on_launched)
        self._starts.failed.connect(self._on_start_failed)
        self.poll = RunPoll(self)
        self.poll.polled.connect(self._on_polled)
        self._stops = RunStop(self.watch, self.poll.poll, self)
        self._pictures = RunPictures(session, self.watch, self)

    @property
    def window(self) -> TrainingWindow | None:
        """The window; None before it is first shown."""
        return self._shown.window

    def show(self) -> None:
        """Open the window, or bring it to the front."""
        self._shown.show()

    def close(self) -> None:
        """Close the window and stop looking, when the program ends; runs go on."""
        self.poll.close()
        self._form.close()
        self._starts.close()
        self._stops.close()
        self._pictures.close()
        self._shown.close()

    def _make_window(self) -> TrainingWindow:
        from brainseg_gui.views.training.training_window import (
            TrainingWindow,  # not before: the program starts without it
        )

        window = TrainingWindow(self.watch, self.draft)
        self._form.serve(window)
        window.shown.connect(self._on_shown)
        window.hidden.connect(self.poll.stop)
        window.form.start_requested.connect(self.start)
        window.run_list.add_requested.connect(self.choose_runs)
        page = window.run_page
        self._pictures.serve(page.validation)
        page.stop_requested.connect(self._stops.ask)
        page.stop_now_requested.connect(self._stops.offer_now)
        window.notice.action_requested.connect(self._stops.answer)
        page.resume_requested.connect(self.resume)
        page.folder_requested.connect(self.open_folder)
        page.model_requested.connect(self.use_model)
        page.copy_requested.connect(self.describe_again)
        page.forget_requested.connect(self.forget)
        return window

    # what a person asks for

    def start(self) -> None:
        """Make the run folder that the form describes, and start its trainer."""
        if self.draft.unavailable:
            self.watch.say(Notice(f"Start is not available: {self.draft.unavailable}", problem=False))
            return
        try:
            config = self.draft.config()
        except BrainsegError as error:
            self.watch.say(notice_of(error))
            return
        self.watch.say(None)
        self.draft.starting = True
        self._creating = self.draft.run_path
        self._starts.create(self._creating, config)

    def resume(self) -> None:
        """Let the chosen run go on from its last checkpoint, or begin when it never has."""
        record = self.watch.chosen
        if record is not None and not record.alive:
            self.watch.say(None)
            record.starting = True
            self.watch.news_came.emit()
            self._starts.resume(record.folder)

    def choose_runs(self) -> None:
        """Ask for a run folder, or for a folder of runs, and watch what is there."""
        folder = QFileDialog.getExistingDirectory(self.window, "Add a run, or a folder of runs", str(self.draft.parent))
        if folder:
            self.add_runs(Path(folder))

    def add_runs(self, folder: Path) -> None:
        """Watch a run, or all runs of a folder, now and at the next start."""
        folder = folder.absolute()
        self._search_paths.add(folder)
        self._asked = folder
        self._follow()
        self.poll.poll()

    def forget(self) -> None:
        """Take the chosen run off the list; its files stay."""
        record = self.watch.chosen
        if record is None:
            return
        path = record.folder.path
        self._search_paths.hide(path)
        self._expected.pop(path, None)
        self.poll.forget(path)
        self.watch.set_runs([other.folder for other in self.watch.records if other is not record])

    def open_folder(self) -> None:
        """Show the chosen run's folder in the file manager."""
        record = self.watch.chosen
        if record is not None and not QDesktopServices.openUrl(QUrl.fromLocalFile(str(record.folder.path))):
            self.watch.say(Notice("There is no file manager to open", f"The run is in {record.folder.path}"))

    def use_model(self) -> None:
        """Choose the model of the chosen run in the Segment panel."""
        record = self.watch.chosen
        if record is None:
            return
        self._use_model(record.folder.model, self._on_model_answered)

    def _on_model_answered(self, problem: BrainsegError | None) -> None:
        model = self._session.segmenting.model
        if problem is not None or model is None:
            self.watch.say(notice_of(problem) if problem is not None else Notice("The model cannot be used"))
            return
        remedy = "Segment runs it on the open case" if self._session.case else "Open a case, and Segment runs it"
        self.watch.say(Notice(f"{model.title} is chosen in the Segment panel", remedy, problem=False))
        self._main.raise_()
        self._main.activateWindow()

    def describe_again(self) -> None:
        """Fill the form with the settings of the chosen run."""
        record = self.watch.chosen
        if record is not None:
            self.watch.choose(None)
            self._form.load(record.config)

    # what comes back

    def _on_launched(self, folder: RunFolder) -> None:
        self._search_paths.unhide(folder.path)
        if folder.path == self._creating:
            self._creating = None
            self._show_new(folder)
        self._follow()
        self.poll.poll()

    def _show_new(self, folder: RunFolder) -> None:
        """Choose the new run; a look may have found it already, and even its first event."""
        self._search_paths.add(folder.path)
        if self.watch.record_of(folder.path) is None:
            self._expected[folder.path] = folder
            self.watch.set_runs([folder, *(record.folder for record in self.watch.records)])
        if (record := self.watch.record_of(folder.path)) is not None:
            record.starting = record.started is None
            self.watch.choose(record)
        self.draft.starting = False
        self._form.judge_folder()

    def _on_start_failed(self, folder: RunFolder, error: Exception) -> None:
        if folder.path == self._creating:
            self._creating = None
            self.draft.starting = False
            self._form.judge_folder()
        if (record := self.watch.record_of(folder.path)) is not None:
            record.starting = False
        self.watch.news_came.emit()
        self.watch.say(notice_of(error))

    def _on_shown(self) -> None:
        self._form.judge_folder()
        self._follow()
        self.poll.start()

    def _on_polled(self, result: PollResult) -> None:
        for run in result.runs:
            self._expected.pop(run.path, None)
        # A look that began before a run was made knows nothing of it.
        there = (*self._expected.values(), *result.runs)
        self._tell_of_missing(there)
        self.watch.set_runs([run for run in there if run.path not in self._search_paths.hidden])
        self.watch.apply(result.news)
        for record in self.watch.records:
            self._judge_process(record)
        if self._asked is not None:
            self._answer_asked(self._asked, result)
        elif self._first_poll and self.watch.records and self.watch.chosen is None:
            self.watch.choose(next((r for r in self.watch.records if r.alive), self.watch.records[0]))
        self._first_poll = False

    def _tell_of_missing(self, there: tuple[RunFolder, ...]) -> None:
        """A run that is looked at may have been removed, or its disk taken away; its trainer ends by itself."""
        chosen, paths = self.watch.chosen, {run.path for run in there}
        if chosen is not None and chosen.folder.path not in paths | self._search_paths.hidden:
            remedy = "A trainer that still runs ends by itself. Add the folder again when it is back"
            self.watch.say(Notice(f"The folder of {chosen.name} is gone", remedy, str(chosen.folder.path)))

    def _answer_asked(self, folder: Path, result: PollResult) -> None:
        """Show the runs that were just added, or say why there are none."""
        added = [r for r in self.watch.records if folder in (r.folder.path, r.folder.path.parent)]
        if not added and folder not in result.problems:
            return  # that look began before the folder was added
        self._asked = None
        if added:
            self.watch.choose(added[0])
            return
        self._search_paths.drop(folder)
        remedy = "Choose a run folder, which holds a config.toml, or the folder above it"
        self.watch.say(Notice(f"{folder.name}: {result.problems[folder]}", remedy))

    def _judge_process(self, record: RunRecord) -> None:
        """A trainer that ended before its first event would else be starting for ever."""
        if not self._starts.ended_early(record):
            return
        record.starting = False
        last = record.log[-1] if record.log else ""
        record.say(time.time(), f"The trainer ended before it began{f': {last}' if last else ''}", problem=True)
        self.watch.say(Notice("The trainer ended before it began", "The log says why", "\n".join(record.log[-30:])))
        self.watch.news_came.emit()

    def _follow(self) -> None:
        """Look into the folder of runs, and where else a person said, but not at what was taken off the list."""
        self.poll.search_paths = self._search_paths.with_own([self.draft.parent])
        self.poll.hidden = self._search_paths.hidden

"""Cohort results: scoring a cohort beside the window, showing earlier results, opening a case at its worst place."""

from __future__ import annotations

import os
from collections.abc import Generator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer
from PySide6.QtWidgets import QFileDialog, QWidget

from brainseg_gui.controllers.comparing.cohort_work import Shown, evaluate, partial_file, read, summed_up, write
from brainseg_gui.controllers.jobs.job import Job, abandon_jobs
from brainseg_gui.controllers.jobs.notices import notice_of
from brainseg_gui.controllers.layers.files import FilesController
from brainseg_gui.controllers.layers.masks import MasksController
from brainseg_gui.controllers.layers.save_dialog import ask_path, ending_of
from brainseg_gui.controllers.settings.preferences import Preferences
from brainseg_gui.controllers.settings.side_window import SideWindow
from brainseg_gui.evaluation.records.report import CaseReport, CohortReport
from brainseg_gui.imaging.case import CaseSource
from brainseg_gui.imaging.cases.background_thread import in_background, waited_for
from brainseg_gui.imaging.labelling.known_schemes import scheme_named
from brainseg_gui.progress import Progress
from brainseg_gui.state.comparing.cohort_results import GUESSED, CohortResults
from brainseg_gui.state.session import Notice, Session

if TYPE_CHECKING:
    from brainseg_gui.views.comparing.cohort_window import CohortWindow

_FILTERS = "Web page (*.html);;CSV (*.csv);;JSON (*.json)"


class CohortController(QObject):
    """Opens the window of cohort results and does what it asks for."""

    def __init__(
        self,
        session: Session,
        window: QWidget,
        preferences: Preferences,
        files: FilesController,
        masks: MasksController,
    ) -> None:
        super().__init__(window)
        self._session, self._main, self._preferences = session, window, preferences
        self._files, self._masks = files, masks
        self.results = CohortResults()
        self._shown = SideWindow(self._make_window, preferences, "cohort")
        self._job: Job | None = None
        self._wanted: tuple[CaseSource, CaseReport] | None = None
        self._schemes: dict[Path, str] = {}
        self._offered: Path | None = None
        session.case_changed.connect(self._on_case_changed)
        session.layers.changed.connect(self._read_as_scored)

    @property
    def window(self) -> CohortWindow | None:
        """The window; None before it is first shown."""
        return self._shown.window

    def show(self) -> None:
        """Open the window, or bring it to the front; what to score begins with the open cohort."""
        self._offer_cohort()
        self._shown.show()

    def _offer_cohort(self) -> None:
        """Fill in the folder of the open cohort, and where its masks are, unless a person chose folders."""
        session, results = self._session, self.results
        if not session.cohort or results.reference not in (None, self._offered):
            return
        folder = Path(os.path.commonpath([source.folder.parent for source in session.cohort]))
        if folder == self._offered:
            return
        for name in list(results.predictions):
            results.remove_prediction(name)
        tree = session.output.tree
        self._offered = folder
        results.ask(reference=folder)
        results.add_prediction(tree.folder if tree is not None else folder)

    def close(self) -> None:
        """Stop what runs and close the window, when the program ends."""
        abandon_jobs(self)
        self._job = None
        self._shown.close()

    def _make_window(self) -> CohortWindow:
        from brainseg_gui.views.comparing.cohort_window import CohortWindow  # not before: the program starts without it

        window = CohortWindow(self.results)
        form = window.form
        form.reference_requested.connect(self.choose_reference)
        form.prediction_requested.connect(self.choose_prediction)
        form.images_requested.connect(self.choose_images)
        form.start_requested.connect(self.start)
        form.cancel_requested.connect(self.cancel)
        form.open_requested.connect(self.choose_results)
        window.save_requested.connect(self.choose_report)
        window.table.case_requested.connect(self.open_case)
        return window

    # what a person asks for

    def choose_reference(self) -> None:
        """Ask for the folder of the references."""
        if folder := self._ask_folder("Folder of the references"):
            self.results.ask(reference=folder)

    def choose_prediction(self) -> None:
        """Ask for the folder of a model's predictions."""
        if folder := self._ask_folder("Folder of a model's predictions"):
            self.results.add_prediction(folder)

    def choose_images(self) -> None:
        """Ask for the folder of the cases' images."""
        if folder := self._ask_folder("Folder of the cases' images"):
            self.results.ask(images=folder)

    def start(self) -> None:
        """Score the cohort."""
        results = self.results
        if self._job is not None or results.unavailable or results.reference is None:
            return
        from brainseg_gui.evaluation.cohorts.run import CohortRequest
        from brainseg_gui.evaluation.masks import ChosenSchemes
        from brainseg_gui.evaluation.metrics.rules import rules_named

        names = (results.reference_scheme, results.prediction_scheme)
        chosen = ChosenSchemes(*(scheme_named(name) if name != GUESSED else None for name in names))

        request = CohortRequest(
            results.reference,
            dict(results.predictions),
            rules_named(results.rules),
            chosen,
            images=results.images,
            partial=partial_file(results),
        )
        results.say(None)
        results.work.begin("Scoring")
        self._start(evaluate(request))

    def cancel(self) -> None:
        """Stop; what is scored is kept."""
        if self._job is not None:
            self._job.cancel()

    def choose_results(self) -> None:
        """Ask for the file of an earlier evaluation and show it."""
        name, _ = QFileDialog.getOpenFileName(self.window, "Open results", self._last_folder(), "Results (*.json)")
        if name:
            self._preferences.set("last results folder", str(Path(name).parent))
            self.open_results(Path(name))

    def open_results(self, path: Path) -> None:
        """Show the results of an earlier evaluation."""
        if self._job is None:
            self.results.say(None)
            self.results.work.begin("Reading")
            self._start(read(path))

    def show_report(self, report: CohortReport) -> None:
        """Show results that were made elsewhere in the program."""
        self._shown.show()
        if self._job is None:
            self.results.say(None)
            self.results.work.begin("Reading")
            self._start(summed_up(report))

    def choose_report(self) -> None:
        """Ask for a name and write the results there."""
        proposal = Path(self._last_folder()) / "report.html"
        path = ask_path(self.window or self._main, "Save report", proposal, _FILTERS, _with_ending)
        if path is not None:
            self._preferences.set("last results folder", str(path.parent))
            self.save_report(path)

    def save_report(self, path: Path) -> None:
        """Write the results as a page, CSV or JSON, by the name of the file."""
        report = self.results.report
        if report is None or self._job is not None:
            return
        self.results.work.begin("Writing")
        job = self._start(write(report, path))
        job.succeeded.disconnect(self._on_results)
        job.succeeded.connect(self._on_saved)

    def open_case(self, case: CaseReport) -> None:
        """Open a case with both its masks, the crosshair at its worst place."""
        from brainseg_gui.imaging.cases.case_folder import find_case

        if case.images is None:
            remedy = "Choose the folder of the cases under Images, and evaluate again: nothing is scored twice"
            self.results.say(Notice(f"{case.case_id}: no images lie beside its reference", remedy))
            return
        job = Job(waited_for(in_background(partial(find_case, case.images), "look"), Progress("looking", 0.0)), self)
        job.succeeded.connect(lambda found: self._open(replace(found, reference=case.reference), case))
        job.failed.connect(lambda error: self.results.say(notice_of(error)))
        job.start()

    def _open(self, source: CaseSource, case: CaseReport) -> None:
        self._wanted = source, case
        self._files.open_source(source)
        self._main.raise_()
        self._main.activateWindow()

    # what comes back

    def _start(self, work: Generator[Progress, None, object]) -> Job:
        job = Job(work, self)
        self._job = job
        job.progressed.connect(self._on_progressed)
        job.succeeded.connect(self._on_results)
        job.failed.connect(self._on_failed)
        job.cancelled.connect(self._on_cancelled)
        return job.start()

    def _on_progressed(self, progress: Progress) -> None:
        self.results.work.detail = progress.detail
        self.results.work.done = progress.done

    def _on_results(self, shown: Shown) -> None:
        self._job = None
        self.results.work.end("")
        self.results.show(*shown)

    def _on_saved(self, path: Path) -> None:
        self._job = None
        self.results.work.end("")
        self.results.say(Notice(f"Saved {path.name}", details=str(path), problem=False))

    def _on_failed(self, error: Exception) -> None:
        self._job = None
        self.results.work.end("")
        self.results.say(notice_of(error))

    def _on_cancelled(self) -> None:
        self._job = None
        self.results.work.end("Stopped; what is scored is kept")

    def _on_case_changed(self) -> None:
        """The case that was asked for is open: its masks and the crosshair come when all views know of it."""
        case = self._session.case
        if self._wanted is None or case is None or self._session.previewing:
            return
        self._schemes.clear()
        if case.source == self._wanted[0]:
            QTimer.singleShot(0, self, self._look_at_worst)

    def _look_at_worst(self) -> None:
        case = self._session.case
        if self._wanted is None or case is None or case.source != self._wanted[0]:
            return
        _, report = self._wanted
        self._wanted = None
        if report.worst is not None:
            self._session.viewing.crosshair = case.grid.clip(report.worst.voxel_ijk)
        self._schemes = {report.reference: report.reference_scheme, report.prediction: report.prediction_scheme}
        self._read_as_scored()
        self._masks.add_mask(report.prediction)

    def _read_as_scored(self) -> None:
        """Read the masks' numbers as the evaluation did: it may have been told, where a single case is guessed."""
        for layer in self._session.layers:
            name = self._schemes.pop(layer.saved_as, None) if layer.saved_as is not None else None
            if name is not None and layer.labels.scheme.name != name:
                layer.labels = layer.labels.with_scheme(scheme_named(name))

    def _ask_folder(self, title: str) -> Path | None:
        name = QFileDialog.getExistingDirectory(self.window, title, self._last_folder())
        if not name:
            return None
        self._preferences.set("last results folder", str(Path(name).parent))
        return Path(name)

    def _last_folder(self) -> str:
        return str(self._preferences.get("last results folder", str(Path.home())))


def _with_ending(typed: Path, kind: str) -> Path:
    """A name as typed, with the ending of the chosen kind unless it has one that is known."""
    if typed.suffix.lower() in (".html", ".csv", ".json"):
        return typed
    return typed.with_name(typed.name + ending_of(kind))

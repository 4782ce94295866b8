"""Run on the cohort: the cases of the list are segmented or scored, here or on a cluster."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QFileDialog, QWidget

from brainseg_gui.annotation.saving.mask_paths import PREDICTION, home_of, mask_names, root_of
from brainseg_gui.controllers.jobs.job import Job, abandon_jobs
from brainseg_gui.controllers.jobs.notices import notice_of
from brainseg_gui.controllers.layers.files import FilesController
from brainseg_gui.controllers.layers.masks import MasksController
from brainseg_gui.controllers.segmenting import cohort_works
from brainseg_gui.controllers.segmenting.segment import SegmentController, prediction_layer
from brainseg_gui.controllers.settings.preferences import Preferences
from brainseg_gui.controllers.settings.side_window import SideWindow
from brainseg_gui.errors import BrainsegError
from brainseg_gui.imaging.case import CaseSource
from brainseg_gui.imaging.cases.background_thread import answer_soon
from brainseg_gui.imaging.file_mark import mark_of
from brainseg_gui.imaging.formats.mask_note import MaskFile
from brainseg_gui.imaging.labels import LabelScheme
from brainseg_gui.inference.cohorts.case_job import CaseJob
from brainseg_gui.inference.cohorts.cohort import AtWork, Segmented
from brainseg_gui.inference.cohorts.cohort_tasks import CaseEnd
from brainseg_gui.progress import Progress
from brainseg_gui.state.notices import Notice
from brainseg_gui.state.segmenting.cohort_run import CaseRun, CaseStage, RunCases, RunTask, why_not_run
from brainseg_gui.state.session import Session
from brainseg_gui.views.segmenting.cohort_run_window import CohortRunWindow

_CLUSTER = "cohort cluster"


class CohortRunController(QObject):
    """Works on the open cohort; the window stays usable meanwhile.

    Parameters
    ----------
    show_report
        Shows a `CohortReport`, when a cohort was scored.
    """

    def __init__(
        self,
        session: Session,
        window: QWidget,
        preferences: Preferences,
        files: FilesController,
        masks: MasksController,
        segment: SegmentController,
        show_report: Callable[[Any], None],
    ) -> None:
        super().__init__(window)
        self._session, self._preferences, self._segment = session, preferences, segment
        self._files, self._masks, self._show_report = files, masks, show_report
        self._state = session.cohort_run
        self._state.wishes.cluster = str(preferences.get(_CLUSTER, ""))
        self._job: Job | None = None
        self._jobs: dict[Path, CaseJob] = {}
        self._model_sha256 = ""
        self._told: Notice | None = None
        self._side = SideWindow(self._make_window, preferences, "cohort run")
        session.cohort_changed.connect(self._on_cohort_changed)
        self._on_cohort_changed()

    def show(self) -> None:
        """Open the window of the list, or bring it to the front."""
        self._side.show()

    def start(self) -> None:
        """Do what is asked for with the cases that are asked for."""
        cohort, state = self._session.cohort, self._state
        if self._barred:
            return
        if set(state.cases) != {source.identity for source in cohort}:
            state.put(cohort)
        selected = state.wishes.cases is RunCases.SELECTED
        asked = [source for source in cohort if not selected or source.identity in state.chosen]
        left = {source.identity for source in cohort} - {source.identity for source in asked}
        for source in cohort:
            stage = CaseStage.LEFT_OUT if source.identity in left else CaseStage.WAITING
            state.show(CaseRun(source, stage))
        self._begin(asked)

    def retry(self) -> None:
        """Do it again with the cases that failed."""
        failed = self._state.in_stage(CaseStage.FAILED)
        if failed and not self._barred:
            self._state.wait(failed)
            self._begin(failed)

    def cancel(self) -> None:
        """Stop; the masks that are in their files stay."""
        if self._job is not None:
            self._job.cancel()
            self._state.work.stage = "cancelling"

    def close(self) -> None:
        """Stop the work and put the window away, when the program ends."""
        self._job = None
        abandon_jobs(self)
        self._side.close()

    def _make_window(self) -> CohortRunWindow:
        window = CohortRunWindow(self._session)
        window.start_requested.connect(self.start)
        window.retry_requested.connect(self.retry)
        window.cancel_requested.connect(self.cancel)
        window.case_requested.connect(self._files.open_source)
        window.file_requested.connect(self.choose_cluster)
        return window

    def choose_cluster(self) -> None:
        """Ask for the file that describes a cluster."""
        name, _ = QFileDialog.getOpenFileName(self._side.window, "Cluster", "", "YAML or JSON (*.yaml *.yml *.json)")
        if name:
            self._state.wishes.cluster = name

    def _begin(self, sources: Sequence[CaseSource]) -> None:
        if self._told is not None and self._session.notice is self._told:
            self._session.say(None)  # how the run before ended is no news of this one
        jobs = [self._job_of(source) for source in sources]
        self._jobs = {job.output: job for job in jobs}
        self._preferences.set(_CLUSTER, self._state.wishes.cluster)
        self._state.work.begin("looking for masks")
        self._job = Job(self._work_on(jobs), self)
        self._job.progressed.connect(self._on_progressed)
        self._job.succeeded.connect(self._on_succeeded)
        self._job.cancelled.connect(self._on_cancelled)
        self._job.failed.connect(self._on_failed)
        self._job.start()

    def _work_on(self, jobs: Sequence[CaseJob]) -> Generator[Progress, None, object]:
        wishes, tree = replace(self._state.wishes), self._session.output.tree  # as they are now
        results = tree.folder if tree is not None else root_of(self._sources, self._sources[0])
        if wishes.task is RunTask.EVALUATE:
            return cohort_works.scoring(jobs, results, wishes)
        if self._segment.network is None:
            raise RuntimeError("no model is chosen")
        self._model_sha256 = self._segment.network[1].passport.sha256
        return cohort_works.segmenting(jobs, self._sources, results, wishes, self._segment.network)

    @property
    def _barred(self) -> str:
        state = self._session
        return why_not_run(state.cohort or self._sources, state.segmenting, self._state)

    @property
    def _sources(self) -> list[CaseSource]:
        return [case.source for case in self._state.cases.values()]

    def _job_of(self, source: CaseSource) -> CaseJob:
        name = next(mask_names(source.case_id, PREDICTION))
        output = home_of(source, self._session.output.tree) / name
        return CaseJob(source.case_id, source, output, numbering=self._numbering_of(source))

    def _numbering_of(self, source: CaseSource) -> LabelScheme | None:
        """The open case may have been read otherwise by the person."""
        case = self._session.case
        return self._session.scheme if case is not None and case.source.identity == source.identity else None

    # what comes back

    def _on_progressed(self, progress: Progress) -> None:
        outcome, work = progress.partial, self._state.work
        work.done = progress.done
        if (case := cohort_works.case_run_of(outcome, progress.stage, self._jobs)) is not None:
            self._state.show(case)
            if (signs := cohort_works.signs_of_outcome(outcome)) is not None:
                self._session.case_needs.tell(case.source.identity, signs)
            self._show_in_window(outcome)
        work.stage = self._stage(outcome, progress.stage)

    def _stage(self, outcome: object, stage: str) -> str:
        """What is being done, with the number of the case where they come one after the other."""
        run = self._state
        if isinstance(outcome, AtWork) and run.count(CaseStage.AT_WORK) == 1:
            return f"segmenting {outcome.job.name}, {min(run.ended + 1, run.total)} of {run.total}"
        return f"{stage or run.work.stage.partition(',')[0]}, {run.ended} of {run.total} done"

    def _show_in_window(self, outcome: object) -> None:
        """The case that is open gets its prediction at once."""
        if isinstance(outcome, Segmented):
            self._add_layer(outcome)
        elif isinstance(outcome, CaseEnd) and not (outcome.fault or outcome.known):
            case, source = self._session.case, outcome.job.source
            if case is not None and source is not None and case.source.identity == source.identity:
                self._masks.add_mask(outcome.job.output)

    def _add_layer(self, done: Segmented) -> None:
        case, session = self._session.case, self._session
        if case is not None and not session.previewing and case.source.identity == done.case.source.identity:
            if case.grid.difference_to(done.labels.grid):
                return
            layer = prediction_layer(done.labels, done.result, self._model_sha256)
            layer.saved_as, layer.file = done.job.output, _file_of(done.job.output)
            session.add_prediction(layer)

    def _on_succeeded(self, result: object) -> None:
        self._end(self._state.summary)
        if result is not None:
            self._show_report(result)

    def _on_cancelled(self) -> None:
        self._state.stop_waiting()  # counted as they are now
        self._end(f"cancelled; {self._state.summary}")

    def _on_failed(self, error: Exception) -> None:
        self._end(error.what if isinstance(error, BrainsegError) else f"the list was left: {error}")
        self._session.say(notice_of(error))

    def _end(self, words: str) -> None:
        self._job = None
        self._state.stop_waiting()
        self._state.work.end(words)
        failed = self._state.count(CaseStage.FAILED)
        actions = (("Show the list", "cases.run"),)
        self._told = Notice(f"Cohort: {words}", actions=actions, problem=bool(failed))
        self._session.say(self._told)

    def _on_cohort_changed(self) -> None:
        if not self._state.work.running:
            self._state.put(self._session.cohort)


def _file_of(path: Path) -> MaskFile:
    """A mask as it was just left, so that Save goes there again."""
    return MaskFile(path, answer_soon(partial(mark_of, path), None))

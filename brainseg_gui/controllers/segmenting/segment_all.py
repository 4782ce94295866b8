"""Segment all: the cases of the list, one after the other, each mask beside its images."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QWidget

from brainseg_gui.annotation.saving.mask_paths import PREDICTION, home_of, mask_names
from brainseg_gui.controllers.jobs.job import Job
from brainseg_gui.controllers.layers.files import FilesController
from brainseg_gui.controllers.segmenting.segment import SegmentController, prediction_layer
from brainseg_gui.controllers.settings.preferences import Preferences
from brainseg_gui.controllers.settings.side_window import SideWindow
from brainseg_gui.errors import BrainsegError
from brainseg_gui.evaluation.metrics.comparison import volumes_ml
from brainseg_gui.imaging.case import CaseSource
from brainseg_gui.imaging.cases.background_thread import answer_soon
from brainseg_gui.imaging.file_mark import mark_of
from brainseg_gui.imaging.formats.mask_note import MaskFile
from brainseg_gui.imaging.labels import LabelScheme, regions
from brainseg_gui.inference.case_job import CaseJob
from brainseg_gui.inference.cohort import AtWork, CohortSegmentation, HasMask, Refused, Segmented
from brainseg_gui.inference.expected_dice import expectation
from brainseg_gui.progress import Progress
from brainseg_gui.state.notices import Notice
from brainseg_gui.state.segmenting.cohort_segmenting import CaseSegmenting, CaseStage, why_not_all
from brainseg_gui.state.session import Session
from brainseg_gui.views.segmenting.segment_all_window import SegmentAllWindow

if TYPE_CHECKING:
    from brainseg_gui.inference.engine.engine import Engine
    from brainseg_gui.inference.models.model_folder import ModelFolder
    from brainseg_gui.inference.options import SegmentOptions


class SegmentAllController(QObject):
    """Runs the chosen network on the open cohort; the window stays usable meanwhile."""

    def __init__(
        self,
        session: Session,
        window: QWidget,
        preferences: Preferences,
        files: FilesController,
        segment: SegmentController,
    ) -> None:
        super().__init__(window)
        self._session, self._preferences, self._segment, self._files = session, preferences, segment, files
        self._state = session.segmenting_all
        self._job: Job | None = None
        self._model_sha256 = ""
        self._side = SideWindow(self._make_window, preferences, "segment all")
        session.cohort_changed.connect(self._on_cohort_changed)
        self._on_cohort_changed()

    def show(self) -> None:
        """Open the window of the list, or bring it to the front."""
        self._side.show()

    def start(self) -> None:
        """Segment every case of the list that has no mask yet."""
        if self._network:
            self._state.put(self._session.cohort)
            self._begin(self._session.cohort)

    def retry(self) -> None:
        """Segment again the cases that failed."""
        failed = self._state.in_stage(CaseStage.FAILED)
        if self._network and failed:
            self._state.wait(failed)
            self._begin(failed)

    def cancel(self) -> None:
        """Stop; the masks that are in their files stay."""
        if self._job is not None:
            self._job.cancel()
            self._state.work.stage = "cancelling"

    def close(self) -> None:
        """Stop the work and put the window away, when the program ends."""
        job, self._job = self._job, None
        if job is not None:
            job.blockSignals(True)
            job.cancel()
            job.wait()
        self._side.close()

    def _make_window(self) -> SegmentAllWindow:
        window = SegmentAllWindow(self._session)
        window.start_requested.connect(self.start)
        window.retry_requested.connect(self.retry)
        window.cancel_requested.connect(self.cancel)
        window.case_requested.connect(self._files.open_source)
        return window

    def _begin(self, sources: Sequence[CaseSource]) -> None:
        if self._network is None:
            return
        engine, model, options = self._network
        self._model_sha256 = model.passport.sha256
        self._state.work.begin("looking for masks")
        work = CohortSegmentation(engine, model, options, overwrite=False, cohort=self._sources)
        self._job = Job(work.run([self._job_of(source) for source in sources]), self)
        self._job.progressed.connect(self._on_progressed)
        self._job.succeeded.connect(lambda _: self._end(self._state.summary))
        self._job.cancelled.connect(lambda: self._end(f"cancelled; {self._state.summary}"))
        self._job.failed.connect(self._on_failed)
        self._job.start()

    @property
    def _network(self) -> tuple[Engine, ModelFolder, SegmentOptions] | None:
        """What a list is segmented with; None while that is not possible."""
        state = self._session
        barred = why_not_all(state.cohort or self._sources, state.segmenting, self._state.work)
        return None if barred else self._segment.network

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
        if isinstance(outcome, AtWork):
            work.stage = f"segmenting {self._position(outcome.job)}"
            self._show(outcome.job, CaseStage.AT_WORK, progress.stage, outcome.done)
        elif isinstance(outcome, Segmented):
            self._show(outcome.job, CaseStage.SEGMENTED, _found(outcome), 1.0)
            self._add_layer(outcome)
        elif isinstance(outcome, HasMask):
            self._show(outcome.job, CaseStage.HAD_MASK, f"{outcome.job.output.name} is there already", 1.0)
        elif isinstance(outcome, Refused):
            self._show(outcome.job, CaseStage.FAILED, _reason(outcome.error))

    def _position(self, job: CaseJob) -> str:
        cases = self._state.cases
        ended = len(cases) - self._state.count(CaseStage.WAITING) - self._state.count(CaseStage.AT_WORK)
        return f"{job.name}, {min(ended + 1, len(cases))} of {len(cases)}"

    def _show(self, job: CaseJob, stage: CaseStage, words: str, done: float = 0.0) -> None:
        if job.source is not None:
            output = job.output if stage in (CaseStage.SEGMENTED, CaseStage.HAD_MASK) else None
            self._state.show(CaseSegmenting(job.source, stage, done, words, output))

    def _add_layer(self, done: Segmented) -> None:
        """The case that is open gets its prediction at once."""
        case, session = self._session.case, self._session
        if case is not None and not session.previewing and case.source.identity == done.case.source.identity:
            if case.grid.difference_to(done.labels.grid):
                return
            layer = prediction_layer(done.labels, done.result, self._model_sha256)
            layer.saved_as, layer.file = done.job.output, _file_of(done.job.output)
            session.add_prediction(layer)

    def _on_failed(self, error: Exception) -> None:
        what = error.what if isinstance(error, BrainsegError) else f"The list was left: {error}"
        self._end(what)
        self._session.say(Notice(what, "Segment all again: what is done is passed over"))

    def _end(self, words: str) -> None:
        self._job = None
        self._state.stop_waiting()
        self._state.work.end(words)
        failed = self._state.count(CaseStage.FAILED)
        actions = (("Show the list", "cases.segment_all"),)
        self._session.say(Notice(f"Segment all: {words}", actions=actions, problem=bool(failed)))

    def _on_cohort_changed(self) -> None:
        if not self._state.work.running:
            self._state.put(self._session.cohort)


def _reason(error: Exception) -> str:
    """Why a case failed, with the name of the file alone: the window has its folder elsewhere."""
    if not isinstance(error, BrainsegError):
        return f"unexpected {type(error).__name__}: {error}"
    where = f"{error.path.name}: " if error.path is not None else ""
    return f"{where}{error.what}. {error.remedy}"


def _found(done: Segmented) -> str:
    volumes = volumes_ml(done.labels)
    words = ", ".join(f"{region.key} {volumes[region.key]:.1f} ml" for region in regions())
    sentences = (words, expectation(done.result.expected_dice), *done.result.notes, *done.case.doubts)
    return ". ".join(filter(None, sentences))


def _file_of(path: Path) -> MaskFile:
    """A mask as it was just left, so that Save goes there again."""
    return MaskFile(path, answer_soon(partial(mark_of, path), None))

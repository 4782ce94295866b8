"""Following a patient: finding the visits, registering and measuring them aside, and going from one to another."""

from __future__ import annotations

import logging
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
import platformdirs
from PySide6.QtCore import QObject
from PySide6.QtWidgets import QFileDialog, QWidget

from brainseg_gui.annotation.saving.mask_paths import homes_of
from brainseg_gui.controllers.following.beside import BesideController
from brainseg_gui.controllers.following.carrying import CarryingController
from brainseg_gui.controllers.following.diameters import DiametersController
from brainseg_gui.controllers.following.measures import MeasuresController
from brainseg_gui.controllers.following.report import FollowUpReportController
from brainseg_gui.controllers.jobs.job import Job, abandon_jobs
from brainseg_gui.controllers.jobs.keeper import Keeper
from brainseg_gui.controllers.jobs.latest_job import LatestJob
from brainseg_gui.controllers.jobs.notices import notice_of
from brainseg_gui.controllers.layers.files import FilesController
from brainseg_gui.controllers.settings.preferences import Preferences
from brainseg_gui.errors import BrainsegError, CaseError
from brainseg_gui.followup.aligning.kept_atlas import keep_in_atlas, kept_in_atlas
from brainseg_gui.followup.aligning.kept_placements import keep_placements, kept_placements
from brainseg_gui.followup.aligning.placements import Placement
from brainseg_gui.followup.criteria import criteria_named
from brainseg_gui.followup.edit_journal import journal_entry, journal_of, undo_entry, with_journal
from brainseg_gui.followup.edits import Edit
from brainseg_gui.followup.measure import FollowUpRequest, measure_patient, register_visits
from brainseg_gui.followup.own_masks import Homes, newest_masks
from brainseg_gui.followup.record import FollowUp
from brainseg_gui.followup.visits import TimeLine, time_line_among, time_line_of
from brainseg_gui.imaging.case import CaseSource
from brainseg_gui.imaging.grid import Voxel
from brainseg_gui.progress import Progress, scaled
from brainseg_gui.state.session import Notice, Session
from brainseg_gui.storage.line_journal import LineJournal
from brainseg_gui.views.following.measures_panel import MeasuresPanel
from brainseg_gui.views.following.time_line import TimeLinePanel
from brainseg_gui.views.slices.ortho_view import OrthoView
from brainseg_gui.views.widgets.lazy_panel import LazyPanel

log = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class MeasuredPatient:
    """What measuring a patient comes to.

    Parameters
    ----------
    record
        The measures, with what people changed before; None where no visit has a mask.
    placements
        Where the visits lie.
    journal
        Where changes are kept; None where that cannot be told.
    lost
        Changes of people that fit no more.
    """

    record: FollowUp | None
    placements: tuple[Placement, ...]
    journal: LineJournal | None
    lost: int


class FollowingController(QObject):
    """Keeps `session.following` as the patient and the open case are."""

    def __init__(
        self,
        session: Session,
        window: QWidget,
        preferences: Preferences,
        files: FilesController,
        time_line: LazyPanel[TimeLinePanel],
        measures: LazyPanel[MeasuresPanel],
        pictures: LazyPanel[OrthoView],
        show: Callable[[], object],
    ) -> None:
        super().__init__(window)
        self._session, self._window, self._preferences, self._files = session, window, preferences, files
        self._following = session.following
        self.keeper = Keeper(session, self, "Changes of the follow-up")
        self._journal: LineJournal | None = None
        self._looking = LatestJob(session, self)
        self._measuring: Job | None = None
        self._place: tuple[int, tuple[float, float, float]] | None = None  # where one looked in the visit before
        self._beside, self._show = BesideController(session, self, self._homes), show
        self.carrying = CarryingController(session, self, lambda: self._beside.wanted, self._homes)
        self.report = FollowUpReportController(session, window, preferences)
        time_line.when_made(self._listen)
        self._following.recorded.connect(self._keep)
        session.case_changed.connect(self._on_case_changed)
        # it hears of another visit after the crosshair followed
        reveal = partial(_reveal, pictures)
        self.measures = MeasuresController(session, self, measures, self.open_visit, self.measure, reveal)
        self._diameters = DiametersController(session, self, pictures)

    def _listen(self, panel: TimeLinePanel) -> None:
        panel.visit_chosen.connect(self.open_visit)
        panel.visit_held.connect(self._beside.hold)
        panel.carry_requested.connect(self.carrying.carry)
        panel.cancel_requested.connect(self.cancel)

    # --- opening ------------------------------------------------------------------------------------------------------

    def choose(self) -> None:
        """Ask for the folder of a patient and follow the visits in it."""
        start = self._preferences.get("last folder", str(Path.home()))
        folder = QFileDialog.getExistingDirectory(self._window, "Open a patient: the folder of the visits", start)
        if folder:
            self._preferences.set("last folder", str(Path(folder).parent))
            self.follow(Path(folder))

    def follow(self, folder: Path) -> None:
        """Follow the patient whose visits lie in a folder."""
        self._look(_found(folder))

    def follow_list(self) -> None:
        """Follow the cases of the list, in whatever folders they lie, as visits of one patient."""
        cohort = self._session.cohort
        if len(cohort) < 2:
            remedy = "Open a patient's folder, or let several case folders go over the window at once"
            self._session.say(Notice("There is no list of visits", remedy, problem=False))
            return
        self._look(_among(cohort))

    def _look(self, work: Generator[Progress, None, TimeLine]) -> None:
        self._following.work.begin("looking for visits")
        self._looking.start(work, self._on_found, lambda: self._following.work.end("No visits found"))

    def _on_found(self, line: TimeLine) -> None:
        self.cancel()
        self._following.work.end("")
        self._journal = None
        self._following.open(line)
        self._show()
        self._session.set_cohort(tuple(visit.source for visit in line.visits))
        self._on_case_changed()
        if self._following.choice.visit is None:
            self.open_visit(len(line.visits) - 1)
        self.measure()
        if line.strange:
            what, _, remedy = line.strange[0].rpartition(": ")
            self._session.say(Notice(what, f"{remedy[:1].upper()}{remedy[1:]}", "\n".join(line.strange[1:])))

    def open_visit(self, index: int) -> None:
        """Open a visit at the place that is looked at now."""
        line, here = self._following.line, self._following.choice.visit
        if line is None or index == here:
            return
        case = self._session.case
        self._place = (here, case.grid.to_world(self._session.viewing.crosshair)) if case and here is not None else None
        self._files.open_source(line.visits[index].source)

    def _on_case_changed(self) -> None:
        """Know which visit is open, and look at the place in it that one looked at in the visit before."""
        if self._session.previewing:
            return
        visit = self._following.visit_of(self._session.case)
        place, self._place = self._place, None
        case = self._session.case
        if visit is not None and case is not None and place is not None:
            to_voxels = np.linalg.inv(case.grid.affine) @ self._following.way(place[0], visit)
            i, j, k = (to_voxels @ (*place[1], 1.0))[:3].tolist()
            self._session.viewing.crosshair = case.grid.clip((i, j, k))
        self._following.choice.visit = visit

    # --- measuring ----------------------------------------------------------------------------------------------------

    def measure(self) -> None:
        """Register and measure the visits aside; once more keeps what was registered."""
        line, work = self._following.line, self._following.work
        if line is None or self._measuring is not None:
            return
        criteria = criteria_named(self._following.choice.criteria)
        request = FollowUpRequest(criteria, placements=self._following.placements)
        work.begin("reading")
        kept = platformdirs.user_cache_path("brainseg") / "placements"
        self._measuring = job = Job(_measured(line, request, self._preferences.journals, kept, self._homes()), self)
        job.progressed.connect(self._on_progressed)
        job.succeeded.connect(partial(self._on_measured, line))
        job.failed.connect(self._on_failed)
        job.cancelled.connect(lambda: work.end("Not measured"))
        job.finished.connect(partial(self._on_finished, job))
        job.start()

    def _homes(self) -> Homes:
        """Where masks lie now."""
        output = self._session.output
        return partial(homes_of, tree=output.tree, earlier=output.earlier)

    def cancel(self) -> None:
        """Give the measuring up; the time line stays."""
        if self._measuring is not None:
            self._measuring.cancel()
            self._measuring = None
            self._following.work.end("Not measured")

    def _on_progressed(self, progress: Progress) -> None:
        work = self._following.work
        work.stage, work.detail, work.done = progress.stage, progress.detail, progress.done

    def _on_measured(self, line: TimeLine, found: MeasuredPatient) -> None:
        if line is not self._following.line:
            return
        self._journal = found.journal
        self._following.work.end("" if found.record is not None else "No visit has a mask: segment them first")
        self._following.placed(found.placements)
        self._following.measured(found.record)
        if found.lost:
            fit = "1 earlier change fits" if found.lost == 1 else f"{found.lost} earlier changes fit"
            remedy = "The masks are others now; nothing of the journal is removed"
            self._session.say(Notice(f"{fit} the measures no more", remedy))

    def _on_failed(self, error: Exception) -> None:
        self._following.work.end(f"Not measured: {error.what}" if isinstance(error, BrainsegError) else "Not measured")
        self._session.say(notice_of(error))

    def _on_finished(self, job: Job) -> None:
        if self._measuring is job:
            self._measuring = None

    def _keep(self, edit: Edit | None) -> None:
        record = self._following.record
        if self._journal is not None and record is not None:
            self.keeper.keep(self._journal, journal_entry(edit, record) if edit is not None else undo_entry(record))

    def close(self) -> None:
        """Keep what is not kept yet, and end the threads, when the program ends."""
        self._looking.close()
        self._beside.close()
        self.carrying.close()
        self.report.close()
        abandon_jobs(self)
        self.keeper.close()


def _reveal(pictures: LazyPanel[OrthoView], voxel_ijk: Voxel) -> None:
    pictures().reveal(voxel_ijk)


def _found(folder: Path) -> Generator[Progress, None, TimeLine]:
    yield Progress("looking for visits", 0.0)
    return _several(time_line_of(folder), folder)


def _among(sources: Sequence[CaseSource]) -> Generator[Progress, None, TimeLine]:
    yield Progress("looking for visits", 0.0)
    return time_line_among(sources, sources[0].folder.parent)


def _several(line: TimeLine, folder: Path) -> TimeLine:
    if len(line.visits) < 2:
        raise CaseError("it holds one visit only", "Choose the folder around all visits of the patient", folder)
    return line


def _keep(keep: Callable[[], None]) -> None:
    try:
        keep()
    except OSError:
        log.warning("where the visits lie is not kept for the next time", exc_info=True)


def _measured(
    line: TimeLine, request: FollowUpRequest, journals: Path, kept: Path, homes: Homes
) -> Generator[Progress, None, MeasuredPatient]:
    """Register, where that was not done before, and measure; then do again what people changed before."""
    yield Progress("looking for masks", 0.0)
    masks = newest_masks(line.visits, homes)
    request = replace(request, masks={line.visits[index].name: path for index, path in masks.items()})
    placements = tuple(request.placements) or kept_placements(line.visits, kept)
    if not placements:
        placements = yield from scaled(register_visits(line, request), 0.0, 0.8)
        _keep(partial(keep_placements, line.visits, placements, kept))
    if not masks:
        return MeasuredPatient(None, placements, None, 0)
    first, to_atlas = line.visits[0], kept_in_atlas(line.visits[0], kept)
    request = replace(request, placements=placements, to_atlas=to_atlas)
    record = yield from scaled(measure_patient(line, request), 0.8, 1.0)
    if to_atlas is None and record.to_atlas is not None:
        _keep(partial(keep_in_atlas, first, record.to_atlas, kept))
    try:
        journal = journal_of(journals, line.visits)
        record, lost = with_journal(record, journal.read())
    except (OSError, BrainsegError):
        log.warning("changes of this follow-up are not kept: its journal cannot be read", exc_info=True)
        return MeasuredPatient(record, placements, None, 0)
    return MeasuredPatient(record, placements, journal, lost)

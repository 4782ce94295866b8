"""Reading one case at a time: the open one stays until another is read whole."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from brainseg_gui.controllers.jobs.job import Job, abandon_jobs
from brainseg_gui.controllers.jobs.latest_job import LatestJob
from brainseg_gui.controllers.jobs.notices import notice_of
from brainseg_gui.controllers.layers.carried_windows import CarriedWindows
from brainseg_gui.controllers.settings.preferences import Preferences
from brainseg_gui.imaging.case import Case, CaseSource
from brainseg_gui.imaging.file_mark import Stamp, as_they_were
from brainseg_gui.imaging.regrid_policy import RegridPolicy
from brainseg_gui.progress import Progress
from brainseg_gui.state.session import Notice, Session

if TYPE_CHECKING:
    from concurrent.futures import Future

    from brainseg_gui.controllers.layers.opening import Opened
    from brainseg_gui.imaging.cohorts.cohort_reading import CohortReading
    from brainseg_gui.preparation.reopened import RawLook


class CaseReading(QObject):
    """Reads a case as a job, shows what is there already, and opens it when it is whole.

    Parameters
    ----------
    assignable
        Whether there are files whose kind a person could say, where a case cannot be opened.

    Signals
    -------
    raw_found
        What was asked for has to be prepared before it is segmented.
    """

    raw_found = Signal()

    def __init__(
        self, session: Session, preferences: Preferences, assignable: Callable[[], bool], parent: QObject
    ) -> None:
        super().__init__(parent)
        self._session, self._preferences, self._assignable = session, preferences, assignable
        self.source: CaseSource | None = None  # of the case that was asked for last
        self.raw_case: CaseSource | None = None  # the one that was asked for last, where it opened but is raw
        self.raw_look: Future[RawLook] | None = None  # of the case that opens, while its opening is told
        self.leaves_list = False  # what is being read is no case of the list
        self.know: Callable[[Case, str], None] = lambda _case, _study: None  # hears of a study's digest
        self._job: Job | None = None
        self._said_of_list: set[str] = set()  # about the masks of the list
        self._together: CohortReading | None = None
        self._files: Mapping[Path, Stamp] = {}  # of the open case, as they were read
        self._look = LatestJob(session, self)
        self._windows = CarriedWindows(session, preferences)
        session.cohort_changed.connect(self._on_cohort_changed)

    def read(
        self,
        source: CaseSource,
        *,
        regrid: RegridPolicy = RegridPolicy.STRICT,
        leave_unreadable: bool = False,
        leaves_list: bool = False,
    ) -> None:
        """Read a case whose files are known, and open it; one that is none of the list may close the list."""
        from brainseg_gui.controllers.layers.opening import Remembered, open_case  # the start does not wait for it

        self.source = source
        self._session.opening.begin("reading")
        first = self._session.viewing.modality
        output = self._session.output
        remembered = Remembered(self._preferences.memory, output.tree, output.earlier, self._preferences.measurements)
        together = self._reading_together() if self.is_listed(source) else None
        work = open_case(
            source, remembered, regrid=regrid, first=first, together=together, leave_unreadable=leave_unreadable
        )
        job = self.start(work)
        self.leaves_list = leaves_list
        job.progressed.connect(self._on_progressed)
        job.succeeded.connect(self._on_read)

    def start(self, work: Generator[Progress, None, object]) -> Job:
        """Do what finds or reads a case, and give up what was done before: its answer must not arrive any more."""
        if self._job is not None:
            self._job.abandon()
        self.leaves_list = False
        self._session.say(None)
        job = Job(work, self)
        self._job = job
        job.succeeded.connect(self._on_ended)
        job.failed.connect(self._on_failed)
        job.cancelled.connect(self._on_cancelled)
        return job.start()

    def is_open(self, source: CaseSource) -> bool:
        """Whether a case is the open one."""
        case = self._session.case
        return case is not None and case.source.identity == source.identity

    def if_written(self, then: Callable[[], object]) -> None:
        """Look whether somebody wrote a file of the open case since it was read, and call `then` if so."""

        def answered(written: bool) -> None:
            if written:
                then()

        self._look.start(_look_at(self._files), answered)

    def is_coming(self, source: CaseSource) -> bool:
        """Whether a case is being read."""
        return self._job is not None and self.source is not None and self.source.identity == source.identity

    def is_listed(self, source: CaseSource) -> bool:
        """Whether a case is one of the list; its files may have become more since the list was made."""
        return any(other.identity == source.identity for other in self._session.cohort)

    def cancel(self) -> None:
        """Stop reading; the open case stays."""
        if self._job is not None:
            self._job.cancel()

    def close(self) -> None:
        """Stop whatever runs, when the program ends."""
        self._job = None
        self._look.close()
        abandon_jobs(self)

    def _reading_together(self) -> CohortReading:
        """How silent masks of the list are read; its cases are asked once."""
        if self._together is None:
            from brainseg_gui.imaging.cohorts.cohort_reading import CohortReading

            self._together = CohortReading(self._session.cohort)
        return self._together

    def _on_cohort_changed(self) -> None:
        self._said_of_list.clear()
        self._together = None

    def _on_progressed(self, progress: Progress) -> None:
        self._session.opening.detail = progress.detail
        self._session.opening.done = progress.done
        if isinstance(progress.partial, Case):
            self._windows.remember()
            self._session.preview(progress.partial)

    def _on_ended(self, _result: object) -> None:
        self._job = None

    def _on_read(self, opened: Opened) -> None:
        case = opened.case
        if self.leaves_list:
            self._session.set_cohort(())
        said = self._session.notice
        remembered = self._preferences.windows_of(case.source)
        if opened.study:
            self.know(case, opened.study)
        self.raw_look = opened.raw_look
        self._session.open(case, remembered)
        self.raw_look = None  # later, files may be others
        self._files = opened.files
        self._add_annotations(opened)
        self._windows.begin(case, carry=not remembered and self.is_listed(case.source))
        self._session.opening.end(f"Opened {case.case_id}")
        for error in opened.problems:
            said = replace(notice_of(error), what=f"An annotation is not shown. {notice_of(error).what}")
            self._session.say(said)
        if opened.marks_problem is not None:
            self._session.say(notice_of(opened.marks_problem))
        self._say_notes(opened, said)

    def _say_notes(self, opened: Opened, said: Notice | None) -> None:
        from brainseg_gui.controllers.layers.ways_out import ways_on  # the start does not wait for it

        case, outdated = opened.case, opened.outdated
        first = [words for words in (opened.why_raw, outdated) if words]  # what is to be done
        notes = (*first, *self._notes_to_say(case))
        if notes:
            ways = ways_on(case, raw=bool(opened.why_raw), outdated=bool(outdated))
            notice = Notice(". ".join(notes), problem=False, actions=ways)
            (self._session.say if said is None else self._session.say_too)(notice)
        if opened.why_raw:
            self.raw_case = case.source
            if not self.is_listed(case.source):  # who goes through a list is not led away from it
                self.raw_found.emit()

    def _notes_to_say(self, case: Case) -> tuple[str, ...]:
        """What is about the images; and how the mask is read where that is in doubt, once for all cases of a list."""
        if not case.mask_doubtful or case.mask_note in self._said_of_list:
            return case.image_notes
        if self.is_listed(case.source):
            self._said_of_list.add(case.mask_note)
        return (*case.image_notes, f"{case.mask_note}, which is not certain: the layer's menu has others")

    def _add_annotations(self, opened: Opened) -> None:
        if opened.numbering is not None:
            self._session.number_as(opened.numbering)
        for layer in opened.layers:
            self._session.add_layer(layer, compared=layer is opened.layers[-1])
        self._session.measuring.open(opened.marks)

    def _on_failed(self, error: Exception) -> None:
        from brainseg_gui.controllers.layers.ways_out import PREPARE, ways_out

        self._job = None
        self._session.end_preview()
        self._session.opening.end("Not opened")
        ways = ways_out(error, self.source, self._assignable)
        self._session.say(notice_of(error, ways))
        if PREPARE in ways:
            self.raw_found.emit()

    def _on_cancelled(self) -> None:
        self._job = None
        self._session.end_preview()
        self._session.opening.end("Cancelled")
        case = self._session.case
        stays = f"{case.case_id} stays open" if case is not None else "No case is open"
        self._session.say(Notice("Reading was stopped", stays, problem=False))


def _look_at(files: Mapping[Path, Stamp]) -> Generator[Progress, None, bool]:
    yield Progress("looking", 0.0)
    return not as_they_were(files)

"""Opening cases and cohorts."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QFileDialog, QWidget

from brainseg_gui.controllers.jobs.job import Job
from brainseg_gui.controllers.jobs.notices import notice_of
from brainseg_gui.controllers.layers.carried_windows import CarriedWindows
from brainseg_gui.controllers.layers.path_recognition import RecognisedPaths, assigned, files_of, may_be_mask, recognise
from brainseg_gui.controllers.layers.ways_out import PREPARE, ways_on, ways_out
from brainseg_gui.controllers.settings.preferences import Preferences
from brainseg_gui.errors import BrainsegError
from brainseg_gui.imaging.case import Case, CaseSource
from brainseg_gui.imaging.formats.known_formats import file_filter
from brainseg_gui.imaging.regrid_policy import RegridPolicy
from brainseg_gui.progress import Progress
from brainseg_gui.state.session import Notice, Session

if TYPE_CHECKING:
    from brainseg_gui.controllers.layers.opening import Opened
    from brainseg_gui.imaging.cohorts.cohort_reading import CohortReading


class FilesController(QObject):
    """Finds, reads and opens cases; the open one stays until another is read whole.

    Signals
    -------
    asked
        The paths that a person asked to open.
    masks_dropped
        Of what was let go over the window, the paths that may be masks of the open case.
    raw_found
        What was asked for has to be prepared before it is segmented.
    """

    asked = Signal(object)
    masks_dropped = Signal(object)
    raw_found = Signal()

    def __init__(self, session: Session, window: QWidget, preferences: Preferences) -> None:
        super().__init__(window)
        self._session, self._window, self._preferences = session, window, preferences
        self._job: Job | None = None
        self._source: CaseSource | None = None
        self._paths: tuple[Path, ...] = ()
        self._dropped: tuple[Path, ...] = ()
        self.raw_case: CaseSource | None = None  # the one that was asked for last, where it opened but is raw
        self._said_of_cohort: set[str] = set()  # about the masks of the list
        self._together: CohortReading | None = None
        session.cohort_changed.connect(self._on_cohort_changed)
        self._leaves_cohort = False  # what is being read is no case of the list
        self._windows = CarriedWindows(session, preferences)
        self.leave: Callable[[Callable[[], None]], None] = lambda then: then()  # asks first, where work is unsaved
        self.know: Callable[[Case, str], None] = lambda _case, _study: None  # hears of a study's digest

    # what a person asks for

    def choose_folder(self, title: str = "Open case folder") -> None:
        """Ask for the folder of a case (or of a cohort) and open it."""
        folder = QFileDialog.getExistingDirectory(self._window, title, self._last_folder())
        if folder:
            self.open_paths([Path(folder)])

    def choose_files(self) -> None:
        """Ask for loose files and open them as one case."""
        names, _ = QFileDialog.getOpenFileNames(self._window, "Open files", self._last_folder(), file_filter())
        if names:
            self.open_paths([Path(name) for name in names])

    def open_demo(self) -> None:
        """Open the person's copy of the demonstration case that comes with the program."""
        from brainseg_gui.imaging.cases.demo_case import demo_case

        try:
            self.open_paths([demo_case()])
        except BrainsegError as error:
            self._session.say(notice_of(error))

    def open_paths(self, paths: Sequence[Path]) -> None:
        """Open whatever lies there: a case folder, a cohort, loose files, a Decathlon file."""
        self.leave(partial(self._find_paths, paths))

    @property
    def last_asked(self) -> tuple[Path, ...]:
        """The paths that a person asked to open last."""
        return self._paths

    def _find_paths(self, paths: Sequence[Path]) -> None:
        self._paths = tuple(Path(path).absolute() for path in paths)
        self.raw_case = None
        self.asked.emit(self._paths)
        first = self._paths[0]
        self._preferences.set("last folder", str(first.parent))
        self._session.opening.begin("looking")
        job = self._start(recognise(self._paths))
        job.succeeded.connect(self._on_found)

    def take_dropped(self, paths: Sequence[Path]) -> None:
        """Files that no name gives to a modality are masks of the open case; everything else is opened."""
        self._dropped = tuple(paths)
        if self._session.case is not None and all(may_be_mask(path) for path in paths):
            self.masks_dropped.emit(list(paths))
        else:
            self.open_paths(paths)

    def open_dropped(self) -> None:
        """Open what was dropped last as a case: it is no mask of the open one."""
        if self._dropped:
            self.open_paths(self._dropped)

    def open_source(self, source: CaseSource, *, regrid: RegridPolicy = RegridPolicy.STRICT) -> None:
        """Read a case whose files are known, and open it."""
        self.leave(partial(self.read, source, regrid=regrid))

    def read(
        self, source: CaseSource, *, regrid: RegridPolicy = RegridPolicy.STRICT, leave_unreadable: bool = False
    ) -> None:
        """As `open_source`, when the open case may be left already."""
        from brainseg_gui.controllers.layers.opening import Remembered, open_case  # the start does not wait for it

        self._source = source
        self._session.opening.begin("reading")
        first = self._session.viewing.modality
        output = self._session.output
        remembered = Remembered(self._preferences.memory, output.tree, output.earlier, self._preferences.measurements)
        together = self._reading_together() if self._is_listed(source) else None
        work = open_case(
            source, remembered, regrid=regrid, first=first, together=together, leave_unreadable=leave_unreadable
        )
        job = self._start(work)
        job.progressed.connect(self._on_read_progressed)
        job.succeeded.connect(self._on_read)

    def _reading_together(self) -> CohortReading:
        """How silent masks of the list are read; its cases are asked once."""
        if self._together is None:
            from brainseg_gui.imaging.cohorts.cohort_reading import CohortReading

            self._together = CohortReading(self._session.cohort)
        return self._together

    def step(self, steps: int) -> None:
        """Open the next (1) or previous (-1) case of the cohort."""
        cohort, asked = self._session.cohort, self._source
        if not cohort:
            remedy = "Open the folder that holds the cases"
            self._session.say(Notice("There is no list of cases to go through", remedy, problem=False))
            return
        # From the case that was asked for last, so that one that cannot be read does not bar the way.
        here = asked.identity if asked is not None else None
        index = next((n for n, source in enumerate(cohort) if source.identity == here), -1)
        target = index + steps
        if 0 <= target < len(cohort):
            self.open_source(cohort[target])
        else:
            which = "last" if steps > 0 else "first"
            self._session.say(Notice(f"This is the {which} case of the list", problem=False))

    def assign(self) -> None:
        """Let the person say which file is which, and open the case so."""
        source = self._session.case.source if self._session.case is not None else None
        paths = self._files_to_assign(source)
        if not paths:
            self._session.say(Notice("There are no files to assign", "Open a folder or files first"))
            return
        from brainseg_gui.views.layers.assign_dialog import AssignDialog

        dialog = AssignDialog(paths, assigned(source, paths), self._window)
        accepted = dialog.exec()
        dialog.deleteLater()  # it would stay with the window
        if accepted:
            folder = paths[0].parent
            case_id = source.case_id if source is not None and source.folder == folder else folder.name
            unused = tuple(p for p in paths if p not in dialog.modalities.values() and p != dialog.mask_file)
            self.open_source(CaseSource(case_id, folder, dialog.modalities, dialog.mask_file, unused))

    def open_resampled(self) -> None:
        """Open the last case with its mask resampled to the nearest voxel."""
        self._read_again(regrid=RegridPolicy.NEAREST)

    def open_voxel_by_voxel(self) -> None:
        """Open the last case with its mask's voxels as they are stored, wherever its header says that they lie."""
        self._read_again(regrid=RegridPolicy.VOXELS)

    def open_without_mask(self) -> None:
        """Open the last case without its mask."""
        self._read_again(masked=False)

    def open_readable(self) -> None:
        """Open the last case without those of its images that cannot be read."""
        self._read_again(leave_unreadable=True)

    def _read_again(
        self, *, regrid: RegridPolicy = RegridPolicy.STRICT, masked: bool = True, leave_unreadable: bool = False
    ) -> None:
        """Read the last case otherwise; one that is none of the list closes the list all the same."""
        source, leaves = self._source, self._leaves_cohort

        def read(source: CaseSource) -> None:
            self.read(source, regrid=regrid, leave_unreadable=leave_unreadable)
            self._leaves_cohort = leaves

        if source is not None:
            self.leave(partial(read, source if masked else replace(source, reference=None)))

    def cancel(self) -> None:
        """Stop reading; the open case stays."""
        if self._job is not None:
            self._job.cancel()

    def close(self) -> None:
        """Stop whatever runs, when the program ends."""
        self._job = None
        for job in self.findChildren(Job):  # also those that were given up for another
            job.blockSignals(True)
            job.cancel()
            job.wait()

    # what comes back

    def _start(self, work: Generator[Progress, None, object]) -> Job:
        if self._job is not None:
            self._forget(self._job)
        self._leaves_cohort = False
        self._session.say(None)
        job = Job(work, self)
        self._job = job
        job.failed.connect(self._on_failed)
        job.cancelled.connect(self._on_cancelled)
        return job.start()

    def _forget(self, job: Job) -> None:
        """Another case was asked for: the old answer must not arrive any more."""
        job.blockSignals(True)
        job.cancel()

    def _on_cohort_changed(self) -> None:
        self._said_of_cohort.clear()
        self._together = None

    def _is_listed(self, source: CaseSource) -> bool:
        """Whether a case is one of the list; its files may have become more since the list was made."""
        return any(other.identity == source.identity for other in self._session.cohort)

    def _on_found(self, found: RecognisedPaths) -> None:
        self._job = None
        if found.is_cohort:
            self._session.set_cohort(found.sources)
        said = self._session.notice  # of the list of states, if anything
        source = found.sources[found.first]
        self.read(source)
        self._leaves_cohort = not found.is_cohort and not self._is_listed(source)
        if said is not None:
            self._session.say(said)

    def _on_read_progressed(self, progress: Progress) -> None:
        self._session.opening.detail = progress.detail
        self._session.opening.done = progress.done
        if isinstance(progress.partial, Case):
            self._windows.remember()
            self._session.preview(progress.partial)

    def _on_read(self, opened: Opened) -> None:
        self._job, case = None, opened.case
        if self._leaves_cohort:
            self._session.set_cohort(())
        said = self._session.notice
        remembered = self._preferences.windows_of(case.source.identity)
        if opened.study:
            self.know(case, opened.study)
        self._session.open(case, remembered)
        self._add_annotations(opened)
        self._windows.begin(case, carry=not remembered and self._is_listed(case.source))
        self._session.opening.end(f"Opened {case.case_id}")
        for error in opened.problems:
            said = replace(notice_of(error), what=f"An annotation is not shown. {notice_of(error).what}")
            self._session.say(said)
        if opened.marks_problem is not None:
            self._session.say(notice_of(opened.marks_problem))
        self._say_notes(opened, said)

    def _say_notes(self, opened: Opened, said: Notice | None) -> None:
        case = opened.case
        notes = (*self._notes_to_say(case), *([opened.why_raw] if opened.why_raw else []))
        if notes:
            notice = Notice(". ".join(notes), problem=False, actions=ways_on(case, raw=bool(opened.why_raw)))
            (self._session.say if said is None else self._session.say_too)(notice)
        if opened.why_raw:
            self.raw_case = case.source
            if not self._is_listed(case.source):  # who goes through a list is not led away from it
                self.raw_found.emit()

    def _notes_to_say(self, case: Case) -> tuple[str, ...]:
        """What is about the images; and how the mask is read where that is in doubt, once for all cases of a list."""
        if not case.mask_doubtful or case.mask_note in self._said_of_cohort:
            return case.image_notes
        if self._is_listed(case.source):
            self._said_of_cohort.add(case.mask_note)
        return (*case.image_notes, f"{case.mask_note}, which is not certain: the layer's menu has others")

    def _add_annotations(self, opened: Opened) -> None:
        if opened.numbering is not None:
            self._session.number_as(opened.numbering)
        for layer in opened.layers:
            self._session.add_layer(layer, compared=layer is opened.layers[-1])
        self._session.measuring.open(opened.marks)

    def _on_failed(self, error: Exception) -> None:
        self._job = None
        self._session.end_preview()
        self._session.opening.end("Not opened")
        ways = ways_out(error, self._source, assignable=lambda: bool(self._files_to_assign(None)))
        self._session.say(notice_of(error, ways))
        if PREPARE in ways:
            self.raw_found.emit()

    def _on_cancelled(self) -> None:
        self._job = None
        self._session.end_preview()
        self._session.opening.end("Cancelled")

    def _files_to_assign(self, source: CaseSource | None) -> list[Path]:
        """The files of the open case, where it is what was asked for last; else those that were asked for."""
        if source is not None:
            known = {*source.modalities.values(), *source.unused, *([source.reference] if source.reference else [])}
            if all(path == source.folder or path in known for path in self._paths):
                return sorted(known)
        return files_of(self._paths)

    def _last_folder(self) -> str:
        return str(self._preferences.get("last folder", str(Path.home())))

"""Which cases and cohorts a person opens, by folders, files and steps through the list; `CaseReading` reads them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QFileDialog, QWidget

from brainseg_gui.controllers.jobs.notices import notice_of
from brainseg_gui.controllers.layers.case_reading import CaseReading
from brainseg_gui.controllers.layers.path_recognition import RecognisedPaths, assigned, files_of, may_be_mask, recognise
from brainseg_gui.controllers.settings.preferences import Preferences
from brainseg_gui.errors import BrainsegError
from brainseg_gui.imaging.case import CaseSource
from brainseg_gui.imaging.formats.known_formats import file_filter
from brainseg_gui.imaging.regrid_policy import RegridPolicy
from brainseg_gui.state.session import Notice, Session


class FilesController(QObject):
    """Finds what a person asks to open, and has it read once the open case may be left.

    Signals
    -------
    asked
        The paths that a person asked to open.
    masks_dropped
        Of what was let go over the window, the paths that may be masks of the open case.
    patient_found
        The list is now one patient's visits, and none of them is open yet.
    """

    asked = Signal(object)
    masks_dropped = Signal(object)
    patient_found = Signal()

    def __init__(self, session: Session, window: QWidget, preferences: Preferences) -> None:
        super().__init__(window)
        self._session, self._window, self._preferences = session, window, preferences
        self._paths: tuple[Path, ...] = ()
        self._dropped: tuple[Path, ...] = ()
        self.reading = CaseReading(session, preferences, lambda: bool(self._files_to_assign(None)), self)
        self.leave: Callable[[Callable[[], None]], None] = lambda then: then()  # asks first, where work is unsaved

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
        self.reading.raw_case = None
        self.asked.emit(self._paths)
        first = self._paths[0]
        self._preferences.set("last folder", str(first.parent))
        self._session.opening.begin("looking")
        self.reading.start(recognise(self._paths)).succeeded.connect(self._on_found)

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
        self.leave(partial(self.reading.read, source, regrid=regrid))

    def open_listed(self, source: CaseSource) -> None:
        """Open a case of the list; the open one stays as it is, with all that can be undone, as long as its files do.

        A double click asks twice: what is being read is not read anew.
        """
        reading = self.reading
        if reading.is_coming(source):
            return
        if reading.is_open(source):
            reading.cancel()  # of the case that was to take its place
            reading.if_written(partial(self.open_source, source))
        else:
            self.open_source(source)

    def step(self, steps: int) -> None:
        """Open the next (1) or previous (-1) case of the cohort."""
        cohort, asked = self._session.cohort, self.reading.source
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
        source, leaves = self.reading.source, self.reading.leaves_list
        if source is not None:
            asked = source if masked else replace(source, reference=None)
            read = partial(self.reading.read, regrid=regrid, leave_unreadable=leave_unreadable, leaves_list=leaves)
            self.leave(partial(read, asked))

    def cancel(self) -> None:
        """Stop reading; the open case stays."""
        self.reading.cancel()

    def close(self) -> None:
        """Stop whatever runs, when the program ends."""
        self.reading.close()

    def _on_found(self, found: RecognisedPaths) -> None:
        if found.is_cohort:
            self._session.set_cohort(found.sources)
        if found.one_patient:
            self._session.opening.end("")
            self.patient_found.emit()
            return
        said = self._session.notice  # of the list of states, if anything
        source = found.sources[found.first]
        self.reading.read(source, leaves_list=not found.is_cohort and not self.reading.is_listed(source))
        if said is not None:
            self._session.say(said)

    def _files_to_assign(self, source: CaseSource | None) -> list[Path]:
        """The files of the open case, where it is what was asked for last; else those that were asked for."""
        if source is not None:
            known = {*source.modalities.values(), *source.unused, *([source.reference] if source.reference else [])}
            if all(path == source.folder or path in known for path in self._paths):
                return sorted(known)
        return files_of(self._paths)

    def _last_folder(self) -> str:
        return str(self._preferences.get("last folder", str(Path.home())))

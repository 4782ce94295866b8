"""Open in 3D Slicer or ITK-SNAP: the case goes out, and each mask that is saved there comes back as a layer."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from pathlib import Path

from PySide6.QtCore import QFileSystemWatcher, QObject, QProcess, QTimer
from PySide6.QtWidgets import QFileDialog, QWidget

from brainseg_gui.controllers.jobs.latest_job import LatestJob
from brainseg_gui.controllers.settings.preferences import Preferences
from brainseg_gui.errors import BrainsegError, printable
from brainseg_gui.exchange.neighbours import (
    NEIGHBOURS,
    HandedOver,
    Neighbour,
    NotInstalledError,
    find_program,
    hand_over,
)
from brainseg_gui.exchange.unregistered import note_of_images
from brainseg_gui.imaging.case import Case
from brainseg_gui.imaging.cases.background_thread import answer_soon, in_background, waited_for
from brainseg_gui.imaging.file_mark import FileMark, mark_of
from brainseg_gui.imaging.formats.reading import read_labels
from brainseg_gui.imaging.labels import LabelMap
from brainseg_gui.progress import Progress
from brainseg_gui.state.session import Notice, Session

_REST_MS = 700  # since the file changed last: the program may still be writing


@dataclass(eq=False)
class _Loan:
    """A case that is open in another program."""

    case: Case
    neighbour: Neighbour
    files: HandedOver
    left: FileMark | None
    rest: QTimer = field(default_factory=QTimer)


class NeighboursController(QObject):
    """Writes the files, starts the program, and watches the mask for as long as this window is open.

    Parameters
    ----------
    add_mask
        Reads a mask onto the open case and adds it as a layer.
    start
        Starts a program that lives on by itself; tests give their own.
    """

    def __init__(
        self,
        session: Session,
        window: QWidget,
        preferences: Preferences,
        add_mask: Callable[[Path], None],
        start: Callable[[str, list[str]], bool] = QProcess.startDetached,  # type: ignore[assignment]
    ) -> None:
        super().__init__(window)
        self._session, self._window, self._preferences = session, window, preferences
        self._add_mask, self._start = add_mask, start
        self._writing, self._taking = LatestJob(session, self), LatestJob(session, self)
        self._loans: dict[Path, _Loan] = {}
        self._watcher = QFileSystemWatcher(self)
        self._watcher.directoryChanged.connect(self._on_changed)
        self._watcher.fileChanged.connect(lambda path: self._on_changed(str(Path(path).parent)))

    def open_in(self, key: str) -> None:
        """Hand the open case over, with the annotation, else the prediction, else the reference, else an empty mask."""
        case = self._session.case
        if case is None or self._session.previewing:
            self._session.say(Notice("There is no case to open elsewhere", "Open a case first", problem=False))
            return
        neighbour = NEIGHBOURS[key]
        place = self._place_of(case, neighbour)
        chosen = self._preferences.get(f"program {key}", "")
        work = _handing_over(case, self._mask(case), neighbour, chosen, place)
        self._writing.start(work, partial(self._on_handed_over, case, neighbour))

    def choose_program(self, key: str) -> None:
        """Ask where a program is, and go on."""
        title = NEIGHBOURS[key].title
        name, _ = QFileDialog.getOpenFileName(self._window, f"Where is {title}?", str(Path.home()))
        if not name:
            return
        if not os.access(name, os.X_OK):
            self._session.say(Notice(f"{printable(Path(name).name)} is no program", f"Choose that of {title}"))
            return
        self._preferences.set(f"program {key}", name)
        self.open_in(key)

    def close(self) -> None:
        """Watch no more, when the program ends."""
        self._watcher.blockSignals(True)
        for loan in self._loans.values():
            loan.rest.stop()
        self._writing.close()
        self._taking.close()

    def _place_of(self, case: Case, neighbour: Neighbour) -> Path:
        token = hashlib.sha256(os.fsencode(case.source.identity)).hexdigest()[:16]
        return self._preferences.journals.parent / "elsewhere" / f"{token}-{neighbour.key}"

    def _mask(self, case: Case) -> LabelMap:
        layers, annotating = self._session.layers, self._session.annotating
        layer = annotating.layer or layers.prediction or layers.reference
        if layer is not None:
            return annotating.at_rest(layer.labels)
        import numpy as np

        return LabelMap(np.zeros(case.grid.shape, np.uint8, order="F"), case.grid, case.scheme)

    # what comes back

    def _on_handed_over(
        self, case: Case, neighbour: Neighbour, answer: tuple[HandedOver, FileMark] | BrainsegError
    ) -> None:
        asking = ((f"Where is {neighbour.title}?", f"cases.where_is_{neighbour.key}"),)
        if isinstance(answer, BrainsegError):
            actions = asking if isinstance(answer, NotInstalledError) else ()
            self._session.say(Notice(answer.what, answer.remedy, actions=actions))
            return
        files, left = answer
        program, *words = files.command
        if not self._start(program, words):
            what = f"{printable(program)} cannot be started"
            self._session.say(Notice(what, "Choose another program", actions=asking))
            return
        self._watch(_Loan(case, neighbour, files, left))
        left_out = "".join(f"; {note}" for note in note_of_images(case.not_registered))
        what = f"{case.case_id} is opened in {neighbour.title}{left_out}"
        remedy = "Save the segmentation there (over its file), and it comes back here as a layer"
        self._session.say(Notice(what, remedy, problem=False))

    def _watch(self, loan: _Loan) -> None:
        folder = loan.files.mask.parent
        if (before := self._loans.get(folder)) is not None:
            before.rest.stop()
        loan.rest.setSingleShot(True)
        loan.rest.setInterval(_REST_MS)
        loan.rest.timeout.connect(partial(self._look, loan))
        self._loans[folder] = loan
        self._watcher.addPaths([str(folder), str(loan.files.mask)])

    def _on_changed(self, folder: str) -> None:
        loan = self._loans.get(Path(folder))
        if loan is not None:
            self._watcher.addPath(str(loan.files.mask))  # one that was replaced is watched no more
            loan.rest.start()

    def _look(self, loan: _Loan) -> None:
        """Take the mask, if it is whole and another one."""
        if self._taking.running:
            loan.rest.start()
            return
        self._taking.start(_taken(loan), partial(self._on_taken, loan))

    def _on_taken(self, loan: _Loan, answer: tuple[FileMark, Path] | BrainsegError | None) -> None:
        if isinstance(answer, BrainsegError):
            what = f"What {loan.neighbour.title} saved cannot be read: {answer.what}"
            self._session.say(Notice(what, "Save it there again; here nothing was changed"))
        if answer is None or isinstance(answer, BrainsegError):
            return
        loan.left, copy = answer
        if loan.case is not self._session.case:
            what = f"{loan.neighbour.title} saved a mask of {loan.case.case_id}"
            self._session.say(Notice(what, f"Open that case, and add {copy} with File › Add mask", problem=False))
            return
        self._add_mask(copy)


def _handing_over(
    case: Case, labels: LabelMap, neighbour: Neighbour, chosen: str, place: Path
) -> Generator[Progress, None, tuple[HandedOver, FileMark] | BrainsegError]:
    def write() -> tuple[HandedOver, FileMark] | BrainsegError:
        try:
            files = hand_over(case, labels, neighbour, find_program(neighbour, chosen), place)
        except BrainsegError as error:
            return error
        return files, mark_of(files.mask)

    return (yield from waited_for(in_background(write, "hand over"), Progress("handing over", 0.0)))


def _taken(loan: _Loan) -> Generator[Progress, None, tuple[FileMark, Path] | BrainsegError | None]:
    """The mask as it lies there now, kept under a name of its own; None where it is the one from before."""
    path = loan.files.mask

    def take() -> tuple[FileMark, Path] | BrainsegError | None:
        try:
            mark = answer_soon(partial(mark_of, path), None)
            if mark is None or (loan.left is not None and mark.sha256 == loan.left.sha256):
                return None
            read_labels(path)
            copy = path.with_name(f"from {loan.neighbour.title}, {datetime.now():%H.%M.%S}{loan.neighbour.ending}")
            shutil.copyfile(path, copy)
        except BrainsegError as error:
            return error
        except OSError as error:
            return BrainsegError(f"it cannot be copied ({error.strerror or error})", "Check the disk", path)
        return mark, copy

    return (yield from waited_for(in_background(take, "take"), Progress("taking the mask back", 0.0)))

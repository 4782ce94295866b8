"""Copies of the series in the Prepare panel to give away: without the face, their headers and their names."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from pathlib import Path

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QFileDialog, QWidget

from brainseg_gui.controllers.jobs.latest_job import LatestJob
from brainseg_gui.imaging.modality import Modality
from brainseg_gui.preparation.defaced import DefacedExamination, deface_place, write_defaced
from brainseg_gui.preparation.heads.finder import BrainFinder
from brainseg_gui.preparation.native import file_name
from brainseg_gui.preparation.steps.defacing import DEFACING
from brainseg_gui.progress import Progress
from brainseg_gui.state.session import Session

_CANCELLED = "Cancelled; nothing was exported"


class FacelessCopy(QObject):
    """Writes one copy at a time; the panel shows how far it is.

    Parameters
    ----------
    finder
        Gives what finds brains; None where there is no such network.
    """

    def __init__(self, session: Session, window: QWidget, finder: Callable[[], BrainFinder | None]) -> None:
        super().__init__(window)
        self._session, self._window, self._finder = session, window, finder
        self._writing = LatestJob(session, self)
        self._writing.progressed.connect(self._on_progressed)

    @property
    def running(self) -> bool:
        """Whether a copy is being written."""
        return self._writing.running

    def choose(self, said: Mapping[Modality, str]) -> None:
        """Ask for the name of the new folder, and write it; `said` as `deface_place` has it."""
        state = self._session.preparing
        if state.examination is None or state.running:
            return
        place = state.examination.place
        title, proposal = "Export without face: name of the new folder", place.with_name("Case without face")
        path, _ = QFileDialog.getSaveFileName(self._window, title, str(proposal))
        if path:
            state.begin(DEFACING)
            folder = Path(path).with_name(file_name(Path(path).name, set()))
            work = self._work(place, folder, said)
            self._writing.start(work, self._on_written, lambda: state.end("Not exported; nothing was left behind"))

    def stop(self) -> None:
        """Give it up, which leaves nothing."""
        self._writing.stop()
        self._session.preparing.end(_CANCELLED)

    def close(self) -> None:
        """Stop, when the program ends."""
        self._writing.close()

    def _work(
        self, place: Path, folder: Path, said: Mapping[Modality, str]
    ) -> Generator[Progress, None, DefacedExamination]:
        """Of what was prepared, where that is still what the panel shows; else all steps that are needed."""
        prepared = self._session.preparing.prepared
        if prepared is not None and prepared.work is not None and prepared.work.brain is not None:
            asked = {modality: word.casefold() for modality, word in said.items()}
            if asked == prepared.preparation.said:
                return write_defaced(prepared.work, folder)
        return deface_place(place, folder.parent, dict(said), self._finder(), folder.name)

    def _on_progressed(self, progress: Progress) -> None:
        self._session.preparing.stage, self._session.preparing.done = progress.stage, progress.done

    def _on_written(self, done: DefacedExamination) -> None:
        state = self._session.preparing
        state.doubts = tuple(dict.fromkeys((*state.doubts, *done.doubts)))
        state.end(f"{done.words[:1].upper()}{done.words[1:]}. Look at the copy before it leaves: {done.folder}")

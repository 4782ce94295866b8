"""The whole list of cases in the layout of another program: *Cases › Export the cohort…*."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QFileDialog, QWidget

from brainseg_gui.annotation.case_list import CaseState
from brainseg_gui.annotation.saving.mask_paths import homes_of
from brainseg_gui.controllers.jobs.job import Job, abandon_jobs
from brainseg_gui.controllers.jobs.notices import notice_of
from brainseg_gui.controllers.settings.preferences import Preferences
from brainseg_gui.controllers.settings.side_window import SideWindow
from brainseg_gui.errors import BrainsegError, printable
from brainseg_gui.exchange.case_export import ChosenMasks, ExportOutcome
from brainseg_gui.exchange.faceless import RemoveFaces, faceless
from brainseg_gui.imaging.case import CaseSource
from brainseg_gui.preparation.heads.finder import BrainFinder
from brainseg_gui.progress import Progress
from brainseg_gui.state.layers.cohort_export import CaseFate, CaseTold, CohortExport, ExportedCases
from brainseg_gui.state.session import Notice, Session
from brainseg_gui.views.layers.cohort_export_window import CohortExportWindow

_FOLDER = "last cohort export"


class CohortExportController(QObject):
    """Exports aside; the main window stays usable.

    Parameters
    ----------
    finder
        Gives what finds brains, by which faces are removed; None where there is no such network.
    """

    def __init__(
        self, session: Session, window: QWidget, preferences: Preferences, finder: Callable[[], BrainFinder | None]
    ) -> None:
        super().__init__(window)
        self._session, self._preferences, self._finder = session, preferences, finder
        self.state = CohortExport()
        self._job: Job | None = None
        self._side = SideWindow(self._make_window, preferences, "cohort export")
        session.cohort_changed.connect(self._on_list_changed)
        session.case_states.changed.connect(self._on_list_changed)

    def show(self) -> None:
        """Open the window, or bring it to the front."""
        self._side.show()

    def choose(self) -> None:
        """Ask for the name of the new folder, and export."""
        if self.barred:
            return
        start = Path(self._preferences.get(_FOLDER, str(Path.home())))
        proposal = start / self.state.wishes.chosen.folder
        title = "Export: name of the new folder"
        path, _ = QFileDialog.getSaveFileName(self._side.window, title, str(proposal), "")
        if path:
            self._preferences.set(_FOLDER, str(Path(path).parent))
            self.start(Path(path))

    def start(self, folder: Path) -> None:
        """Write the cases that are asked for into a new folder."""
        wishes, output = self.state.wishes, self._session.output
        homes = partial(homes_of, tree=output.tree, earlier=output.earlier)
        work = wishes.chosen.export(self._sources, folder, ChosenMasks(wishes.masks, homes), self._remove_faces())
        self.state.tell(None)
        self.state.work.begin("exporting")
        self._job = Job(work, self, writes=True)
        self._job.progressed.connect(self._on_progressed)
        self._job.succeeded.connect(partial(self._on_exported, folder))
        self._job.failed.connect(self._on_failed)
        self._job.cancelled.connect(lambda: self._end("Cancelled; nothing was left behind"))
        self._job.start()

    def cancel(self) -> None:
        """Stop, which leaves nothing."""
        if self._job is not None:
            self._job.cancel()
            self.state.work.stage = "cancelling"

    def close(self) -> None:
        """Stop the work and put the window away, when the program ends."""
        self._job = None
        abandon_jobs(self)
        self._side.close()

    @property
    def barred(self) -> str:
        """Why nothing can be exported now; empty when it can."""
        if self.state.work.running:
            return "The list is being exported"
        if not self._session.cohort:
            return "Open a folder of cases first"
        return "" if self._sources else "No case is marked done: Cases › Done does it"

    @property
    def _sources(self) -> Sequence[CaseSource]:
        cohort, states = self._session.cohort, self._session.case_states
        if self.state.wishes.cases is ExportedCases.ALL:
            return cohort
        return [source for source in cohort if states.of(source.case_id).state is CaseState.DONE]

    def _remove_faces(self) -> RemoveFaces | None:
        wishes = self.state.wishes
        return partial(faceless, finder=self._finder()) if wishes.deface and wishes.chosen.has_images else None

    def _make_window(self) -> CohortExportWindow:
        window = CohortExportWindow(self.state, lambda: self.barred, lambda: len(self._sources))
        window.export_requested.connect(self.choose)
        window.cancel_requested.connect(self.cancel)
        return window

    def _on_list_changed(self) -> None:
        if self._side.window is not None:
            self._side.window.synchronize()

    def _on_progressed(self, progress: Progress) -> None:
        self.state.work.detail, self.state.work.done = progress.detail, progress.done
        if isinstance(progress.partial, ExportOutcome):
            self.state.tell(_told(progress.partial))

    def _on_exported(self, folder: Path, _outcomes: object) -> None:
        self._end(f"Exported {self.state.summary}: {printable(str(folder))}")
        left_out = any(case.fate is CaseFate.LEFT_OUT for case in self.state.told)
        actions = (("Show the list", "cases.export"),) if left_out else ()
        self._session.say(Notice(self.state.work.outcome, actions=actions, problem=left_out))

    def _on_failed(self, error: Exception) -> None:
        self._end(str(error) if isinstance(error, BrainsegError) else f"Not exported: {error}")
        self._session.say(notice_of(error))

    def _end(self, words: str) -> None:
        self._job = None
        self.state.work.end(words)


def _told(outcome: ExportOutcome) -> CaseTold:
    if (error := outcome.error) is not None:
        where = f"{error.path.name}: " if error.path is not None else ""
        return CaseTold(outcome.case_id, CaseFate.LEFT_OUT, f"{where}{error.what}. {error.remedy}")
    fate = CaseFate.WITH_MASK if outcome.has_mask else CaseFate.WITHOUT_MASK
    return CaseTold(outcome.case_id, fate, ". ".join(outcome.notes))

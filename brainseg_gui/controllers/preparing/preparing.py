"""Preparing a raw examination: the steps are done aside, of the series that are chosen."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QFileDialog, QWidget

from brainseg_gui.api.brain_finder import finder_of
from brainseg_gui.controllers.jobs.job import Job, abandon_jobs
from brainseg_gui.controllers.jobs.notices import notice_of
from brainseg_gui.controllers.layers.files import FilesController
from brainseg_gui.controllers.preparing.after_preparing import AfterPreparing, kept
from brainseg_gui.controllers.preparing.choosing import LOOKING, SeriesChoosing
from brainseg_gui.controllers.settings.preferences import Preferences
from brainseg_gui.imaging.case import CaseSource
from brainseg_gui.imaging.cases.case_folder import find_case
from brainseg_gui.imaging.modality import Modality
from brainseg_gui.preparation.heads.finder import BrainFinder
from brainseg_gui.preparation.prepare_place import PreparationRequest, PreparedExamination, prepare_place
from brainseg_gui.preparation.prepared_case import name_again
from brainseg_gui.preparation.steps.work import PlacedSeries, PreparationWork
from brainseg_gui.progress import Progress
from brainseg_gui.state.session import Notice, Session
from brainseg_gui.views.preparing.prepare_panel import PreparePanel
from brainseg_gui.views.widgets.lazy_panel import LazyPanel

if TYPE_CHECKING:
    from brainseg_gui.controllers.preparing.faceless_copy import FacelessCopy
    from brainseg_gui.controllers.preparing.nudging import NudgingController
    from brainseg_gui.inference.engine.engine import Engine

_CANCELLING = "cancelling"


class PreparingController(QObject):
    """Keeps `session.preparing`.

    Parameters
    ----------
    show, leave
        Bring the panel to the front; give its room back to the layers.
    engine
        Gives the engine that finds brains.
    segment, stop_segmenting
        Segments the open case, and gives that up.
    """

    def __init__(
        self,
        session: Session,
        window: QWidget,
        preferences: Preferences,
        files: FilesController,
        panel: LazyPanel[PreparePanel],
        show: Callable[[], None],
        leave: Callable[[], None],
        engine: Callable[[], Engine | None],
        segment: Callable[[], None],
        stop_segmenting: Callable[[], None],
    ) -> None:
        super().__init__(window)
        self._session, self._window, self._preferences, self._files = session, window, preferences, files
        self._show, self._leave = show, leave
        self._engine, self._stop_segmenting = engine, stop_segmenting
        self._after = AfterPreparing(session, self, files, segment)
        self.choosing = SeriesChoosing(session, self, lambda: _finder(self._engine()))
        self._job: Job | None = None
        self._nudging: NudgingController | None = None
        self._faceless: FacelessCopy | None = None
        panel.when_made(self._listen)
        session.case_changed.connect(self._on_case_changed)
        session.case_changed.connect(self._judge_next)
        session.preparing.events.choice.connect(self._judge_next)
        session.preparing.events.outdated.connect(self._judge_next)

    def _listen(self, panel: PreparePanel) -> None:
        panel.role_chosen.connect(self.choosing.take_for)
        panel.prepare_requested.connect(self.prepare)
        panel.cancel_requested.connect(self.cancel)
        panel.output_requested.connect(self.choose_output)
        panel.nudge_requested.connect(self.nudge)
        panel.faceless_requested.connect(self.copy_without_face)

    # --- what a person asks for

    def choose(self) -> None:
        """Ask for the folder of a raw examination, and look at its series."""
        start = self._preferences.get("last folder", str(Path.home()))
        folder = QFileDialog.getExistingDirectory(
            self._window, "Prepare raw series: the folder of one examination", start
        )
        if folder:
            self.look(Path(folder))

    def look(self, place: Path, said: Mapping[Modality, str] | None = None) -> None:
        """Show the series of a place, and what each is taken for; `said` of some, by number, name or file."""
        self._show()
        state = self._session.preparing
        if not state.running or state.stage == LOOKING:  # else the panel shows what is being prepared; its Cancel first
            self.choosing.look(place, said)

    def look_at_asked(self) -> None:
        """Look at what a person asked to open: it could not be opened, or is raw."""
        if (raw := self._files.reading.raw_case) is not None:
            self.look(raw.folder, {modality: str(path) for modality, path in raw.modalities.items()})
        elif self._files.last_asked:
            self.look(self._files.last_asked[0])

    def choose_output(self) -> None:
        """Ask for the folder that gets the prepared case."""
        state = self._session.preparing
        folder = QFileDialog.getExistingDirectory(self._window, "Folder for prepared cases", str(state.output or ""))
        if folder:
            state.output = Path(folder)

    def prepare(self) -> None:
        """Do all steps; then the case is opened and segmented."""
        state, said, looks = self._session.preparing, self.choosing.said, self.choosing.looks
        if state.output is None or state.examination is None:
            return
        request = PreparationRequest(state.output, said=said, overwrite=True, looks=looks)
        if state.prepared is not None and state.prepared.folder.parent == state.output:
            request = replace(request, name=self._name_again(state.prepared.folder))
            if request.name != state.prepared.folder.name:  # which holds no record of what a person put by hand
                there = {path.resolve() for series in state.examination.series for path in series.files}
                request = replace(request, placed=state.prepared.preparation.put_by_hand(there))
        self._begin(request)

    def _name_again(self, folder: Path) -> str:
        """The name for a prepared case that is made again: another one where somebody added to it, which is said."""
        name = name_again(folder)
        if name != folder.name:
            what = f"{folder.name} holds what was added to it, and stays as it is"
            self._session.say(Notice(what, f"The case that is prepared now is called {name}", problem=False))
        return name

    def nudge(self) -> None:
        """Open the window in which series of the prepared case are put in their places by hand."""
        if self._nudging is None:
            from brainseg_gui.controllers.preparing.nudging import NudgingController

            self._nudging = NudgingController(self._session, self._window, self._preferences, self._do_again)
        self._nudging.show()

    def copy_without_face(self) -> None:
        """Write the series to a folder that may be given away."""
        if self._faceless is None:
            from brainseg_gui.controllers.preparing.faceless_copy import FacelessCopy

            self._faceless = FacelessCopy(self._session, self._window, lambda: _finder(self._engine()))
        self.choosing.stop_glancing()
        self._faceless.choose(self.choosing.said)

    def _do_again(self, placed: PlacedSeries) -> None:
        """The steps after registering, with the series where a hand put them."""
        if (prepared := self._session.preparing.prepared) is not None:
            made = prepared.preparation
            output, said, name = prepared.folder.parent, dict(made.said), self._name_again(prepared.folder)
            self._begin(PreparationRequest(output, made.wishes, said, overwrite=True, name=name, placed=placed))

    def _begin(self, request: PreparationRequest) -> None:
        state = self._session.preparing
        if state.running or state.examination is None:
            return
        self.choosing.stop_glancing()
        state.begin("preparing")
        state.steps = state.doubts = ()
        self._job = Job(_prepared(state.examination.place, request, self._engine()), self, writes=True)
        self._job.progressed.connect(self._on_progressed)
        self._job.succeeded.connect(self._on_prepared)
        self._job.failed.connect(self._on_failed)
        self._job.cancelled.connect(self._on_cancelled)
        self._job.start()

    def cancel(self) -> None:
        """Stop; a case that is prepared already stays, with what is open in the window."""
        state = self._session.preparing
        if self._job is not None:
            self._job.cancel()
            state.stage = _CANCELLING  # a step that cannot be left at once is ended first
        elif self._faceless is not None and self._faceless.running:
            self._faceless.stop()
        elif self._session.segmenting.running:
            self._stop_segmenting()
        elif state.running:
            self.choosing.stop_looking()
            self._after.stop()
            state.end(kept("Cancelled", state.prepared) if state.prepared is not None else "Cancelled")

    def close(self) -> None:
        """Stop what runs, when the program ends."""
        self.choosing.close()
        self._after.close()
        for part in (self._nudging, self._faceless):
            if part is not None:
                part.close()
        abandon_jobs(self)

    # --- what comes back

    def _on_progressed(self, progress: Progress) -> None:
        state = self._session.preparing
        if state.stage == _CANCELLING:
            return
        state.stage, state.done = progress.stage, progress.done
        if isinstance(progress.partial, PreparationWork):
            state.steps, state.doubts = progress.partial.done, progress.partial.doubts

    def _on_prepared(self, done: tuple[PreparedExamination, CaseSource]) -> None:
        self._job, (prepared, source) = None, done
        self._session.preparing.prepared = prepared
        self.choosing.forget_changes()
        self._session.preparing.doubts = prepared.preparation.doubts  # also of what was prepared before
        self._session.preparing.end(f"Prepared: {prepared.folder}")
        self._after.go_on(prepared, source)

    def _on_case_changed(self) -> None:
        case = self._session.case
        if case is not None and not self._session.preparing.running and not self._is_about(case.source.folder):
            self._leave()  # the panel has nothing to say of it, and would hide its layers
        if not self._session.preparing.running:
            self.choosing.look_for_raw(self._files.reading.raw_look)

    def _judge_next(self, *_: object) -> None:
        """Preparing is the next step while the series are open themselves, or nothing is; then segmenting is."""
        state, case = self._session.preparing, self._session.case
        place = state.examination.place if state.examination is not None and state.choice is not None else None
        again = state.prepared.folder if state.prepared is not None and state.outdated else None
        open_one = case.source.folder if case is not None else place
        self._session.segmenting.later = place is not None and open_one in (place, again)

    def _is_about(self, folder: Path) -> bool:
        """Whether the panel shows the examination that a case was made of, or the case that was made."""
        state = self._session.preparing
        places = (
            state.examination.place if state.examination is not None else None,
            state.prepared.folder if state.prepared is not None else None,
        )
        return folder in places

    def _on_cancelled(self) -> None:
        self._end_without("Cancelled")

    def _on_failed(self, error: Exception) -> None:
        self._end_without("Not prepared")
        self._session.say(notice_of(error))

    def _end_without(self, what: str) -> None:
        """No case came of it; that of an earlier time is still there."""
        self._job, state = None, self._session.preparing
        state.steps = ()
        self.choosing.choose()
        if state.prepared is not None:
            state.doubts = state.prepared.preparation.doubts
        state.end(kept(what, state.prepared) if state.prepared is not None else f"{what}; nothing was left behind")


def _prepared(
    place: Path, request: PreparationRequest, engine: Engine | None
) -> Generator[Progress, None, tuple[PreparedExamination, CaseSource]]:
    """Prepare, with the networks that see heads where the program comes with them."""
    prepared = yield from prepare_place(place, request, _finder(engine))
    return prepared, find_case(prepared.folder)


def _finder(engine: Engine | None) -> BrainFinder | None:
    return finder_of(engine, start=False) if engine is not None else None

"""Series put in their places by hand: reading them, searching from there, and what is kept."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QWidget

from brainseg_gui.controllers.jobs.latest_job import LatestJob
from brainseg_gui.controllers.settings.preferences import Preferences
from brainseg_gui.controllers.settings.side_window import SideWindow
from brainseg_gui.imaging.modality import Modality
from brainseg_gui.preparation.nudging import NudgedExamination, places_kept, read_nudged
from brainseg_gui.preparation.registration.motion import Alignment
from brainseg_gui.preparation.registration.pose import Pose
from brainseg_gui.preparation.registration.register import refine
from brainseg_gui.preparation.steps.work import PlacedSeries
from brainseg_gui.progress import Progress
from brainseg_gui.state.session import Session
from brainseg_gui.views.preparing.nudge_window import NudgeWindow


class NudgingController(QObject):
    """Keeps `session.preparing.nudging`.

    Parameters
    ----------
    keep
        Does the later steps of the preparation again, with the series where they lie now.
    """

    def __init__(
        self, session: Session, window: QWidget, preferences: Preferences, keep: Callable[[PlacedSeries], None]
    ) -> None:
        super().__init__(window)
        self._session, self._keep = session, keep
        self._state = session.preparing.nudging
        self._side = SideWindow(self._make_window, preferences, "nudge")
        self._work = LatestJob(session, self)
        self._work.progressed.connect(self._on_progressed)

    def _make_window(self) -> NudgeWindow:
        window = NudgeWindow(self._session)
        window.refine_requested.connect(self.refine)
        window.cancel_requested.connect(self.cancel)
        window.accepted.connect(self.accept)
        return window

    def show(self) -> None:
        """Open the window on the series of the prepared case; what was moved before and not kept is there still."""
        preparing = self._session.preparing
        if preparing.examination is None or preparing.prepared is None:
            return
        preparation = preparing.prepared.preparation
        if self._state.nudged is None or self._state.nudged.preparation is not preparation:
            self._state.nudged = None
            self._state.begin("reading series")
            reading = read_nudged(preparing.examination, preparation)
            self._work.start(reading, self._on_read, lambda: self._state.end("The series could not be read"))
        self._side.show()

    def refine(self) -> None:
        """Search for the best fit from where the series lies now."""
        state = self._state
        if state.running or state.nudged is None or state.modality is None or (moving := state.moving) is None:
            return
        modality, grid = state.modality, moving.seen.volume.grid
        self._state.begin(f"searching for {modality.title}")
        search = refine(state.nudged.reference.volume, moving.seen.volume, moving.to_series)

        def found(alignment: Alignment) -> None:
            state.refined(modality, alignment, Pose.of(alignment.to_series, grid))
            state.end("")

        self._work.start(search, found, lambda: state.end("The search failed"))

    def cancel(self) -> None:
        """Stop what runs; the series stay where they are."""
        self._work.stop()
        self._state.end("Stopped; the series stays where it was")

    def accept(self) -> None:
        """Keep all series where they lie now."""
        nudged = self._state.nudged
        if nudged is None or self._state.running or not nudged.is_changed:
            return
        self._state.begin("judging the place")
        self._work.start(places_kept(nudged), self._on_judged, lambda: self._state.end("It was not kept"))

    def close(self) -> None:
        """Stop what runs and put the window away, when the program ends."""
        self._work.close()
        self._side.close()

    def _on_progressed(self, progress: Progress) -> None:
        self._state.done = progress.done

    def _on_read(self, nudged: NudgedExamination) -> None:
        self._state.crosshair = nudged.grid.centre
        self._state.modality = _first_to_look_at(nudged)
        self._state.nudged = nudged
        self._state.end("")

    def _on_judged(self, placed: PlacedSeries) -> None:
        self._state.end("Kept; the later steps are done again")
        if self._side.window is not None:
            self._side.window.hide()
        self._keep(placed)


def _first_to_look_at(nudged: NudgedExamination) -> Modality | None:
    """One that could not be registered, else the first."""
    failed = [modality for modality, one in nudged.series.items() if one.before.problem]
    return next(iter([*failed, *nudged.series]), None)

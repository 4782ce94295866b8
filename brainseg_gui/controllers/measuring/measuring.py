"""Measuring with the mouse: rulers, angles and ellipses, what lies under them, and copying it all."""

from __future__ import annotations

from collections.abc import Callable, Generator
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QApplication, QWidget

from brainseg_gui.annotation.measuring.gesture import MeasureGesture, nearest_point
from brainseg_gui.annotation.measuring.mark import Mark, MarkKind
from brainseg_gui.annotation.measuring.mark_journal import MarkChange, MarkJournals
from brainseg_gui.controllers.jobs.keeper import Keeper
from brainseg_gui.controllers.jobs.latest_job import LatestJob
from brainseg_gui.controllers.measuring.roi import ellipse_statistics, label_work, statistics_rows
from brainseg_gui.controllers.measuring.study_marks import StudyMarks
from brainseg_gui.imaging.case import Case
from brainseg_gui.progress import Progress
from brainseg_gui.state.session import Notice, Session
from brainseg_gui.state.slices.viewing import ViewLayout
from brainseg_gui.views.actions.actions import Actions
from brainseg_gui.views.slices.hand_event import HandEvent, HandMove
from brainseg_gui.views.widgets.lazy_panel import LazyPanel

if TYPE_CHECKING:
    from brainseg_gui.state.measuring.roi_statistics import RoiStatistics
    from brainseg_gui.views.measuring.measurements_panel import MeasurementsPanel
    from brainseg_gui.views.slices.ortho_view import OrthoView

_PAUSE_MS = 120  # strokes of an annotation follow one another
_REACH_PX = 8.0


class MeasuringController(QObject):
    """Turns the mouse into `session.measuring`, and shows and copies what it comes to."""

    def __init__(
        self,
        session: Session,
        window: QWidget,
        actions: Actions,
        panel: LazyPanel[MeasurementsPanel],
        pictures: LazyPanel[OrthoView],
        show: Callable[[], object],
        journals: MarkJournals,
        study: Callable[[], str],
        know: Callable[[Case, str], None],
    ) -> None:
        super().__init__(window)
        self._session, self._actions, self._pictures, self._show = session, actions, pictures, show
        self._measuring, self._hand = session.measuring, session.measuring.hand
        self.keeper = Keeper(session, self, "Measurements")
        self.keeper.written.connect(lambda home: know(home.case, home.study))
        self._journals, self._study = journals, study
        self._home: StudyMarks | None = None
        self._gesture: MeasureGesture | None = None
        self._labels, self._copying = LatestJob(session, self, _PAUSE_MS), LatestJob(session, self)
        self._panel: MeasurementsPanel | None = None
        pictures.when_made(lambda made: made.measure_used.connect(self._on_used))
        panel.when_made(self._listen)
        self._connect()

    def _connect(self) -> None:
        session, events = self._session, self._hand.events
        events.tool.connect(self._on_tool_changed)
        self._measuring.recorded.connect(self._keep)
        for signal in (events.chosen, events.where, events.drawn, self._measuring.changed):
            signal.connect(self._measure)
        for changed in (session.layers.changed, session.layers.appearance_changed):
            changed.connect(self._measure)
        for act in (self._drop, self._copying.stop):
            session.case_changed.connect(act)
        session.annotating.options.events.tool.connect(self._let_go)
        session.annotating.annotation_changed.connect(self._let_go)

    def _keep(self, change: MarkChange) -> None:
        case = self._session.case
        if case is not None:
            if self._home is None or self._home.case is not case:
                self._home = StudyMarks(self._journals, case, self._study())
            self.keeper.keep(self._home, change)

    def _listen(self, panel: MeasurementsPanel) -> None:
        self._panel = panel
        panel.mark_chosen.connect(self._go_to)
        panel.seen.connect(self._measure)
        self._measure()

    # --- what the actions do ------------------------------------------------------------------------------------------

    def take(self, kind: MarkKind) -> None:
        """Measure so from now on; once more, no longer."""
        if self._session.case is None or self._session.previewing:
            self._session.say(Notice("What is measured is an open case", "Open a case first", problem=False))
        else:
            self._hand.tool = None if self._hand.tool is kind else kind
            if self._hand.tool is not None:
                self._show()
        self._on_tool_changed()

    def cancel(self) -> bool:
        """Drop what is being drawn, else let the ruler go; returns whether there was anything."""
        if self._gesture is not None and self._gesture.drawn is not None:
            self._drop()
            return True
        measured = self._hand.tool is not None
        self._hand.tool = None
        return measured

    def remove_here(self) -> bool:
        """While measuring, take away what a point under the mouse belongs to, else what is chosen."""
        if self._hand.tool is None:
            return False
        self.remove(self._under_mouse() or self._measuring.chosen)
        return True

    def remove(self, mark: Mark | None) -> None:
        """Take a measurement away; none of a case behind another one that is being read."""
        if mark is not None and not self._session.previewing:
            self._measuring.change(MarkChange(mark, None))

    def remove_chosen(self) -> None:
        """Take away what is chosen."""
        self.remove(self._measuring.chosen)

    def copy(self) -> None:
        """Put all measurements and the statistics that are shown on the clipboard, as rows of a table."""
        work = self._label_work()
        if work is None:
            self._copy_rows()
        else:  # what the panel showed may be of a mask as it was
            self._copying.start(work, self._copy_with)

    def _copy_with(self, statistics: RoiStatistics | None) -> None:
        self._hand.statistics = statistics
        self._copy_rows()

    def _copy_rows(self) -> None:
        case = self._session.case
        rows = statistics_rows(case, self._measuring) if case is not None else []
        if len(rows) < 2:
            self._session.say(Notice("Nothing is measured yet", "Draw a ruler: Q", problem=False))
            return
        QApplication.clipboard().setText("\n".join("\t".join(row) for row in rows) + "\n")
        count = len(rows) - 1
        self._session.say(Notice(f"Copied {count} row{'s' * (count > 1)} of measurements", problem=False))

    # --- the mouse ----------------------------------------------------------------------------------------------------

    def _on_used(self, event: HandEvent) -> None:
        case, tool = self._session.case, self._hand.tool
        if case is None or tool is None:
            return
        if self._gesture is None:
            self._gesture = MeasureGesture(tool, case.grid)
        gesture, point, plane = self._gesture, event.pointer.point_ijk, event.pointer.plane
        change: MarkChange | None = None
        match event.move:
            case HandMove.PRESSED | HandMove.DOUBLE_CLICKED:
                gesture.press(point, plane, self._measuring.marks, event.pixel_mm)
                self._hand.chosen = gesture.drawn.key if gesture.drawn in self._measuring.marks else ""
            case HandMove.MOVED:
                gesture.move(point)
            case HandMove.RELEASED:
                change = gesture.release(point, event.pixel_mm)
            case HandMove.LOST:
                change = gesture.lose()
        self._hand.drawn = gesture.drawn
        if change is not None:
            self._measuring.change(change)
            self._hand.chosen = change.key

    def _under_mouse(self) -> Mark | None:
        view = next((view for view in self._pictures().views if view.cursor is not None), None)
        case = self._session.case
        point = view.point_at(view.cursor) if view is not None and view.cursor is not None else None
        if view is None or point is None or case is None:
            return None
        seen = self._measuring.seen_in(view.plane, view.slice_index)
        found = nearest_point(point, seen, case.grid, _REACH_PX / view.screen_pixels_per_mm)
        return found[0] if found is not None else None

    def _drop(self) -> None:
        if self._gesture is not None:
            self._gesture.drop()
        self._gesture, self._hand.drawn = None, None

    def _let_go(self, *_: object) -> None:
        """A tool of the annotation was taken into the hand instead."""
        self._hand.tool = None

    def _on_tool_changed(self, *_: object) -> None:
        self._drop()
        for kind in MarkKind:
            self._actions[f"measure.{kind.value}"].setChecked(self._hand.tool is kind)

    # --- what is shown ------------------------------------------------------------------------------------------------

    def _go_to(self, key: str) -> None:
        """Look at a measurement whose row was chosen."""
        mark, viewing, case = self._measuring.of(key), self._session.viewing, self._session.case
        self._hand.chosen = key
        if mark is None or case is None:
            return
        middle = [sum(point[axis] for point in mark.points_ijk) / len(mark.points_ijk) for axis in range(3)]
        voxel = case.grid.clip((middle[0], middle[1], middle[2]))
        if viewing.layout is not ViewLayout.PLANES:
            viewing.plane = mark.plane
        viewing.crosshair = voxel
        self._pictures().reveal(voxel)

    def _measure(self, *_: object) -> None:
        """Work out what lies under the chosen ellipse, or in the chosen label, while somebody looks."""
        case = self._session.case
        self._labels.stop()
        if case is None or self._panel is None or not self._panel.isVisible():
            return
        work = self._label_work()
        if work is None:
            self._hand.statistics = ellipse_statistics(case, self._hand.drawn or self._measuring.chosen)
        else:
            self._labels.start(work, partial(setattr, self._hand, "statistics"))

    def _label_work(self) -> Generator[Progress, None, RoiStatistics | None] | None:
        """Measures the chosen label as it is now; None where none is chosen."""
        case, layer = self._session.case, self._session.worked_on
        if case is None or layer is None or not self._hand.where:
            return None
        return label_work(self._session.annotating.at_rest(layer.labels), layer.name, self._hand.where, case)

    def close(self) -> None:
        """Keep what is not kept yet, and end the threads, when the program ends."""
        self._labels.close()
        self._copying.close()
        self.keeper.close()

"""Dragging the ends of diameters over the slices."""

from __future__ import annotations

from PySide6.QtCore import QObject

from brainseg_gui.followup.edits import LineMoved
from brainseg_gui.state.following.shown_lines import end_near
from brainseg_gui.state.session import Session
from brainseg_gui.views.slices.hand_event import HandEvent, HandMove
from brainseg_gui.views.slices.ortho_view import OrthoView
from brainseg_gui.views.slices.slice_hand import REACH_PX
from brainseg_gui.views.widgets.lazy_panel import LazyPanel


class DiametersController(QObject):
    """What is dragged is shown at once, and is a change of the follow-up when the button goes up."""

    def __init__(self, session: Session, parent: QObject, pictures: LazyPanel[OrthoView]) -> None:
        super().__init__(parent)
        self._session, self._following = session, session.following
        self._end = 0
        pictures.when_made(lambda made: made.line_used.connect(self._on_used))
        session.case_changed.connect(lambda: self._following.drag(None))

    def _on_used(self, event: HandEvent) -> None:
        point, dragged = event.pointer.point_ijk, self._following.dragged
        match event.move:
            case HandMove.PRESSED | HandMove.DOUBLE_CLICKED:
                self._take(event)
            case HandMove.MOVED if dragged is not None:
                self._following.drag(dragged.with_end(self._end, point))
            case HandMove.RELEASED if dragged is not None:
                self._keep()
            case HandMove.LOST:
                self._following.drag(None)

    def _take(self, event: HandEvent) -> None:
        case, pointer = self._session.case, event.pointer
        if case is None:
            return
        lines = self._following.lines_in(pointer.plane, round(pointer.point_ijk[pointer.plane.axis]), case.grid)
        found = end_near(pointer.point_ijk, lines, case.grid, REACH_PX * event.pixel_mm)
        if found is not None:
            line, self._end = found
            self._following.drag(line)

    def _keep(self) -> None:
        dragged, visit, record = self._following.dragged, self._following.choice.visit, self._following.record
        self._following.drag(None)
        if dragged is None or visit is None or record is None:
            return
        cross = record.lesions(visit)[dragged.lesion].cross
        before = cross.longest if dragged.which == "longest" else cross.across
        if dragged.line != before:
            self._following.edit(LineMoved(visit, dragged.lesion, dragged.which, dragged.line))
            self._following.choice.lesion = dragged.lesion

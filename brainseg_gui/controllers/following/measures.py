"""The panel of measures: going to lesions, and what people change about them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from PySide6.QtCore import QObject

from brainseg_gui.followup.edits import BaselineChosen, Edit, TargetsChosen, TreatmentNoted, VisitRemark
from brainseg_gui.imaging.grid import Voxel
from brainseg_gui.state.session import Notice, Session
from brainseg_gui.state.slices.viewing import ViewLayout
from brainseg_gui.views.following.measures_panel import MeasuresPanel
from brainseg_gui.views.widgets.lazy_panel import LazyPanel


class MeasuresController(QObject):
    """Turns what is done in the panel into changes of `session.following`.

    Parameters
    ----------
    open_visit
        Opens a visit.
    measure
        Measures again, by the criteria that are chosen.
    reveal
        Brings a voxel into sight.
    """

    def __init__(
        self,
        session: Session,
        parent: QObject,
        panel: LazyPanel[MeasuresPanel],
        open_visit: Callable[[int], None],
        measure: Callable[[], None],
        reveal: Callable[[Voxel], None],
    ) -> None:
        super().__init__(parent)
        self._session, self._following = session, session.following
        self._open_visit, self._measure, self._reveal = open_visit, measure, reveal
        self._awaited: tuple[int, int] | None = None  # visit and lesion to look at once it is open
        panel.when_made(self._listen)
        self._following.choice.events.visit.connect(self._on_visit_changed)

    def _listen(self, panel: MeasuresPanel) -> None:
        panel.table.lesion_chosen.connect(self.go_to)
        panel.table.targets_chosen.connect(lambda lesions: self._edit(TargetsChosen(lesions)))
        panel.remark_written.connect(self._remark)
        panel.treatment_noted.connect(self._note)
        panel.criteria_chosen.connect(self._on_criteria_chosen)

    def go_to(self, visit: int, lesion: int) -> None:
        """Look at a lesion where it was measured, in the visit that it was measured at."""
        if visit != self._following.choice.visit:
            self._awaited = (visit, lesion)
            self._open_visit(visit)
            return
        record, case, viewing = self._following.record, self._session.case, self._session.viewing
        found = record.lesions(visit).get(lesion) if record is not None else None
        self._following.choice.lesion = lesion if found is not None else 0
        if found is None or case is None:
            return
        cross = found.cross
        middle = [(a + b) / 2 for a, b in zip(cross.longest.start_ijk, cross.longest.end_ijk, strict=True)]
        if viewing.layout is not ViewLayout.PLANES:
            viewing.plane = cross.plane
        viewing.crosshair = case.grid.clip((middle[0], middle[1], middle[2]))
        self._reveal(viewing.crosshair)

    def count_from_here(self) -> None:
        """Let response be counted from the open visit."""
        visit, record = self._following.choice.visit, self._following.record
        if visit is None or record is None or record.visits[visit].mask is None:
            self._session.say(Notice("The baseline is a measured visit", "Open one that has a mask", problem=False))
        else:
            self._edit(BaselineChosen(visit))

    def _on_visit_changed(self) -> None:
        awaited, self._awaited = self._awaited, None
        self._following.choice.lesion = 0
        if awaited is not None and awaited[0] == self._following.choice.visit:
            self.go_to(*awaited)

    def _remark(self, text: str) -> None:
        choice = self._following.choice
        if choice.visit is not None:
            self._edit(VisitRemark(choice.visit, text, choice.lesion or None))

    def _note(self, day: date, text: str) -> None:
        self._edit(TreatmentNoted(day, text))

    def _on_criteria_chosen(self, name: str) -> None:
        if name != self._following.choice.criteria:
            self._following.choice.criteria = name
            self._measure()

    def _edit(self, edit: Edit) -> None:
        try:
            self._following.edit(edit)
        except ValueError as error:
            self._session.say(Notice(f"Nothing is changed: {error}", problem=False))
            self._following.changed.emit()  # the panel shows what is

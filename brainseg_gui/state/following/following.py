"""The patient whose visits are followed: the time line, what was measured, and what people changed about it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from psygnal import Signal, SignalGroupDescriptor

from brainseg_gui.imaging.case import Case
from brainseg_gui.imaging.grid import Affine, Grid
from brainseg_gui.imaging.plane import Plane
from brainseg_gui.state.work import Work

if TYPE_CHECKING:
    from brainseg_gui.followup.aligning.beside import BesideVisit
    from brainseg_gui.followup.aligning.placements import Placement
    from brainseg_gui.followup.edits import Edit
    from brainseg_gui.followup.record import FollowUp
    from brainseg_gui.followup.visits import TimeLine
    from brainseg_gui.state.following.shown_lines import ShownLine


@dataclass
class FollowingChoice:
    """What a person looks at; every field emits when it really changes.

    Parameters
    ----------
    visit
        Index of the visit that is open; None where the open case is no visit of the patient.
    lesion
        Number of the lesion whose row is chosen; 0 for none.
    criteria
        Name of the criteria that it is measured by.
    """

    events: ClassVar[SignalGroupDescriptor] = SignalGroupDescriptor()

    visit: int | None = None
    lesion: int = 0
    criteria: str = "rano2"


class Following:
    """One patient at a time. Measures come later than the time line, and not at all where no visit has a mask."""

    line_changed = Signal()
    """Another patient, or none."""

    changed = Signal()
    """Another patient, other measures, or a change of a person."""

    dragged_changed = Signal()
    """The diameter in the hand is another one, or lies elsewhere."""

    beside_changed = Signal()
    """Another visit, or none, is laid on the open one."""

    recorded = Signal(object)
    """An `Edit` that a person made, or None: the last one was taken back."""

    def __init__(self) -> None:
        self.choice = FollowingChoice()
        self.work = Work()
        self.line: TimeLine | None = None
        self.record: FollowUp | None = None
        self.placements: tuple[Placement, ...] = ()
        self._undone: list[Edit] = []
        self._beside: BesideVisit | None = None
        self.dragged: ShownLine | None = None
        self._lines: tuple[ShownLine, ...] = ()
        self._lines_of: tuple[object, ...] = ()

    def lines_in(self, plane: Plane, slice_index: int, grid: Grid) -> list[ShownLine]:
        """The diameters of the open visit in a slice, the one in the hand as it is now; worked out once per change."""
        if self.record is None or self.choice.visit is None:
            return []
        key = (self.record, self.choice.visit, grid)
        if key != self._lines_of:
            from brainseg_gui.state.following.shown_lines import lines_on

            self._lines, self._lines_of = lines_on(self.record, self.choice.visit, grid), key
        dragged = self.dragged
        return [
            dragged if dragged is not None and (line.lesion, line.which) == (dragged.lesion, dragged.which) else line
            for line in self._lines
            if (line.plane, line.slice_index) == (plane, slice_index)
        ]

    def drag(self, line: ShownLine | None) -> None:
        """Have a diameter in the hand, as it is now, or none."""
        if line != self.dragged:
            self.dragged = line
            self.dragged_changed.emit()

    @property
    def beside(self) -> BesideVisit | None:
        """The visit that is laid on the open one."""
        return self._beside

    def put_beside(self, beside: BesideVisit | None) -> None:
        """Lay another visit on the open one, or none."""
        if beside is not self._beside:
            self._beside = beside
            self.beside_changed.emit()

    def open(self, line: TimeLine | None) -> None:
        """Follow another patient, or none."""
        self.line, self.record, self._undone = line, None, []
        self.placements = ()
        self.choice.visit, self.choice.lesion = None, 0
        self.line_changed.emit()
        self.changed.emit()

    def placed(self, placements: tuple[Placement, ...]) -> None:
        """Know where the visits lie in the space of the first one."""
        self.placements = placements
        self.changed.emit()

    def measured(self, record: FollowUp | None) -> None:
        """Show measures, with the changes that people made before; None where no visit has a mask."""
        self.record, self._undone = record, []
        self.changed.emit()

    def way(self, start: int, end: int) -> Affine:
        """4×4: from the world (RAS, mm) of a visit to that of another one, as far as they were registered."""
        if not self.placements:
            return np.eye(4)
        to_first, from_first = self.placements[start].to_first, np.linalg.inv(self.placements[end].to_first)
        way: Affine = from_first @ to_first
        return way

    def visit_of(self, case: Case | None) -> int | None:
        """Index of the visit that a case is; None where it is none."""
        visits = self.line.visits if self.line is not None else ()
        if case is None:
            return None
        identity = case.source.identity
        return next((index for index, visit in enumerate(visits) if visit.source.identity == identity), None)

    def has_mask(self, visit: int) -> bool:
        """Whether a visit has a mask: beside its images, or saved before it was measured."""
        if self.line is None:
            return False
        measured = self.record is not None and self.record.visits[visit].mask is not None
        return measured or self.line.visits[visit].source.reference is not None

    # --- what people change -------------------------------------------------------------------------------------------

    @property
    def undoable(self) -> bool:
        """Whether a change can be taken back."""
        return self.record is not None and bool(self.record.edits)

    @property
    def redoable(self) -> bool:
        """Whether one was taken back."""
        return bool(self._undone)

    def edit(self, edit: Edit) -> None:
        """Change something.

        Raises
        ------
        ValueError
            If it is about a visit or lesion that is not there, or nothing is measured.
        """
        if self.record is None:
            raise ValueError("nothing is measured")
        self.record = self.record.with_edit(edit)
        self._undone.clear()
        self._tell(edit)

    def undo(self) -> None:
        """Take the last change back."""
        if self.record is not None and self.record.edits:
            self._undone.append(self.record.edits[-1])
            self.record = self.record.without_last_edit()
            self._tell(None)

    def redo(self) -> None:
        """Make the change again that was taken back last."""
        if self.record is not None and self._undone:
            edit = self._undone.pop()
            self.record = self.record.with_edit(edit)
            self._tell(edit)

    def _tell(self, edit: Edit | None) -> None:
        self.changed.emit()
        self.recorded.emit(edit)

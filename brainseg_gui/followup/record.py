"""Everything that a follow-up of a patient found, and what people changed about it: one value, never altered.

A change is a record on top of what was measured. The measurements stay as they were, so that a change can be taken back
and seen for what it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path

import numpy as np

from brainseg_gui.followup.criteria import Criteria
from brainseg_gui.followup.edits import BaselineChosen, Edit, LineMoved, TargetsChosen, TreatmentNoted, VisitRemark
from brainseg_gui.followup.identity import Identities, LesionEvent
from brainseg_gui.followup.lesions import LINES_A_CAVITY, MeasuredLesion, why_not_measurable
from brainseg_gui.followup.moments import Moment, Span, moment_on
from brainseg_gui.followup.response import default_targets
from brainseg_gui.followup.volumes import VolumeRange
from brainseg_gui.imaging.grid import Affine, Grid


@dataclass(frozen=True, eq=False)
class VisitMeasures:
    """What one visit holds.

    Parameters
    ----------
    name
        Name of the visit.
    moment
        When it was.
    grid
        Grid that its lines are written in; None where it has no mask.
    mask
        The mask that was measured; None where there is none.
    lesions
        Number over all visits -> lesion as measured.
    volumes
        Key of a region or meaning -> its volume in ml; its limits hold what is known of border and network.
    by_network
        Key of a region -> between which volumes in ml the network that made the mask sees it; empty where a person or
        another program did.
    notes
        How the mask was read, where the visit lies, and what is in doubt, in sentences.
    to_first
        4×4: its world (RAS, mm) to that of the first visit; None where it was not registered.
    not_evaluable
        Why no category can be told of it: its mask knows nothing of what is measured, or nobody knows where it lies.
    """

    name: str
    moment: Moment
    grid: Grid | None = None
    mask: Path | None = None
    lesions: Mapping[int, MeasuredLesion] = field(default_factory=dict)
    volumes: Mapping[str, VolumeRange] = field(default_factory=dict)
    by_network: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    to_first: Affine | None = None
    not_evaluable: str = ""


@dataclass(frozen=True, eq=False)
class FollowUp:
    """A patient over several visits.

    Parameters
    ----------
    patient
        Name of the patient.
    criteria
        How it was measured.
    visits
        In order.
    events
        What became of lesions.
    notes
        What was assumed about order, times and registration, in sentences.
    edits
        What people changed, in order.
    versions
        Programs that measured.
    to_atlas
        4×4: world of the first visit to the atlas's; None where lesions were not located.
    """

    patient: str
    criteria: Criteria
    visits: tuple[VisitMeasures, ...]
    events: tuple[LesionEvent, ...] = ()
    notes: tuple[str, ...] = ()
    edits: tuple[Edit, ...] = ()
    versions: Mapping[str, str] = field(default_factory=dict)
    to_atlas: Affine | None = None

    # --- what people change -------------------------------------------------------------------------------------------

    def with_edit(self, edit: Edit) -> FollowUp:
        """With one change more.

        Raises
        ------
        ValueError
            If it is about a visit or lesion that is not there.
        """
        self._check(edit)
        return replace(self, edits=(*self.edits, edit))

    def without_last_edit(self) -> FollowUp:
        """With the last change taken back."""
        return replace(self, edits=self.edits[:-1])

    def _check(self, edit: Edit) -> None:
        if isinstance(edit, TreatmentNoted):
            return
        if isinstance(edit, TargetsChosen):
            if not set(edit.lesions) <= self.visits[self.baseline].lesions.keys():
                raise ValueError("a target is no lesion of the baseline")
            return
        if not 0 <= edit.visit < len(self.visits):
            raise ValueError("there is no such visit")
        lesion = edit.lesion if isinstance(edit, LineMoved | VisitRemark) else None
        if isinstance(edit, BaselineChosen) and self.visits[edit.visit].mask is None:
            raise ValueError("the visit has no mask")
        if lesion is not None and lesion not in self.visits[edit.visit].lesions:
            raise ValueError("the visit has no such lesion")

    @property
    def baseline(self) -> int:
        """Index of the visit that response is counted from: the one chosen, else the first one with a mask."""
        chosen = [edit.visit for edit in self.edits if isinstance(edit, BaselineChosen)]
        measured = [index for index, visit in enumerate(self.visits) if visit.mask is not None]
        return chosen[-1] if chosen else measured[0] if measured else 0

    @property
    def targets(self) -> tuple[int, ...]:
        """Lesions that are summed up: those chosen, else the largest measurable ones of the baseline."""
        chosen = [edit.lesions for edit in self.edits if isinstance(edit, TargetsChosen)]
        here = self.visits[self.baseline].lesions if self.visits else {}
        known = tuple(lesion for lesion in chosen[-1] if lesion in here) if chosen else ()
        return known if chosen else default_targets(self.lesions(self.baseline), self.criteria)

    def remarks(self, visit: int, lesion: int | None = None) -> tuple[str, ...]:
        """Remarks on a visit, or on a lesion of it."""
        about = (visit, lesion)
        return tuple(e.text for e in self.edits if isinstance(e, VisitRemark) and (e.visit, e.lesion) == about)

    @property
    def treatments(self) -> tuple[TreatmentNoted, ...]:
        """Treatments that people noted, by their days."""
        noted = [edit for edit in self.edits if isinstance(edit, TreatmentNoted)]
        return tuple(sorted(noted, key=lambda treatment: treatment.day))

    # --- what is measured ---------------------------------------------------------------------------------------------

    def lesions(self, visit: int) -> dict[int, MeasuredLesion]:
        """Lesions of a visit with the lines where people left them."""
        here = self.visits[visit]
        found = dict(here.lesions)
        for edit in self.edits:
            if isinstance(edit, LineMoved) and edit.visit == visit and here.grid is not None:
                found[edit.lesion] = _with_line(found[edit.lesion], edit, here.grid, self.criteria)
        return found

    def is_edited(self, visit: int, lesion: int) -> bool:
        """Whether somebody moved a line of a lesion."""
        return any(isinstance(e, LineMoved) and (e.visit, e.lesion) == (visit, lesion) for e in self.edits)

    @property
    def identities(self) -> Identities:
        """Which lesion is which."""
        return Identities(tuple({number: number for number in visit.lesions} for visit in self.visits), self.events)

    def days(self, visit: int) -> Span | None:
        """Days from the baseline to a visit; None where nothing tells."""
        return self.visits[self.baseline].moment.days_until(self.visits[visit].moment)

    def days_to(self, day: date) -> Span | None:
        """Days from the baseline to a date; None where the baseline's date is not known."""
        return self.visits[self.baseline].moment.days_until(moment_on(day)) if self.visits else None

    def measured_visits(self) -> Iterable[int]:
        """Indices of the visits that have a mask."""
        return (index for index, visit in enumerate(self.visits) if visit.mask is not None)


def _with_line(lesion: MeasuredLesion, edit: LineMoved, grid: Grid, criteria: Criteria) -> MeasuredLesion:
    """A lesion with another line; the longer of the two is the longest one."""
    lines = {"longest": lesion.cross.longest, "across": lesion.cross.across, edit.which: edit.line}
    ordered = sorted(lines.values(), key=lambda line: -line.length_mm(grid))
    cut = int(np.rint(edit.line.start_ijk[lesion.cross.plane.axis]))
    lengths = [line.length_mm(grid) for line in ordered]
    cross = replace(
        lesion.cross,
        slice_index=cut,
        longest=ordered[0],
        across=ordered[1],
        longest_mm=lengths[0],
        across_mm=lengths[1],
    )
    if lesion.why_not.startswith(LINES_A_CAVITY):  # a line says nothing of how thick the wall is
        return replace(lesion, cross=cross)
    return replace(lesion, cross=cross, why_not=why_not_measurable(cross, lesion.slices, grid, criteria))

"""The diameters of the open visit as they are drawn, and the one whose end is in the hand."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from brainseg_gui.followup.diameters import Line, Point
from brainseg_gui.followup.record import FollowUp
from brainseg_gui.imaging.grid import Grid
from brainseg_gui.imaging.nearest import nearest_end
from brainseg_gui.imaging.plane import Plane


@dataclass(frozen=True)
class ShownLine:
    """One diameter of a lesion.

    Parameters
    ----------
    lesion
        The lesion's number.
    which
        ``longest`` or ``across``.
    plane, slice_index
        Where it lies.
    line
        Its ends.
    """

    lesion: int
    which: str
    plane: Plane
    slice_index: int
    line: Line

    @property
    def ends(self) -> tuple[Point, Point]:
        """Both ends, in voxel coordinates."""
        return self.line.start_ijk, self.line.end_ijk

    def with_end(self, end: int, point_ijk: Point) -> ShownLine:
        """With one end elsewhere in its slice."""
        point = list(point_ijk)
        point[self.plane.axis] = float(self.slice_index)
        ends = [*self.ends]
        ends[end] = (point[0], point[1], point[2])
        return replace(self, line=Line(ends[0], ends[1]))


def lines_on(record: FollowUp, visit: int, grid: Grid) -> tuple[ShownLine, ...]:
    """The diameters of a visit's lesions; none where they were measured on another grid than is shown."""
    own = record.visits[visit].grid
    if own is None or not own.same_as(grid):
        return ()
    crosses = [(number, lesion.cross) for number, lesion in record.lesions(visit).items()]
    return tuple(
        ShownLine(number, which, cross.plane, cross.slice_index, line)
        for number, cross in crosses
        for which, line in (("longest", cross.longest), ("across", cross.across))
    )


def end_near(point: Point, lines: list[ShownLine], grid: Grid, reach_mm: float) -> tuple[ShownLine, int] | None:
    """The end of a line that is nearest, within reach, and which of the two it is."""
    ends = [
        (line, number, grid.affine[:3, :3] @ np.subtract(point, own))
        for line in lines
        for number, own in enumerate(line.ends)
    ]
    return nearest_end(ends, reach_mm)

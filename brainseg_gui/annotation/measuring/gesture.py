"""What presses, moves and releases of a button come to: a measurement drawn, or a point of one moved."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from brainseg_gui.annotation.measuring.mark import Mark, MarkKind, Point, is_flat, way_mm
from brainseg_gui.annotation.measuring.mark_journal import MarkChange
from brainseg_gui.imaging.grid import Grid
from brainseg_gui.imaging.nearest import nearest_end
from brainseg_gui.imaging.plane import Plane

_NAME_BYTES = 6
_REACH = 8.0  # pixels within which a point is meant
_CLICK = 3.0  # pixels; a button that moved less was clicked


class MeasureGesture:
    """One measurement in the hand.

    A drag gives two points, a click one, and what still lacks some goes on with the next press: rulers are drawn by a
    drag or by two clicks, angles by a drag along one arm to the vertex and a click at the end of the other.

    Parameters
    ----------
    kind
        What is drawn.
    grid
        Of the case.
    """

    def __init__(self, kind: MarkKind, grid: Grid) -> None:
        self._kind, self._grid = kind, grid
        self._before: Mark | None = None
        self._mark: Mark | None = None
        self._point: int | None = None
        self._start: Point = (0.0, 0.0, 0.0)
        self._new = False  # the press that is down began it

    @property
    def drawn(self) -> Mark | None:
        """The measurement as it is now."""
        return self._mark

    def press(self, point: Point, plane: Plane, known: Iterable[Mark], pixel_mm: float) -> None:
        """Begin one, go on with one, or take a point of a known one that is near."""
        slice_index = round(point[plane.axis])
        mark, self._start, self._new = self._mark, point, False
        if mark is not None and (mark.plane, mark.slice_index) == (plane, slice_index):
            self._mark = replace(mark, points_ijk=(*mark.points_ijk, mark.in_slice(point)))
            self._point = len(mark.points_ijk)
            return
        here = [other for other in known if (other.plane, other.slice_index) == (plane, slice_index)]
        found = nearest_point(point, here, self._grid, _REACH * pixel_mm)
        if found is not None:
            self._before, self._point = found
            self._mark = self._before
            return
        new = Mark(secrets.token_hex(_NAME_BYTES), self._kind, plane, slice_index, ())
        self._before, self._point, self._new = None, 1, True
        self._mark = replace(new, points_ijk=(new.in_slice(point),) * 2)

    def move(self, point: Point) -> None:
        """Take the point that is in the hand elsewhere."""
        if self._mark is not None and self._point is not None:
            self._mark = self._mark.with_point(self._point, point)

    def release(self, point: Point, pixel_mm: float) -> MarkChange | None:
        """Let the button go; the change, where it finished one."""
        self.move(point)
        mark = self._mark
        if mark is None or self._point is None:
            return None
        clicked = float(np.linalg.norm(way_mm(self._start, point, self._grid))) < _CLICK * pixel_mm
        if clicked and self._new:
            self._mark = replace(mark, points_ijk=mark.points_ijk[:1])
        self._point = None
        return self._finished()

    def lose(self) -> MarkChange | None:
        """The release went elsewhere: what has all its points is kept."""
        self._point = None
        return self._finished()

    def drop(self) -> None:
        """Forget what is in the hand."""
        self._mark = self._before = self._point = None

    def _finished(self) -> MarkChange | None:
        mark, before = self._mark, self._before
        if mark is None or not mark.complete:
            return None
        self.drop()
        if mark == before or is_flat(mark, self._grid):
            return None
        return MarkChange(before, mark)


def nearest_point(point: Point, marks: Iterable[Mark], grid: Grid, reach_mm: float) -> tuple[Mark, int] | None:
    """The point of a measurement that is nearest, within reach: the measurement, and which of its points."""
    ends = [
        (mark, number, way_mm(mark.in_slice(point), own, grid))
        for mark in marks
        for number, own in enumerate(mark.points_ijk)
    ]
    return nearest_end(ends, reach_mm)

"""The brush, and its kin that work the same way: copying from a layer, and scribbling seeds."""

from __future__ import annotations

import math
from collections.abc import Iterator

from brainseg_gui.annotation.slab import Area, LabelChange
from brainseg_gui.annotation.tools.brush import Brush, BrushShape, sweep
from brainseg_gui.annotation.tools.threshold import follow_edges
from brainseg_gui.controllers.annotating.hand.copy_source import CopySource
from brainseg_gui.controllers.annotating.hand.hand_tools import (
    chosen_volume,
    edit_name,
    erases,
    inside,
    kept_by_range,
    label_name,
    label_of,
)
from brainseg_gui.imaging.case import Case
from brainseg_gui.imaging.grid import Grid, Voxel
from brainseg_gui.imaging.plane import Plane
from brainseg_gui.state.annotating.hand import Point, Pointer
from brainseg_gui.state.annotating.scribbles import BACKGROUND
from brainseg_gui.state.annotating.tools import Painting, Tool
from brainseg_gui.state.session import Session
from brainseg_gui.views.slices.hand_event import HandEvent


class BrushTool:
    """Paints along the way of the mouse; one press to release is one edit.

    Parameters
    ----------
    kind
        `Tool.BRUSH`, `Tool.COPY` or `Tool.SEEDS`.
    source
        Where copying takes its voxels from.
    """

    def __init__(self, session: Session, kind: Tool, source: CopySource) -> None:
        self._session, self._kind, self._source = session, kind, source
        self._first: Pointer | None = None
        self._last: Pointer | None = None
        self._plane: Plane | None = None
        self._label = 0
        self._case: Case | None = None

    @property
    def busy(self) -> bool:
        return self._case is not None

    def press(self, event: HandEvent) -> None:
        """Begin a stroke; with Shift, by a straight line from where the last one ended."""
        case, hand = self._session.case, self._session.annotating.hand
        if case is None or (self._kind is Tool.COPY and not self._source.choose()):
            return
        self._case = case
        hand.erasing = event.right
        erasing = erases(self._session, event)
        self._label = label_of(self._session, erasing=erasing)
        if self._kind is Tool.SEEDS:
            self._label = BACKGROUND if erasing else self._label
        self._plane = None if self._session.annotating.options.in_3d else event.pointer.plane
        line = event.shift and self._last is not None
        self._paint(self._last if line else None, event.pointer)
        self._first = self._last = event.pointer

    def double_click(self, event: HandEvent) -> None:
        """The second of two quick dabs."""
        self.press(event)

    def move(self, event: HandEvent) -> None:
        """Go on with the stroke."""
        if self.busy:
            self._paint(self._last, event.pointer)
            self._last = event.pointer

    def release(self, event: HandEvent) -> None:
        """End the stroke where the button went up."""
        if self.busy and event.pointer != self._last:
            self.move(event)
        self.finish()

    def let_go(self) -> None:
        """The stroke ends where the mouse was last."""
        self.finish()

    def finish(self) -> None:
        """Make what was painted an edit."""
        if not self.busy:
            return
        self._case = None
        annotating = self._session.annotating
        annotating.hand.erasing = False
        axis = self._plane.axis if self._plane is not None else None
        if self._kind is Tool.SEEDS:
            annotating.scribbles.finish()
        elif self._kind is Tool.COPY and self._label:
            annotating.finish(self._named(f"Copy from {self._source.name}"), "copy", axis=axis, layer=self._source.name)
        else:
            what = f"Brush {label_name(self._session, self._label)}" if self._label else "Erase"
            annotating.finish(self._named(what), "brush", axis=axis)

    def _named(self, what: str) -> str:
        """The wheel may have turned meanwhile: the stroke went through the slices from its begin to its end."""
        ends = [pointer for pointer in (self._first, self._last) if pointer is not None]
        plane = ends[-1].plane
        slices = (round(pointer.point_ijk[plane.axis]) for pointer in ends)
        return edit_name(what, plane, *slices, in_3d=self._plane is None)

    def cancel(self) -> None:
        """Drop the stroke."""
        if self.busy:
            self._case = None
            self._session.annotating.hand.erasing = False
            self._session.annotating.cancel_stroke()
            self._session.annotating.scribbles.cancel()

    def forget(self) -> None:
        """There is no last point any more: another case, or another annotation."""
        self.cancel()
        self._source.forget()
        self._last = None

    def _paint(self, start: Pointer | None, end: Pointer) -> None:
        case = self._case
        if case is None:
            return
        options = self._session.annotating.options
        shape = BrushShape.SQUARE if options.square else BrushShape.ROUND
        brush = Brush(options.brush_mm, shape, self._plane)
        way = [end.point_ijk] if start is None or not self._joined(start, end) else [start.point_ijk, end.point_ijk]
        if options.painting is Painting.FOLLOW_EDGES and self._kind is not Tool.SEEDS:
            for point in _stops(way, options.brush_mm / 4, case.grid):
                self._put(self._along_edges(brush, point, case), case)
        elif (area := sweep(brush, way, case.grid)) is not None:
            self._put(kept_by_range(self._session, case, area) if self._kind is not Tool.SEEDS else area, case)

    def _joined(self, start: Pointer, end: Pointer) -> bool:
        """Whether a line leads from one point to the other: not through slices that were scrolled past."""
        if self._plane is None:
            return True
        axis = self._plane.axis
        return start.plane is end.plane and round(start.point_ijk[axis]) == round(end.point_ijk[axis])

    def _along_edges(self, brush: Brush, point: Point, case: Case) -> Area | None:
        volume, voxel = chosen_volume(self._session, case), _nearest(point)
        area = sweep(brush, [point], case.grid)
        if area is None or volume is None or not inside(voxel, case.grid.shape):
            return None
        return follow_edges(area, volume, voxel, contrast=self._session.annotating.options.contrast)

    def _put(self, area: Area | None, case: Case) -> None:
        annotating = self._session.annotating
        if area is None or annotating.annotation is None:
            return
        if self._kind is Tool.SEEDS:
            scheme = annotating.annotation.labels.scheme
            annotating.scribbles.paint(area.becomes(self._label), case.grid, scheme)
        else:
            annotating.paint(self._change(area))

    def _change(self, area: Area) -> LabelChange:
        if self._kind is Tool.COPY and self._label and self._source.values is not None:
            return area.copies(self._source.values)
        return area.becomes(self._label)


def _nearest(point: Point) -> Voxel:
    return round(point[0]), round(point[1]), round(point[2])


def _stops(way: list[Point], step_mm: float, grid: Grid) -> Iterator[Point]:
    """Points along a way, at most so far apart; the first only when it is all there is."""
    end = way[-1]
    if len(way) == 1:
        yield end
        return
    start = way[0]
    length = math.dist(*([v * s for v, s in zip(p, grid.spacing_mm, strict=True)] for p in (start, end)))
    count = max(1, math.ceil(length / max(step_mm, min(grid.spacing_mm))))
    for n in range(1, count + 1):
        i, j, k = (a + (b - a) * n / count for a, b in zip(start, end, strict=True))
        yield i, j, k

"""What a mouse says with the click tool: a click, a scribble where it is dragged, a box where Shift is held."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from brainseg_gui.annotation.tools.clicks import spoken_of
from brainseg_gui.controllers.annotating.hand.hand_tools import edit_name, erases, inside
from brainseg_gui.imaging.box import Box, grown
from brainseg_gui.imaging.grid import Grid, Voxel
from brainseg_gui.imaging.hints import Hint
from brainseg_gui.state.annotating.hand import Outline, Point
from brainseg_gui.state.session import Session
from brainseg_gui.views.slices.hand_event import HandEvent

_DRAGGED = 2.0  # voxels; less is a click with an unsteady hand
_THINNEST = 2  # voxels from side to side of a box; a thinner one gets a voxel more on each
_SCRIBBLED = 12  # voxels of a scribble that count, evenly along it


@dataclass(frozen=True, eq=False)
class AskedClick:
    """A click, scribble or box that was made, and what the history will call it."""

    hint: Hint
    title: str


class ClickGesture:
    """What is being made from press to release, drawn over the slice meanwhile."""

    def __init__(self, session: Session) -> None:
        self._session, self._annotating = session, session.annotating
        self._pressed: HandEvent | None = None
        self._way: list[Point] = []

    @property
    def begun(self) -> bool:
        """Whether the button is down."""
        return self._pressed is not None

    def press(self, event: HandEvent) -> None:
        """Begin one, inside the case."""
        case = self._session.case
        if case is not None and inside(nearest(event.pointer.point_ijk), case.grid.shape):
            self._pressed, self._way = event, [event.pointer.point_ijk]

    def move(self, event: HandEvent) -> None:
        """Draw the scribble or the box."""
        if self._pressed is not None and event.pointer.plane is self._pressed.pointer.plane:
            self._way.append(event.pointer.point_ijk)
            cutting = erases(self._session, self._pressed)
            self._annotating.hand.drawn = drawn_of(self._way, self._pressed, cutting)

    def release(self) -> AskedClick | None:
        """What was made; None where nothing was begun, or the annotation is gone."""
        pressed, way = self._pressed, self._way
        self.drop()
        case, annotation = self._session.case, self._annotating.annotation
        if pressed is None or case is None or annotation is None:
            return None
        region = spoken_of(annotation.labels.scheme, self._annotating.rules.active)
        hint = hint_of(way, pressed, region, not erases(self._session, pressed), case.grid)
        plane = pressed.pointer.plane
        what = f"{gesture_name(hint)} {hint.words}"
        return AskedClick(hint, edit_name(what, plane, hint.voxels_ijk[0][plane.axis], in_3d=False))

    def drop(self) -> None:
        """Make nothing of what was begun."""
        self._pressed, self._way, self._annotating.hand.drawn = None, [], None


def hint_of(way: Sequence[Point], pressed: HandEvent, region: str, adds: bool, grid: Grid) -> Hint:
    """The hint of a way from press to release.

    Parameters
    ----------
    region, adds
        What it says of the voxels there.
    grid
        Of the case.
    """
    if not is_drag(way):
        return Hint(region, adds, (nearest(way[0]),))
    if not pressed.shift:
        return Hint(region, adds, along(way, grid.shape))
    box = box_of(way[0], way[-1], pressed.pointer.plane.axis, grid)
    return Hint(region, adds, (middle_of(box),), box)


def gesture_name(hint: Hint) -> str:
    """What the history calls it."""
    return "Box" if hint.box is not None else "Scribble" if len(hint.voxels_ijk) > 1 else "Click"


def drawn_of(way: Sequence[Point], pressed: HandEvent, cutting: bool) -> Outline | None:
    """What is drawn over the slice meanwhile; nothing of a click."""
    if not is_drag(way):
        return None
    plane = pressed.pointer.plane
    points = rectangle(way[0], way[-1], plane.axis) if pressed.shift else tuple(way)
    return Outline(points, plane, round(way[0][plane.axis]), cutting)


def nearest(point: Point) -> Voxel:
    i, j, k = (round(v) for v in point)
    return i, j, k


def is_drag(way: Sequence[Point]) -> bool:
    return max(math.dist(way[0], point) for point in way) >= _DRAGGED


def along(way: Sequence[Point], shape: Voxel) -> tuple[Voxel, ...]:
    """Some voxels of a scribble, evenly along it."""
    picked = np.linspace(0, len(way) - 1, min(_SCRIBBLED, len(way))).round().astype(int)
    voxels = [nearest(way[n]) for n in picked.tolist()]
    return tuple(dict.fromkeys(voxel for voxel in voxels if inside(voxel, shape)))


def rectangle(one: Point, other: Point, axis: int) -> tuple[Point, ...]:
    u, v = (a for a in range(3) if a != axis)
    corners = []
    for first, second in ((one, one), (other, one), (other, other), (one, other), (one, one)):
        corner = list(one)
        corner[u], corner[v] = first[u], second[v]
        corners.append((corner[0], corner[1], corner[2]))
    return tuple(corners)


def box_of(one: Point, other: Point, axis: int, grid: Grid) -> Box:
    """The box of a rectangle in the grid: through the slices it reaches as many mm as within them, on the mean."""
    low, high = np.minimum(one, other).tolist(), np.maximum(one, other).tolist()
    first, last = (grid.clip((ends[0], ends[1], ends[2])) for ends in (low, high))
    sides = [end - start for start, end in zip(first, last, strict=True)]
    mean_mm = sum(side * mm for side, mm in zip(sides, grid.spacing_mm, strict=True)) / 2
    through = round(mean_mm / 2 / grid.spacing_mm[axis])
    i, j, k = (through if a == axis else int(side < _THINNEST) for a, side in enumerate(sides))
    x, y, z = (slice(start, end + 1) for start, end in zip(first, last, strict=True))
    return grown((x, y, z), (i, j, k), grid.shape)


def middle_of(box: Box) -> Voxel:
    i, j, k = ((part.start + part.stop) // 2 for part in box)
    return i, j, k

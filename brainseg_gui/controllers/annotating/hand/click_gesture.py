"""What a mouse says with the click tool: a click, a scribble where it is dragged, a box where Shift is held."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from brainseg_gui.annotation.slab import Slab, slab_around
from brainseg_gui.controllers.annotating.hand.hand_tools import inside
from brainseg_gui.imaging.grid import Voxel
from brainseg_gui.imaging.hints import Hint
from brainseg_gui.state.annotating.hand import Outline, Point
from brainseg_gui.views.slices.hand_event import HandEvent

_DRAGGED = 2.0  # voxels; less is a click with an unsteady hand
_SCRIBBLED = 12  # voxels of a scribble that count, evenly along it


def hint_of(way: Sequence[Point], pressed: HandEvent, region: str, adds: bool, shape: Voxel) -> Hint:
    """The hint of a way from press to release.

    Parameters
    ----------
    region, adds
        What it says of the voxels there.
    shape
        Of the grid.
    """
    if not is_drag(way):
        return Hint(region, adds, (nearest(way[0]),))
    if not pressed.shift:
        return Hint(region, adds, along(way, shape))
    box = box_of(way[0], way[-1], pressed.pointer.plane.axis, shape)
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


def box_of(one: Point, other: Point, axis: int, shape: Voxel) -> Slab:
    """The box of a rectangle: through the slices it reaches as far as within them, on the mean."""
    low, high = np.minimum(one, other), np.maximum(one, other)
    half = round(float((high - low).sum()) / 4)
    middle = nearest((float(low[0] + high[0]) / 2, float(low[1] + high[1]) / 2, float(low[2] + high[2]) / 2))
    reach = [max(1, round(float(high[a] - low[a]) / 2)) if a != axis else max(1, half) for a in range(3)]
    return slab_around(middle, (reach[0], reach[1], reach[2]), shape)


def middle_of(box: Slab) -> Voxel:
    i, j, k = ((part.start + part.stop) // 2 for part in box)
    return i, j, k

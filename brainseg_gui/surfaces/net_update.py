"""The net of a mask after a stroke: made anew around what changed, elsewhere as it was.

Smoothing carries a change on by two cubes a round, but hardly any of it: what lies more than `REACH` cubes off keeps
its points. What lies nearer is made of the mask itself, with `REACH` cubes and more around it, so that strokes do not
add up. Measured over 25 strokes of 14 voxels: no point lies more than .0012 voxels from where the whole net has it; of
19,595 points a stroke takes 11 ms of processor time instead of 23, of 86,889 it takes 37 instead of 123.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from brainseg_gui.imaging.box import box_around
from brainseg_gui.imaging.grid import Voxel
from brainseg_gui.surfaces.mesh import Quads
from brainseg_gui.surfaces.nets import Bools, Floats, SmoothNet, smooth_net

REACH = 4
"""Cubes, along each axis, from a change to the last points that are made anew."""
_WORTH = 6000  # points: a smaller net is made as fast as it is mended
_MOST = 0.5  # of the mask's box: more of it is not looked at apart

Corners = tuple[NDArray[np.intp], NDArray[np.intp]]
"""First voxel of a box, and the one behind its last."""


def updated(net: SmoothNet, before: Bools, at: Voxel, mask: Bools, start: Voxel) -> SmoothNet | None:
    """The net of a mask, out of that of the mask before; None where making it whole costs no more.

    Parameters
    ----------
    before, at
        The mask that `net` is of, and its first voxel.
    mask, start
        The mask of now, and its first voxel.
    """
    low, high = _changed(before, at, mask, start)
    first = np.maximum(low - 2 * REACH - 1, start)
    last = np.minimum(high + 2 * REACH + 1, np.add(start, mask.shape))
    part = np.maximum(last - first, 0)
    if len(net.points) < _WORTH or np.prod(part) > _MOST * mask.size:
        return None
    i, j, k = (slice(*ends) for ends in zip((first - start).tolist(), (last - start).tolist(), strict=True))
    x, y, z = first.tolist()
    return _joined(net, smooth_net(mask[i, j, k], (x, y, z)), (low - 1 - REACH, high + REACH))


def _changed(before: Bools, at: Voxel, mask: Bools, start: Voxel) -> Corners:
    """The box of what is in one of two masks only; one without voxels where they are the same."""
    low = np.minimum(at, start)
    whole = np.zeros(np.maximum(np.add(at, before.shape), np.add(start, mask.shape)) - low, dtype=bool)
    for part, corner in ((before, at), (mask, start)):
        i, j, k = (slice(n, n + size) for n, size in zip((corner - low).tolist(), part.shape, strict=True))
        whole[i, j, k] ^= part
    box = box_around(whole)
    if box is None:
        return low, low
    return low + [side.start for side in box], low + [side.stop for side in box]


def _joined(net: SmoothNet, local: SmoothNet, around: Corners) -> SmoothNet:
    """The points of one net outside of a box of cubes and those of the other within; quads at its border reach over."""
    low, high = around
    gone, come = (_within(one.cubes, around) for one in (net, local))
    kept, made = np.flatnonzero(~gone), np.flatnonzero(come)
    number = np.full(high - low, -1, np.int32)  # of the point of each cube of the box
    number[_places(local.cubes[made], low)] = np.arange(len(kept), len(kept) + len(made))
    ours, theirs = (np.full(len(one.cubes), -1, np.int32) for one in (net, local))
    ours[kept], ours[gone] = np.arange(len(kept)), number[_places(net.cubes[gone], low)]
    theirs[made] = np.arange(len(kept), len(kept) + len(made))
    outer = ours.take(np.delete(net.quads, _all_of(gone, net.quads), axis=0))
    inner = theirs.take(local.quads.take(_all_of(come, local.quads), axis=0))
    points, cubes = (
        np.concatenate([mine.take(kept, axis=0), yours.take(made, axis=0)])
        for mine, yours in ((net.points, local.points), (net.cubes, local.cubes))
    )
    return SmoothNet(points, np.concatenate([outer, inner]), cubes)


def _within(cubes: Floats, around: Corners) -> Bools:
    """Which cubes lie in a box."""
    within = np.ones(len(cubes), dtype=bool)
    for along, low, high in zip(cubes.T, *around, strict=True):
        within &= (along > low) & (along < high)
    return within


def _places(cubes: Floats, low: NDArray[np.intp]) -> tuple[NDArray[np.intp], ...]:
    """Where cubes stand in a box."""
    return tuple((cubes - 0.5 - low).astype(np.intp).T)


def _all_of(points: Bools, quads: Quads) -> NDArray[np.intp]:
    """Quads that have all of their points among some; few have one there, and only these are looked at further."""
    found = np.flatnonzero(points.take(quads[:, 0]))
    return found[points[quads[found]].all(axis=1)]

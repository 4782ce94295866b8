"""Surfaces as dots, and which dot of each pixel is in front: what a graphics card does, in numpy.

Quads of a surface of voxels are small on the screen: each is filled with a grid of dots (as Reyes does it: Cook,
Carpenter and Catmull, SIGGRAPH 1987), all quads of as many dots at once, by one product of matrices.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from brainseg_gui.surfaces.camera import Size
from brainseg_gui.surfaces.mesh import Quads

Dots = NDArray[np.float32]
"""(dots, channels): pixel x and y, how far towards the viewer in mm, and whatever else the points carry."""

_SPACING = 0.75  # pixels between dots: hardly any pixel is left out whichever way a quad is turned
_MOST = 255  # dots along a side
_DEPTHS_PER_MM = 64
_NOTHING = np.int64(-1) << 62


def dots_of(points: Dots, quads: Quads, size: Size) -> Dots:
    """Dots of the quads that are in the picture and face the viewer, their channels interpolated between corners."""
    x, y = np.ascontiguousarray(points[:, 0]), np.ascontiguousarray(points[:, 1])
    quads = _seen(x, y, quads, size)
    sides = np.hypot(*(ends - np.roll(ends, -1, axis=1) for ends in (x[quads], y[quads])))  # (quads, 4)
    across = _dots_along(np.maximum(sides[:, 0], sides[:, 2]))
    along = _dots_along(np.maximum(sides[:, 1], sides[:, 3]))
    kind = (across * (_MOST + 1) + along).astype(np.uint16)  # few bits are sorted quickly
    by_corner = points[quads[np.argsort(kind, kind="stable")].T]  # (4, quads, channels)
    dots = np.empty((int((across * along).sum()), points.shape[1]), dtype=np.float32)
    start = filled = 0
    for number, count in zip(*(part.tolist() for part in np.unique(kind, return_counts=True)), strict=True):
        weights = _weights(*divmod(number, _MOST + 1))
        until = filled + len(weights) * count
        out = dots[filled:until].reshape(len(weights), -1)
        np.matmul(weights, by_corner[:, start : start + count].reshape(4, -1), out=out)
        start, filled = start + count, until
    return dots


def nearest(dots: Dots, size: Size) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """The pixels that a dot falls into (row × width + column), and the nearest dot of each."""
    width, height = size
    column, row = np.floor(dots[:, 0]).astype(np.int64), np.floor(dots[:, 1]).astype(np.int64)
    inside = np.flatnonzero((column >= 0) & (column < width) & (row >= 0) & (row < height))
    pixel = row[inside] * width + column[inside]
    # depth above, number below: the largest of a pixel is its nearest dot
    key = (dots[inside, 2] * _DEPTHS_PER_MM).astype(np.int64) << 32 | inside
    front = np.full(width * height, _NOTHING)
    np.maximum.at(front, pixel, key)
    hit = np.flatnonzero(front != _NOTHING)
    return hit, front[hit] & 0xFFFFFFFF


def _seen(x: NDArray[np.float32], y: NDArray[np.float32], quads: Quads, size: Size) -> Quads:
    first, second, third, fourth = quads.T
    turn = (x[third] - x[first]) * (y[fourth] - y[second]) - (y[third] - y[first]) * (x[fourth] - x[second])
    outside = (x < 0) | (x >= size[0]) | (y < 0) | (y >= size[1])
    seen = turn < 0  # y runs down: what is anticlockwise in the world is clockwise here
    if outside.any():
        seen &= ~outside[quads].all(axis=1)
    return np.asarray(quads[seen])


def _dots_along(side: NDArray[np.float32]) -> NDArray[np.int32]:
    count: NDArray[np.int32] = np.ceil(side / _SPACING).clip(1, _MOST).astype(np.int32)
    return count


@cache
def _weights(across: int, along: int) -> Dots:
    """Shares of the four corners in each dot of a grid, (dots, 4)."""
    u, v = ((np.arange(count, dtype=np.float32) + 0.5) / count for count in (across, along))
    u, v = (part.ravel() for part in np.meshgrid(u, v, indexing="ij"))
    return np.stack([(1 - u) * (1 - v), u * (1 - v), u * v, (1 - u) * v], axis=1)

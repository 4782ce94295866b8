"""Brushes: disc and square in a plane, ball and cube in 3-D, swept along the way of the mouse.

Sizes are diameters in mm, so on an anisotropic grid a ball has fewer voxels along the coarse axis. A voxel is
painted when its centre lies within the radius of the way (a capsule), or within half the edge length along every
axis (a swept cube). The voxels that the way itself passes are always painted: the smallest brush is one voxel,
and a fast stroke has no gaps.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from brainseg_gui.annotation.slab import Area, Mask, Slab, slab_shape
from brainseg_gui.imaging.grid import Grid
from brainseg_gui.imaging.plane import Plane

Point = tuple[float, float, float]
Floats = NDArray[np.float32]

_ROUNDING_MM = 1e-4


class BrushShape(Enum):
    """Round paints discs and balls, square paints squares and cubes."""

    ROUND = "round"
    SQUARE = "square"


@dataclass(frozen=True)
class Brush:
    """What is swept.

    Parameters
    ----------
    diameter_mm
        Diameter, or edge length.
    shape
        Round or square.
    plane
        The plane it paints in, or None for a brush in 3-D.
    """

    diameter_mm: float
    shape: BrushShape = BrushShape.ROUND
    plane: Plane | None = None


def footprint(brush: Brush, spacing_mm: tuple[float, float, float]) -> Mask:
    """The brush around the centre of one voxel, boolean, read-only; odd edge lengths, 1 along `plane.axis`."""
    return _footprint(brush, tuple(round(size, 6) for size in spacing_mm))


@lru_cache(maxsize=128)
def _footprint(brush: Brush, spacing_mm: tuple[float, ...]) -> Mask:
    reach = _reach(brush, spacing_mm)
    slab = slice(-reach[0], reach[0] + 1), slice(-reach[1], reach[1] + 1), slice(-reach[2], reach[2] + 1)
    mask = _swept(brush, (0.0, 0.0, 0.0), (0.0, 0.0, 0.0), slab, spacing_mm)
    mask[reach] = True
    mask.flags.writeable = False
    return mask


def sweep(brush: Brush, way_ijk: Sequence[Point], grid: Grid) -> Area | None:
    """The voxels that the brush paints along a way; None when all of it lies outside the grid.

    Parameters
    ----------
    way_ijk
        Voxel coordinates (whole numbers at voxel centres, fractions between), at least one point. One point is a
        dab; two are a segment between mouse events, or a straight line; more are a polyline. With
        `brush.plane`, the slice is that of the first point.
    grid
        Grid of the annotation.
    """
    points = np.asarray(way_ijk, dtype=np.float64).reshape(-1, 3).copy()
    if brush.plane is not None:
        points[:, brush.plane.axis] = round(points[0, brush.plane.axis])
    reach = _reach(brush, grid.spacing_mm)
    slab = _slab(points, reach, grid.shape)
    if slab is None:
        return None
    if len(points) == 1 and np.array_equal(points, np.rint(points)):
        return Area(slab, _dab(brush, points[0].astype(int), slab, grid))
    mask = np.zeros(slab_shape(slab), dtype=bool, order="F")
    for start, end in _pieces(points, reach):
        part = _slab(np.stack([start, end]), reach, grid.shape)
        if part is not None:
            local = tuple(slice(p.start - s.start, p.stop - s.start) for p, s in zip(part, slab, strict=True))
            mask[local] |= _swept(brush, tuple(start), tuple(end), part, grid.spacing_mm)
            _mark_way(mask, start, end, slab)
    return Area(slab, mask)


def _reach(brush: Brush, spacing_mm: Sequence[float]) -> tuple[int, int, int]:
    """Voxels that the brush reaches from its middle, per axis; a point between two centres needs no more."""
    radius_mm = brush.diameter_mm / 2 + _ROUNDING_MM
    i, j, k = (0 if _flat(brush, axis) else int(radius_mm / size) for axis, size in enumerate(spacing_mm))
    return i, j, k


def _flat(brush: Brush, axis: int) -> bool:
    return brush.plane is not None and brush.plane.axis == axis


def _slab(points: NDArray[np.float64], reach: tuple[int, int, int], shape: tuple[int, ...]) -> Slab | None:
    low = np.floor(points.min(axis=0)).astype(int) - reach
    high = np.ceil(points.max(axis=0)).astype(int) + np.asarray(reach) + 1
    low, high = np.maximum(low, 0), np.minimum(high, shape)
    if (low >= high).any():
        return None
    i, j, k = (slice(int(a), int(b)) for a, b in zip(low, high, strict=True))
    return i, j, k


def _dab(brush: Brush, voxel: NDArray[np.int_], slab: Slab, grid: Grid) -> Mask:
    """The cached footprint, cut at the edges of the grid."""
    stamp = footprint(brush, grid.spacing_mm)
    first = voxel - np.asarray(stamp.shape) // 2
    return stamp[tuple(slice(p.start - int(f), p.stop - int(f)) for p, f in zip(slab, first, strict=True))]


def _pieces(
    points: NDArray[np.float64], reach: tuple[int, int, int]
) -> Iterator[tuple[NDArray[np.float64], NDArray[np.float64]]]:
    """Segments cut to a few diameters: the box of a long oblique one would be mostly empty."""
    if len(points) == 1:
        yield points[0], points[0]
    longest = 4.0 * max(*reach, 4)
    for start, end in pairwise(points):
        count = max(1, int(np.ceil(np.abs(end - start).max() / longest)))
        ends = [start + (end - start) * n / count for n in range(count + 1)]
        yield from pairwise(ends)


def _swept(brush: Brush, start: Sequence[float], end: Sequence[float], slab: Slab, spacing_mm: Sequence[float]) -> Mask:
    """Voxels of a slab whose centre the brush covers while it moves from `start` to `end` (voxel coordinates)."""
    offsets, ways = [], []
    for axis, part in enumerate(slab):
        shape = [1, 1, 1]
        shape[axis] = -1
        centres = np.arange(part.start, part.stop, dtype=np.float32).reshape(shape)
        offsets.append((centres - np.float32(start[axis])) * np.float32(spacing_mm[axis]))
        way_mm = (end[axis] - start[axis]) * spacing_mm[axis]
        ways.append(np.float32(way_mm if abs(way_mm) > _ROUNDING_MM else 0.0))  # what it is divided by must be a way
    radius_mm = np.float32(brush.diameter_mm / 2 + _ROUNDING_MM)
    axes = [axis for axis in range(3) if not _flat(brush, axis)]
    covered = _in_capsule if brush.shape is BrushShape.ROUND else _in_swept_cube
    mask = covered([offsets[a] for a in axes], [ways[a] for a in axes], radius_mm)
    return np.array(np.broadcast_to(mask, slab_shape(slab)))


def _in_capsule(offsets: Sequence[Floats], ways: Sequence[np.float32], radius_mm: np.float32) -> Mask:
    """Distance to a segment: the nearest point lies at ``t = offset·way / |way|²``, kept within 0 and 1."""
    length2 = sum((way * way for way in ways), np.float32(0))
    along: Floats | np.float32 = np.float32(0)
    if length2 > 0:
        along = np.clip(sum((o * w for o, w in zip(offsets, ways, strict=True)), np.float32(0)) / length2, 0, 1)
    distance2 = sum(((o - along * w) ** 2 for o, w in zip(offsets, ways, strict=True)), np.float32(0))
    return np.asarray(distance2 <= radius_mm * radius_mm)


def _in_swept_cube(offsets: Sequence[Floats], ways: Sequence[np.float32], radius_mm: np.float32) -> Mask:
    """A voxel is covered while ``|offset - t·way| <= radius`` along every axis: the times must have one in common."""
    first: Floats | np.float32 = np.float32(0)
    last: Floats | np.float32 = np.float32(1)
    inside: Mask = np.ones((1, 1, 1), dtype=bool)
    for offset, way in zip(offsets, ways, strict=True):
        if way == 0:
            inside = inside & (np.abs(offset) <= radius_mm)
            continue
        edges = (offset - radius_mm) / way, (offset + radius_mm) / way
        first, last = np.maximum(first, np.minimum(*edges)), np.minimum(last, np.maximum(*edges))
    return np.asarray(inside & (first <= last))


def _mark_way(mask: Mask, start: NDArray[np.float64], end: NDArray[np.float64], slab: Slab) -> None:
    """Paint the voxels that the way passes, sampled twice a voxel."""
    count = max(1, int(np.ceil(2 * np.abs(end - start).max())))
    passed = np.rint(np.linspace(start, end, count + 1)).astype(int) - [part.start for part in slab]
    inside = ((passed >= 0) & (passed < mask.shape)).all(axis=1)
    mask[tuple(passed[inside].T)] = True

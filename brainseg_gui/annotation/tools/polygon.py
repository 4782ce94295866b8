"""Polygons and lassos: the voxels of one slice whose centres lie inside.

Vertices are voxel coordinates, with whole numbers at voxel *centres*: the square from (2, 2) to (5, 5) has its
corners on four centres and holds 4×4 voxels, for centres on the outline belong to it. Where the outline crosses
itself, the even-odd rule says what is inside.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from brainseg_gui.annotation.slab import Area, Mask, slice_slab, within
from brainseg_gui.imaging.grid import Voxel
from brainseg_gui.imaging.plane import Plane

_SAME = 1e-9  # a crossing this near a centre lies on it


def polygon(
    vertices_ijk: Sequence[tuple[float, float, float]], plane: Plane, slice_index: int, shape: Voxel
) -> Area | None:
    """The voxels inside a closed polygon in one slice; None when it holds none.

    Parameters
    ----------
    vertices_ijk
        Voxel coordinates, at least three; the coordinate along `plane.axis` is ignored, and the last vertex is
        joined to the first.
    plane, slice_index
        The slice.
    shape
        Shape of the grid.
    """
    axes = [axis for axis in range(3) if axis != plane.axis]
    outline = np.asarray(vertices_ijk, dtype=np.float64)[:, axes]
    if len(outline) < 3 or not 0 <= slice_index < shape[plane.axis]:
        return None
    filled = _filled(outline, (shape[axes[0]], shape[axes[1]]))
    used = [np.flatnonzero(filled.any(axis=other)) for other in (1, 0)]
    if used[0].size == 0:
        return None
    inner = [slice(0, 1)] * 3
    for axis, there in zip(axes, used, strict=True):
        inner[axis] = slice(int(there[0]), int(there[-1]) + 1)
    box = inner[0], inner[1], inner[2]
    # (U, V) -> (I, J, K) with one voxel along the plane's axis
    mask = np.expand_dims(filled, plane.axis)[box]
    return Area(within(slice_slab(shape, plane.axis, slice_index), box), mask)


def _filled(outline: NDArray[np.float64], size: tuple[int, int]) -> Mask:
    """Voxels (U, V) inside an outline (N, 2), those on it included.

    Each line of voxels along u is toggled beyond each of its crossings with the outline (even-odd). An edge holds
    its lower end only, so that a corner is crossed once.
    """
    crossings = np.zeros((size[0] + 1, size[1]), dtype=np.int32)
    touched = np.zeros(size, dtype=bool)
    for start, end in zip(outline, np.roll(outline, -1, axis=0), strict=True):
        low, high = sorted((start[1], end[1]))
        if low == high:
            _mark_level(touched, sorted((start[0], end[0])), low)
            continue
        lines = np.arange(max(np.ceil(low), 0), min(np.floor(high), size[1] - 1) + 1).astype(int)
        crossing = start[0] + (lines - start[1]) * ((end[0] - start[0]) / (end[1] - start[1]))
        nearest = np.rint(crossing).astype(int)
        on_centre = (np.abs(crossing - nearest) < _SAME) & (nearest >= 0) & (nearest < size[0])
        touched[nearest[on_centre], lines[on_centre]] = True
        beyond = np.clip(np.ceil(crossing), 0, size[0]).astype(int)
        np.add.at(crossings, (beyond[lines < high], lines[lines < high]), 1)
    return np.asarray(np.cumsum(crossings[:-1], axis=0) % 2 == 1) | touched


def _mark_level(touched: Mask, ends: list[float], v: float) -> None:
    """Mark the centres on an edge that runs along u."""
    if v == round(v) and 0 <= v < touched.shape[1]:
        touched[max(0, int(np.ceil(ends[0]))) : max(0, int(np.floor(ends[1])) + 1), int(v)] = True

"""Between painted slices: shapes that turn into one another.

Each shape of a slice is described by its signed distance (positive inside, in mm), and the distances of two painted
slices are blended (Raya and Udupa, "Shape-based interpolation of multidimensional objects", IEEE TMI 1990). Two
things are added. Parts of the two slices are matched first, by overlap, else by nearness, and each pair is moved
onto a common middle, so that a shape that shifts does not vanish on the way. A part without a partner shrinks to
nothing half way into the gap.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from brainseg_gui.annotation.slab import Area, Mask, Values, area_of
from brainseg_gui.imaging.box import box_around
from brainseg_gui.imaging.connected import Numbers, connected
from brainseg_gui.imaging.grid import Grid

Floats = NDArray[np.float32]

# Parts farther apart than so many times their own size are not the same part.
_FARTHEST = 1.5


@dataclass(frozen=True)
class Gap:
    """Empty slices between two painted ones: slice indices of the painted ends."""

    first: int
    last: int


def gaps(values: Values, label: int, axis: int) -> tuple[Gap, ...]:
    """Where slices without a label lie between slices with it, along an axis."""
    others = tuple(other for other in range(3) if other != axis)
    painted = np.flatnonzero((values == label).any(axis=others)).tolist()
    return tuple(Gap(first, last) for first, last in pairwise(painted) if last > first + 1)


def interpolated(values: Values, label: int, axis: int, grid: Grid) -> Area | None:
    """The voxels that fill all gaps of a label along an axis; None when there is no gap.

    Parameters
    ----------
    values
        The annotation, (I, J, K).
    label
        The label that was painted in some slices.
    axis
        RAS axis perpendicular to the painted slices.
    grid
        Its grid, for distances in mm.

    Returns
    -------
    Area or None
        Only voxels of the slices between; what else is painted there is for the paint rules to protect.
    """
    mask = values == label
    box = box_around(mask)
    found = gaps(values, label, axis)
    if box is None or not found:
        return None
    in_plane = [grid.spacing_mm[other] for other in range(3) if other != axis]
    # (I, J, K) -> (slices, U, V), within the box that holds all shapes: those between are never larger
    slices = np.moveaxis(mask[box], axis, 0)
    filled = np.zeros(slices.shape, dtype=bool)
    for gap in found:
        first, last = gap.first - box[axis].start, gap.last - box[axis].start
        for number, shape in enumerate(_between(slices[first], slices[last], last - first, in_plane), start=1):
            filled[first + number] = shape
    return area_of(np.moveaxis(filled, 0, axis), box)


def _between(one: Mask, other: Mask, steps: int, spacing_mm: list[float]) -> Iterator[Mask]:
    """The shapes of the `steps` - 1 slices between two, (U, V) each."""
    pairs = [_Pair(a, b, spacing_mm) for a, b in _matched(one, other)]
    for step in range(1, steps):
        shape = np.zeros(one.shape, dtype=bool)
        for pair in pairs:
            shape |= pair.at(step / steps)
        yield shape


class _Pair:
    """A part of one slice and its partner in another; one of them may be missing."""

    def __init__(self, one: Mask | None, other: Mask | None, spacing_mm: list[float]) -> None:
        self._one = None if one is None else _signed_distance(one, spacing_mm)
        self._other = None if other is None else _signed_distance(other, spacing_mm)
        if one is not None and other is not None:
            self._way = _centroid(other) - _centroid(one)

    def at(self, fraction: float) -> Mask:
        """The shape at a fraction of the way, (U, V)."""
        if self._one is None or self._other is None:
            return self._shrunk(fraction)
        blend = (1 - fraction) * _moved(self._one, fraction * self._way)
        blend += fraction * _moved(self._other, (fraction - 1) * self._way)
        return np.asarray(blend >= 0)

    def _shrunk(self, fraction: float) -> Mask:
        present = self._one if self._one is not None else self._other
        if present is None:
            return np.zeros((0, 0), dtype=bool)
        gone = 2 * (fraction if self._one is not None else 1 - fraction)
        return np.asarray(present >= gone * float(present.max())) if gone < 1 else np.zeros(present.shape, bool)


def _matched(one: Mask, other: Mask) -> list[tuple[Mask | None, Mask | None]]:
    """Parts of two slices that belong together: those that overlap, then the nearest of those left."""
    (a, a_count), (b, b_count) = connected(one), connected(other)
    groups = _overlapping(a, b)
    left_a = [n for n in range(1, a_count + 1) if not any(n in group[0] for group in groups)]
    left_b = [n for n in range(1, b_count + 1) if not any(n in group[1] for group in groups)]
    matched: list[tuple[Mask | None, Mask | None]] = [
        (np.isin(a, sorted(group[0])), np.isin(b, sorted(group[1]))) for group in groups
    ]
    candidates = sorted((_remoteness(a == m, b == n), m, n) for m in left_a for n in left_b)
    for remoteness, m, n in candidates:
        if remoteness <= _FARTHEST and m in left_a and n in left_b:
            matched.append((a == m, b == n))
            left_a.remove(m)
            left_b.remove(n)
    return matched + [(a == m, None) for m in left_a] + [(None, b == n) for n in left_b]


def _overlapping(a: Numbers, b: Numbers) -> list[tuple[set[int], set[int]]]:
    """Groups of parts of the two slices that are joined by overlap."""
    both = (a > 0) & (b > 0)
    groups: list[tuple[set[int], set[int]]] = []
    for m, n in sorted(set(zip(a[both].tolist(), b[both].tolist(), strict=True))):
        touching = [group for group in groups if m in group[0] or n in group[1]]
        groups = [group for group in groups if group not in touching]
        groups.append(({m}.union(*(g[0] for g in touching)), {n}.union(*(g[1] for g in touching))))
    return groups


def _remoteness(one: Mask, other: Mask) -> float:
    """Distance of two parts in units of their diameter (that of a disc of their mean size), in voxels."""
    diameter = 2 * float(np.sqrt((one.sum() + other.sum()) / 2 / np.pi))
    return float(np.linalg.norm(_centroid(one) - _centroid(other))) / diameter


def _centroid(mask: Mask) -> NDArray[np.float64]:
    return np.asarray(np.argwhere(mask).mean(axis=0))


def _signed_distance(mask: Mask, spacing_mm: list[float]) -> Floats:
    """Distance to the outline in mm, positive inside, (U, V); the outline runs half way between voxels."""
    from scipy.ndimage import distance_transform_edt

    margin = np.pad(mask, 1)  # beyond the box is outside
    half = min(spacing_mm) / 2
    inside = distance_transform_edt(margin, sampling=spacing_mm)
    outside = distance_transform_edt(~margin, sampling=spacing_mm)
    signed = np.where(margin, inside - half, half - outside)[1:-1, 1:-1]
    return np.asarray(signed, dtype=np.float32)


def _moved(distance: Floats, way: NDArray[np.float64]) -> Floats:
    from scipy.ndimage import shift

    if np.allclose(way, 0):
        return distance
    return np.asarray(shift(distance, way, order=1, mode="nearest"), dtype=np.float32)

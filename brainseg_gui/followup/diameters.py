"""The longest diameter of a flat region and the longest one across it, as RANO measures a lesion on a slice.

Both lines stay within the region. The first is the longest between two corners of its outline; the second is the
longest at a right angle to the first that crosses its middle four fifths (Macdonald et al., J Clin Oncol 1990, 8:1277;
Wen et al., J Clin Oncol 2010, 28:1963: the largest diameter times the largest perpendicular diameter). Lengths are in
mm, on oblique and sheared grids too. `outline` says where the border runs: of discs the first line comes out longer by
0.8 voxels, being the longest of many, and the second by none.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from brainseg_gui.followup.outline import Bools, Floats, Halves, MaskOutline
from brainseg_gui.imaging.grid import Grid
from brainseg_gui.imaging.plane import Plane

Point = tuple[float, float, float]
_AT_ONCE = 512  # pairs of corners that are looked at together
_END = 0.1  # of the first line: the second crosses it between its ends, not there, where two walls of a ring may meet
_BESIDE = 1e-7  # of the first line: chords jump where they pass a corner, and are longest on one side of it


@dataclass(frozen=True)
class Line:
    """A straight line in a case.

    Parameters
    ----------
    start_ijk, end_ijk
        Its ends, in voxels of the case's grid; whole numbers are the voxels' centres.
    """

    start_ijk: Point
    end_ijk: Point

    def length_mm(self, grid: Grid) -> float:
        """Its length."""
        return float(np.linalg.norm(grid.affine[:3, :3] @ np.subtract(self.end_ijk, self.start_ijk)))


def angle_between(one: Line, other: Line, grid: Grid) -> float:
    """The angle between two lines in degrees, 0 to 90; NaN where one has no length."""
    a, b = (grid.affine[:3, :3] @ np.subtract(line.end_ijk, line.start_ijk) for line in (one, other))
    lengths = float(np.linalg.norm(a) * np.linalg.norm(b))
    return float(np.degrees(np.arccos(min(abs(float(a @ b)) / lengths, 1.0)))) if lengths > 0 else float("nan")


@dataclass(frozen=True)
class Cross:
    """Two diameters of a lesion on one slice.

    Parameters
    ----------
    plane, slice_index
        Where.
    longest, across
        The longest diameter, and the longest one at a right angle to it.
    longest_mm, across_mm
        Their lengths.
    """

    plane: Plane
    slice_index: int
    longest: Line
    across: Line
    longest_mm: float
    across_mm: float

    @property
    def product_mm2(self) -> float:
        """What RANO sums up over lesions."""
        return self.longest_mm * self.across_mm


def cross_on_slice(
    flat: Bools, grid: Grid, plane: Plane, slice_index: int, start: tuple[int, int, int] = (0, 0, 0)
) -> Cross:
    """The two diameters of a flat region.

    Parameters
    ----------
    flat
        The region on the slice, along the plane's two axes in ascending order.
    grid
        Grid of the case.
    slice_index
        Index of the slice along `plane.axis`, counted from `start`.
    start
        Voxel of the case that the region's first pixel and slice 0 stand for.

    Raises
    ------
    ValueError
        If it is empty.
    """
    if not flat.any():
        raise ValueError("the slice holds nothing of the lesion")
    frame = flat_frame(grid, plane)
    ends = longest_within(flat, frame)
    lines = []
    for one, other in (ends, across_within(flat, frame, *ends)):
        places = (np.insert(np.asarray(point) / 2.0, plane.axis, slice_index) + start for point in (one, other))
        lines.append(Line(*(_point(place) for place in places)))
    longest, across = lines
    index = slice_index + start[plane.axis]
    return Cross(plane, index, longest, across, longest.length_mm(grid), across.length_mm(grid))


def _point(place: Floats) -> Point:
    i, j, k = place.tolist()
    return i, j, k


def flat_frame(grid: Grid, plane: Plane) -> Floats:
    """2×2: half voxels along the two axes of a plane to mm in a frame of right angles, whatever the grid's shear."""
    axes = [axis for axis in range(3) if axis != plane.axis]
    return np.linalg.qr(grid.affine[:3, axes])[1] / 2


def longest_within(mask: Bools, frame: Floats) -> tuple[Halves, Halves]:
    """Ends, in half voxels, of the longest line between two corners of the outline that stays within the region."""
    outline = MaskOutline(mask)
    points = outline.corners
    hull = _on_hull(points)
    starts, ends = _pairs(hull)
    widest = int(np.argmax(_lengths(ends - starts, frame)))
    if outline.holds(starts[[widest]], ends[[widest]])[0]:
        return starts[widest], ends[widest]
    starts, ends = _pairs(points)
    order = np.argsort(-_lengths(ends - starts, frame), kind="stable")
    for begin in range(0, len(order), _AT_ONCE):
        some = order[begin : begin + _AT_ONCE]
        inside = np.flatnonzero(outline.holds(starts[some], ends[some]))
        if inside.size:
            return starts[some[inside[0]]], ends[some[inside[0]]]
    raise ValueError("a region has a side")  # that of any voxel on its border stays within it


def across_within(mask: Bools, frame: Floats, start: Halves, end: Halves) -> tuple[Floats, Floats]:
    """Ends, in half voxels, of the longest line within the region at a right angle to another and crossing it."""
    outline, along = MaskOutline(mask), (end - start).astype(np.float64)
    in_mm = frame @ along
    turned = np.linalg.solve(frame, np.array([-in_mm[1], in_mm[0]]) / np.linalg.norm(in_mm))
    basis = np.column_stack([along, turned])
    passed = np.linalg.solve(basis, (outline.corners - start).T)[0]  # where along the line a chord meets each corner
    places = np.unique(np.concatenate([passed, [0.5]]).clip(_END, 1 - _END).round(9))
    places = np.concatenate([places - _BESIDE, places + _BESIDE])
    places = places[(places >= _END) & (places <= 1 - _END)]
    bases = start + places[:, None] * along
    below, above = _chords(outline, bases, np.broadcast_to(turned, bases.shape))
    best = int(np.argmax((above - below).round(6)))
    return bases[best] + below[best] * turned, bases[best] + above[best] * turned


def _chords(outline: MaskOutline, bases: Floats, step: Floats) -> tuple[Floats, Floats]:
    """How far each line through a point stays within the region, to both sides, as multiples of its step."""
    reach = 4.0 * (sum(outline.mask.shape) + 2) / max(float(np.abs(step).max()), 1e-12)
    places = outline.crossings(bases, step, -reach, reach)
    inside = outline.parts_within(bases, step, places)
    low, high = places[:, :-1], places[:, 1:]
    behind = low + high < 0
    below = np.where(~inside & behind, high, -reach).max(axis=1)
    above = np.where(~inside & ~behind, low, reach).min(axis=1)
    return below.clip(max=0), above.clip(min=0)


def _on_hull(points: Halves) -> Halves:
    """The corners of the convex hull."""
    from scipy.spatial import ConvexHull

    return points[ConvexHull(points).vertices]


def hull_size_mm(mask: Bools, frame: Floats) -> tuple[float, float]:
    """Longest diameter (mm) and area (mm²) of the convex hull of a flat region."""
    hull = _on_hull(MaskOutline(mask).corners)
    starts, ends = _pairs(hull)
    x, y = frame @ hull.T.astype(np.float64)
    area = abs(float(x @ np.roll(y, -1) - y @ np.roll(x, -1))) / 2
    return float(_lengths(ends - starts, frame).max()), area


def within_hull(places: NDArray[np.int64], mask: Bools) -> Bools:
    """Which voxels, (n, 2), have their centre within the convex hull of a flat region."""
    from scipy.spatial import ConvexHull

    limits = ConvexHull(MaskOutline(mask).corners).equations
    return np.asarray((2 * places @ limits[:, :2].T + limits[:, 2] <= 1e-9).all(axis=1))


def _pairs(points: Halves) -> tuple[Halves, Halves]:
    first, second = np.triu_indices(len(points), 1)
    return points[first], points[second]


def _lengths(steps: Halves, frame: Floats) -> NDArray[np.float64]:
    x, y = frame @ steps.T
    return np.asarray(np.hypot(x, y), np.float64)

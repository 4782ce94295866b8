"""The outline of a flat region of voxels, and which lines stay within it.

The border runs halfway between the last voxel inside and the first one outside, through the middles of the sides that
part them: the contour that marching squares draws at one half (Lorensen and Cline, SIGGRAPH 1987, in two dimensions).
So a row of n voxels is n voxels long, and neither discs nor slanted edges are measured too large, as the voxels'
corners would have it, or too small, as their centres would. Voxels that touch at a corner hang together.

Points are in half voxels, so that the outline's corners are whole numbers: voxel (r, c) has its centre at (2r, 2c).
"""

from __future__ import annotations

from functools import cached_property

import numpy as np
from numpy.typing import NDArray

Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]
Halves = NDArray[np.int64]

_SAME = 1e-9
# The outline's edges lie where one of these is odd: the two coordinates, their sum and their difference.
_FAMILIES = np.array([[1, 0], [0, 1], [1, 1], [1, -1]], dtype=np.float64)
_INSIDE_FIRST = (9, 40)  # points of a line that are looked at before its crossings are worked out


def _limits() -> Floats:
    """What of the square between four centres lies within, by which of them do: two limits a·u + b·v <= c, (16, 2, 3).

    u and v grow from the first centre to the one below and to the one on the right. Bits: 1 the first centre, 2 the one
    on the right, 4 the one below, 8 the last.
    """
    corner = {1: (1.0, 1.0, 0.5), 2: (1.0, -1.0, -0.5), 4: (-1.0, 1.0, -0.5), 8: (-1.0, -1.0, -1.5)}
    all_but = {bit: (-a, -b, -c) for bit, (a, b, c) in corner.items()}
    always, never = (0.0, 0.0, 1.0), (0.0, 0.0, -1.0)
    table = [[never, never]] + [[always, always] for _ in range(15)]
    for bit in corner:
        table[bit][0] = corner[bit]
        table[15 - bit][0] = all_but[bit]
    table[1 | 2][0], table[4 | 8][0] = (1.0, 0.0, 0.5), (-1.0, 0.0, -0.5)
    table[1 | 4][0], table[2 | 8][0] = (0.0, 1.0, 0.5), (0.0, -1.0, -0.5)
    table[1 | 8], table[2 | 4] = [all_but[2], all_but[4]], [all_but[1], all_but[8]]
    return np.array(table)


_LIMITS = _limits()


class MaskOutline:
    """The outline of a flat mask."""

    def __init__(self, mask: Bools) -> None:
        self.mask = mask

    @cached_property
    def corners(self) -> Halves:
        """The middle of every side between a voxel inside and one outside, (n, 2)."""
        padded = np.pad(self.mask, 1).astype(np.int8)
        down = np.argwhere(np.diff(padded, axis=0)) * 2 + (-1, -2)
        across = np.argwhere(np.diff(padded, axis=1)) * 2 + (-2, -1)
        return np.concatenate([down, across]).astype(np.int64)

    @cached_property
    def _squares(self) -> NDArray[np.intp]:
        """Which of the four centres around each square lie within; square (0, 0) is the one before the first voxel."""
        inside = np.pad(self.mask, 1).astype(np.intp)
        bits = inside[:-1, :-1] + 2 * inside[:-1, 1:] + 4 * inside[1:, :-1] + 8 * inside[1:, 1:]
        return np.pad(bits, 1)

    def covers(self, points: Floats) -> Bools:
        """Whether points, (..., 2), lie within the outline or on it."""
        place = points / 2
        low = np.floor(place)
        u, v = np.moveaxis(place - low, -1, 0)
        row, column = np.moveaxis(low.astype(np.intp) + 2, -1, 0)
        rows, columns = self._squares.shape
        limits = _LIMITS[self._squares[row.clip(0, rows - 1), column.clip(0, columns - 1)]]
        within = limits[..., 0] * u[..., None] + limits[..., 1] * v[..., None] <= limits[..., 2] + _SAME
        return np.asarray(within.all(axis=-1))

    def holds(self, starts: Halves, ends: Halves) -> Bools:
        """Which straight lines, from starts to ends, (n, 2), nowhere leave the region."""
        kept = np.arange(len(starts))
        start, step = starts.astype(np.float64), (ends - starts).astype(np.float64)
        for count in _INSIDE_FIRST:
            places = (np.arange(count) + 0.5) / count
            some = start[kept, None] + places[None, :, None] * step[kept, None]
            kept = kept[self.covers(some).all(axis=1)]
        inside = np.zeros(len(starts), dtype=bool)
        start, step = start[kept], step[kept]
        inside[kept] = self.parts_within(start, step, self.crossings(start, step, 0.0, 1.0)).all(axis=1)
        return inside

    def crossings(self, start: Floats, step: Floats, least: float, most: float) -> Floats:
        """Where lines may cross the outline, as multiples of their steps from `least` to `most`, ascending, (n, k).

        Parameters
        ----------
        start, step
            A point of each line and its direction, (n, 2).
        """
        found = [np.full((len(start), 1), least), np.full((len(start), 1), most)]
        rows, columns = (2 * count for count in self.mask.shape)
        spans = ((-1, rows), (-1, columns), (-1, rows + columns), (-columns - 1, rows))
        for family, (low, high) in zip(_FAMILIES, spans, strict=True):
            first, slope = start @ family, step @ family
            with np.errstate(divide="ignore", invalid="ignore"):
                found.append((np.arange(low, high, 2)[None, :] - first[:, None]) / slope[:, None])
        places = np.concatenate(found, axis=1)
        places[~np.isfinite(places)] = most
        return np.sort(places.clip(least, most), axis=1)

    def parts_within(self, start: Floats, step: Floats, places: Floats) -> Bools:
        """Whether each part of a line between two crossings lies within the region, (n, k - 1); empty parts do."""
        middle = (places[:, 1:] + places[:, :-1]) / 2
        parts = self.covers(start[:, None] + middle[:, :, None] * step[:, None])
        return parts | (np.diff(places, axis=1) < _SAME)

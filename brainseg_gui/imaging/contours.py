"""Closed contours around the pixels of a region, and the pixels inside of contours.

A contour runs along the edges of pixels. Then whoever asks which centres of pixels lie inside gets the very region
back: no centre lies on a contour. Pixels that touch at a corner only belong to different contours. A hole is joined to
the contour around it by a channel of no width, there and back along an edge (the keyhole of DICOM PS3.3, C.8.8.6.3), so
that one contour is one piece of the region whether a reader unites contours or takes their difference.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import label

Corner = tuple[int, int]

_EAST, _SOUTH, _WEST, _NORTH = range(4)  # each turns right into the next
_STEPS = ((0, 1), (1, 0), (0, -1), (-1, 0))
_INSIDE = ((0, 0), (0, -1), (-1, -1), (-1, 0))  # from the corner that an edge begins at to the pixel on its right
_EDGES_AT_ONCE = 4096


def contours_of(region: NDArray[np.bool_]) -> list[NDArray[np.float64]]:
    """The contours of a region of a slice, each (n, 2): row and column, where centres of pixels have whole numbers."""
    pieces, _ = label(region)
    rings: dict[int, list[list[Corner]]] = {}
    for ring, pixel in _rings(region):
        rings.setdefault(int(pieces[pixel]), []).append(ring)
    return [np.array(_corners(_joined(parts)), dtype=np.float64) - 0.5 for _, parts in sorted(rings.items())]


def inside_of(contours: Sequence[NDArray[np.float64]], shape: tuple[int, int]) -> NDArray[np.bool_]:
    """The pixels whose centres lie inside an odd number of contours, each (n, 2): row and column."""
    crossings = np.zeros((shape[0], shape[1] + 1), np.int32)
    for contour in contours:
        ends = np.roll(contour, -1, axis=0)
        for start in range(0, len(contour), _EDGES_AT_ONCE):
            _add_crossings(crossings, contour[start : start + _EDGES_AT_ONCE], ends[start : start + _EDGES_AT_ONCE])
    return np.asarray(np.cumsum(crossings[:, :-1], axis=1) % 2 == 1)


def rows_crossed(contour: NDArray[np.float64], rows: int) -> int:
    """How many crossings of rows `inside_of` has to look at."""
    first, last = _row_range(contour[:, 0], np.roll(contour[:, 0], -1), rows)
    return int((last - first).sum())


def _row_range(y0: NDArray[np.float64], y1: NDArray[np.float64], rows: int) -> tuple[NDArray[np.int64], ...]:
    """First row, and the one after the last, whose line of centres each edge crosses."""
    first = np.clip(np.ceil(np.minimum(y0, y1)), 0, rows).astype(np.int64)
    return first, np.clip(np.ceil(np.maximum(y0, y1)), 0, rows).astype(np.int64)


def _add_crossings(crossings: NDArray[np.int32], starts: NDArray[np.float64], ends: NDArray[np.float64]) -> None:
    first, last = _row_range(starts[:, 0], ends[:, 0], crossings.shape[0])
    counts = last - first
    edge = np.repeat(np.arange(len(starts)), counts)
    row = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts) + np.repeat(first, counts)
    (y0, x0), (y1, x1) = starts[edge].T, ends[edge].T
    column = np.clip(np.ceil(x0 + (row - y0) * (x1 - x0) / (y1 - y0)), 0, crossings.shape[1] - 1)
    np.add.at(crossings, (row, column.astype(np.int64)), 1)


# tracing


def _rings(region: NDArray[np.bool_]) -> Iterator[tuple[list[Corner], Corner]]:
    """Closed walks along edges with the region on the right: all corners passed, and a pixel of the region."""
    left = _edges(region)
    while left:
        start = next(iter(left))
        way = min(left[start])
        pixel = start[0] + _INSIDE[way][0], start[1] + _INSIDE[way][1]
        yield _walk(left, start, way), pixel


def _edges(region: NDArray[np.bool_]) -> dict[Corner, set[int]]:
    """Corner -> the ways in which edges leave it, the region on their right."""
    padded = np.pad(region, 1)
    middle = padded[1:-1, 1:-1]
    outside = {
        _EAST: padded[:-2, 1:-1],
        _SOUTH: padded[1:-1, 2:],
        _WEST: padded[2:, 1:-1],
        _NORTH: padded[1:-1, :-2],
    }
    edges: dict[Corner, set[int]] = {}
    for way, beyond in outside.items():
        rows, columns = np.nonzero(middle & ~beyond)
        down, right = _INSIDE[way]
        for corner in zip((rows - down).tolist(), (columns - right).tolist(), strict=True):
            edges.setdefault(corner, set()).add(way)
    return edges


def _walk(left: dict[Corner, set[int]], start: Corner, way: int) -> list[Corner]:
    """Follow edges, which are taken away, back to the start; where two leave a corner, around the same pixel."""
    ring, corner = [], start
    while True:
        ways = left[corner]
        ways.discard(way)
        if not ways:
            del left[corner]
        ring.append(corner)
        corner = corner[0] + _STEPS[way][0], corner[1] + _STEPS[way][1]
        if corner == start and not _goes_on(left, corner, way):
            return ring
        way = next(turn for turn in _turns(way) if turn in left[corner])


def _goes_on(left: dict[Corner, set[int]], corner: Corner, way: int) -> bool:
    """Whether a walk that is back at its start touches itself there only: the edge around the same pixel is left."""
    return corner in left and (way + 1) % 4 in left[corner]


def _turns(way: int) -> tuple[int, int, int]:
    return (way + 1) % 4, way, (way + 3) % 4


# joining holes


def _joined(rings: Sequence[list[Corner]]) -> list[Corner]:
    """The ring around a piece and those around its holes as one, by channels that lead left from each hole."""
    outer, *holes = sorted(rings, key=_leftmost)
    corners = list(outer)
    after = [*range(1, len(outer)), 0]
    place = {corner: number for number, corner in enumerate(outer)}
    for hole in holes:
        start = hole.index(min(hole, key=lambda corner: (corner[1], corner[0])))
        turned = hole[start:] + hole[:start]
        row, column = turned[0]
        column -= 1
        while (row, column) not in place:
            column -= 1
        _splice(corners, after, place[row, column], turned)
        place |= {corner: len(corners) - len(turned) - 2 + number for number, corner in enumerate(turned)}
    result, number = [corners[0]], after[0]
    while number:
        result.append(corners[number])
        number = after[number]
    return result


def _leftmost(ring: Sequence[Corner]) -> int:
    """How far left a ring reaches: the one around a piece farther than those around its holes."""
    return min(column for _, column in ring)


def _splice(corners: list[Corner], after: list[int], at: int, hole: Sequence[Corner]) -> None:
    """Go around a hole after a corner, and come back to it."""
    first = len(corners)
    corners += [*hole, hole[0], corners[at]]
    after += [*range(first + 1, first + len(hole) + 2), after[at]]
    after[at] = first


def _corners(ring: Sequence[Corner]) -> list[Corner]:
    """A ring without the corners that it goes straight through."""
    ways = [(b[0] - a[0], b[1] - a[1]) for a, b in pairwise([ring[-1], *ring, ring[0]])]
    unit = [(np.sign(down), np.sign(right)) for down, right in ways]
    return [corner for corner, before, behind in zip(ring, unit, unit[1:], strict=False) if before != behind]

"""Linear filters and sampling along the axes of a volume, as matrix products.

A filter or a resampling along one axis is a small matrix; BLAS applies it many times faster than a general image
filter does. Matrices of one axis multiply, so that smoothing and sampling cost one product.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.float32]

_BLOCK = 32  # rows of a matrix that are multiplied together
_TRUNCATE = 4.0  # standard deviations, as in scipy.ndimage.gaussian_filter


@dataclass(frozen=True, eq=False)
class Banded:
    """A matrix that is zero far from its diagonal: it costs what its band costs, however long the axis is.

    Parameters
    ----------
    shape
        Rows and columns.
    blocks
        For some rows at a time: which they are, the columns where they are not zero, and what stands there.
    """

    shape: tuple[int, int]
    blocks: tuple[tuple[slice, slice, NDArray[np.float32]], ...]

    def __matmul__(self, other: Banded) -> Banded:
        """The matrix that does what `other` does and then what this one does."""
        found = []
        for rows, columns, block in self.blocks:
            first, right = other.rows(columns)
            found.append(_trimmed(rows, first, block @ right))
        return Banded((self.shape[0], other.shape[1]), tuple(found))

    def rows(self, wanted: slice) -> tuple[int, NDArray[np.float32]]:
        """The first column where some rows are not zero, and the rows from there to where they are zero again."""
        parts = self.blocks[wanted.start // _BLOCK : -(-wanted.stop // _BLOCK)]
        first, last = min(columns.start for _, columns, _ in parts), max(columns.stop for _, columns, _ in parts)
        dense = np.zeros((len(parts) * _BLOCK, last - first), np.float32)
        for number, (_, columns, block) in enumerate(parts):
            start = number * _BLOCK
            dense[start : start + len(block), columns.start - first : columns.stop - first] = block
        offset = wanted.start % _BLOCK
        return first, dense[offset : offset + wanted.stop - wanted.start]


def gaussian_matrix(length: int, sigma: float) -> Banded | None:
    """Smoothing along an axis, edges reflected (d c b a | a b c d); None when there is nothing to smooth.

    The kernel is that of `scipy.ndimage.gaussian_filter1d` with its defaults.
    """
    radius = int(_TRUNCATE * sigma + 0.5)
    if radius == 0:
        return None
    offsets = np.arange(-radius, radius + 1)
    kernel = np.exp(-0.5 * (offsets / sigma) ** 2)
    return _convolution(length, offsets, kernel / kernel.sum())


def linear_matrix(length: int, positions: NDArray[np.floating[Any]]) -> Banded:
    """Linear interpolation of `length` samples at `positions`; beyond the ends the end value holds."""
    clipped = np.clip(positions, 0, length - 1)
    low = np.minimum(clipped.astype(int), max(length - 2, 0))
    high = np.minimum(low + 1, length - 1)
    weight = clipped - low
    blocks = []
    for rows in _rows(len(positions)):
        first, count = int(low[rows].min()), rows.stop - rows.start
        block = np.zeros((count, int(high[rows].max()) + 1 - first), np.float32)
        block[range(count), low[rows] - first] = 1 - weight[rows]
        block[range(count), high[rows] - first] += weight[rows]
        blocks.append(_trimmed(rows, first, block))
    return Banded((len(positions), length), tuple(blocks))


def _convolution(length: int, offsets: NDArray[np.int_], kernel: NDArray[np.float64]) -> Banded:
    blocks = []
    for rows in _rows(length):
        places = np.arange(rows.start, rows.stop)[:, None] + offsets  # (rows, offsets)
        columns = places % (2 * length)  # reflected: period 2n
        columns = np.minimum(columns, 2 * length - 1 - columns)
        first = int(columns.min())
        block = np.zeros((len(places), int(columns.max()) + 1 - first))
        for number, weight in enumerate(kernel):
            np.add.at(block, (np.arange(len(places)), columns[:, number] - first), weight)
        blocks.append(_trimmed(rows, first, block.astype(np.float32)))
    return Banded((length, length), tuple(blocks))


def _rows(count: int) -> Iterator[slice]:
    for start in range(0, count, _BLOCK):
        yield slice(start, min(start + _BLOCK, count))


def _trimmed(rows: slice, first: int, block: NDArray[np.float32]) -> tuple[slice, slice, NDArray[np.float32]]:
    """Some rows that begin at column `first`, without the columns at both ends where they are zero."""
    filled = np.flatnonzero(block.any(axis=0))
    low, high = (int(filled[0]), int(filled[-1]) + 1) if filled.size else (0, 1)
    return rows, slice(first + low, first + high), np.ascontiguousarray(block[:, low:high])


def apply_along_axes(image: Image, matrices: Sequence[Banded | None]) -> Image:
    """Multiply each axis by its matrix (None leaves the axis).

    Parameters
    ----------
    image
        (I, J, K), in C or Fortran order.
    matrices
        One per axis, (new length, length).

    Returns
    -------
    ndarray
        (I', J', K') in the order of memory of the input.
    """
    if image.flags.f_contiguous and not image.flags.c_contiguous:
        turned: Image = apply_along_axes(image.T, matrices[::-1]).T
        return turned
    result: Image = np.ascontiguousarray(image)
    for axis in (2, 1, 0):
        matrix = matrices[axis]
        if matrix is not None:
            result = _apply(result, matrix, axis)
    return result


def _apply(image: Image, matrix: Banded, axis: int) -> Image:
    """Multiply one axis of a C-ordered image."""
    count = matrix.shape[0]
    result = np.empty((*image.shape[:axis], count, *image.shape[axis + 1 :]), np.float32)
    # (I, J, K) -> (before, axis, behind)
    source = image.reshape(math.prod(image.shape[:axis]), image.shape[axis], -1)
    target = result.reshape(len(source), count, -1)
    for rows, columns, block in matrix.blocks:
        if axis == 2:
            np.matmul(source[:, columns, 0], block.T, out=target[:, rows, 0])
        else:
            np.matmul(block, source[:, columns], out=target[:, rows])
    return result

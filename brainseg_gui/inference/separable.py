"""Linear filters and sampling along the axes of a volume, as matrix products.

A filter or a resampling along one axis is a small matrix; BLAS applies it many times faster than a general image
filter does. Matrices of one axis multiply, so that smoothing and sampling cost one product.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float32]
Image = NDArray[np.float32]

_BLOCK = 32  # rows of a matrix that are multiplied together
_TRUNCATE = 4.0  # standard deviations, as in scipy.ndimage.gaussian_filter


def gaussian_matrix(length: int, sigma: float) -> Matrix | None:
    """Smoothing along an axis, edges reflected (d c b a | a b c d); None when there is nothing to smooth.

    The kernel is that of `scipy.ndimage.gaussian_filter1d` with its defaults.
    """
    radius = int(_TRUNCATE * sigma + 0.5)
    if radius == 0:
        return None
    offsets = np.arange(-radius, radius + 1)
    kernel = np.exp(-0.5 * (offsets / sigma) ** 2)
    return _convolution(length, offsets, kernel / kernel.sum())


def linear_matrix(length: int, positions: NDArray[np.floating[Any]]) -> Matrix:
    """Linear interpolation of `length` samples at `positions`; beyond the ends the end value holds."""
    clipped = np.clip(positions, 0, length - 1)
    low = np.minimum(clipped.astype(int), max(length - 2, 0))
    weight = clipped - low
    rows = np.arange(len(positions))
    matrix = np.zeros((len(positions), length), dtype=np.float32)
    matrix[rows, low] = 1 - weight
    matrix[rows, np.minimum(low + 1, length - 1)] += weight
    return matrix


def _convolution(length: int, offsets: NDArray[np.int_], kernel: NDArray[np.float64]) -> Matrix:
    matrix = np.zeros((length, length))
    rows = np.arange(length)
    for offset, weight in zip(offsets, kernel, strict=True):
        columns = (rows + offset) % (2 * length)  # reflected: period 2n
        np.add.at(matrix, (rows, np.minimum(columns, 2 * length - 1 - columns)), weight)
    return matrix.astype(np.float32)


def apply_along_axes(image: Image, matrices: Sequence[Matrix | None]) -> Image:
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


def _apply(image: Image, matrix: Matrix, axis: int) -> Image:
    """Multiply one axis of a C-ordered image, leaving out what is zero far from the matrix's diagonal."""
    result = np.empty((*image.shape[:axis], len(matrix), *image.shape[axis + 1 :]), np.float32)
    # (I, J, K) -> (before, axis, behind)
    source = image.reshape(math.prod(image.shape[:axis]), image.shape[axis], -1)
    target = result.reshape(len(source), len(matrix), -1)
    for rows, columns in _blocks(matrix):
        block = matrix[rows, columns]
        if axis == 2:
            np.matmul(source[:, columns, 0], block.T, out=target[:, rows, 0])
        else:
            np.matmul(block, source[:, columns], out=target[:, rows])
    return result


def _blocks(matrix: Matrix) -> Iterator[tuple[slice, slice]]:
    """Rows of a matrix, a few at a time, and the columns where they are not zero."""
    for start in range(0, len(matrix), _BLOCK):
        rows = slice(start, min(start + _BLOCK, len(matrix)))
        filled = np.flatnonzero(matrix[rows].any(axis=0))
        yield rows, slice(int(filled[0]), int(filled[-1]) + 1) if filled.size else slice(0, 1)

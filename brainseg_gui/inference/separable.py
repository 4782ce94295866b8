"""Linear filters and sampling along the axes of a volume, as matrix products.

A filter or a resampling along one axis is a small matrix; BLAS applies it many times faster than a general image
filter does. Matrices of one axis multiply, so that smoothing and sampling cost one product.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float32]
Image = NDArray[np.float32]

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


def second_difference_matrix(length: int) -> Matrix:
    """One axis's part of the Laplacian (1, −2, 1), edges reflected, as in `scipy.ndimage.laplace`."""
    return _convolution(length, np.array([-1, 0, 1]), np.array([1.0, -2.0, 1.0]))


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
    first, second, third = matrices
    if third is not None:
        result = result @ third.T  # (I, J, K) -> (I, J, K')
    if second is not None:
        result = np.matmul(second, result)  # (I, J, K') -> (I, J', K')
    if first is not None:
        shape = (len(first), *result.shape[1:])
        result = (first @ result.reshape(result.shape[0], -1)).reshape(shape)  # (I, ...) -> (I', ...)
    return result

"""Smooth random fields and the small linear algebra that makes them cheap.

A field is white noise on a coarse lattice, spread over the voxels by cubic B-splines, one axis
after the other (Unser, IEEE Signal Processing Magazine 1999, 16(6):22-38).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float32]
BoolArray = npt.NDArray[np.bool_]
Shape = tuple[int, int, int]


def spline_basis(count: int, step: float, phase: float = 0.0) -> FloatArray:
    """Weights of cubic B-splines: voxel `i` lies at lattice coordinate `i / step + phase`.

    Returns
    -------
    ndarray of shape (count, nodes)
        Each row sums to one.
    """
    position = np.arange(count) / step + phase + 1.0
    node = np.arange(int(np.floor(position[-1])) + 3)
    distance = np.abs(position[:, None] - node[None, :])
    near = 2.0 / 3.0 - distance**2 + distance**3 / 2.0
    far = np.clip(2.0 - distance, 0.0, None) ** 3 / 6.0
    return np.where(distance < 1.0, near, far).astype(np.float32)


def apply_along_axes(matrices: Sequence[FloatArray], array: FloatArray) -> FloatArray:
    """Multiply each axis by its matrix: (i, j, k) -> (I, J, K)."""
    for axis, matrix in enumerate(matrices):
        array = np.moveaxis(np.tensordot(matrix, array, axes=(1, axis)), 0, axis)
    return np.ascontiguousarray(array, dtype=np.float32)


def smooth_noise(rng: np.random.Generator, shape: Shape, scale: float) -> FloatArray:
    """Gaussian noise of mean 0 and variance 1 whose bumps are about `2 * scale` voxels wide."""
    bases = [spline_basis(count, scale, rng.uniform()) for count in shape]
    # Rows of unit norm keep the variance at one in every voxel.
    bases = [basis / np.linalg.norm(basis, axis=1, keepdims=True) for basis in bases]
    lattice = rng.standard_normal([basis.shape[1] for basis in bases], dtype=np.float32)
    return apply_along_axes(bases, lattice)


def octaves(rng: np.random.Generator, shape: Shape, scale: float, count: int = 3) -> FloatArray:
    """Sum of noises, each half as wide and 0.6 times as strong as the one before, variance 1."""
    total = np.zeros(shape, np.float32)
    power = 0.0
    for octave in range(count):
        weight = 0.6**octave
        total += np.float32(weight) * smooth_noise(rng, shape, max(scale / 2**octave, 1.0))
        power += weight**2
    return total / np.float32(np.sqrt(power))


def smooth_step(value: FloatArray, low: float, high: float) -> FloatArray:
    """0 below `low`, 1 above `high`, and the cubic 3t² - 2t³ between them."""
    t = np.clip((value - low) / (high - low), 0.0, 1.0)
    return np.asarray(t * t * (3.0 - 2.0 * t), dtype=np.float32)

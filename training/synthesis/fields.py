"""Smooth random fields and the small linear algebra that makes them cheap.

A field is white noise on a coarse lattice, spread over the voxels by cubic B-splines, one axis
after the other (Unser, IEEE Signal Processing Magazine 1999, 16(6):22-38).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt
from scipy import ndimage

FloatArray = npt.NDArray[np.float32]
BoolArray = npt.NDArray[np.bool_]
Shape = tuple[int, int, int]
Range = tuple[float, float]
Noise = Callable[[np.random.Generator, Shape, float], FloatArray]


def happens(rng: np.random.Generator, chance: float) -> bool:
    """Draw whether something happens; draws nothing where it never does, so that older presets keep their draws."""
    return chance > 0.0 and bool(rng.random() < chance)


def within(rng: np.random.Generator, limits: Range) -> float:
    """Draw evenly from a range; draws nothing where the range is a point."""
    return float(rng.uniform(*limits)) if limits[0] != limits[1] else float(limits[0])


def log_within(rng: np.random.Generator, limits: Range, lean: float = 1.0) -> float:
    """Draw from a positive range, evenly in the logarithm; `lean` below 1 prefers the upper end."""
    low, high = np.log(limits)
    if lean == 1.0:
        return float(np.exp(rng.uniform(low, high)))
    return float(np.exp(low + (high - low) * rng.random() ** lean))


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
        # (…, i, …) -> (I, …, …) -> (…, I, …)
        array = np.moveaxis(np.tensordot(matrix, array, axes=(1, axis)), 0, axis)
    return np.ascontiguousarray(array, dtype=np.float32)


def smooth_noise(rng: np.random.Generator, shape: Shape, scale: float) -> FloatArray:
    """Gaussian noise of mean 0 and variance 1 whose bumps are about `2 * scale` voxels wide."""
    bases = [spline_basis(count, scale, rng.uniform()) for count in shape]
    # Rows of unit norm keep the variance at one in every voxel.
    bases = [basis / np.linalg.norm(basis, axis=1, keepdims=True) for basis in bases]
    lattice = rng.standard_normal([basis.shape[1] for basis in bases], dtype=np.float32)
    return apply_along_axes(bases, lattice)


def round_noise(rng: np.random.Generator, shape: Shape, scale: float) -> FloatArray:
    """As `smooth_noise`, but without its traces of the lattice: bumps have no preferred direction.

    A lattice twice as fine is blurred before it is spread, so that the kernel is nearly a Gaussian of the same width.
    """
    step = scale / 2.0
    if step < 1.0:
        return smooth_noise(rng, shape, scale)
    bases = [spline_basis(count, step, rng.uniform()) for count in shape]
    lattice = rng.standard_normal([basis.shape[1] for basis in bases], dtype=np.float32)
    blurred = ndimage.gaussian_filter(lattice, 1.0, mode="wrap")
    # Blur and spline together are a Gaussian of variance 1 + 1/3, whose squares sum to 1 / sqrt(4 pi (1 + 1/3)).
    blurred *= np.float32((4.0 * np.pi * 4.0 / 3.0) ** 0.75)
    return apply_along_axes(bases, blurred)


def octaves(rng: np.random.Generator, shape: Shape, scale: float, count: int = 3,
            noise: Noise = smooth_noise) -> FloatArray:  # fmt: skip
    """Sum of noises, each half as wide and 0.6 times as strong as the one before, variance 1."""
    total = np.zeros(shape, np.float32)
    power = 0.0
    for octave in range(count):
        weight = 0.6**octave
        total += np.float32(weight) * noise(rng, shape, max(scale / 2**octave, 1.0))
        power += weight**2
    return total / np.float32(np.sqrt(power))


def smooth_step(value: FloatArray, low: float, high: float) -> FloatArray:
    """0 below `low`, 1 above `high`, and the cubic 3t² - 2t³ between them."""
    t = np.clip((value - low) / (high - low), 0.0, 1.0)
    return np.asarray(t * t * (3.0 - 2.0 * t), dtype=np.float32)

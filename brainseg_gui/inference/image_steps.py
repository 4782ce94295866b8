"""The steps of a passport that change the intensities of one image, each a small function.

Images are (I, J, K), float32, best in Fortran order.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from brainseg_gui.inference.models import steps
from brainseg_gui.inference.network_grid import NetworkGrid
from brainseg_gui.inference.separable import (
    Image,
    apply_along_axes,
    gaussian_matrix,
)

Mask = NDArray[np.bool_]


def looked_at(image: Image, brain: Mask | None, over: steps.Over) -> Mask | None:
    """The voxels that a normalisation looks at; None: all of them."""
    if over == "crop":
        return None
    return brain if over == "brain" else np.asarray(image != 0)


def zscore(image: Image, brain: Mask | None, step: steps.ZScore) -> Image:
    """Mean 0 and standard deviation 1 over some voxels, clipped, constant outside them. Changes `image`."""
    brain = looked_at(image, brain, step.over)
    if brain is None:
        brain = np.ones(image.shape, bool, order="F")
    if not brain.any():  # an empty image
        return image
    # in the order of memory: both are Fortran-ordered
    return standardised(image, brain, step, mean_and_deviation(image.T[brain.T]))


def mean_and_deviation(inside: NDArray[np.float32]) -> tuple[float, float]:
    """Of the voxels that a normalisation looks at, (N,)."""
    return float(inside.mean(dtype=np.float64)), float(inside.std(dtype=np.float64))


def standardised(image: Image, brain: Mask, step: steps.ZScore, moments: tuple[float, float]) -> Image:
    """As `zscore`, with a mean and a deviation that are known. Changes `image`."""
    mean, deviation = moments
    image -= np.float32(mean)
    image *= np.float32(1 / deviation if deviation > 0 else 0.0)
    if step.clip is not None:
        np.clip(image, *step.clip, out=image)
    if step.outside == 0.0:
        image *= brain
    else:
        image[~brain] = step.outside
    return image


def min_max(image: Image, decimals: int | None) -> Image:
    """Scale to 0 … 1, and round; a constant image becomes 0. In float64, or rounding would fall elsewhere."""
    low, high = float(image.min()), float(image.max())
    scaled = (image.astype(np.float64) - low) / ((high - low) or 1.0)
    if decimals is not None:
        np.round(scaled, decimals, out=scaled)
    return scaled.astype(np.float32)


def percentiles(image: Image, brain: Mask | None, step: steps.Percentiles) -> Image:
    """Two percentiles over some voxels become 0 and 1; a constant image becomes 0."""
    mask = looked_at(image, brain, step.over)
    inside = image if mask is None else image[mask]
    low, high = np.percentile(inside, (step.low, step.high)) if inside.size else (0.0, 0.0)
    scaled = (image - np.float32(low)) / np.float32((high - low) or 1.0)
    return np.clip(scaled, 0, 1) if step.clip else scaled


def to_range(image: Image, step: steps.Range) -> Image:
    """Clipped to given intensities, which are then scaled."""
    return np.asarray((np.clip(image, *step.clip) - np.float32(step.subtract)) / np.float32(step.divide))


def gaussian(image: Image, sigma_voxels: steps.Triple) -> Image:
    """Gaussian smoothing, edges reflected."""
    matrices = [gaussian_matrix(n, sigma) for n, sigma in zip(image.shape, sigma_voxels, strict=True)]
    return apply_along_axes(image, matrices)


def add_laplacian(image: Image, weight: float) -> Image:
    """The image plus `weight` times its Laplacian (second differences, edges reflected)."""
    result = image.copy(order="K")
    for axis in range(image.ndim):
        steps_up = np.diff(image, axis=axis)  # between neighbours; over a reflected edge there is none
        steps_up *= np.float32(weight)
        # (I, J, K) -> (axis, the other two), views
        moved, kept = np.moveaxis(result, axis, 0), np.moveaxis(steps_up, axis, 0)
        moved[:-1] += kept
        moved[1:] -= kept
    return result


def pad(image: Image, network_grid: NetworkGrid, value: float) -> Image:
    """Grow with a constant to the network grid's padded shape."""
    padded = np.full(network_grid.padded, value, dtype=np.float32, order="F")
    padded[network_grid.inside_padding] = image
    return padded

"""The field on which the networks see a head: a coarse box of fixed size around it, intensities of fixed scale."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

FloatArray = NDArray[np.float32]

SPACING_MM = 3.0
SHAPE = (64, 80, 80)
"""Voxels along R, A and S: 192 × 240 × 240 mm."""
BRIGHTEST = 4.0
_FAINT = 0.15
_BRIGHT_PERCENTILE = 99.0
_DARK_PERCENTILE = 1.0
_TOP_MM = 12.0
"""Room that is left above a head that is longer than the field."""


@dataclass(frozen=True)
class HeadField:
    """An image on the field.

    Parameters
    ----------
    values
        Intensities as the networks take them, `SHAPE`.
    to_voxel
        Voxel of the field to voxel of the image along each axis of the closest canonical orientation:
        ``image = scale * field + start``.
    scale, start
        See `to_voxel`.
    """

    values: FloatArray
    scale: NDArray[np.float64]
    start: NDArray[np.float64]


def normalised(values: FloatArray) -> FloatArray:
    """Intensities with the mean of what is not air at 1, limited to `BRIGHTEST`; air, and what lies below it, at 0."""
    bright = float(np.percentile(values[::2, ::2, ::2], _BRIGHT_PERCENTILE))
    tissue = values[values > _FAINT * bright]
    mean = float(tissue.mean()) if tissue.size and bright > 0 else 1.0
    return np.asarray(np.clip(values / mean, 0.0, BRIGHTEST), np.float32)


def on_field(canonical: NDArray[np.generic], spacing_mm: Sequence[float]) -> HeadField:
    """Sample an image, its axes growing about to R, A and S, on the field.

    Finer axes are averaged over a voxel of the field first; outside of the image is air.
    """
    values = _from_zero(canonical.astype(np.float32))
    scale = SPACING_MM / np.asarray(spacing_mm, np.float64)
    sigma = [0.42 * factor if factor > 1.3 else 0.0 for factor in scale]
    smooth = ndimage.gaussian_filter(values, sigma, truncate=2.5) if any(sigma) else values
    start = _middle(smooth, np.asarray(spacing_mm)) - scale * (np.array(SHAPE) - 1.0) / 2.0
    return HeadField(normalised(resampled(smooth, scale, start, SHAPE, "constant")), scale, start)


def resampled(
    values: FloatArray,
    scale: NDArray[np.float64],
    start: NDArray[np.float64],
    shape: tuple[int, int, int],
    beyond: Literal["constant", "nearest"],
) -> FloatArray:
    """Values at ``scale * voxel + start``, linear in between."""
    moved = np.empty(shape, np.float32)
    ndimage.affine_transform(values, scale, start, shape, output=moved, order=1, mode=beyond)
    return moved


def _from_zero(values: FloatArray) -> FloatArray:
    """Values whose darkest, which is air, is about 0: z-scores and shifted scans lie below."""
    darkest = np.float32(np.percentile(values[::2, ::2, ::2], _DARK_PERCENTILE))
    return values - darkest if darkest < 0 else values


def _middle(values: FloatArray, spacing_mm: NDArray[np.float64]) -> NDArray[np.float64]:
    """The voxel of the image that the middle of the field looks at: that of what is not air, or below its top."""
    few = values[::2, ::2, ::2]
    mask = few > _FAINT * float(np.percentile(few, _BRIGHT_PERCENTILE))
    middle = np.zeros(3)
    for axis in range(3):
        share = mask.mean(axis=tuple({0, 1, 2} - {axis}))
        where = np.flatnonzero(share > 0.02) if (share > 0.02).any() else np.arange(len(share))
        first, last = 2.0 * where[0], 2.0 * where[-1]
        middle[axis] = (first + last) / 2.0
        reach = SHAPE[axis] * SPACING_MM / spacing_mm[axis]
        if axis == 2 and last - first > reach:
            middle[axis] = last + _TOP_MM / spacing_mm[axis] - reach / 2.0
    return middle

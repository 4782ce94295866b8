"""What the scanner does to a picture: motion between scans, slices, point spread, bias field, gamma, noise."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from .brain import Brain
from .fields import FloatArray, Range, happens

RESAMPLING_VOXELS = 0.45
"""Standard deviation of the blur that registration leaves on the noise."""


@dataclass(frozen=True)
class AcquisitionPriors:
    """Ranges that scans are drawn from.

    Parameters
    ----------
    thickness_mm
        Range of slice thickness of scans that are not at 1 mm.
    thick
        Share of such scans.
    blur_mm
        Standard deviation of the point spread within slices.
    bias
        Standard deviation of the logarithm of the bias field.
    gamma
        Exponent on the intensities.
    noise
        Standard deviation of the noise that remains at 1 mm after the final blur, as a share of white matter.
    slice_axes
        How often slices are sagittal, coronal and axial.
    moved, moved_mm, moved_deg
        How often a modality does not lie exactly on the others, and the spread of its shift and turn.
    """

    thickness_mm: Range = (1.5, 4.5)
    thick: float = 0.4
    blur_mm: Range = (0.2, 0.55)
    bias: Range = (0.03, 0.09)
    gamma: Range = (0.88, 1.14)
    noise: Range = (0.015, 0.045)
    slice_axes: tuple[float, float, float] = (0.1, 0.15, 0.75)
    moved: float = 0.0
    moved_mm: float = 0.6
    moved_deg: float = 0.5


def scan(rng: np.random.Generator, image: FloatArray, brain: Brain, shared_bias: FloatArray,
         priors: AcquisitionPriors) -> FloatArray:  # fmt: skip
    """Scan one modality: (I, J, K), white matter about 1."""
    if happens(rng, priors.moved):
        image = _moved(rng, image, brain.spacing_mm, priors)
    image = np.power(np.maximum(image, 0.02), np.float32(rng.uniform(*priors.gamma)))
    bias = 0.7 * shared_bias + 0.7 * brain.noise(rng, 35.0)
    image = image * np.exp(np.float32(rng.uniform(*priors.bias)) * bias)
    image = brain.blurred(image, rng.uniform(*priors.blur_mm))
    return _slices(rng, image, brain.spacing_mm, priors)


def _moved(rng: np.random.Generator, image: FloatArray, spacing_mm: float, priors: AcquisitionPriors) -> FloatArray:
    """Shift and turn a little about the middle, as registration leaves it."""
    a, b, c = np.radians(rng.normal(0.0, priors.moved_deg, 3))
    # A turn by small angles, to first order.
    matrix = np.array([[1.0, -c, b], [c, 1.0, -a], [-b, a, 1.0]])
    middle = (np.array(image.shape) - 1.0) / 2.0
    offset = middle - matrix @ middle + rng.normal(0.0, priors.moved_mm, 3) / spacing_mm
    moved = ndimage.affine_transform(image, matrix, offset, order=1, mode="nearest", output=np.float32)
    return np.asarray(moved, np.float32)


def _slices(rng: np.random.Generator, image: FloatArray, spacing_mm: float, priors: AcquisitionPriors) -> FloatArray:
    """Average over thick slices along one axis, add noise there, and interpolate back to the grid."""
    noise = rng.uniform(*priors.noise) / spacing_mm
    thickness = rng.uniform(*priors.thickness_mm) / spacing_mm
    axis = int(rng.choice(3, p=priors.slice_axes))
    if rng.random() >= priors.thick or thickness <= 1.0:
        return _with_noise(rng, image, noise)
    down, up = slice_matrices(image.shape[axis], thickness, rng.uniform())
    # (…, count, …) -> (…, slices, …) and back
    slices = np.moveaxis(np.tensordot(down, image, axes=(1, axis)), 0, axis)
    noisy = _with_noise(rng, np.asarray(slices, np.float32), noise)
    return np.moveaxis(np.tensordot(up, noisy, axes=(1, axis)), 0, axis)


def _with_noise(rng: np.random.Generator, image: FloatArray, noise: float) -> FloatArray:
    """Rician noise (Gudbjartsson and Patz, MRM 1995), lightly blurred as registration leaves it."""
    real, imaginary = (rng.standard_normal(image.shape, dtype=np.float32) for _ in range(2))
    noisy = np.hypot(image + 1.6 * noise * real, 1.6 * noise * imaginary)
    return np.asarray(ndimage.gaussian_filter(noisy, RESAMPLING_VOXELS), np.float32)


def slice_matrices(count: int, thickness: float, phase: float) -> tuple[FloatArray, FloatArray]:
    """Matrices that average planes into slices, and interpolate slices back to planes; thickness in planes."""
    centre = np.arange(-phase * thickness, count + thickness, thickness)
    plane = np.arange(count)
    down = np.exp(-0.5 * np.square((plane[None, :] - centre[:, None]) / (0.42 * thickness)))
    down /= np.maximum(down.sum(axis=1, keepdims=True), 1e-6)
    up = np.clip(1.0 - np.abs(plane[:, None] - centre[None, :]) / thickness, 0.0, None)
    up /= up.sum(axis=1, keepdims=True)
    return down.astype(np.float32), up.astype(np.float32)

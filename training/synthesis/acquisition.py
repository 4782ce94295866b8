"""What the scanner does to a picture: slices, point spread, bias field, gamma, noise, integers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from .fields import BoolArray, FloatArray, smooth_noise


@dataclass(frozen=True)
class AcquisitionPriors:
    """Ranges that scans are drawn from, for t1, t1ce, t2 and flair in this order.

    Parameters
    ----------
    white_matter
        Range of the intensity of white matter in the stored integers.
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
        Standard deviation of the noise that remains after the final blur, as a share of white matter.
    slice_axes
        How often slices are sagittal, coronal and axial.
    """

    white_matter: tuple[tuple[float, float], ...] = ((350, 900), (400, 1100), (150, 500), (180, 700))
    thickness_mm: tuple[float, float] = (1.5, 4.5)
    thick: float = 0.4
    blur_mm: tuple[float, float] = (0.2, 0.55)
    bias: tuple[float, float] = (0.03, 0.09)
    gamma: tuple[float, float] = (0.88, 1.14)
    noise: tuple[float, float] = (0.015, 0.045)
    slice_axes: tuple[float, float, float] = (0.1, 0.15, 0.75)


def scan(rng: np.random.Generator, images: FloatArray, mask: BoolArray,
         priors: AcquisitionPriors) -> list[npt.NDArray[np.int16]]:  # fmt: skip
    """Scan each modality; 0 outside the brain, at least 1 inside."""
    shared_bias = smooth_noise(rng, mask.shape, 45.0)
    return [
        _scan_one(rng, image, mask, shared_bias, priors.white_matter[modality], priors)
        for modality, image in enumerate(images)
    ]


def _scan_one(rng: np.random.Generator, image: FloatArray, mask: BoolArray, shared_bias: FloatArray,
              white_matter: tuple[float, float], priors: AcquisitionPriors) -> npt.NDArray[np.int16]:  # fmt: skip
    image = np.power(np.maximum(image, 0.02), np.float32(rng.uniform(*priors.gamma)))
    bias = 0.7 * shared_bias + 0.7 * smooth_noise(rng, mask.shape, 35.0)
    image = image * np.exp(np.float32(rng.uniform(*priors.bias)) * bias)
    blur = rng.uniform(*priors.blur_mm)
    image = ndimage.gaussian_filter(image, blur)
    image = _slices(rng, image, priors)
    scaled = image * rng.uniform(*white_matter)
    stored = np.where(mask, np.clip(np.rint(scaled), 1, 32000), 0)
    return np.asarray(stored, np.int16)


def _slices(rng: np.random.Generator, image: FloatArray, priors: AcquisitionPriors) -> FloatArray:
    """Average over thick slices along one axis, add noise there, and interpolate back to 1 mm."""
    noise = rng.uniform(*priors.noise)
    thickness = rng.uniform(*priors.thickness_mm)
    axis = int(rng.choice(3, p=priors.slice_axes))
    if rng.random() >= priors.thick:
        return _smoothed_noise(rng, image, noise)
    down, up = _slice_matrices(image.shape[axis], thickness, rng.uniform())
    slices = np.moveaxis(np.tensordot(down, image, axes=(1, axis)), 0, axis)
    noisy = _smoothed_noise(rng, np.asarray(slices, np.float32), noise)
    return np.moveaxis(np.tensordot(up, noisy, axes=(1, axis)), 0, axis)


def _smoothed_noise(rng: np.random.Generator, image: FloatArray, noise: float) -> FloatArray:
    """Rician noise (Gudbjartsson and Patz, MRM 1995), lightly blurred as registration leaves it."""
    real, imaginary = (rng.standard_normal(image.shape, dtype=np.float32) for _ in range(2))
    noisy = np.hypot(image + 1.6 * noise * real, 1.6 * noise * imaginary)
    return np.asarray(ndimage.gaussian_filter(noisy, 0.45), np.float32)


def _slice_matrices(count: int, thickness: float, phase: float) -> tuple[FloatArray, FloatArray]:
    """Matrices that average 1 mm planes into slices, and interpolate slices back to planes."""
    centre = np.arange(-phase * thickness, count + thickness, thickness)
    plane = np.arange(count)
    down = np.exp(-0.5 * np.square((plane[None, :] - centre[:, None]) / (0.42 * thickness)))
    down /= np.maximum(down.sum(axis=1, keepdims=True), 1e-6)
    up = np.clip(1.0 - np.abs(plane[:, None] - centre[None, :]) / thickness, 0.0, None)
    up /= up.sum(axis=1, keepdims=True)
    return down.astype(np.float32), up.astype(np.float32)

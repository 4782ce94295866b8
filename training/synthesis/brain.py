"""A brain placed on the study's grid: how much of each tissue every voxel holds."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from .anatomy import Anatomy, Tissue
from .fields import FloatArray, Noise, Shape, octaves, smooth_noise
from .warp import HeadPose, sample

_PRESMOOTHING = 0.5
"""Standard deviation in voxels that turns the steps of a label map into partial volume."""


@dataclass(frozen=True)
class Brain:
    """A placed brain, axes (I, J, K) = RAS.

    Parameters
    ----------
    fractions
        Share of each `Tissue` in each voxel, (tissue, I, J, K), summing to one.
    hull_mm, midline_mm
        As in `Anatomy`; with a flip the midline's sign turns as well.
    spacing_mm
        Edge of a voxel.
    make_noise
        `smooth_noise` or the dearer `round_noise`.
    """

    fractions: FloatArray
    hull_mm: FloatArray
    midline_mm: FloatArray
    spacing_mm: float = 1.0
    make_noise: Noise = smooth_noise

    @property
    def shape(self) -> Shape:
        """Shape of the box (I, J, K)."""
        i, j, k = self.hull_mm.shape
        return i, j, k

    @property
    def voxels_per_ml(self) -> float:
        """Number of voxels in a millilitre."""
        return 1000.0 / self.spacing_mm**3

    def share(self, *tissues: Tissue) -> FloatArray:
        """Share of some tissues together in each voxel."""
        return np.asarray(self.fractions[list(tissues)].sum(axis=0), np.float32)

    def noise(self, rng: np.random.Generator, scale_mm: float) -> FloatArray:
        """Smooth noise on this grid, as `smooth_noise`."""
        return self.make_noise(rng, self.shape, max(scale_mm / self.spacing_mm, 1.0))

    def octaves(self, rng: np.random.Generator, scale_mm: float, count: int = 3) -> FloatArray:
        """Noise of several widths on this grid, as `octaves`."""
        return octaves(rng, self.shape, scale_mm / self.spacing_mm, count, self.make_noise)

    def blurred(self, volume: npt.NDArray[np.generic], sigma_mm: float) -> FloatArray:
        """Gaussian blur of a volume on this grid."""
        blurred = ndimage.gaussian_filter(volume.astype(np.float32), sigma_mm / self.spacing_mm)
        return np.asarray(blurred, np.float32)


def posed_brain(anatomy: Anatomy, pose: HeadPose, make_noise: Noise = smooth_noise) -> Brain:
    """Sample an anatomy where a pose looks, with partial volume at the edges of tissues."""
    coordinates = pose.coordinates()
    if pose.spacing_mm == 1.0:
        fractions = _interpolated(anatomy, coordinates)
    else:
        fractions = _counted(anatomy, pose, coordinates)
    flipped = np.linalg.det(pose.matrix) < 0
    midline = sample(anatomy.midline_mm, coordinates)
    hull_mm = sample(anatomy.hull_mm, coordinates)
    return Brain(fractions, hull_mm, -midline if flipped else midline, pose.spacing_mm, make_noise)


def _interpolated(anatomy: Anatomy, coordinates: FloatArray) -> FloatArray:
    """Tissues blurred one by one, then interpolated: (tissue, I, J, K)."""
    fractions = np.zeros((len(Tissue), *coordinates.shape[1:]), np.float32)
    for tissue in Tissue:
        share = ndimage.gaussian_filter((anatomy.tissue == tissue).astype(np.float32), _PRESMOOTHING)
        fractions[tissue] = sample(share, coordinates)
    fractions /= np.maximum(fractions.sum(axis=0), 1e-6)
    return fractions


def _counted(anatomy: Anatomy, pose: HeadPose, coordinates: FloatArray) -> FloatArray:
    """Tissues counted at eight points of each voxel: several times cheaper on grids coarser than the anatomy."""
    target_shape = coordinates.shape[1:]
    last = np.array(anatomy.tissue.shape).reshape(3, 1) - 1
    flat = coordinates.reshape(3, -1)  # (3, I, J, K) -> (3, I · J · K)
    counts = np.zeros(flat.shape[1] * len(Tissue), np.float32)
    rows = np.arange(flat.shape[1]) * len(Tissue)
    tissue = anatomy.tissue.ravel()
    for corner in np.ndindex(2, 2, 2):
        offset = pose.matrix @ ((np.array(corner) - 0.5) * pose.spacing_mm / 2.0)
        i, j, k = np.clip(np.rint(flat + offset.reshape(3, 1).astype(np.float32)).astype(np.int32), 0, last)
        counts[rows + tissue[(i * anatomy.tissue.shape[1] + j) * anatomy.tissue.shape[2] + k]] += 0.125
    # (I · J · K · tissue,) -> (I, J, K, tissue) -> (tissue, I, J, K)
    return np.ascontiguousarray(np.moveaxis(counts.reshape(*target_shape, len(Tissue)), -1, 0))

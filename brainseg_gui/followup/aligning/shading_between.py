"""Shading that differs between two visits: where a head lies in the coil makes it brighter, and that is no change.

The ratio of both images, smoothed far beyond what a tumour changes, is how their shadings differ (differential bias
correction: Lewis and Fox, NeuroImage 2004, 23:75-83). Shading that both share stays, and is not seen in a change.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from brainseg_gui.imaging.grid import Array
from brainseg_gui.imaging.plane import DisplayConvention, Plane, take_slice
from brainseg_gui.imaging.volume import Volume

_STEP_MM = 4.0  # between the places that are looked at
_SIGMA_MM = 25.0  # of the smoothing: a new lesion of 2 cm changes it by some per cent of what it changed itself
_MOST = 0.7  # of the logarithm of a ratio: beyond it, it is another tissue
_DARK = 0.25  # of the median: fluid and noise tell little
_FEWEST = 500  # places that tell anything
_ROUNDS = 3
_RIM = 0.02  # how little of the brain may be near, before the shading counts as that of the whole


@dataclass(frozen=True, eq=False)
class ShadingBetween:
    """What the earlier image is to be multiplied by to be shaded as the later one.

    Parameters
    ----------
    log_gain
        Natural logarithm of it, at places evenly apart from the first voxel to the last of each axis, (I', J', K').
    shape
        Of the images, (I, J, K).
    background
        Stored value of the earlier image outside of the head: it is not multiplied.
    """

    log_gain: NDArray[np.float32]
    shape: tuple[int, int, int]
    background: float

    def gain(self, voxels: Sequence[NDArray[np.intp]]) -> NDArray[np.float32]:
        """The factor at the voxels of a box, (len(i), len(j), len(k)), interpolated linearly.

        Parameters
        ----------
        voxels
            Indices along i, j and k.
        """
        found = self.log_gain
        for axis, (wanted, count) in enumerate(zip(voxels, self.shape, strict=True)):
            found = np.moveaxis(np.tensordot(_weights(wanted, count, found.shape[axis]), found, (1, axis)), 0, axis)
        return np.exp(found)

    def evened(self, stored: Array, plane: Plane, slice_index: int, convention: DisplayConvention) -> Array:
        """A slice of the earlier image, as `take_slice` gives it, shaded as the later one; stored values, float32."""
        voxels = [np.arange(count) for count in self.shape]
        voxels[plane.axis] = np.array([slice_index])
        gain = take_slice(self.gain(voxels), plane, 0, convention)
        return np.asarray((stored.astype(np.float32) - self.background) * gain + self.background, np.float32)


def shading_between(now: Volume, before: Volume, tumours: Sequence[Array]) -> ShadingBetween | None:
    """The difference in shading; None where the images do not tell, such as those that were scaled about their mean.

    Parameters
    ----------
    now, before
        On one grid.
    tumours
        Label maps on that grid; what they hold is not looked at.
    """
    from scipy.ndimage import gaussian_filter

    places = [_places(*axis) for axis in zip(now.grid.shape, now.grid.spacing_mm, strict=True)]
    here = np.ix_(*places)
    ours, theirs = (v.stored[here].astype(np.float32) - v.background for v in (now, before))
    brain = (ours != 0) & (theirs != 0)
    for tumour in tumours:
        brain &= tumour[here] == 0
    if np.count_nonzero(brain) < _FEWEST:
        return None
    middles = [float(np.median(part[brain])) for part in (ours, theirs)]
    if min(middles) <= 0:
        return None
    brain &= (ours > _DARK * middles[0]) & (theirs > _DARK * middles[1])
    ratio = np.zeros(ours.shape, np.float32)
    ratio[brain] = np.log(ours[brain] / theirs[brain])
    middle = float(np.median(ratio[brain]))
    ratio[brain] = np.clip(ratio[brain] - middle, -_MOST, _MOST)
    sigma = [_SIGMA_MM * (len(at) - 1) / ((n - 1) * edge) for at, n, edge in _axes(places, now)]
    near = gaussian_filter(brain.astype(np.float32), sigma) + _RIM
    found = np.zeros_like(ratio)
    for _ in range(_ROUNDS):  # near the rim, where a mean is one-sided, the first round leaves the most
        found += gaussian_filter(np.where(brain, ratio - found, 0), sigma) / near
    return ShadingBetween(found, now.grid.shape, before.background)


def _places(count: int, edge_mm: float) -> NDArray[np.intp]:
    """Voxels evenly apart, from the first to the last of an axis."""
    number = max(2, round(count * edge_mm / _STEP_MM))
    return np.linspace(0, count - 1, number).round().astype(np.intp)


def _axes(places: Sequence[NDArray[np.intp]], volume: Volume) -> list[tuple[NDArray[np.intp], int, float]]:
    return list(zip(places, volume.grid.shape, volume.grid.spacing_mm, strict=True))


def _weights(wanted: NDArray[np.intp], count: int, places: int) -> NDArray[np.float32]:
    """Linear interpolation from places evenly apart to voxels, (voxels, places)."""
    at = wanted * ((places - 1) / max(count - 1, 1))
    return np.asarray(np.maximum(0, 1 - np.abs(at[:, None] - np.arange(places))), np.float32)

"""Which voxels of a case are brain: all that is unlike the air around it, which is not always of one value.

A skull stripper leaves one value around the brain. Moving such an image by cubic splines leaves ripples there, a
scanner leaves noise: few of either are of the corners' value, and what is normalised over them is no brain any more.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

import numpy as np

from brainseg_gui.errors import ModelError
from brainseg_gui.imaging.connected import connected, sizes_of
from brainseg_gui.imaging.grid import Array
from brainseg_gui.imaging.volume import AGREEING_CORNERS, Volume, corner_value
from brainseg_gui.inference.image_steps import Mask
from brainseg_gui.inference.models.steps import BrainRule

_FEW = (slice(None, None, 8),) * 3  # of the voxels, to tell whether the air is of one value
_CORNER = 1 / 16  # of an axis
_BRIGHT_PERCENTILE = 99.0
_FAINT = 0.01  # of what is bright
_CORNERS_ARE_AIR = 0.2  # of what is bright: what varies more holds tissue
_NOISE_MARGIN = 1.5  # of the largest deviation in a corner, for the rest of the air
_MANY = 0.2  # of what would be brain
_SMALL_PART = 0.01  # of the largest


def brain_mask(volumes: Sequence[tuple[Volume, Array]], rule: BrainRule = "any modality above 0") -> Mask:
    """Voxels that are brain in any of the images, in stored units so that nothing is converted.

    Above 0 loses half of the brain where intensities are z-scores. Unlike the corners keeps it: what is shared by
    at least five of a volume's eight corners is the air around the brain. Where fewer agree, or a fifth of what this
    calls brain is all but as dark as the corners, the air is not of one value: whatever is about as dark is air, and
    so are specks. Where the corners hold tissue, the first rule stands.

    Parameters
    ----------
    volumes
        Each with its stored values, (I, J, K) in any order of the axes.
    rule
        As the passport says.

    Raises
    ------
    ModelError
        If there is none.
    """
    if rule == "any modality not 0, holes filled":
        return _not_zero(volumes)
    result: Mask | None = None
    uneven = False
    for volume, oriented in volumes:
        inside, is_uneven = _inside(volume, oriented, rule)
        uneven = uneven or is_uneven
        result = inside if result is None else np.logical_or(result, inside, out=result)
    if result is None or not result.any():
        raise ModelError("no voxel of the images is above 0, so there is no brain to segment", "Check the images")
    return _without_specks(result) if uneven else result


def _not_zero(volumes: Sequence[tuple[Volume, Array]]) -> Mask:
    """Voxels that any image has a value for, and what they enclose: nnU-Net's rule."""
    from scipy.ndimage import binary_fill_holes

    found = np.zeros(volumes[0][1].shape, bool, order="F")
    for volume, oriented in volumes:
        found |= np.asarray(oriented != -volume.intercept / volume.slope)
    if not found.any():
        raise ModelError("every voxel of the images is 0, so there is no brain to segment", "Check the images")
    return np.asfortranarray(binary_fill_holes(found))


def _inside(volume: Volume, oriented: Array, rule: BrainRule) -> tuple[Mask, bool]:
    """What is brain on one image, and whether the air around it is uneven."""
    if rule != "any modality unlike the corners":
        return _above_zero(volume, oriented), False
    air, agreeing = corner_value(oriented)
    limits = _air_limits(oriented)
    if agreeing >= AGREEING_CORNERS:
        if limits is None or not _is_uneven(oriented, air, limits):
            return np.asarray(oriented != air), False
    elif limits is None:
        return _above_zero(volume, oriented), False
    return ~_within(oriented, limits), True


def _above_zero(volume: Volume, oriented: Array) -> Mask:
    zero = -volume.intercept / volume.slope
    return oriented < zero if volume.slope < 0 else oriented > zero


def _air_limits(oriented: Array) -> tuple[float, float] | None:
    """What is as faint as the corners; None where those hold tissue."""
    corners = _corners(oriented)
    air = float(np.median([np.median(corner) for corner in corners]))
    spread = float(np.median([np.abs(corner - air).max() for corner in corners]))
    bright = float(np.percentile(np.abs(oriented[_FEW].astype(np.float64) - air), _BRIGHT_PERCENTILE))
    if not spread <= _CORNERS_ARE_AIR * bright:
        return None
    reach = max(_FAINT * bright, _NOISE_MARGIN * spread)
    return air - reach, air + reach


def _is_uneven(oriented: Array, air: float, limits: tuple[float, float]) -> bool:
    """Whether many voxels are faint, but not of the air's value."""
    sample = oriented[_FEW]
    unlike = sample != air
    return bool(np.count_nonzero(unlike & _within(sample, limits)) > _MANY * np.count_nonzero(unlike))


def _within(values: Array, limits: tuple[float, float]) -> Mask:
    darkest, brightest = limits
    return np.asarray((values >= darkest) & (values <= brightest))


def _corners(oriented: Array) -> list[Array]:
    sizes = [max(1, round(count * _CORNER)) for count in oriented.shape]
    i, j, k = ((slice(0, size), slice(count - size, count)) for size, count in zip(sizes, oriented.shape, strict=True))
    return [oriented[part].astype(np.float64) for part in product(i, j, k)]


def _without_specks(mask: Mask) -> Mask:
    numbers, count = connected(mask, 6)
    sizes = sizes_of(numbers, count)
    kept = sizes >= _SMALL_PART * sizes.max()
    kept[0] = False
    return np.asarray(kept[numbers])

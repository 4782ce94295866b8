"""Core far from all enhancement becomes oedema: where a lesion enhances, what lies far outside of that is swelling."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from brainseg_gui.imaging.connected import Connectivity, connected
from brainseg_gui.inference.image_steps import Mask
from brainseg_gui.inference.models import steps

NCR, ET = 1, 3
_CONNECTIVITY: Connectivity = 26
_FINE_MM = 1.5  # finer grids are looked at in blocks of two voxels: the rule knows no smaller lengths


def rename_far_core(
    classes: NDArray[np.uint8], step: steps.FarCore, voxel_ml: float, spacing_mm: Sequence[float]
) -> None:
    """Rename necrotic and non-enhancing core that is neither near enhancing tumour nor enclosed by it.

    Each lesion, a component of the whole tumour, is looked at for itself: enhancement elsewhere says nothing of it.

    Parameters
    ----------
    classes
        Network classes in the tumour's box, (I, J, K); changed.
    step
        The distances, and how much of a lesion must enhance for the rule to hold there.
    voxel_ml, spacing_mm
        Volume and edges of a voxel.
    """
    if np.count_nonzero(classes == ET) * voxel_ml < step.where_enhancing_ml or not (classes == NCR).any():
        return
    from scipy.ndimage import find_objects

    lesions, _ = connected(classes > 0, _CONNECTIVITY)
    for number, box in enumerate(find_objects(lesions), start=1):
        lesion = lesions[box] == number
        enhancing = lesion & (classes[box] == ET)
        enough = np.count_nonzero(enhancing) * voxel_ml >= step.where_enhancing_ml
        if enough and enhancing.any():
            far = lesion & (classes[box] == NCR) & ~_kept(enhancing, step, spacing_mm)
            classes[box][far] = step.becomes


def _kept(enhancing: Mask, step: steps.FarCore, spacing_mm: Sequence[float]) -> Mask:
    """What is near enhancing tumour or enclosed by it."""
    from scipy.ndimage import distance_transform_edt

    blocks = tuple(2 if edge < _FINE_MM else 1 for edge in spacing_mm)
    distance = distance_transform_edt(~_any_in_blocks(enhancing, blocks), sampling=np.multiply(blocks, spacing_mm))
    kept = (distance <= step.beyond_mm) | _enclosed(distance <= step.gap_mm)
    for axis, block in enumerate(blocks):
        kept = np.repeat(kept, block, axis=axis)
    i, j, k = (slice(0, count) for count in enhancing.shape)
    return np.asarray(kept[i, j, k], bool)


def _any_in_blocks(mask: Mask, blocks: Sequence[int]) -> Mask:
    padded = np.pad(mask, [(0, -count % block) for count, block in zip(mask.shape, blocks, strict=True)])
    shape = [part for count, block in zip(padded.shape, blocks, strict=True) for part in (count // block, block)]
    # (I, J, K) -> (I / b, b, J / b, b, K / b, b) -> (I / b, J / b, K / b)
    return np.asarray(padded.reshape(shape).any(axis=(1, 3, 5)), bool)


def _enclosed(wall: Mask) -> Mask:
    """The wall, and what it encloses in space or in a slice of any plane: a ring with gaps encloses too."""
    from scipy.ndimage import binary_fill_holes

    result = np.asarray(binary_fill_holes(wall), bool)
    for axis in range(3):
        planes = np.moveaxis(wall, axis, 0)  # (I, J, K) -> (axis, the other two), a view
        filled = np.moveaxis(result, axis, 0)
        for place in np.flatnonzero(planes.any(axis=(1, 2))):
            filled[place] |= binary_fill_holes(planes[place])
    return result

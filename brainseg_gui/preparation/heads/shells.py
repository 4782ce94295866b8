"""How bright a head is in shells around the brain's edge: what tells one contrast from another."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from brainseg_gui.preparation.heads.field import SPACING_MM, FloatArray

SHELLS_MM = (-12.0, -4.0, 0.0, 4.0, 12.0)
"""Where one shell ends and the next begins, as distances into the brain; below 0 is outside."""
_LEVELS = np.geomspace(0.2, 4.0, 9)
"""Brightness, of the brain's own median, at which one bin ends and the next begins."""
SHARES = (len(SHELLS_MM) + 1) * (len(_LEVELS) + 1)
_ROOM = 5
_WELL_INSIDE_MM = 6.0


def shell_shares(image: FloatArray, brain: NDArray[np.bool_]) -> FloatArray:
    """The share of each shell that is as bright as each bin, as square roots, `SHARES` of them.

    Fluid, dark or bright, the order of grey and white matter, fat, and what shines beneath the skull leave their traces
    here; the scanner's scale does not. A brain without its skull has air in the shells outside.

    Parameters
    ----------
    image, brain
        On the field.
    """
    bins = len(_LEVELS) + 1
    if not brain.any():
        return np.zeros(SHARES, np.float32)
    box = _box(brain)
    values, inside = ndimage.uniform_filter(image[box], 2), brain[box]
    depth_mm = ndimage.distance_transform_edt(inside) - ndimage.distance_transform_edt(~inside)
    depth_mm *= SPACING_MM
    deep = depth_mm > _WELL_INSIDE_MM
    median = float(np.median(values[deep])) if deep.any() else 1.0
    level = np.searchsorted(_LEVELS, values / max(median, 1e-3))
    shell = np.searchsorted(SHELLS_MM, depth_mm)
    counts = np.bincount((shell * bins + level).ravel(), minlength=SHARES).reshape(-1, bins)
    return np.asarray(np.sqrt(counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)), np.float32).ravel()


def _box(brain: NDArray[np.bool_]) -> tuple[slice, ...]:
    """The brain's box and some voxels around it."""
    box = ndimage.find_objects(brain.astype(np.uint8))[0]
    return tuple(slice(max(side.start - _ROOM, 0), side.stop + _ROOM) for side in box)

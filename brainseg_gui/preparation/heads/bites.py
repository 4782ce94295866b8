"""Bites out of a brain that is whole on the other side: tumours at the cortex, which a network takes for skull.

Both halves of a brain are nearly mirror images, so that what one has the other has within millimetres; a tumour that
shines like fat or is dark like bone is deeper than that.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage, optimize

from brainseg_gui.preparation.heads.field import FloatArray

Mask = NDArray[np.bool_]
_SMOOTH = 1.5
_DEEP, _EDGE = 2.0, 1.0
"""Voxels of the field: how far the other half has to reach beyond, and what lies between that and the edge."""
_THERE, _TISSUE = 0.5, 0.3
"""How surely the other half has brain there, and how bright a bite is, of the head's mean: bone and air are darker."""
_REACH = np.array([4.0, 0.2, 0.2])  # of the middle, in coarse voxels, and of the plane's two turns
_TRIES = 60
_EVERYWHERE = (slice(None),) * 3


def bitten_off(brain: Mask, image: FloatArray) -> Mask:
    """What a brain lacks that its mirror image has, where it is deep and looks like tissue.

    Parameters
    ----------
    brain, image
        On the field, (I, J, K), the first axis from one half to the other.
    """
    if not brain.any():
        return np.zeros_like(brain)
    lacking = (other_half(brain) > _THERE) & ~brain & (image > _TISSUE)
    deep = lacking & (ndimage.distance_transform_edt(~brain) >= _DEEP)
    if not deep.any():
        return deep
    return np.asarray(lacking & (ndimage.distance_transform_edt(~deep) <= _DEEP + _EDGE))


def other_half(brain: Mask) -> FloatArray:
    """The mirror image of a brain, at the plane about which it is most alike; 0 to 1."""
    soft = ndimage.gaussian_filter(brain.astype(np.float32), _SMOOTH)
    few = soft[::2, ::2, ::2]
    middle = np.argwhere(few > 0.5).mean(axis=0) if (few > 0.5).any() else (np.array(few.shape) - 1.0) / 2.0
    there = (ndimage.find_objects((few > 0).astype(np.uint8)) or [_EVERYWHERE])[0]  # the rest counts for nothing

    both = np.zeros_like(few)  # summed whole: the sum of a part rounds otherwise, and another plane is found

    def unlike(place: NDArray[np.float64]) -> float:
        both[there] = few[there] * _mirrored(few, place * _REACH, middle, there)
        return -float(both.sum())

    options: Any = {"maxfev": _TRIES, "xtol": 0.02, "ftol": 1e-4}
    place = optimize.minimize(unlike, np.zeros(3), method="Powell", options=options).x * _REACH
    return _mirrored(soft, place * (2.0, 1.0, 1.0), 2.0 * middle)  # every second voxel was kept, none averaged


def _mirrored(
    values: FloatArray,
    place: NDArray[np.float64],
    middle: NDArray[np.float64],
    there: tuple[slice, ...] = _EVERYWHERE,
) -> FloatArray:
    """Values mirrored at a plane, of a part: by how far it lies from the middle, and two slopes of its normal."""
    normal = np.array([1.0, place[1], place[2]])
    normal /= np.linalg.norm(normal)
    turn = np.eye(3) - 2.0 * np.outer(normal, normal)
    at = middle + normal * place[0]
    first = np.array([part.start or 0 for part in there])
    moved = np.empty(values[there].shape, np.float32)
    ndimage.affine_transform(values, turn, at - turn @ at + turn @ first, order=1, output=moved)
    return moved

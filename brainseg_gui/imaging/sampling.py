"""Intensities of one grid at the voxels of another, a few planes at a time so that the work can be stopped."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from brainseg_gui.errors import Cancelled
from brainseg_gui.imaging.grid import Array, Grid

_SLAB_VOXELS = 2**20  # a fifth of a second


def sampled(
    values: Array, own: Grid, target: Grid, outside: float, should_stop: Callable[[], bool] | None = None
) -> NDArray[np.float32]:
    """Linear interpolation of `values`, which lie on the grid `own`, at the voxels of `target`.

    Raises
    ------
    Cancelled
        When `should_stop` says so.
    """
    from scipy.ndimage import affine_transform

    voxel_to_voxel = np.linalg.inv(own.affine) @ target.affine
    matrix, offset = voxel_to_voxel[:3, :3], voxel_to_voxel[:3, 3]
    result = np.empty(target.shape, np.float32)
    planes = max(1, _SLAB_VOXELS // (target.shape[1] * target.shape[2]))
    for start in range(0, target.shape[0], planes):
        if should_stop is not None and should_stop():
            raise Cancelled
        affine_transform(
            values,
            matrix,
            offset + matrix[:, 0] * start,
            output=result[start : start + planes],
            order=1,
            mode="grid-constant",  # "constant" would lose the outer half of the edge voxels
            cval=outside,
        )
    return result

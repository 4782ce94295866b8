"""Masks that lie on another grid than their case."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import affine_transform

from brainseg_gui.errors import GridMismatchError
from brainseg_gui.imaging.grid import Grid


def labels_on_grid(
    values: NDArray[np.uint8], own: Grid, target: Grid, path: Path, *, resample: bool
) -> NDArray[np.uint8]:
    """The labels on the target grid: as they are, or the nearest voxel when `resample` allows it.

    Raises
    ------
    GridMismatchError
        If the grids differ and `resample` is false.
    """
    difference = target.difference_to(own)
    if not difference:
        return values
    if not resample:
        raise GridMismatchError(
            f"the mask does not lie on the grid of the case: {difference}",
            "Choose the mask of this case, or let it be resampled to the nearest voxel",
            path,
        )
    voxel_to_voxel = np.linalg.inv(own.affine) @ target.affine
    moved = affine_transform(
        values,
        voxel_to_voxel[:3, :3],
        voxel_to_voxel[:3, 3],
        output_shape=target.shape,
        order=0,
        mode="grid-constant",  # "constant" would lose the outer half of the edge voxels
        output=np.uint8,
    )
    return np.asarray(moved)

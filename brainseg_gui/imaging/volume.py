"""A volume of intensities that keeps its stored data type."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from brainseg_gui.imaging.grid import Array, Grid, Voxel


@dataclass(frozen=True, eq=False)
class Volume:
    """Intensities on a RAS grid.

    Parameters
    ----------
    stored
        Values as stored in the file, RAS-ordered view, (I, J, K), read-only.
    grid
        The RAS grid they lie on.
    slope, intercept
        ``intensity = slope * stored + intercept`` (NIfTI ``scl_slope`` and ``scl_inter``).
    path
        The file that holds them.
    """

    stored: Array
    grid: Grid
    slope: float
    intercept: float
    path: Path

    def scaled(self, stored: float) -> float:
        """Intensity of one stored value."""
        return self.slope * stored + self.intercept

    def value_at(self, voxel_ijk: Voxel) -> float:
        """Intensity of a voxel."""
        return self.scaled(float(self.stored[voxel_ijk]))

    @cached_property
    def background(self) -> float:
        """Stored value outside the head: the most frequent one in the eight corners."""
        corners = self.stored[:: self.stored.shape[0] - 1, :: self.stored.shape[1] - 1, :: self.stored.shape[2] - 1]
        values, counts = np.unique(corners, return_counts=True)
        return float(values[counts.argmax()])

    @cached_property
    def content(self) -> tuple[slice, slice, slice]:
        """Box around everything that is not background, found on every second voxel."""
        inside = self.stored[::2, ::2, ::2] != self.background
        box = []
        for axis in range(3):
            filled = np.flatnonzero(inside.any(axis=tuple(a for a in range(3) if a != axis)))
            if filled.size == 0:
                return slice(0, self.grid.shape[0]), slice(0, self.grid.shape[1]), slice(0, self.grid.shape[2])
            box.append(slice(max(2 * int(filled[0]) - 1, 0), min(2 * int(filled[-1]) + 2, self.grid.shape[axis])))
        return box[0], box[1], box[2]

    def intensities(self) -> NDArray[np.float32]:
        """All intensities as float32, a copy, (I, J, K)."""
        values = self.stored.astype(np.float32)
        if (self.slope, self.intercept) != (1.0, 0.0):
            values *= np.float32(self.slope)
            values += np.float32(self.intercept)
        return values

    def on_grid(self, grid: Grid) -> Volume:
        """The same patient sampled on another grid (linear, background outside), as float32."""
        from scipy.ndimage import affine_transform

        voxel_to_voxel = np.linalg.inv(self.grid.affine) @ grid.affine
        moved = affine_transform(
            self.intensities(),
            voxel_to_voxel[:3, :3],
            voxel_to_voxel[:3, 3],
            output_shape=grid.shape,
            order=1,
            mode="grid-constant",  # "constant" would lose the outer half of the edge voxels
            cval=self.scaled(self.background),
        )
        moved.flags.writeable = False
        return Volume(moved, grid, 1.0, 0.0, self.path)

"""Where slices lie, as DICOM says it: PS3.3 C.7.6.2. DICOM's space is LPS, turned to RAS here."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from brainseg_gui.imaging.grid import LPS_AND_RAS, Affine, StoredGrid, Voxel


def sliced_grid(
    shape: Voxel,
    orientation: Sequence[float],
    spacing_mm: Sequence[float],
    step: NDArray[np.float64],
    position_mm: Sequence[float],
) -> StoredGrid:
    """The grid of a stack of slices: (columns, rows, slices).

    Parameters
    ----------
    orientation
        Directions of a row and of a column, 6 numbers.
    spacing_mm
        Between rows, and between columns; DICOM's spacing names the distance of rows first.
    step
        From one slice to the next, in mm.
    position_mm
        Of the first slice's first pixel.

    Raises
    ------
    ValueError
        If that is no place in space.
    """
    between_rows, between_columns = spacing_mm
    affine = np.eye(4)
    affine[:3, 0] = np.array(orientation[:3]) * between_columns
    affine[:3, 1] = np.array(orientation[3:]) * between_rows
    affine[:3, 2] = step
    affine[:3, 3] = position_mm
    return StoredGrid(shape, LPS_AND_RAS @ affine)


def lps_affine(grid: StoredGrid) -> Affine:
    """Stored voxel indices to DICOM's patient space, in mm."""
    return np.asarray(LPS_AND_RAS @ grid.affine, np.float64)

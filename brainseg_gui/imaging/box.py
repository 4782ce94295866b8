"""The box around the voxels that matter: everything else need not be looked at."""

from __future__ import annotations

import numpy as np

from brainseg_gui.imaging.grid import Array

Box = tuple[slice, slice, slice]


def whole_box(shape: tuple[int, ...]) -> Box:
    """The box of the whole grid."""
    i, j, k = (slice(0, n) for n in shape)
    return i, j, k


def box_around(mask: Array) -> Box | None:
    """The smallest box that holds everything that is not 0 or False, (I, J, K); None when nothing is."""
    box = [slice(0, n) for n in mask.shape]
    # the axis that is slowest in memory first: each cut leaves less to read for the next
    for axis in np.argsort(np.abs(mask.strides))[::-1].tolist():
        others = tuple(other for other in range(3) if other != axis)
        filled = np.flatnonzero(mask[tuple(box)].any(axis=others))
        if filled.size == 0:
            return None
        box[axis] = slice(int(filled[0]), int(filled[-1]) + 1)
    return box[0], box[1], box[2]


def grown(box: Box, reach: int | tuple[int, int, int], shape: tuple[int, ...]) -> Box:
    """A box with so many voxels more on each side, within the grid."""
    reaches = (reach, reach, reach) if isinstance(reach, int) else reach
    parts = zip(box, reaches, shape, strict=True)
    i, j, k = (slice(max(0, part.start - r), min(n, part.stop + r)) for part, r, n in parts)
    return i, j, k

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
    turned = [stride < 0 for stride in mask.strides]  # read from its end, which numpy does five times as slowly
    onward = mask[tuple(slice(None, None, -1 if back else 1) for back in turned)]
    box = [slice(0, n) for n in mask.shape]
    # the axis that is slowest in memory first: each cut leaves less to read for the next
    for axis in np.argsort(onward.strides)[::-1].tolist():
        others = tuple(other for other in range(3) if other != axis)
        part = onward[tuple(box)]
        largest = part.max(axis=others, initial=0) if part.dtype == np.uint8 else part.any(axis=others)
        filled = np.flatnonzero(largest)
        if filled.size == 0:
            return None
        box[axis] = slice(int(filled[0]), int(filled[-1]) + 1)
    ends = zip(box, mask.shape, turned, strict=True)
    i, j, k = (slice(n - part.stop, n - part.start) if back else part for part, n, back in ends)
    return i, j, k


def grown(box: Box, reach: int | tuple[int, int, int], shape: tuple[int, ...]) -> Box:
    """A box with so many voxels more on each side, within the grid."""
    reaches = (reach, reach, reach) if isinstance(reach, int) else reach
    parts = zip(box, reaches, shape, strict=True)
    i, j, k = (slice(max(0, part.start - r), min(n, part.stop + r)) for part, r, n in parts)
    return i, j, k

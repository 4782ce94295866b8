"""Connected components of a mask: numbered here for all who take masks apart."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

Connectivity = Literal[6, 18, 26]
"""Which voxels touch: across faces, across edges too, across corners too."""

Numbers = NDArray[np.signedinteger]

_RANKS: dict[int, int] = {6: 1, 18: 2, 26: 3}


def connected(mask: NDArray[np.bool_], connectivity: int = 26) -> tuple[Numbers, int]:
    """Number of each voxel's component, and how many components there are.

    Parameters
    ----------
    mask
        Of two or three axes.
    connectivity
        6, 18 or 26 in 3-D. In a flat mask 6 means 4 neighbours, and 18 and 26 mean 8.

    Returns
    -------
    numbers
        Of the mask's shape: from 1, 0 outside.
    count
        How many there are.
    """
    from scipy.ndimage import generate_binary_structure, label

    rank = min(_RANKS[connectivity], mask.ndim)
    numbers, count = label(mask, generate_binary_structure(mask.ndim, rank))
    return numbers, int(count)


def sizes_of(numbers: Numbers, count: int) -> NDArray[np.int64]:
    """Voxels of each component; element 0 is left 0."""
    sizes = np.bincount(numbers.ravel(order="K"), minlength=count + 1)
    sizes[0] = 0
    return sizes

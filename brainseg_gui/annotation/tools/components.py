"""Connected components, looked for only in the box where there is anything."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from brainseg_gui.annotation.slab import Area, Mask, Slab, within
from brainseg_gui.imaging.box import box_around
from brainseg_gui.imaging.connected import connected, sizes_of
from brainseg_gui.imaging.grid import Voxel


@dataclass(frozen=True, eq=False)
class ConnectedComponents:
    """The connected parts of a mask.

    Parameters
    ----------
    slab
        Box that holds all of them.
    numbers
        Number of each voxel's part, 0 outside, of the slab's shape.
    count
        How many there are.
    """

    slab: Slab
    numbers: NDArray[np.signedinteger]
    count: int

    @cached_property
    def sizes(self) -> NDArray[np.int64]:
        """Voxels of each part; element 0 is left 0."""
        return sizes_of(self.numbers, self.count)

    @cached_property
    def boxes(self) -> Sequence[Slab]:
        """Box of each part within `slab`; element 0 belongs to part 1."""
        from scipy.ndimage import find_objects

        return [(box[0], box[1], box[2]) for box in find_objects(self.numbers) if box is not None]

    def area(self, number: int) -> Area:
        """One part as an area."""
        box = self.boxes[number - 1]
        return Area(within(self.slab, box), self.numbers[box] == number)

    def number_at(self, voxel_ijk: Voxel) -> int:
        """Number of the part that holds a voxel; 0 when none does."""
        local = [v - part.start for v, part in zip(voxel_ijk, self.slab, strict=True)]
        if any(not 0 <= v < n for v, n in zip(local, self.numbers.shape, strict=True)):
            return 0
        return int(self.numbers[local[0], local[1], local[2]])


def components_of(mask: Mask, connectivity: int = 26) -> ConnectedComponents | None:
    """The connected parts of a mask, (I, J, K); None when it is empty.

    Parameters
    ----------
    connectivity
        6 (faces), 18 (and edges) or 26 (and corners) in 3-D. In one slice 6 means 4 neighbours, and 18 and 26
        mean 8.
    """
    slab = box_around(mask)
    if slab is None:
        return None
    return ConnectedComponents(slab, *connected(mask[slab], connectivity))

"""Boxes of voxels, and what a tool proposes within one.

Every tool answers with an `Area` (which voxels) or a `LabelChange` (which voxels, and the labels they would get).
Neither writes anything: `annotation.annotation.Annotation` does, after the paint rules had their say.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from brainseg_gui.imaging.box import box_around
from brainseg_gui.imaging.grid import Voxel

Slab = tuple[slice, slice, slice]
Mask = NDArray[np.bool_]
Values = NDArray[np.uint8]
Scalar = TypeVar("Scalar", bound=np.generic)


@dataclass(frozen=True, eq=False)
class LabelChange:
    """The labels that a tool proposes for some voxels.

    Parameters
    ----------
    slab
        Box of the grid.
    mask
        Which of its voxels, boolean, of the slab's shape.
    labels
        What they would become: uint8, of the slab's shape or a single number.
    paint_over
        Whether the rule "paint over only these" applies. Locks always do.
    """

    slab: Slab
    mask: Mask
    labels: Values
    paint_over: bool = True


@dataclass(frozen=True, eq=False)
class Area:
    """Some voxels of the grid.

    Parameters
    ----------
    slab
        Box of the grid.
    mask
        Which of its voxels, boolean, of the slab's shape.
    """

    slab: Slab
    mask: Mask

    @property
    def voxels(self) -> int:
        """How many voxels."""
        return int(np.count_nonzero(self.mask))

    def becomes(self, label: int, *, paint_over: bool = True) -> LabelChange:
        """The proposal that all its voxels get one label; 0 erases."""
        return LabelChange(self.slab, self.mask, np.asarray(label, dtype=np.uint8), paint_over)

    def copies(self, values: Values, *, paint_over: bool = False) -> LabelChange:
        """The proposal that its voxels get the labels of another array on the same grid, (I, J, K)."""
        return LabelChange(self.slab, self.mask, values[self.slab], paint_over)

    def only(self, mask: Mask) -> Area:
        """Its voxels that are also in `mask`, of the slab's shape."""
        return replace(self, mask=self.mask & mask)

    def on_grid(self, shape: Voxel) -> Mask:
        """The same voxels as a mask of the whole grid, (I, J, K)."""
        whole = np.zeros(shape, dtype=bool, order="F")
        whole[self.slab] = self.mask
        return whole


def slice_slab(shape: tuple[int, ...], axis: int, slice_index: int) -> Slab:
    """The box of one slice, one voxel thick along `axis`."""
    i, j, k = (slice(slice_index, slice_index + 1) if a == axis else slice(0, n) for a, n in enumerate(shape))
    return i, j, k


def slab_around(voxel_ijk: Voxel, reach: tuple[int, int, int], shape: tuple[int, ...]) -> Slab:
    """The box that reaches so many voxels to both sides of a voxel, within the grid."""
    i, j, k = (slice(max(0, v - r), min(n, v + r + 1)) for v, r, n in zip(voxel_ijk, reach, shape, strict=True))
    return i, j, k


def slab_shape(slab: Slab) -> tuple[int, int, int]:
    """Edge lengths of a box in voxels."""
    i, j, k = (part.stop - part.start for part in slab)
    return i, j, k


def slab_size(slab: Slab) -> int:
    """Number of voxels of a box."""
    i, j, k = slab_shape(slab)
    return i * j * k


def within(slab: Slab, inner: Slab) -> Slab:
    """A box given in the coordinates of `slab`, in the coordinates of the grid."""
    i, j, k = (slice(o.start + p.start, o.start + p.stop) for o, p in zip(slab, inner, strict=True))
    return i, j, k


def united(slabs: Iterable[Slab | None]) -> Slab | None:
    """The smallest box that holds all of them; None when there is none."""
    known = [slab for slab in slabs if slab is not None]
    if not known:
        return None
    i, j, k = (slice(min(s[a].start for s in known), max(s[a].stop for s in known)) for a in range(3))
    return i, j, k


def area_of(mask: Mask, slab: Slab | None = None) -> Area | None:
    """The voxels of a mask as an area with the smallest box; None when there is none.

    Parameters
    ----------
    mask
        Of the whole grid, or of `slab`.
    """
    inner = box_around(mask)
    if inner is None:
        return None
    return Area(inner if slab is None else within(slab, inner), mask[inner])

"""Edits: one named change of a slab, kept as a compressed difference.

The difference is ``before XOR after``: applying it to the voxels before gives those after, and the other way
round, so one payload serves undo and redo. It is stored in the smaller of two ways: the whole slab run through
zlib, or only the voxels that changed (distances between their positions, and their differences).
"""

from __future__ import annotations

import time
import zlib
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from brainseg_gui.annotation.slab import Slab, Values, slab_shape, slab_size, within
from brainseg_gui.imaging.box import box_around
from brainseg_gui.imaging.grid import Voxel

_LEVEL = 1  # higher levels cost several times as long and save little on label maps
_SPARSE_BYTES = 5  # four of position and one of difference
_BEST_RATIO = 1000  # zlib's best: a slab of zeros shrinks by so much


@dataclass(frozen=True)
class EditSource:
    """Who or what made an edit.

    Parameters
    ----------
    tool
        Key of the tool, such as ``brush``; counted in the provenance.
    axis
        RAS axis perpendicular to the plane in which it was made, or None for work in 3-D.
    layer
        Name of the layer that voxels were copied from, else empty.
    made
        When, in seconds since 1970.
    """

    tool: str = "brush"
    axis: int | None = None
    layer: str = ""
    made: float = 0.0


@dataclass(frozen=True, eq=False)
class Edit:
    """One change that can be undone and redone.

    Parameters
    ----------
    name
        Name for people, as the history shows it.
    slab
        Smallest box that holds every changed voxel.
    voxels
        How many voxels changed.
    centre
        Voxel in the middle of the change: where to look when it is undone.
    source
        Who or what made it.
    sparse
        Whether `payload` lists changed voxels, or holds the whole slab.
    payload
        The compressed difference.
    """

    name: str
    slab: Slab
    voxels: int
    centre: Voxel
    source: EditSource
    sparse: bool
    payload: bytes

    @property
    def nbytes(self) -> int:
        """Memory that the difference takes, in bytes."""
        return len(self.payload)

    def toggle(self, values: Values) -> None:
        """Apply the edit to `values` in place, or take it back if it is applied; (I, J, K).

        Raises
        ------
        ValueError
            If the payload is damaged.
        """
        block = values[self.slab]
        if self.sparse:
            positions, differences = self._changed()
            block[np.unravel_index(positions, block.shape, order="F")] ^= differences
        else:
            np.bitwise_xor(block, self._whole(), out=block)

    def difference(self) -> Values:
        """``before XOR after`` of the whole slab."""
        if not self.sparse:
            return self._whole()
        flat = np.zeros(slab_size(self.slab), dtype=np.uint8)
        positions, differences = self._changed()
        flat[positions] = differences
        return flat.reshape(slab_shape(self.slab), order="F")

    def check(self) -> None:
        """Make sure that the payload fits the slab, without touching any array.

        Raises
        ------
        ValueError
            If it does not.
        """
        changed = self._changed()[1].size if self.sparse else int(np.count_nonzero(self._whole()))
        if changed != self.voxels:
            raise ValueError("the number of changed voxels differs")

    def _whole(self) -> Values:
        raw = expand(self.payload, slab_size(self.slab))
        return np.frombuffer(raw, dtype=np.uint8).reshape(slab_shape(self.slab), order="F")

    def _changed(self) -> tuple[NDArray[np.int64], Values]:
        raw = expand(self.payload, _SPARSE_BYTES * self.voxels)
        steps = np.frombuffer(raw, dtype="<u4", count=self.voxels)
        positions = np.cumsum(steps, dtype=np.int64)
        if self.voxels and (positions[-1] >= slab_size(self.slab) or not steps[1:].all()):
            raise ValueError("a changed voxel lies outside the slab, or is listed twice")
        return positions, np.frombuffer(raw, dtype=np.uint8, offset=4 * self.voxels)


def edit_between(name: str, slab: Slab, before: Values, after: Values, source: EditSource | None = None) -> Edit | None:
    """The edit that leads from one state of a slab to another; None when they are equal.

    Parameters
    ----------
    slab
        Box of the grid that the arrays cover.
    before, after
        uint8, of the slab's shape.
    """
    difference = np.bitwise_xor(before, after)
    inner = box_around(difference)
    if inner is None:
        return None
    difference = difference[inner]
    tight = within(slab, inner)
    sparse, payload = _compressed(difference)
    source = source or EditSource(made=time.time())
    voxels = int(np.count_nonzero(difference))
    return Edit(name, tight, voxels, _centre(tight, difference), source, sparse, payload)


def expand(payload: bytes, size: int) -> bytes:
    """Decompress to exactly `size` bytes, never more: a damaged payload must not fill the memory.

    Raises
    ------
    ValueError
        If the payload is damaged or has another size.
    """
    unpacking = zlib.decompressobj()
    try:
        raw = unpacking.decompress(payload, size + 1)
    except zlib.error as error:
        raise ValueError("a compressed part is damaged") from error
    if len(raw) != size or not unpacking.eof:
        raise ValueError("a compressed part has another size than announced")
    return raw


def compress(raw: bytes) -> bytes:
    """The inverse of `expand`."""
    return zlib.compress(raw, _LEVEL)


def _compressed(difference: Values) -> tuple[bool, bytes]:
    """Whether the list of changed voxels is smaller, and the smaller payload."""
    flat = difference.ravel(order="F")
    positions = np.flatnonzero(flat)
    listed = _SPARSE_BYTES * positions.size
    if listed >= flat.size:
        return False, compress(flat.tobytes())
    steps = np.diff(positions, prepend=0).astype("<u4")
    sparse = compress(steps.tobytes() + flat[positions].tobytes())
    if listed * _BEST_RATIO <= flat.size or len(sparse) * _BEST_RATIO <= flat.size:
        return True, sparse
    dense = compress(flat.tobytes())
    return (True, sparse) if len(sparse) < len(dense) else (False, dense)


def _centre(slab: Slab, difference: Values) -> Voxel:
    """The median slice of the changed voxels along each axis."""
    changed = difference != 0
    found = []
    for axis, part in enumerate(slab):
        profile = np.cumsum(np.count_nonzero(changed, axis=tuple(a for a in range(3) if a != axis)))
        found.append(part.start + int(np.searchsorted(profile, (profile[-1] + 1) // 2)))
    return found[0], found[1], found[2]

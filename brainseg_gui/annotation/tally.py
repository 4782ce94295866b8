"""Counting as strokes land: the joint table of a reference and the annotation, kept up to date box by box.

The table is that of `evaluation.overlap.joint_table`; `evaluation.comparison.compare_table` turns it into the rows
that the comparison shows, so that there is one implementation of every score. Without a reference the annotation
alone is counted.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from brainseg_gui.annotation.slab import Slab, Values

_BLOCK = 2**20  # voxels that are counted together: counting takes eight bytes for each


class Tally:
    """How often each pair of numbers meets in a reference and in the annotation.

    It remembers the annotation as it was counted, so that a box may be announced twice or too large: only voxels
    that differ from what was counted are counted again.

    Parameters
    ----------
    values
        The annotation, (I, J, K).
    reference
        The reference on the same grid, or None: everything then meets 0.
    """

    def __init__(self, values: Values, reference: Values | None = None) -> None:
        self._counted = np.array(values, dtype=np.uint8, order="F")
        self._reference: Values | None = None
        self._table = np.zeros((256, 256), dtype=np.int64)
        self.compare_with(reference)

    @property
    def table(self) -> NDArray[np.int64]:
        """(256, 256), ``[r, a]`` the voxels that are r in the reference and a in the annotation; read-only."""
        view = self._table.view()
        view.flags.writeable = False
        return view

    @property
    def counts(self) -> NDArray[np.int64]:
        """Voxels of each number of the annotation, (256,), the background included."""
        return np.asarray(self._table.sum(axis=0))

    def compare_with(self, reference: Values | None) -> None:
        """Choose another reference; counts everything once.

        Raises
        ------
        ValueError
            If it has another shape.
        """
        if reference is not None and reference.shape != self._counted.shape:
            raise ValueError(f"a reference of shape {reference.shape} for {self._counted.shape}")
        self._reference = None if reference is None else np.asarray(reference, dtype=np.uint8, order="F")
        if self._reference is None:
            flat = self._counted.ravel(order="K")
            self._table[:] = 0
            self._table[0] = np.bincount(flat[flat > 0], minlength=256)  # the background would cost eight bytes a voxel
            self._table[0, 0] = flat.size - self._table[0].sum()
        else:
            self._table[:] = _joint(self._reference.ravel(order="F"), self._counted.ravel(order="F"))

    def refresh(self, values: Values, slab: Slab) -> bool:
        """Count a box again whose voxels may have changed; returns whether any had.

        Parameters
        ----------
        values
            The annotation, (I, J, K).
        slab
            Box that holds all voxels that changed since they were counted.
        """
        counted, now = self._counted[slab], values[slab]
        changed = counted != now
        if not changed.any():
            return False
        before, after = counted[changed], now[changed]
        reference = np.zeros_like(before) if self._reference is None else self._reference[slab][changed]
        self._table += _joint(reference, after) - _joint(reference, before)
        counted[...] = now
        return True


def _joint(reference: Values, values: Values) -> NDArray[np.int64]:
    """Joint table of two flat arrays, (256, 256)."""
    table = np.zeros(256 * 256, dtype=np.int64)
    for start in range(0, values.size, _BLOCK):
        part = slice(start, start + _BLOCK)
        pairs = np.left_shift(reference[part], 8, dtype=np.uint16) | values[part]
        table += np.bincount(pairs, minlength=256 * 256)
    return table.reshape(256, 256)

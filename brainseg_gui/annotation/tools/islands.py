"""Islands: the connected parts of a label, and which of them to remove."""

from __future__ import annotations

import numpy as np

from brainseg_gui.annotation.slab import Area, Mask, Values, area_of
from brainseg_gui.annotation.tools.components import ConnectedComponents, components_of
from brainseg_gui.imaging.grid import Grid, Voxel

ALL_LABELS = 0
"""In place of a label: all of them together, as one foreground."""


def but_the_largest(values: Values, label: int, connectivity: int = 26) -> Area | None:
    """Every part of a label except its largest; None when there is only one.

    Parameters
    ----------
    values
        The annotation, (I, J, K).
    label
        Which label, or `ALL_LABELS`.
    connectivity
        6, 18 or 26.
    """
    parts = components_of(mask_of(values, label), connectivity)
    if parts is None:
        return None
    removed = np.ones(parts.count + 1, dtype=bool)
    removed[parts.sizes.argmax()] = False
    return _chosen(parts, removed)


def smaller_than(values: Values, label: int, voxels: int, connectivity: int = 26) -> Area | None:
    """Every part of a label with fewer than so many voxels; None when there is none.

    See `voxels_in` for a size in ml.
    """
    parts = components_of(mask_of(values, label), connectivity)
    return None if parts is None else _chosen(parts, parts.sizes < voxels)


def island_at(values: Values, voxel_ijk: Voxel, *, any_label: bool = False, connectivity: int = 26) -> Area | None:
    """The part under the cursor; None on background.

    Parameters
    ----------
    any_label
        Follow all labels together instead of the one under the cursor.
    """
    label = int(values[voxel_ijk])
    if label == 0:
        return None
    parts = components_of(mask_of(values, ALL_LABELS if any_label else label), connectivity)
    return None if parts is None else parts.area(parts.number_at(voxel_ijk))


def voxels_in(volume_ml: float, grid: Grid) -> int:
    """How many voxels a part needs to have at least this volume, rounded up."""
    return int(np.ceil(volume_ml / grid.voxel_ml - 1e-9))


def mask_of(values: Values, label: int) -> Mask:
    """Where a label is; `ALL_LABELS` for any."""
    return values > 0 if label == ALL_LABELS else values == label


def _chosen(parts: ConnectedComponents, numbers: Mask) -> Area | None:
    numbers = numbers.copy()
    numbers[0] = False
    return area_of(numbers[parts.numbers], parts.slab) if numbers.any() else None

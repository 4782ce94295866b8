"""Smoothing, growing and shrinking, in mm on any spacing."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from brainseg_gui.annotation.slab import Area, LabelChange, Mask, Slab, Values, area_of
from brainseg_gui.annotation.tools.islands import mask_of
from brainseg_gui.imaging.box import box_around, grown

Spacing = tuple[float, float, float]

_ROUNDING_MM = 1e-4


def growth(values: Values, label: int, distance_mm: float, spacing_mm: Spacing) -> Area | None:
    """The voxels that a label gains when it grows by a distance; None when it is absent or gains none.

    A voxel is gained when its centre lies at most `distance_mm` from the centre of one of the label's voxels.
    What lies there already is for the paint rules to protect.

    Parameters
    ----------
    values
        The annotation, (I, J, K).
    label
        Which label, or 0 for all together.
    """
    from scipy.ndimage import distance_transform_edt

    mask = mask_of(values, label)
    box = _box(mask, distance_mm, spacing_mm)
    if box is None:
        return None
    outside = ~mask[box]
    distance = distance_transform_edt(outside, sampling=spacing_mm)
    return area_of(outside & (distance <= distance_mm + _ROUNDING_MM), box)


def shrinkage(values: Values, label: int, distance_mm: float, spacing_mm: Spacing) -> Area | None:
    """The voxels that a label loses when it shrinks by a distance; None when it is absent or loses none.

    A voxel is lost when its centre lies at most `distance_mm` from the centre of a voxel that is not of the
    label. The edge of the grid is not an edge of the label.
    """
    from scipy.ndimage import distance_transform_edt

    mask = mask_of(values, label)
    box = _box(mask, distance_mm, spacing_mm)
    if box is None or mask[box].all():
        return None
    distance = distance_transform_edt(mask[box], sampling=spacing_mm)
    return area_of(mask[box] & (distance <= distance_mm + _ROUNDING_MM), box)


def smoothed(values: Values, label: int | None, radius_mm: float, spacing_mm: Spacing) -> LabelChange | None:
    """Median smoothing of one label, or of all at once; None when nothing would change.

    Each voxel takes the label that is most frequent in the box that reaches `radius_mm` to each side (at least one
    voxel). For two labels this is the median filter. A tie keeps the label that is there.

    Parameters
    ----------
    label
        The label to smooth: only voxels that it gains or loses change, and those that it loses become the most
        frequent other label. None smooths all.
    """
    box = _box(values > 0 if label is None else values == label, 2 * radius_mm, spacing_mm, at_least=2)
    if box is None:
        return None
    before = values[box]
    after = _most_frequent(before, _edges(radius_mm, spacing_mm))
    changed = after != before
    if label is not None:
        changed &= (before == label) | (after == label)
    area = area_of(changed, box)
    if area is None:
        return None
    inner = tuple(slice(p.start - b.start, p.stop - b.start) for p, b in zip(area.slab, box, strict=True))
    return LabelChange(area.slab, area.mask, after[inner])


def _most_frequent(values: Values, edges: Sequence[int]) -> Values:
    """Label that fills most of the box around each voxel."""
    from scipy.ndimage import uniform_filter

    best: NDArray[np.float32] | None = None
    winner = np.zeros_like(values)
    own = np.zeros(values.shape, dtype=np.float32)
    for label in np.flatnonzero(np.bincount(values.ravel(order="K"), minlength=256)).tolist():
        share = uniform_filter((values == label).astype(np.float32), size=edges, mode="nearest")
        np.copyto(own, share, where=values == label)
        if best is None:
            best, winner = share, np.full_like(values, label)
            continue
        np.copyto(winner, np.uint8(label), where=share > best)
        best = np.maximum(best, share)
    voxels = float(np.prod(edges))
    # shares are sums of rounded numbers: less than half a voxel more is a tie
    return values if best is None else np.where((best - own) * voxels < 0.5, values, winner)


def _edges(radius_mm: float, spacing_mm: Spacing) -> tuple[int, ...]:
    return tuple(2 * max(1, round(radius_mm / size)) + 1 for size in spacing_mm)


def _box(mask: Mask, reach_mm: float, spacing_mm: Spacing, at_least: int = 1) -> Slab | None:
    """Box around a mask with room for the operation."""
    box = box_around(mask)
    if box is None:
        return None
    i, j, k = (max(at_least, int(reach_mm / size) + 1) for size in spacing_mm)
    return grown(box, (i, j, k), mask.shape)

"""Painting by intensity: only within a range, or along the edges under the brush."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from brainseg_gui.annotation.slab import Area, Mask, Slab, slab_around, within
from brainseg_gui.annotation.tools.components import components_of
from brainseg_gui.imaging.grid import Voxel
from brainseg_gui.imaging.volume import Volume

# Two groups of one bell curve, split at its middle, lie 2.65 of their own deviations apart; farther is an edge.
USUAL_CONTRAST = 3.5
_ROUNDS = 8


@dataclass(frozen=True)
class IntensityRange:
    """Intensities from `low` to `high`, both included, in the image's own units."""

    low: float
    high: float


def range_around(
    volume: Volume, voxel_ijk: Voxel, radius_mm: float = 5.0, *, percent: tuple[float, float] = (5.0, 95.0)
) -> IntensityRange:
    """The usual intensities near a voxel: percentiles, which a few odd voxels cannot move.

    Parameters
    ----------
    volume
        Image.
    voxel_ijk
        Middle of the neighbourhood, the crosshair.
    radius_mm
        Radius of the ball that is looked at. Background outside the head is left out where there is other.
    percent
        Lower and upper percentile.
    """
    spacing = volume.grid.spacing_mm
    i, j, k = (int(radius_mm / size) for size in spacing)
    slab = slab_around(voxel_ijk, (i, j, k), volume.grid.shape)
    axes = [(np.arange(p.start, p.stop) - v) * s for p, v, s in zip(slab, voxel_ijk, spacing, strict=True)]
    distance2 = axes[0][:, None, None] ** 2 + axes[1][None, :, None] ** 2 + axes[2][None, None, :] ** 2
    stored = volume.stored[slab][distance2 <= radius_mm**2]
    head = stored[stored != volume.background]
    low, high = np.percentile(head if head.size else stored, percent)
    ends = sorted((volume.scaled(float(low)), volume.scaled(float(high))))
    return IntensityRange(ends[0], ends[1])


def in_range(area: Area, volume: Volume, wanted: IntensityRange) -> Area:
    """The voxels of an area (a stroke, a polygon, a fill) whose intensity lies in a range.

    Parameters
    ----------
    volume
        Image on the annotation's grid.
    """
    intensities = _intensities(volume, area.slab)
    return area.only((intensities >= wanted.low) & (intensities <= wanted.high))


def follow_edges(
    area: Area, volume: Volume, voxel_ijk: Voxel, *, contrast: float = USUAL_CONTRAST, connectivity: int = 6
) -> Area:
    """The part of a brush's footprint that belongs to the voxel under the cursor.

    The intensities under the brush are split into two groups (2-means, begun at the cursor's neighbourhood and at
    the intensity farthest from it). When the groups lie more than `contrast` of their own standard deviations
    apart, there is an edge under the brush: only the cursor's group is kept. Of what is kept, the part that is
    connected to the cursor is painted, with its pinholes.

    Parameters
    ----------
    area
        Footprint of the brush.
    volume
        Image on the annotation's grid.
    voxel_ijk
        Voxel under the cursor.
    contrast
        How strong an edge must be; smaller values follow weaker edges.
    """
    local = tuple(v - part.start for v, part in zip(voxel_ijk, area.slab, strict=True))
    if any(not 0 <= v < n for v, n in zip(local, area.mask.shape, strict=True)) or not area.mask[local]:
        return area.only(np.zeros_like(area.mask))
    intensities = _intensities(volume, area.slab)
    similar = _cursor_group(intensities, area.mask, (local[0], local[1], local[2]), contrast)
    return _part_at(Area(area.slab, area.mask & similar), voxel_ijk, connectivity)


def _cursor_group(intensities: NDArray[np.float32], mask: Mask, local: Voxel, contrast: float) -> Mask:
    """Voxels nearer to the cursor's mean than to that of the rest; all where there is no edge."""
    near = slab_around(local, (1, 1, 1), mask.shape)
    under = intensities[mask]
    here = float(np.median(intensities[near][mask[near]]))
    there = float(under[np.abs(under - here).argmax()])
    for _ in range(_ROUNDS):
        mine = np.abs(under - here) <= np.abs(under - there)
        if mine.all():
            return np.ones_like(mask)
        means = float(under[mine].mean()), float(under[~mine].mean())
        if means == (here, there):
            break
        here, there = means
    spread = float(np.sqrt((under[mine].var() * mine.sum() + under[~mine].var() * (~mine).sum()) / under.size))
    if abs(here - there) < contrast * spread:
        return np.ones_like(mask)
    similar: Mask = np.abs(intensities - here) <= np.abs(intensities - there)
    similar[local] = True
    return similar


def _part_at(area: Area, voxel_ijk: Voxel, connectivity: int) -> Area:
    from scipy.ndimage import binary_fill_holes

    components = components_of(area.mask, connectivity)
    local = tuple(v - part.start for v, part in zip(voxel_ijk, area.slab, strict=True))
    number = components.number_at((local[0], local[1], local[2])) if components is not None else 0
    if components is None or number == 0:
        return area.only(np.zeros_like(area.mask))
    part = components.area(number)
    flat = [axis for axis, n in enumerate(part.mask.shape) if n == 1]
    if len(flat) == 1:  # a disc: its holes are holes within the slice
        filled = np.expand_dims(binary_fill_holes(part.mask.squeeze(flat[0])), flat[0])
    else:
        filled = binary_fill_holes(part.mask)
    return Area(within(area.slab, part.slab), filled)


def _intensities(volume: Volume, slab: Slab) -> NDArray[np.float32]:
    values = volume.stored[slab].astype(np.float32)
    if (volume.slope, volume.intercept) != (1.0, 0.0):
        values = values * np.float32(volume.slope) + np.float32(volume.intercept)
    return values

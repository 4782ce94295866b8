"""Filling: everything connected to a voxel, and holes."""

from __future__ import annotations

import numpy as np

from brainseg_gui.annotation.slab import Area, Mask, Slab, Values, area_of, slab_around, slice_slab, within
from brainseg_gui.annotation.tools.components import components_of
from brainseg_gui.imaging.box import box_around, whole_box
from brainseg_gui.imaging.grid import Voxel
from brainseg_gui.imaging.plane import Plane
from brainseg_gui.imaging.volume import Volume


def flood(values: Values, voxel_ijk: Voxel, plane: Plane | None = None, connectivity: int = 6) -> Area | None:
    """The voxels of one label that are connected to a voxel.

    Parameters
    ----------
    values
        The annotation, (I, J, K).
    voxel_ijk
        Where to start; its label is the one that is followed.
    plane
        Stay within its slice, or None to fill in 3-D.
    connectivity
        6, 18 or 26; see `components.components_of`.
    """
    slab = _slab_for(values.shape, voxel_ijk, plane)
    return _connected(values[slab] == values[voxel_ijk], slab, voxel_ijk, connectivity)


def flood_intensities(
    volume: Volume,
    voxel_ijk: Voxel,
    tolerance: float,
    plane: Plane | None = None,
    *,
    reach_mm: float | None = None,
    connectivity: int = 6,
) -> Area | None:
    """The voxels connected to a voxel whose intensity differs from its own by at most `tolerance`.

    Parameters
    ----------
    volume
        Image on the annotation's grid.
    tolerance
        In units of the image's intensity.
    plane
        Stay within its slice, or None to fill in 3-D.
    reach_mm
        How far from the voxel filling may go along each axis; None for the whole grid.
    """
    slab = _slab_for(volume.grid.shape, voxel_ijk, plane)
    if reach_mm is not None:
        i, j, k = (int(reach_mm / size) for size in volume.grid.spacing_mm)
        near = slab_around(voxel_ijk, (i, j, k), volume.grid.shape)
        slab = _intersection(slab, near)
    intensities = volume.stored[slab].astype(np.float32) * np.float32(volume.slope) + np.float32(volume.intercept)
    similar = np.abs(intensities - np.float32(volume.value_at(voxel_ijk))) <= tolerance
    return _connected(similar, slab, voxel_ijk, connectivity)


def holes(values: Values, label: int, plane: Plane | None = None, *, only_background: bool = True) -> Area | None:
    """The voxels that a label encloses.

    Parameters
    ----------
    values
        The annotation, (I, J, K).
    label
        Label that encloses them, or 0 for all labels together.
    plane
        Look at each slice of it alone (a tunnel through the slices is a hole in each), or None for holes in 3-D.
    only_background
        Leave other labels inside as they are.
    """
    mask = values > 0 if label == 0 else values == label
    box = box_around(mask)
    if box is None:
        return None
    enclosed = _enclosed(mask[box], plane)
    if only_background:
        enclosed &= values[box] == 0
    return area_of(enclosed, box)


def _enclosed(mask: Mask, plane: Plane | None) -> Mask:
    from scipy.ndimage import binary_fill_holes, generate_binary_structure

    element = generate_binary_structure(3, 1)
    if plane is not None:
        # neighbours along the plane's axis do not count, so that all slices are filled in one pass
        np.moveaxis(element, plane.axis, 0)[[0, 2]] = False
    # around the label lies the outside; between the slices of a plane there is none
    margin = [(0, 0) if plane is not None and axis == plane.axis else (1, 1) for axis in range(3)]
    padded = np.pad(mask, margin)
    filled = binary_fill_holes(padded, structure=element)
    inner = tuple(slice(before, n - after) for (before, after), n in zip(margin, padded.shape, strict=True))
    result: Mask = filled[inner] & ~mask
    return result


def _connected(mask: Mask, slab: Slab, voxel_ijk: Voxel, connectivity: int) -> Area | None:
    local = tuple(v - part.start for v, part in zip(voxel_ijk, slab, strict=True))
    components = components_of(mask, connectivity)
    number = components.number_at((local[0], local[1], local[2])) if components is not None else 0
    if components is None or number == 0:
        return None
    area = components.area(number)
    return Area(within(slab, area.slab), area.mask)


def _slab_for(shape: tuple[int, ...], voxel_ijk: Voxel, plane: Plane | None) -> Slab:
    return whole_box(shape) if plane is None else slice_slab(shape, plane.axis, voxel_ijk[plane.axis])


def _intersection(one: Slab, other: Slab) -> Slab:
    i, j, k = (slice(max(a.start, b.start), min(a.stop, b.stop)) for a, b in zip(one, other, strict=True))
    return i, j, k

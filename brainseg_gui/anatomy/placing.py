"""Laying a case onto the atlas by one of its images, whatever its contrast; what a tumour changed is not looked at."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from brainseg_gui.anatomy.affine import RegistrationPicture, affine_between
from brainseg_gui.anatomy.atlas import Atlas, read_atlas
from brainseg_gui.errors import ModelError
from brainseg_gui.imaging.grid import Affine, Grid
from brainseg_gui.imaging.volume import Volume
from brainseg_gui.inference.brain import brain_mask
from brainseg_gui.progress import Progress

if TYPE_CHECKING:
    import SimpleITK

_WORKING_MM = 3.0
_RIM_MM = 6.0  # around the brain, so that its edge counts
_AROUND_LESION_MM = 5.0  # what it pushes aside
_LEAST_ML, _MOST_ML = 600.0, 2200.0  # of a brain without its skull
_LEAST_OVERLAP = 0.85  # Dice of the brain and the atlas's; the heads that were measured have .93 and more
_NO_BRAIN = "the brain is not seen without its skull"
_NO_FIT = "it does not fit the atlas"


@dataclass(frozen=True, eq=False)
class AtlasPlace:
    """Where a case lies in the atlas.

    Parameters
    ----------
    to_atlas
        4×4: its world (RAS, mm) to the atlas's.
    overlap
        Dice of its brain and the atlas's.
    problem
        Why it is not to be used, in words; empty where nothing speaks against it.
    """

    to_atlas: Affine
    overlap: float = 0.0
    problem: str = ""


def place_in_atlas(
    volume: Volume, lesion: NDArray[np.bool_] | None = None, atlas: Atlas | None = None
) -> Generator[Progress, None, AtlasPlace]:
    """Where a case lies.

    Parameters
    ----------
    volume
        An image of it without the skull.
    lesion
        Tumour, oedema and cavity on the volume's grid, (I, J, K).
    atlas
        The program's own where None.
    """
    yield Progress("placing in the atlas", 0.0)
    atlas = atlas or read_atlas()
    try:
        brain = brain_mask([(volume, volume.stored)])
    except ModelError:
        return AtlasPlace(np.eye(4), problem=_NO_BRAIN)
    if not _LEAST_ML < float(np.count_nonzero(brain)) * volume.grid.voxel_ml < _MOST_ML:
        return AtlasPlace(np.eye(4), problem=_NO_BRAIN)
    found = yield from affine_between(_case_picture(volume, brain, lesion), _atlas_picture(atlas))
    overlap = _overlap(brain, volume.grid, found, atlas)
    return AtlasPlace(found, overlap, "" if overlap >= _LEAST_OVERLAP else _NO_FIT)


def _case_picture(volume: Volume, brain: NDArray[np.bool_], lesion: NDArray[np.bool_] | None) -> RegistrationPicture:
    from brainseg_gui.preparation.registration.itk import SimpleITK
    from brainseg_gui.preparation.registration.pyramid import coarser, itk_image, itk_mask

    image = coarser(itk_image(volume), _WORKING_MM)
    near = _within(itk_mask(brain, volume.grid), image, _RIM_MM)
    if lesion is not None and lesion.any():
        near = near * (1 - _within(itk_mask(lesion, volume.grid), image, _AROUND_LESION_MM))
    voxels = np.argwhere(brain[::4, ::4, ::4]) * 4
    points = voxels @ volume.grid.affine[:3, :3].T + volume.grid.affine[:3, 3]
    return RegistrationPicture(image, SimpleITK.Cast(near, SimpleITK.sitkUInt8), points)


@cache
def _atlas_picture(atlas: Atlas) -> RegistrationPicture:
    from brainseg_gui.preparation.registration.pyramid import itk_mask, placed

    voxels = np.argwhere(_brain_of(atlas))
    points = voxels @ atlas.grid.affine[:3, :3].T + atlas.grid.affine[:3, 3]
    everywhere = np.ones(atlas.grid.shape, bool)
    return RegistrationPicture(placed(atlas.template, atlas.grid), itk_mask(everywhere, atlas.grid), points)


@cache
def _brain_of(atlas: Atlas) -> NDArray[np.bool_]:
    """What a skull stripper leaves: the structures, with the sulci between them."""
    from scipy.ndimage import binary_closing

    inside = np.asarray(atlas.both_sides.sum(axis=0) >= 0.5)
    return np.asarray(binary_closing(np.pad(inside, 4), iterations=3)[4:-4, 4:-4, 4:-4])


def _within(mask: SimpleITK.Image, image: SimpleITK.Image, distance_mm: float) -> SimpleITK.Image:
    """1 within a distance of a mask, on the voxels of an image."""
    from brainseg_gui.preparation.registration.itk import SimpleITK

    there = SimpleITK.Resample(
        mask, image, SimpleITK.Transform(), SimpleITK.sitkNearestNeighbor, 0, SimpleITK.sitkUInt8
    )
    away = SimpleITK.SignedMaurerDistanceMap(there, squaredDistance=False, useImageSpacing=True)
    return SimpleITK.Cast(away <= distance_mm, SimpleITK.sitkUInt8)


def _overlap(brain: NDArray[np.bool_], grid: Grid, to_atlas: Affine, atlas: Atlas) -> float:
    """Dice of both brains, on the atlas's voxels."""
    from brainseg_gui.imaging.sampling import sampled

    there = sampled(
        brain.astype(np.float32), grid, Grid(atlas.grid.shape, np.linalg.inv(to_atlas) @ atlas.grid.affine), 0.0
    )
    ours, theirs = there >= 0.5, _brain_of(atlas)
    return 2.0 * float((ours & theirs).sum()) / max(int(ours.sum()) + int(theirs.sum()), 1)

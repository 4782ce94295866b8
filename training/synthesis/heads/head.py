"""Reading a label map as a whole head: every voxel's tissue, and where a skull stripper would cut.

What lies outside the brain carries numbers of SynthSeg's own in its training label maps (Billot et al. 2023), which
were made by clustering intensities: what they are was told from where they lie.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from training.synthesis.anatomy import (
    FREESURFER,
    MARGIN,
    Anatomy,
    Tissue,
    brain_corners,
    read_anatomy_cached,
    read_labels,
)
from training.synthesis.fields import BoolArray

Labels = npt.NDArray[np.uint8]

_DURA_MM = 1.6
_SCALP_MM = 2.0
_SOCKET_MM = 14.0
_CISTERN_MM = 8.0
_ROOM = ((3, 3), (3, 3), (0, 3))
"""Air around the map; none below, where the neck goes on."""


class HeadTissue(IntEnum):
    """What a head holds besides the brain's `Tissue`, numbered behind it; a tumour's parts come last."""

    AIR = 14
    SCALP = 15
    FAT = 16
    MUSCLE = 17
    BONE = 18
    MARROW = 19
    MUCOSA = 20
    EYE = 21
    NERVE = 22
    CORD = 23
    DURA = 24
    NECROSIS = 25
    SOLID = 26
    ENHANCING = 27
    OEDEMA = 28
    CAVITY = 29


TISSUES = len(Tissue) + len(HeadTissue)
TUMOUR_PARTS = tuple(range(HeadTissue.NECROSIS, HeadTissue.CAVITY + 1))

_OUTSIDE: dict[HeadTissue, tuple[int, ...]] = {
    HeadTissue.SCALP: (511,),
    HeadTissue.MUSCLE: (507,),
    HeadTissue.BONE: (515,),
    HeadTissue.MARROW: (516,),
    HeadTissue.MUCOSA: (509,),
    HeadTissue.EYE: (506,),
    HeadTissue.NERVE: (508, 530),
    HeadTissue.CORD: (512,),
}


@dataclass(frozen=True)
class Head:
    """One person's head at 1 mm, axes (I, J, K) = RAS.

    Parameters
    ----------
    name
        Name of the label map's file.
    tissue
        Number of the `Tissue` or `HeadTissue` of each voxel.
    hull
        The brain as a skull stripper cuts it out: with ventricles, sulci and the fluid in them.
    depth_mm
        Distance to the air, in whole millimetres.
    socket
        What lies around the eyes.
    anatomy
        The brain alone.
    corner
        Voxel of the head where the brain's box begins.
    """

    name: str
    tissue: Labels
    hull: BoolArray
    depth_mm: Labels
    socket: BoolArray
    anatomy: Anatomy
    corner: npt.NDArray[np.intp]


def read_head(path: Path) -> Head:
    """Read a label map that holds the whole head.

    Raises
    ------
    ImageError
        As `training.synthesis.anatomy.read_anatomy`.
    """
    anatomy = read_anatomy_cached(path)
    labels = read_labels(path)
    corner = brain_corners(labels)[0] - MARGIN + np.array([before for before, _ in _ROOM])
    labels = np.pad(_without_specks(labels), _ROOM)
    tissue, hull = _tissues(labels), np.zeros(labels.shape, bool)
    inner, outer = overlap(anatomy.tissue.shape, corner, labels.shape)
    hull[outer] = anatomy.hull[inner]
    hull |= _cisterns(hull, tissue)
    sheets = (anatomy.tissue[inner] == Tissue.MENINGES) & (tissue[outer] == Tissue.CSF) & anatomy.hull[inner]
    tissue[outer][sheets] = Tissue.MENINGES
    _add_dura(tissue)
    depth_mm = np.minimum(ndimage.distance_transform_edt(tissue != HeadTissue.AIR), 255).astype(np.uint8)
    socket = ndimage.distance_transform_edt(tissue != HeadTissue.EYE) < _SOCKET_MM
    return Head(anatomy.name, tissue, hull, depth_mm, np.asarray(socket), anatomy, corner)


def with_fat(head: Head, thickness_mm: float) -> Labels:
    """The head's tissues with fat under the scalp and behind the eyes, which the maps do not tell from muscle."""
    tissue = head.tissue.copy()
    near = head.socket | (head.depth_mm < thickness_mm + _SCALP_MM)
    tissue[near & (tissue == HeadTissue.MUSCLE)] = HeadTissue.FAT
    return tissue


def _without_specks(labels: npt.NDArray[np.int16]) -> npt.NDArray[np.int16]:
    """Without the specks that float in the air."""
    parts, count = ndimage.label(labels != 0)
    if count < 2:
        return labels
    largest = np.bincount(parts.ravel())[1:].argmax() + 1
    return np.where(parts == largest, labels, 0).astype(np.int16)


def _tissues(labels: npt.NDArray[np.int16]) -> Labels:
    table = np.full(int(labels.max()) + 1, HeadTissue.MUSCLE, np.uint8)
    table[0] = HeadTissue.AIR
    for tissue, numbers in (*FREESURFER.items(), *_OUTSIDE.items()):
        for number in numbers:
            table[number : number + 1] = tissue
    return table[np.clip(labels, 0, None)]


def _cisterns(hull: BoolArray, tissue: Labels) -> BoolArray:
    """Fluid between lobes and stem that an envelope over wide gaps takes in, as HD-BET (Isensee et al. 2019) does."""
    coarse = np.pad(hull[::2, ::2, ::2], 8)
    grown = ndimage.distance_transform_edt(~coarse) * 2.0 < _CISTERN_MM
    closed = ndimage.distance_transform_edt(grown) * 2.0 > _CISTERN_MM
    fine = np.kron(closed[8:-8, 8:-8, 8:-8], np.ones((2, 2, 2), bool))
    fluid = np.isin(tissue, (Tissue.CSF, Tissue.VESSEL, Tissue.MENINGES, HeadTissue.NERVE))
    return np.asarray(fine[tuple(slice(0, n) for n in hull.shape)] & fluid)


def _add_dura(tissue: Labels) -> None:
    """A sheet of fluid's voxels along the skull turns into dura."""
    solid = np.isin(tissue, (HeadTissue.BONE, HeadTissue.MUSCLE, HeadTissue.MARROW))
    near = ndimage.distance_transform_edt(~solid) < _DURA_MM
    tissue[near & (tissue == Tissue.CSF)] = HeadTissue.DURA


def overlap(
    shape: tuple[int, ...], corner: npt.NDArray[np.intp], whole: tuple[int, ...]
) -> tuple[tuple[slice, ...], tuple[slice, ...]]:
    """The part of a box that lies in the whole, in the box and in the whole."""
    first = np.maximum(corner, 0)
    last = np.minimum(corner + shape, whole)
    inner = tuple(slice(a - c, b - c) for a, b, c in zip(first, last, corner, strict=True))
    return inner, tuple(slice(a, b) for a, b in zip(first, last, strict=True))

"""Reading an anatomical label map: what tissue is where, and how far from the edges.

The label maps are the training label maps of SynthSeg (Billot et al., Medical Image Analysis 2023,
86:102789) with FreeSurfer's numbers; any 1 mm map with these numbers will do.
"""

from __future__ import annotations

import contextlib
import hashlib
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
from zipfile import BadZipFile
from zlib import error as ZlibError  # noqa: N812  zlib names its class in lower case

import numpy as np
import numpy.typing as npt
import platformdirs
from scipy import ndimage

from brainseg_gui.errors import ImageError
from brainseg_gui.imaging.formats.known_formats import is_image, stem, titles
from brainseg_gui.imaging.formats.reading import read_picture
from brainseg_gui.storage.writing import replacing

from .fields import BoolArray, FloatArray

_VERSION = 2
"""Of what is worked out of a label map: raise it when that changes."""
_NEARLY_WHOLE = 0.02
"""What programs that scale floats into an integer file leave of whole numbers."""
MARGIN = 12
"""Voxels kept around the brain, so that warping and blurring never look past the edge."""
_CLOSING_MM = 10.0
"""Radius that closes sulci: the brain mask is a smooth envelope, as a skull stripper leaves it."""
_STEM_MM = 8.0
"""Length of brain stem and cord kept below the cerebellum."""


class Tissue(IntEnum):
    """Tissues that differ in contrast; the numbers index every table of this package."""

    MENINGES = 0
    CSF = 1
    VENTRICLE = 2
    WHITE = 3
    CORTEX = 4
    THALAMUS = 5
    STRIATUM = 6
    PALLIDUM = 7
    HIPPOCAMPUS = 8
    CEREBELLAR_WHITE = 9
    CEREBELLAR_CORTEX = 10
    BRAIN_STEM = 11
    VESSEL = 12
    PLEXUS = 13


FREESURFER: dict[Tissue, tuple[int, ...]] = {
    Tissue.CSF: (24, 30, 62),
    Tissue.VENTRICLE: (4, 43, 5, 44, 14, 15, 72),
    Tissue.WHITE: (2, 41, 25, 57, 85),
    Tissue.CORTEX: (3, 42),
    Tissue.THALAMUS: (10, 49, 28, 60),
    Tissue.STRIATUM: (11, 50, 12, 51, 26, 58),
    Tissue.PALLIDUM: (13, 52),
    Tissue.HIPPOCAMPUS: (17, 53, 18, 54),
    Tissue.CEREBELLAR_WHITE: (7, 46),
    Tissue.CEREBELLAR_CORTEX: (8, 47),
    Tissue.BRAIN_STEM: (16,),
    Tissue.VESSEL: (502, 514),
    Tissue.PLEXUS: (136, 137, 163, 164),
}
"""FreeSurfer's numbers of each tissue. In SynthSeg's maps 136, 137, 163 and 164 touch only the walls
of the lateral ventricles (choroid plexus), 502 and 514 are arteries and veins."""

_LEFT_CEREBRUM = (2, 3, 10, 11, 12, 13, 17, 18, 26, 28)
_RIGHT_CEREBRUM = (41, 42, 49, 50, 51, 52, 53, 54, 58, 60)
_CEREBELLUM = (7, 8, 46, 47)
_FLUID = (Tissue.MENINGES, Tissue.CSF, Tissue.VESSEL)


@dataclass(frozen=True)
class Anatomy:
    """One person's brain at 1 mm, axes (I, J, K) = RAS, cropped with a margin.

    Parameters
    ----------
    name
        Name of the label map's file, without its suffix.
    tissue
        Number of the `Tissue` of each voxel, uint8.
    hull_mm
        Signed distance to the envelope of the brain, positive inside.
    midline_mm
        Distance to the left cerebrum minus distance to the right one: negative on the left.
    """

    name: str
    tissue: npt.NDArray[np.uint8]
    hull_mm: FloatArray
    midline_mm: FloatArray

    @property
    def hull(self) -> BoolArray:
        """The brain with its sulci and cisterns."""
        return np.asarray(self.hull_mm > 0)

    @property
    def pitch_deg(self) -> float:
        """Rise of the brain's long axis from back to front, seen from the side."""
        side = np.argwhere(self.hull)[:, 1:].astype(np.float64)
        _, axes = np.linalg.eigh(np.cov(side.T))
        along, up = axes[:, 1]
        return float(np.degrees(np.arctan(up / along)))


def read_anatomy(path: Path) -> Anatomy:
    """Read a label map in any orientation.

    Raises
    ------
    ImageError
        If the file is unreadable, not 3-D, not at 1 mm, or holds no cerebral white matter and cortex.
    """
    labels = _crop_to_brain(read_labels(path))
    tissue = _tissues(labels)
    hull_mm = _hull_distance(tissue, labels)
    left, right, below = (
        _distance_to(np.isin(labels, part)) for part in (_LEFT_CEREBRUM, _RIGHT_CEREBRUM, _CEREBELLUM)
    )
    _add_dura(tissue, left, right, below)
    return Anatomy(stem(path), tissue, hull_mm, left - right)


def read_anatomy_cached(path: Path) -> Anatomy:
    """As `read_anatomy`; what took seconds to work out is kept in the user's cache folder.

    Raises
    ------
    ImageError
        As `read_anatomy`.
    """
    try:
        digest = hashlib.blake2b(path.read_bytes(), digest_size=16).hexdigest()
    except OSError as error:
        raise ImageError("this label map cannot be read", f"Give a readable {titles()} file", path) from error
    kept = Path(platformdirs.user_cache_dir("brainseg")) / "anatomies" / f"{digest}-{_VERSION}.npz"
    name = stem(path)
    try:
        with kept.open("rb") as stream, np.load(stream) as arrays:
            return Anatomy(name, arrays["tissue"], arrays["hull_mm"], arrays["midline_mm"])
    except (OSError, ValueError, KeyError, EOFError, BadZipFile, ZlibError):
        anatomy = read_anatomy(path)
    with contextlib.suppress(OSError):  # a cache that cannot be written only costs time
        kept.parent.mkdir(parents=True, exist_ok=True)
        with replacing(kept, chosen=False) as temporary, temporary.open("r+b") as file:
            np.savez_compressed(file, tissue=anatomy.tissue, hull_mm=anatomy.hull_mm, midline_mm=anatomy.midline_mm)
    return anatomy


def find_anatomies(path: Path) -> tuple[Path, ...]:
    """The label maps in a folder in order of their names, or the one file that `path` is.

    Raises
    ------
    ImageError
        If there are none.
    """
    found = (path,) if path.is_file() else tuple(sorted(filter(_may_be_labels, path.glob("*"))))
    if not found:
        raise ImageError("no anatomical label map here", f"Give a {titles()} file, or a folder that holds some", path)
    return found


def _may_be_labels(path: Path) -> bool:
    """Whether a file is an image by its name, and none of those that macOS puts beside each on a foreign drive."""
    return is_image(path) and not path.name.startswith(".") and path.is_file()


def read_labels(path: Path) -> npt.NDArray[np.int16]:
    """The numbers of a label map, axes (I, J, K) = RAS.

    Raises
    ------
    ImageError
        As `read_anatomy`.
    """
    picture = read_picture(path)
    grid = picture.header.stored_grid
    if picture.stored.ndim != 3 or not np.allclose(grid.grid.spacing_mm, 1.0, atol=0.05):
        raise ImageError("this label map is not a volume of 1 mm voxels", "Resample it to 1 mm", path)
    values = np.nan_to_num(picture.stored * picture.slope + picture.intercept)
    if np.abs(values - np.rint(values)).max() > _NEARLY_WHOLE:
        raise ImageError("this label map holds fractions", "Resample it again, to the nearest label", path)
    labels = grid.to_ras(np.clip(np.rint(values), 0, np.iinfo(np.int16).max)).astype(np.int16)
    if not (np.isin(labels, (2, 41)).any() and np.isin(labels, (3, 42)).any()):
        remedy = "Give a label map with FreeSurfer's numbers, such as SynthSeg's"
        raise ImageError("this label map holds no cerebral white matter (2, 41) and cortex (3, 42)", remedy, path)
    return labels


def _crop_to_brain(labels: npt.NDArray[np.int16]) -> npt.NDArray[np.int16]:
    """Cut away the head around the brain; CSF does not count, it follows the spine down."""
    low, high = brain_corners(labels)
    padded = np.pad(labels, MARGIN)
    return padded[tuple(slice(a, b + 2 * MARGIN + 1) for a, b in zip(low, high, strict=True))]


def brain_corners(labels: npt.NDArray[np.int16]) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """First and last voxel of the brain's box; an `Anatomy` reaches `MARGIN` voxels beyond."""
    solid = [number for tissue, numbers in FREESURFER.items() if tissue not in _FLUID for number in numbers]
    voxels = np.argwhere(np.isin(labels, solid))
    return voxels.min(axis=0), voxels.max(axis=0)


def _tissues(labels: npt.NDArray[np.int16]) -> npt.NDArray[np.uint8]:
    table = np.full(int(labels.max()) + 1, Tissue.MENINGES, np.uint8)
    for tissue, numbers in FREESURFER.items():
        for number in numbers:
            table[number : number + 1] = tissue
    return table[np.clip(labels, 0, None)]


def _distance_to(mask: BoolArray) -> FloatArray:
    if not mask.any():
        return np.full(mask.shape, 1e3, np.float32)
    return ndimage.distance_transform_edt(~mask).astype(np.float32)


def _hull_distance(tissue: npt.NDArray[np.uint8], labels: npt.NDArray[np.int16]) -> FloatArray:
    """Signed distance to the closed and smoothed brain, cut a little below the cerebellum."""
    solid = ~np.isin(tissue, _FLUID)
    closed = _distance_to(_distance_to(solid) > _CLOSING_MM) > _CLOSING_MM - 1.0
    bone = (labels == 0) | (labels > max(FREESURFER[Tissue.VESSEL]))
    bone &= _distance_to(solid) > 1.5
    hull = closed & ~bone
    hull[:, :, : _lowest_slice(labels)] = False
    hull = _largest_part(ndimage.gaussian_filter(hull.astype(np.float32), 2.0) > 0.5)
    return _distance_to(~hull) - _distance_to(hull)


def _largest_part(mask: BoolArray) -> BoolArray:
    parts, _ = ndimage.label(mask)
    sizes = np.bincount(parts.ravel())
    sizes[0] = 0
    return np.asarray(parts == sizes.argmax())


def _lowest_slice(labels: npt.NDArray[np.int16]) -> int:
    cerebellum = np.isin(labels, _CEREBELLUM).any(axis=(0, 1))
    return max(int(np.argmax(cerebellum)) - int(_STEM_MM), 0) if cerebellum.any() else 0


def _add_dura(tissue: npt.NDArray[np.uint8], left: FloatArray, right: FloatArray, below: FloatArray) -> None:
    """Draw falx and tentorium as thin sheets half-way between what they part; the maps do not hold them."""
    fluid = np.isin(tissue, (Tissue.CSF, Tissue.MENINGES))
    cerebrum = np.minimum(left, right)
    falx = (np.abs(left - right) < 0.8) & (left < 6.0)
    tentorium = (np.abs(cerebrum - below) < 0.8) & (below < 6.0)
    tissue[fluid & (falx | tentorium)] = Tissue.MENINGES

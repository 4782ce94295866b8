"""Whether what is to be segmented has to be prepared first, told from names, headers, or voxels that were read."""

from __future__ import annotations

import os
from itertools import islice
from pathlib import Path

import numpy as np

from brainseg_gui.errors import ImageError
from brainseg_gui.imaging.case import Case, CaseSource
from brainseg_gui.imaging.formats.dicom.guard import looks_like_dicom
from brainseg_gui.imaging.formats.known_formats import format_of
from brainseg_gui.imaging.formats.reading import read_header
from brainseg_gui.imaging.volume import Volume
from brainseg_gui.plain_files import open_file
from brainseg_gui.preparation import RECORD
from brainseg_gui.preparation.heads.slab import is_slab, shows_scalp

_LOOKED_AT = 50
_LOOKED_AT_MM = 4.0
_SMALLEST_HEAD_ML = 2200.0  # 119 images of brains have 1,750 and less, four of heads 3,000 and more
_OF_AIR = 0.1  # of what is bright: air is noisy, and resampling rings
_BRIGHT_PERCENTILE = 95


def holds_dicom(place: Path) -> bool:
    """Whether a file is DICOM, or one of the first files at and below a folder is."""
    if place.is_file():
        return _is_dicom(place)
    below = (Path(parent, name) for parent, _, names in islice(os.walk(place), _LOOKED_AT) for name in sorted(names))
    return any(_is_dicom(path) for path in islice(below, _LOOKED_AT))


def _is_dicom(path: Path) -> bool:
    """By its name, or by how it begins: archives name files by UIDs, whose ends look like endings."""
    if known := format_of(path):
        return known.title == "DICOM"
    try:
        with open_file(path) as stream:
            return looks_like_dicom(stream)
    except OSError:
        return False


def why_raw(case: Case) -> str:
    """Why a case that was read should be prepared before it is segmented, in a sentence; empty where it need not be.

    What this program prepared is left as it is, a skull that could not be taken off included.
    """
    source = case.source
    if source.volumes or len(set(source.modalities.values())) < len(source.modalities):
        return ""
    if (source.folder / RECORD).is_file():
        return ""
    if lies_apart(source):
        return "These look like raw series, which may lie beside each other: prepare them first"
    if has_skull(next(iter(case.volumes.values()))):
        return "Its images show the skull, which networks do not expect"
    return ""


def has_skull(volume: Volume) -> bool:
    """Whether an image shows a head: more than any brain measures is brighter than air, or a slab shows scalp."""
    if is_slab(volume) and shows_scalp(volume):
        return True
    i, j, k = (max(1, round(_LOOKED_AT_MM / size)) for size in volume.grid.spacing_mm)
    apart = np.abs(volume.stored[::i, ::j, ::k].astype(np.float32) - np.float32(volume.background))
    tissue = apart[apart > 0]
    if not tissue.size:
        return False
    bright = np.count_nonzero(tissue > _OF_AIR * np.percentile(tissue, _BRIGHT_PERCENTILE))
    return float(bright * i * j * k) * volume.grid.voxel_ml > _SMALLEST_HEAD_ML


def lies_apart(source: CaseSource) -> bool:
    """Whether the images of a case have grids of their own, so that nothing says that they lie on each other.

    What cannot be read is left to whoever opens the case, and says so.
    """
    if source.volumes or len(source.modalities) < 2:
        return False
    try:
        first, *others = (read_header(path).stored_grid.grid for path in source.modalities.values())
    except ImageError:
        return False
    return not all(first.same_as(other) for other in others)

"""NIfTI headers, guarded: a header's promises are checked before anything is allocated."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from brainseg_gui.errors import ImageError
from brainseg_gui.imaging.formats.image_stream import ImageStream
from brainseg_gui.imaging.formats.promises import DEFLATE_LIMIT, check_dtype, check_promise, check_shape, grid_at
from brainseg_gui.imaging.grid import Affine, StoredGrid
from brainseg_gui.imaging.nibabel_parts import HeaderDataError, Nifti1Header, Nifti2Header

_HEADER_BYTES, _HEADER_2_BYTES = 348, 540
_PLACE_CODES, _ALIGNED = range(6), 2  # what qform_code and sform_code can be; the code that claims least
_LENGTHS_MM = {1: 1000.0, 3: 0.001}  # what xyzt_units says of lengths that are not in mm: metres, micrometres
_EDGES_MM = (0.05, 50.0)  # of a voxel of a head
NO_PLACE = "it does not say which way is left; left, anterior, superior is taken for its axes, as FSL and nibabel do"
_LARGEST_OFFSET = 2**26  # header extensions before the voxels hold a patient's DICOM header at most


def parse_header(stream: ImageStream) -> Nifti1Header:
    """The header at the start of a file, not yet checked."""
    raw = stream.read(_HEADER_BYTES)  # no further: the voxels follow, and what is compressed cannot be read twice
    kind: type[Nifti1Header] = Nifti1Header
    if 540 in (int.from_bytes(raw[:4], "little"), int.from_bytes(raw[:4], "big")):
        raw, kind = raw + stream.read(_HEADER_2_BYTES - _HEADER_BYTES), Nifti2Header
    if len(raw) < (_HEADER_2_BYTES if kind is Nifti2Header else _HEADER_BYTES):
        raise ImageError("the file is cut off or no NIfTI file", "Copy it again from its source", stream.path)
    header = kind(raw, check=False)  # without the extensions: a mask needs none of them
    if bytes(header["magic"])[:2] not in (b"n+", b"ni"):
        raise ImageError("it is not a NIfTI file", "Convert it to NIfTI", stream.path)
    if bytes(header["magic"])[:2] == b"ni":
        remedy = "Convert the pair to one .nii.gz file"
        raise ImageError("its voxels lie in a separate .img file", remedy, stream.path)
    _mend(header)
    return header


def _mend(header: Nifti1Header) -> None:
    """Correct slips that leave no doubt, so that a mask that is saved with this header lies where the image does."""
    header["pixdim"][1:4] = np.abs(header["pixdim"][1:4])  # nibabel and ITK take a minus for a slip, too
    if header["pixdim"][0] == 0:
        header["pixdim"][0] = 1  # as the standard has it
    for code in ("qform_code", "sform_code"):
        if int(header[code]) not in _PLACE_CODES:  # nibabel would drop it when it writes; ITK uses it where positive
            header[code] = _ALIGNED if header[code] > 0 else 0
    if header["qform_code"] > 0 and not any(header[f"srow_{row}"][:3].any() for row in "xyz"):
        header["sform_code"] = 0  # it was never filled in


def checked(stream: ImageStream, header: Nifti1Header) -> Nifti1Header:
    """The header, if a file of this size can hold what it promises, and if that is a volume or several."""
    path, shape = stream.path, shape_of(header)
    check_shape(path, shape)
    try:
        dtype = header.get_data_dtype()
    except (HeaderDataError, KeyError) as error:
        raise ImageError("its data type is unknown", "Convert it to int16 or float32", path) from error
    check_dtype(path, dtype)
    _check_promise(stream, header, shape, dtype)
    stored_grid_of(path, header, shape)
    return header


def _check_promise(stream: ImageStream, header: Nifti1Header, shape: tuple[int, ...], dtype: np.dtype[Any]) -> None:
    """Refuse before allocating what the file cannot hold."""
    path = stream.path
    if not 0 <= float(header["vox_offset"]) <= _LARGEST_OFFSET:
        raise ImageError("its header is damaged", "Copy it again from its source", path)
    available = stream.size * DEFLATE_LIMIT if stream.compressed else stream.size - offset_of(header)
    check_promise(path, shape, dtype, available)


def offset_of(header: Nifti1Header) -> int:
    """Where the voxels begin; some writers leave it 0, although the header itself comes first."""
    return max(int(header["vox_offset"]), int(header.single_vox_offset))


def shape_of(header: Nifti1Header) -> tuple[int, ...]:
    """Dimensions without trailing axes beyond the third of one, or of none, which some write for one."""
    count = int(header["dim"][0])
    if not 1 <= count <= 7:
        return (0,)
    shape = [int(n) for n in header["dim"][1 : count + 1]]
    while len(shape) > 3 and shape[-1] in (0, 1):
        shape.pop()
    return tuple(shape)


def stored_grid_of(path: Path, header: Nifti1Header, shape: tuple[int, ...]) -> StoredGrid:
    """Grid of the first three axes.

    Raises
    ------
    ImageError
        If the header names no place in space, or none where a patient can lie.
    """
    try:
        with np.errstate(all="ignore"):  # what comes of it is looked at
            affine = np.array(header.get_best_affine(), dtype=np.float64)
            affine[:3] *= _unit_mm(header, affine)
    except (ValueError, HeaderDataError) as error:
        raise ImageError(f"its position in space is unusable ({error})", "Repair its header", path) from error
    return grid_at(path, shape, affine)


def _unit_mm(header: Nifti1Header, affine: Affine) -> float:
    """How long the unit of an affine is; headers that say metres or micrometres and mean mm are many."""
    said = _LENGTHS_MM.get(int(header["xyzt_units"]) & 7, 1.0)
    edges = said * np.linalg.norm(affine[:3, :3], axis=0)
    return said if (edges > _EDGES_MM[0]).all() and (edges < _EDGES_MM[1]).all() else 1.0


def names_no_place(header: Nifti1Header) -> bool:
    """Whether neither sform nor qform counts: then nothing tells left from right."""
    return bool(header["qform_code"] == 0 and header["sform_code"] == 0)


def farthest_apart_mm(header: Nifti1Header) -> float:
    """How far apart the header's two places in space, sform and qform, put a voxel; 0 where it has only one."""
    shape = [max(n, 1) for n in (*shape_of(header), 1, 1, 1)[:3]]
    corners = np.array(np.meshgrid(*((0, n - 1) for n in shape), [1], indexing="ij")).reshape(4, -1)  # (4, 8)
    with np.errstate(all="ignore"):
        try:
            places = [header.get_qform(coded=True)[0], header.get_sform(coded=True)[0]]
        except (ValueError, HeaderDataError):  # a qform that is none
            return 0.0
        if any(place is None for place in places):
            return 0.0
        apart = np.linalg.norm(((places[0] - places[1]) @ corners)[:3], axis=0).max() * _unit_mm(header, places[1])
    return float(apart) if np.isfinite(apart) else 0.0


def scaling_of(header: Nifti1Header) -> tuple[float, float]:
    slope, intercept = float(header["scl_slope"]), float(header["scl_inter"])
    if not np.isfinite(slope) or slope == 0:
        return 1.0, 0.0
    return slope, intercept if np.isfinite(intercept) else 0.0

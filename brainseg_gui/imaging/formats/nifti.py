"""NIfTI-1 and NIfTI-2 in one file, plain or compressed."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from brainseg_gui.imaging.formats.image_format import CheckShape, ImageHeader, Picture, ShouldStop
from brainseg_gui.imaging.formats.image_stream import open_image, reporting
from brainseg_gui.imaging.formats.nifti_header import (
    NO_PLACE,
    checked,
    farthest_apart_mm,
    names_no_place,
    offset_of,
    parse_header,
    scaling_of,
    shape_of,
    stored_grid_of,
)
from brainseg_gui.imaging.grid import Affine
from brainseg_gui.imaging.labels import LabelScheme
from brainseg_gui.imaging.nibabel_parts import Nifti1Header, Nifti1Image

_SCANNER = 1  # qform_code and sform_code: where the scanner says
_NAMES = ("data_type", "db_name", "aux_file", "intent_name")  # converters put names of patients into these


def read_header(path: Path) -> ImageHeader:
    """The header of a file: its dimensions, data type, promised size and affine are checked."""
    with reporting(path), open_image(path) as stream:
        return _as_header(path, checked(stream, parse_header(stream)))


def read_picture(path: Path, should_stop: ShouldStop | None = None, check_shape: CheckShape | None = None) -> Picture:
    """A 3-D or 4-D file whole, in its stored data type; scaling of 0 or NaN is none."""
    with reporting(path), open_image(path, should_stop) as stream:
        header = checked(stream, parse_header(stream))
        shape = shape_of(header)
        if check_shape is not None:
            check_shape(shape)
        dtype = header.get_data_dtype()
        stream.skip(offset_of(header) - stream.position)
        stored = stream.fill(math.prod(shape) * dtype.itemsize).view(dtype).reshape(shape, order="F")
        stream.finish()
    if not dtype.isnative:
        stored = stored.byteswap(inplace=True).view(dtype.newbyteorder("="))
    notes = (NO_PLACE,) if names_no_place(header) else ()
    return Picture(_as_header(path, header), stored, *scaling_of(header), notes)


def _as_header(path: Path, header: Nifti1Header) -> ImageHeader:
    shape = shape_of(header)
    return ImageHeader(
        path,
        shape,
        stored_grid_of(path, header, shape),
        description=header["descrip"].item().decode("ascii", "replace"),
        promised_bytes=math.prod(shape) * header.get_data_dtype().itemsize + int(header["vox_offset"]),
        farthest_apart_mm=farthest_apart_mm(header),
        own=header,
    )


def write_float_image(path: Path, stored: NDArray[np.float32], affine: Affine) -> None:
    """Write intensities in stored order, (I, J, K), whose voxels lie in the world, RAS in mm, by a 4×4 matrix."""
    image = Nifti1Image(stored, affine)
    image.header.set_xyzt_units("mm")
    image.to_filename(path)


def write_mask(path: Path, stored: NDArray[np.uint8], header: ImageHeader, words: str, scheme: LabelScheme) -> None:
    """Write a mask with the place in space that the images' own header names; the format has no names of labels."""
    own = header.own if isinstance(header.own, Nifti1Header) else _header_at(header)
    Nifti1Image(stored, None, _mask_header(own, header.shape[:3], words)).to_filename(path)


def _header_at(header: ImageHeader) -> Nifti1Header:
    """A header for images of another format."""
    own = Nifti1Header()
    own.set_data_shape(header.shape[:3])
    own.set_qform(header.stored_grid.affine, _SCANNER, strip_shears=True)
    own.set_sform(header.stored_grid.affine, _SCANNER)
    own.set_xyzt_units("mm")
    return own


def _mask_header(header: Nifti1Header, shape: tuple[int, ...], words: str) -> Nifti1Header:
    result: Nifti1Header = Nifti1Header.from_header(header, check=False)
    for code in ("qform_code", "sform_code"):
        result[code] = header[code]
    result.set_data_shape(shape)
    result.set_data_dtype(np.uint8)
    result["scl_slope"], result["scl_inter"] = 1, 0
    result["cal_min"], result["cal_max"] = 0, 0
    result["glmin"], result["glmax"] = 0, 0
    result["descrip"] = words.encode("ascii", "replace")[:79]
    for field in _NAMES:
        result[field] = b""
    result["intent_code"] = 0
    return result

"""NIfTI headers, guarded: a header's promises are checked before anything is allocated."""

from __future__ import annotations

import contextlib
import gzip
import os
import stat
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from nibabel.nifti1 import Nifti1Header
from nibabel.nifti2 import Nifti2Header
from nibabel.spatialimages import HeaderDataError

from brainseg_gui.errors import ImageError
from brainseg_gui.imaging.grid import StoredGrid, describe_shape

SUFFIXES = (".nii.gz", ".nii")
LARGEST_BYTES = 16 * 2**30
_DEFLATE_LIMIT = 1032  # zlib: no stream expands by more than this
_CHUNK_BYTES = 2**20
_LARGE_BYTES = 2**28  # a compressed file that promises more must show that it holds it


def is_nifti(path: Path) -> bool:
    """Whether the name is that of a NIfTI file (``.nii`` or ``.nii.gz``)."""
    return path.name.lower().endswith(SUFFIXES)


def stem(path: Path) -> str:
    """File name without ``.nii`` or ``.nii.gz``."""
    name = path.name
    for suffix in SUFFIXES:
        if name.lower().endswith(suffix):
            return name[: -len(suffix)]
    return path.stem


def read_header(path: Path) -> Nifti1Header:
    """Read and check a header: dimensions, data type, promised size, affine.

    Raises
    ------
    ImageError
        If the file is not readable, not NIfTI, or promises what it cannot hold.
    """
    with reporting(path), open_stream(path) as stream:
        header = parse_header(path, stream)
    return checked(path, header)


@contextlib.contextmanager
def reporting(path: Path) -> Iterator[None]:
    """Turn what reading can raise into sentences."""
    try:
        yield
    except PermissionError as error:
        raise ImageError("the file may not be read", "Change its permissions", path) from error
    except FileNotFoundError as error:
        raise ImageError("the file does not exist", "Check the name, or mount the drive", path) from error
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise ImageError("the file is cut off or damaged", "Copy it again from its source", path) from error
    except HeaderDataError as error:
        raise ImageError("it is not a NIfTI file", "Convert it to NIfTI", path) from error
    except MemoryError as error:
        raise ImageError("it does not fit into memory", "Close other programs, or crop the image", path) from error
    except OSError as error:
        raise ImageError(f"it cannot be read ({error.strerror or error})", "Check the drive", path) from error


def open_stream(path: Path) -> BinaryIO:
    if not stat.S_ISREG(path.stat().st_mode):
        raise ImageError("it is not a regular file", "Choose a .nii or .nii.gz file", path)
    stream = path.open("rb")
    if stream.read(2) == b"\x1f\x8b":
        stream.close()
        return gzip.open(path, "rb")  # type: ignore[return-value]
    stream.seek(0)
    return stream


def parse_header(path: Path, stream: BinaryIO) -> Nifti1Header:
    raw = stream.read(544)
    size = int.from_bytes(raw[:4], "little")
    kind: type[Nifti1Header] = Nifti2Header if 540 in (size, int.from_bytes(raw[:4], "big")) else Nifti1Header
    length = 540 if kind is Nifti2Header else 348
    if len(raw) < length:
        raise ImageError("the file is cut off or no NIfTI file", "Copy it again from its source", path)
    header = kind(raw[:length], check=False)  # without the extensions: a mask needs none of them
    if bytes(header["magic"])[:2] not in (b"n+", b"ni"):
        raise ImageError("it is not a NIfTI file", "Convert it to NIfTI", path)
    if bytes(header["magic"])[:2] == b"ni":
        raise ImageError("its voxels lie in a separate .img file", "Convert the pair to one .nii.gz file", path)
    return header


def checked(path: Path, header: Nifti1Header) -> Nifti1Header:
    shape = shape_of(header)
    if len(shape) == 2 or (len(shape) in (3, 4) and min(shape[:3]) == 1):
        raise ImageError(f"it is a 2-D image ({describe_shape(shape)})", "Give a 3-D volume", path)
    if len(shape) not in (3, 4) or min(shape) < 1:
        raise ImageError(f"it has the dimensions {describe_shape(shape)}", "Give a 3-D volume", path)
    try:
        dtype = header.get_data_dtype()
    except (HeaderDataError, KeyError) as error:
        raise ImageError("its data type is unknown", "Convert it to int16 or float32", path) from error
    if dtype.kind not in "iuf" or dtype.itemsize > 8:
        raise ImageError(f"its voxels are {_describe_dtype(dtype)}", "Convert it to int16 or float32", path)
    _check_promise(path, header, shape, dtype)
    stored_grid_of(path, header, shape)
    return header


def _describe_dtype(dtype: np.dtype[Any]) -> str:
    if dtype.names:
        return "colours (RGB), not intensities"
    return {"c": "complex numbers", "V": "of an unknown type"}.get(dtype.kind, f"of type {dtype}")


def _check_promise(path: Path, header: Nifti1Header, shape: tuple[int, ...], dtype: np.dtype[Any]) -> None:
    """Refuse before allocating what the file cannot hold."""
    size = path.stat().st_size
    promised = int(np.prod([int(n) for n in shape], dtype=object)) * dtype.itemsize
    offset = float(header["vox_offset"])
    if not 0 <= offset < 2**31:
        raise ImageError("its header is damaged", "Copy it again from its source", path)
    with path.open("rb") as stream:
        compressed = stream.read(2) == b"\x1f\x8b"
    available = size * _DEFLATE_LIMIT if compressed else size - offset_of(header)
    if promised > available or (compressed and promised > _LARGE_BYTES and not _unpacks_to(path, promised)):
        text = f"its header promises {describe_shape(shape)} voxels ({_describe_bytes(promised)})"
        raise ImageError(f"{text}, but the file is too small for that", "Copy it again from its source", path)
    if promised > LARGEST_BYTES:
        raise ImageError(f"it would need {_describe_bytes(promised)} of memory", "Crop or down-sample it", path)


def _unpacks_to(path: Path, count: int) -> bool:
    """Whether a gzip file holds `count` bytes: by the size in its last four bytes, by unpacking it in case of doubt."""
    with path.open("rb") as stream:
        stream.seek(-4, os.SEEK_END)
        if int.from_bytes(stream.read(4), "little") >= count % 2**32:
            return True
    with gzip.open(path, "rb") as unpacked:
        while count > 0 and (chunk := unpacked.read(_CHUNK_BYTES)):
            count -= len(chunk)
    return count <= 0


def offset_of(header: Nifti1Header) -> int:
    """Where the voxels begin; some writers leave it 0, although the header itself comes first."""
    return max(int(header["vox_offset"]), int(header.single_vox_offset))


def _describe_bytes(count: int) -> str:
    return f"{count / 2**30:,.1f} GiB" if count >= 2**29 else f"{count / 2**20:,.1f} MiB"


def shape_of(header: Nifti1Header) -> tuple[int, ...]:
    """Dimensions without trailing singleton axes beyond the third."""
    count = int(header["dim"][0])
    if not 1 <= count <= 7:
        return (0,)
    shape = [int(n) for n in header["dim"][1 : count + 1]]
    while len(shape) > 3 and shape[-1] == 1:
        shape.pop()
    return tuple(shape)


def stored_grid_of(path: Path, header: Nifti1Header, shape: tuple[int, ...]) -> StoredGrid:
    try:
        affine = np.asarray(header.get_best_affine(), dtype=np.float64)
        return StoredGrid((shape[0], shape[1], shape[2]), affine)
    except (ValueError, HeaderDataError) as error:
        raise ImageError(f"its position in space is unusable ({error})", "Repair its header", path) from error


def scaling_of(header: Nifti1Header) -> tuple[float, float]:
    slope, intercept = float(header["scl_slope"]), float(header["scl_inter"])
    if not np.isfinite(slope) or slope == 0:
        return 1.0, 0.0
    return slope, intercept if np.isfinite(intercept) else 0.0

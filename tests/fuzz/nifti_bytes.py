"""NIfTI files as bytes, with headers that say anything."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np

Lie = Callable[[Any], None]
SHAPE = (12, 10, 8)
NAME = "Toy_t1ce.nii.gz"


def no_lie(header: Any) -> None:
    """Leave the header as it is."""


def values(dtype: str = "int16", shape: Sequence[int] = SHAPE, seed: int = 0) -> Any:
    """Something like a brain: zero outside, noise inside."""
    random = np.random.default_rng(seed)
    stored = random.integers(1, 100, tuple(shape))
    stored[0], stored[-1] = 0, 0
    return stored.astype(dtype)


def labels(shape: Sequence[int] = SHAPE) -> Any:
    """A small mask."""
    stored = np.zeros(tuple(shape), np.uint8)
    stored[3:9, 3:8, 2:6] = 2
    stored[4:7, 4:6, 3:5] = 4
    return stored


def header_of(stored: Any, *, second: bool = False, big: bool = False, codes: tuple[int, int] = (1, 1)) -> Any:
    """A good header for stored voxels: NIfTI-1 or NIfTI-2, in either byte order; `codes` of qform and sform."""
    kind = nib.nifti2.Nifti2Header if second else nib.nifti1.Nifti1Header
    header = kind(endianness=">" if big else "<")
    header.set_data_shape(stored.shape)
    header.set_data_dtype(stored.dtype.newbyteorder("="))
    affine = np.diag([-1.0, -1.5, 2.0, 1.0])
    affine[:3, 3] = (60.0, 70.0, -30.0)
    header.set_zooms([1.0, 1.5, 2.0, *[1.0] * (stored.ndim - 3)][: stored.ndim])
    if stored.ndim >= 3:
        header.set_qform(affine, codes[0])
        header.set_sform(affine, codes[1])
    header["vox_offset"], header["magic"] = header.single_vox_offset, header.single_magic
    header["scl_slope"], header["scl_inter"] = 1, 0
    return header


def nifti(
    stored: Any | None = None,
    lie: Lie = no_lie,
    *,
    second: bool = False,
    big: bool = False,
    codes: tuple[int, int] = (1, 1),
    extension: bytes = b"",
) -> bytes:
    """A plain file: header, four bytes that announce extensions, the voxels."""
    stored = values() if stored is None else stored
    header = header_of(stored, second=second, big=big, codes=codes)
    header["vox_offset"] = int(header["vox_offset"]) + len(extension)
    lie(header)
    announced = bytes([bool(extension), 0, 0, 0])
    body = stored.astype(stored.dtype.newbyteorder(">" if big else "<")).tobytes(order="F")
    return bytes(header.binaryblock) + announced + extension + body


def packed(raw: bytes, level: int = 1) -> bytes:
    """As gzip, the same at any time."""
    return gzip.compress(raw, level, mtime=0)


def setting(field: str, value: object, place: int | slice | None = None) -> Lie:
    """A lie that sets one field, or one of its elements."""

    def lie(header: Any) -> None:
        with np.errstate(all="ignore"):
            if place is None:
                header[field] = value
            else:
                header[field][place] = value

    return lie


def all_of(*lies: Lie) -> Lie:
    """Several lies, one after the other."""

    def lie(header: Any) -> None:
        for each in lies:
            each(header)

    return lie


@cache
def zeros_member(mebibytes: int) -> bytes:
    """A gzip member that unpacks to so many MiB of zeros."""
    return packed(bytes(mebibytes * 2**20), 9)


def one_stream(start: bytes, mebibytes: int, promised_size: int = 0) -> bytes:
    """One gzip stream: `start`, then zeros; its checksum is wrong, the size at its end is what one likes."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    head = packer.compress(start) + packer.flush(zlib.Z_FULL_FLUSH)
    block = packer.compress(bytes(2**24)) + packer.flush(zlib.Z_FULL_FLUSH)
    end = packer.flush()
    tail = bytes(4) + (promised_size % 2**32).to_bytes(4, "little")
    return b"\x1f\x8b\x08\0\0\0\0\0\0\xff" + head + block * (mebibytes // 16) + end + tail


def writing(content: bytes | Callable[[], bytes], name: str = NAME) -> Callable[[Path], Path]:
    """A function that writes a file into a folder and returns its path."""

    def write(folder: Path) -> Path:
        path = folder / name
        path.write_bytes(content if isinstance(content, bytes) else content())
        return path

    return write

"""What a header promises, checked before memory is taken for it; for all formats alike."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np

from brainseg_gui.errors import ImageError
from brainseg_gui.free_memory import free_memory_bytes
from brainseg_gui.imaging.grid import Affine, StoredGrid, describe_shape

LARGEST_BYTES = 4 * 2**30
DEFLATE_LIMIT = 1032  # zlib: no stream expands by more than this
_LARGE_BYTES = 2**28  # what takes more must fit into the memory that is free
FARTHEST_MM = 1e6  # also where lengths are in µm


def check_shape(path: Path, shape: tuple[int, ...]) -> None:
    """Refuse what is no volume, or several."""
    if len(shape) == 2 or (len(shape) in (3, 4) and min(shape[:3]) == 1):
        raise ImageError(f"it is a 2-D image ({describe_shape(shape)})", "Give a 3-D volume", path)
    if len(shape) not in (3, 4) or min(shape) < 1:
        raise ImageError(f"it has the dimensions {describe_shape(shape)}", "Give a 3-D volume", path)


def check_dtype(path: Path, dtype: np.dtype[Any]) -> None:
    """Refuse voxels that are no real numbers of at most eight bytes."""
    if dtype.kind not in "iuf" or dtype.itemsize > 8:
        raise ImageError(f"its voxels are {_describe_dtype(dtype)}", "Convert it to int16 or float32", path)


def check_promise(path: Path, shape: tuple[int, ...], dtype: np.dtype[Any], available: int) -> None:
    """Refuse before allocating what a file of `available` bytes, unpacked, cannot hold, or memory cannot."""
    promised = math.prod(int(n) for n in shape) * dtype.itemsize
    if promised > available:
        text = f"its header promises {describe_shape(shape)} voxels ({_describe_bytes(promised)})"
        raise ImageError(f"{text}, but the file is too small for that", "Copy it again from its source", path)
    if promised > LARGEST_BYTES or (promised > _LARGE_BYTES and promised > free_memory_bytes()):
        remedy = "Crop or down-sample it, or close other programs"
        raise ImageError(f"it would need {_describe_bytes(promised)} of memory", remedy, path)


def grid_at(path: Path, shape: tuple[int, ...], affine: Affine) -> StoredGrid:
    """Grid of the first three axes.

    Raises
    ------
    ImageError
        If the affine is no place in space, or none where a patient can lie.
    """
    try:
        if np.isfinite(affine).all() and np.abs(affine).max() > FARTHEST_MM:
            raise ValueError(f"a distance of {np.abs(affine).max():.3g} mm")
        return StoredGrid((shape[0], shape[1], shape[2]), affine)
    except ValueError as error:
        raise ImageError(f"its position in space is unusable ({error})", "Repair its header", path) from error


def _describe_dtype(dtype: np.dtype[Any]) -> str:
    if dtype.names:
        return "colours (RGB), not intensities"
    return {"c": "complex numbers", "V": "of an unknown type"}.get(dtype.kind, f"of type {dtype}")


def _describe_bytes(count: int) -> str:
    if count < 2**19:
        return f"{count:,} bytes"
    return f"{count / 2**30:,.1f} GiB" if count >= 2**29 else f"{count / 2**20:,.1f} MiB"

"""Reading NIfTI images and masks."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
from nibabel.nifti1 import Nifti1Header
from numpy.typing import NDArray

from brainseg_gui.errors import Cancelled, ImageError
from brainseg_gui.imaging.grid import Array, Grid, StoredGrid, describe_shape
from brainseg_gui.imaging.labels import LabelMap, LabelScheme
from brainseg_gui.imaging.nifti_header import (
    checked,
    offset_of,
    open_stream,
    parse_header,
    reporting,
    scaling_of,
    shape_of,
    stored_grid_of,
)
from brainseg_gui.imaging.regrid import labels_on_grid
from brainseg_gui.imaging.volume import Volume

_CHUNK_BYTES = 2**20
ShouldStop = Callable[[], bool]


@dataclass(frozen=True, eq=False)
class Picture:
    """What a NIfTI file holds, in stored order.

    Parameters
    ----------
    stored
        Values as stored, 3-D or 4-D.
    header
        Its header, with the affine it announces.
    slope, intercept
        Scaling; 1 and 0 when the header leaves them out (0 or NaN).
    """

    path: Path
    stored: Array
    header: Nifti1Header
    slope: float
    intercept: float

    @property
    def stored_grid(self) -> StoredGrid:
        """Grid of the first three axes."""
        return stored_grid_of(self.path, self.header, self.stored.shape)


def read_picture(path: Path, should_stop: ShouldStop | None = None) -> Picture:
    """Read a 3-D or 4-D file whole, keeping its stored data type.

    Parameters
    ----------
    path
        ``.nii`` or ``.nii.gz``.
    should_stop
        Asked after every megabyte; `Cancelled` is raised when it says yes.

    Raises
    ------
    ImageError
        If the file cannot be read; names the file and the remedy.
    """
    with reporting(path), open_stream(path) as stream:
        header = checked(path, parse_header(path, stream))
        stream.seek(offset_of(header))
        shape = shape_of(header)
        dtype = header.get_data_dtype()
        buffer = np.empty(int(np.prod(shape)) * dtype.itemsize, dtype=np.uint8)
        _fill(path, stream, buffer, should_stop)
    stored = buffer.view(dtype).reshape(shape, order="F")
    if not dtype.isnative:
        stored = stored.astype(dtype.newbyteorder("="))
    slope, intercept = scaling_of(header)
    return Picture(path, stored, header, slope, intercept)


def read_volume(path: Path, should_stop: ShouldStop | None = None) -> tuple[Volume, StoredGrid, Nifti1Header]:
    """Read a 3-D image as a RAS-ordered volume.

    Returns
    -------
    tuple
        The volume, how its file stores it, and the file's header.

    Raises
    ------
    ImageError
        If it is not a readable 3-D image, holds values that are not numbers, or is empty.
    """
    picture = read_picture(path, should_stop)
    if picture.stored.ndim != 3:
        raise ImageError(
            f"it is a 4-D image ({describe_shape(picture.stored.shape)}), not one volume",
            "Give one 3-D file per modality, or a Decathlon file with four volumes",
            path,
        )
    return as_volume(picture, picture.stored), picture.stored_grid, picture.header


def as_volume(picture: Picture, stored: Array) -> Volume:
    """A RAS-ordered volume of one 3-D part of a picture, checked for values that cannot be shown."""
    _check_values(picture.path, stored)
    grid = picture.stored_grid
    turned = grid.to_ras(stored)
    turned.flags.writeable = False
    return Volume(turned, grid.grid, picture.slope, picture.intercept, picture.path)


def read_labels(path: Path, should_stop: ShouldStop | None = None) -> tuple[NDArray[np.uint8], StoredGrid]:
    """Read a mask as uint8 in RAS order, whatever type its file stores.

    Raises
    ------
    ImageError
        If the file is not a 3-D mask of whole numbers from 0 to 255.
    """
    picture = read_picture(path, should_stop)
    if picture.stored.ndim != 3:
        raise ImageError("it is a 4-D image, not a mask", "Choose a 3-D mask", path)
    values = _whole_numbers(picture)
    return picture.stored_grid.to_ras(values), picture.stored_grid


def read_label_map(path: Path, grid: Grid, scheme: LabelScheme, *, resample: bool = False) -> LabelMap:
    """Read a mask onto the grid of its case.

    Parameters
    ----------
    resample
        Take the nearest voxel when the mask lies on another grid, instead of refusing it.

    Raises
    ------
    GridMismatchError
        If it lies on another grid and `resample` is false; says how it differs.
    ImageError
        If it is not a mask.
    """
    values, stored_grid = read_labels(path)
    return LabelMap(labels_on_grid(values, stored_grid.grid, grid, path, resample=resample), grid, scheme)


def _fill(path: Path, stream: BinaryIO, buffer: NDArray[np.uint8], should_stop: ShouldStop | None) -> None:
    view = memoryview(buffer)  # type: ignore[arg-type]
    filled = 0
    while filled < len(view):
        if should_stop is not None and should_stop():
            raise Cancelled
        count = stream.readinto(view[filled : filled + _CHUNK_BYTES])  # type: ignore[attr-defined]
        if not count:
            raise ImageError(
                f"the file ends after {100 * filled // len(view)} % of its voxels",
                "Copy it again from its source",
                path,
            )
        filled += count
    while isinstance(stream, gzip.GzipFile) and stream.read(_CHUNK_BYTES):  # at its end gzip compares its checksum
        if should_stop is not None and should_stop():
            raise Cancelled


def _check_values(path: Path, stored: Array) -> None:
    if stored.dtype.kind == "f":
        broken = stored.size - int(np.count_nonzero(np.isfinite(stored)))
        if broken:
            text = f"{broken:,} of its values are not numbers (NaN or infinite)"
            raise ImageError(text, "Replace them, for example by 0, and open it again", path)
    if not stored.any():
        raise ImageError("all of its voxels are zero", "Export the image again, or leave the file out", path)


def _whole_numbers(picture: Picture) -> NDArray[np.uint8]:
    stored = picture.stored
    if (picture.slope, picture.intercept) != (1.0, 0.0):
        stored = stored * picture.slope + picture.intercept
    with np.errstate(invalid="ignore"):
        values = stored.astype(np.uint8)
    if values.dtype != stored.dtype and not np.array_equal(values, stored):
        raise ImageError(
            "it holds values other than whole numbers from 0 to 255, so it is not a mask",
            "Choose a mask, or convert it to whole numbers",
            picture.path,
        )
    return values

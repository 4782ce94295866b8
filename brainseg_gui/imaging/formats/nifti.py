"""Reading NIfTI images and masks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from nibabel.nifti1 import Nifti1Header
from numpy.typing import NDArray

from brainseg_gui.errors import ImageError
from brainseg_gui.imaging.formats.nifti_header import (
    checked,
    offset_of,
    parse_header,
    scaling_of,
    shape_of,
    stored_grid_of,
)
from brainseg_gui.imaging.formats.nifti_stream import ShouldStop, opened, reporting
from brainseg_gui.imaging.grid import Array, Grid, StoredGrid, describe_shape
from brainseg_gui.imaging.labels import LabelMap, LabelScheme
from brainseg_gui.imaging.regrid import labels_on_grid
from brainseg_gui.imaging.volume import Volume

_LARGEST_INTENSITY = 1e15  # its square still fits into float32
_BLOCK_BYTES = 2**22

CheckShape = Callable[[tuple[int, ...]], None]


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


def read_picture(path: Path, should_stop: ShouldStop | None = None, check_shape: CheckShape | None = None) -> Picture:
    """Read a 3-D or 4-D file whole, keeping its stored data type.

    Parameters
    ----------
    path
        ``.nii`` or ``.nii.gz``.
    should_stop
        Asked after every megabyte; `Cancelled` is raised when it says yes.
    check_shape
        Called with the shape before any voxel is read; may raise what is wrong with it.

    Raises
    ------
    ImageError
        If the file cannot be read; names the file and the remedy.
    """
    with reporting(path), opened(path, should_stop) as stream:
        header = checked(stream, parse_header(stream))
        shape = shape_of(header)
        if check_shape is not None:
            check_shape(shape)
        dtype = header.get_data_dtype()
        stream.skip(offset_of(header) - stream.position)
        stored = stream.fill(int(np.prod(shape)) * dtype.itemsize).view(dtype).reshape(shape, order="F")
        stream.finish()
    if not dtype.isnative:
        stored = stored.byteswap(inplace=True).view(dtype.newbyteorder("="))
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

    def check_shape(shape: tuple[int, ...]) -> None:
        if len(shape) != 3:
            text = f"it is a 4-D image ({describe_shape(shape)}), not one volume"
            raise ImageError(text, "Give one 3-D file per modality, or a Decathlon file with four volumes", path)

    picture = read_picture(path, should_stop, check_shape)
    return as_volume(picture, picture.stored), picture.stored_grid, picture.header


def as_volume(picture: Picture, stored: Array) -> Volume:
    """A RAS-ordered volume of one 3-D part of a picture, checked for values that cannot be shown."""
    _check_values(picture, stored)
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

    def check_shape(shape: tuple[int, ...]) -> None:
        if len(shape) != 3:
            raise ImageError("it is a 4-D image, not a mask", "Choose a 3-D mask", path)

    picture = read_picture(path, should_stop, check_shape)
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


def _check_values(picture: Picture, stored: Array) -> None:
    low, high = stored.min(), stored.max()
    if not (np.isfinite(low) and np.isfinite(high)):  # a NaN makes both NaN
        broken = stored.size - int(np.count_nonzero(np.isfinite(stored)))
        text = f"{broken:,} of its values are not numbers (NaN or infinite)"
        raise ImageError(text, "Replace them, for example by 0, and open it again", picture.path)
    if low == high == 0:
        raise ImageError("all of its voxels are zero", "Export the image again, or leave the file out", picture.path)
    largest = max(abs(picture.slope * float(end) + picture.intercept) for end in (low, high))
    if largest > _LARGEST_INTENSITY:
        text = f"its intensities reach {largest:.1e}, which no scanner gives"
        raise ImageError(text, "Its scaling or its data type is wrong; export the image again", picture.path)


def _whole_numbers(picture: Picture) -> NDArray[np.uint8]:
    """The values as uint8, a few slices at a time: scaled, they take eight bytes each."""
    stored, scaled = picture.stored, (picture.slope, picture.intercept) != (1.0, 0.0)
    if stored.dtype == np.uint8 and not scaled:
        return stored
    values = np.empty(stored.shape, dtype=np.uint8, order="F")
    depth = max(1, _BLOCK_BYTES * stored.shape[2] // stored.nbytes)
    for start in range(0, stored.shape[2], depth):
        block = stored[:, :, start : start + depth]
        with np.errstate(invalid="ignore", over="ignore"):
            if scaled:
                block = block * picture.slope + picture.intercept
            values[:, :, start : start + depth] = block
        if not np.array_equal(values[:, :, start : start + depth], block):
            raise ImageError(
                "it holds values other than whole numbers from 0 to 255, so it is not a mask",
                "Choose a mask, or convert it to whole numbers",
                picture.path,
            )
    return values

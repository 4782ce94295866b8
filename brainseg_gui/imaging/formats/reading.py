"""Reading images and masks of any format."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from brainseg_gui.errors import ImageError, printable
from brainseg_gui.imaging.formats.image_format import (
    CheckShape,
    ImageHeader,
    Picture,
    Reader,
    ShouldStop,
    StoredMask,
)
from brainseg_gui.imaging.formats.known_formats import format_at, formats_read, titles
from brainseg_gui.imaging.formats.whole_numbers import whole_numbers
from brainseg_gui.imaging.grid import Array, Grid, StoredGrid, describe_shape
from brainseg_gui.imaging.labels import LabelMap, LabelScheme
from brainseg_gui.imaging.regrid import regridded
from brainseg_gui.imaging.regrid_policy import RegridPolicy
from brainseg_gui.imaging.volume import Volume

_LARGEST_INTENSITY = 1e15  # its square still fits into float32
_FAINT = 1e-3  # what is fainter throughout has no steps that windows, fields and thresholds can tell apart
_MOST_TIMES = 36  # powers of ten that float32 holds


def read_header(path: Path) -> ImageHeader:
    """Read and check what a file says before its voxels.

    Raises
    ------
    ImageError
        If the file is not readable, of no format that is read, or promises what it cannot hold.
    """
    return _reader_of(path).read_header(path)


def read_picture(path: Path, should_stop: ShouldStop | None = None, check_shape: CheckShape | None = None) -> Picture:
    """Read a 3-D or 4-D file whole, keeping its stored data type.

    Parameters
    ----------
    should_stop
        Asked after every megabyte; `Cancelled` is raised when it says yes.
    check_shape
        Called with the shape before any voxel is read; may raise what is wrong with it.

    Raises
    ------
    ImageError
        If the file cannot be read; names the file and the remedy.
    """
    return _reader_of(path).read_picture(path, should_stop, check_shape)


def _reader_of(path: Path) -> Reader:
    """What reads a file; a name that tells nothing is taken for the first format, whose reader says what is wrong."""
    known = format_at(path) or formats_read()[0]
    if known.reader is None:
        raise ImageError(f"it is {known.title}, not {titles()}", known.remedy, path)
    return known.reader()


def read_volume(path: Path, should_stop: ShouldStop | None = None) -> tuple[Volume, ImageHeader]:
    """Read a 3-D image as a RAS-ordered volume.

    Returns
    -------
    tuple
        The volume, and what its file says about itself.

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
    return as_volume(picture, picture.stored), picture.header


def as_volume(picture: Picture, stored: Array) -> Volume:
    """A RAS-ordered volume of one 3-D part of a picture, checked for values that cannot be shown.

    What is not a number outside the head is background, and it is said; inside it is refused.
    """
    stored, note = _finite(picture, stored)
    largest = _check_values(picture, stored)
    stored, slope, intercept, faint = _growing(picture, stored, largest)
    grid = picture.header.stored_grid
    turned = grid.to_ras(stored)
    turned.flags.writeable = False
    notes = "; ".join(filter(None, (*picture.notes, note, faint)))
    return Volume(turned, grid.grid, slope, intercept, picture.path, notes)


def read_mask(path: Path, should_stop: ShouldStop | None = None, target: StoredGrid | None = None) -> StoredMask:
    """Read a mask as uint8 in RAS order, whatever type its file stores.

    Parameters
    ----------
    target
        How the images are stored that it belongs to: contours lie on no grid of their own, segments on a part of one.

    Raises
    ------
    ImageError
        If the file is not a 3-D mask of numbers from 0 to 255 that are whole, or very nearly.
    """

    known = format_at(path)
    if known is not None and known.mask_reader is not None:
        found = known.mask_reader().read_mask(path, target, should_stop)
        if found is not None:
            return found

    def check_shape(shape: tuple[int, ...]) -> None:
        if len(shape) != 3:
            raise ImageError("it is a 4-D image, not a mask", "Choose a 3-D mask", path)

    picture = read_picture(path, should_stop, check_shape)
    values, notes = whole_numbers(picture)
    grid = picture.header.stored_grid
    said = tuple(f"{printable(path.name)}: {note}" for note in picture.notes)
    return StoredMask(grid.to_ras(values), grid, (*said, *notes))


def read_labels(path: Path, should_stop: ShouldStop | None = None) -> tuple[NDArray[np.uint8], StoredGrid]:
    """As `read_mask`: the numbers, and how the file stores them."""
    mask = read_mask(path, should_stop)
    return mask.values, mask.stored_grid


def read_label_map(
    path: Path,
    grid: Grid | StoredGrid,
    scheme: LabelScheme,
    *,
    resample: bool = False,
    regrid: RegridPolicy = RegridPolicy.STRICT,
) -> LabelMap:
    """Read a mask onto the grid of its case.

    Parameters
    ----------
    grid
        Of the case; as its files store it where the mask may be taken voxel by voxel.
    resample
        Take the nearest voxel when the mask lies on another grid, instead of refusing it.
    regrid
        As `resample`, or voxel by voxel.

    Raises
    ------
    GridMismatchError
        If it lies on another grid and that is not allowed; says how it differs and what would be lost.
    ImageError
        If it is not a mask.
    """
    target = grid if isinstance(grid, StoredGrid) else StoredGrid(grid.shape, grid.affine)
    mask = read_mask(path, target=target)
    policy = RegridPolicy.NEAREST if resample else regrid
    on_grid = regridded(mask.values, mask.stored_grid, target, path, policy, may_be_part=mask.is_part)
    return mask.as_labels(on_grid.values, target.grid, scheme, on_grid.note)


def _finite(picture: Picture, stored: Array) -> tuple[Array, str]:
    """Values with background for what is not a number outside the head, and a sentence if there was any."""
    if stored.dtype.kind != "f" or (np.isfinite(stored.min()) and np.isfinite(stored.max())):
        return stored, ""
    from scipy.ndimage import label

    broken = ~np.isfinite(stored)
    pieces, _ = label(broken)
    edges = [pieces.take(end, axis) for axis in range(stored.ndim) for end in (0, -1)]
    outside = np.unique(np.concatenate([edge.ravel() for edge in edges]))
    inside = int(np.count_nonzero(broken & ~np.isin(pieces, outside[outside > 0])))
    if inside or broken.all():
        count = inside or stored.size
        text = f"{count:,} of its values are not numbers (NaN or infinite)"
        raise ImageError(text, "Replace them, for example by 0, and open it again", picture.path)
    filled = stored.copy(order="K")
    filled[broken] = min(0, stored[~broken].min())  # below all of the brain, also where that is a z-score
    return filled, f"{np.count_nonzero(broken):,} values outside the head are not numbers; they are background"


def _growing(picture: Picture, stored: Array, largest: float) -> tuple[Array, float, float, str]:
    """Values that grow as the intensities do and are not too faint to be seen, slope, intercept, and what was done."""
    slope, intercept = picture.slope, picture.intercept
    if slope > 0 and not 0 < largest < _FAINT:
        return stored, slope, intercept, ""
    factor = 10.0 ** min(2 - math.floor(math.log10(largest)), _MOST_TIMES) if 0 < largest < _FAINT else 1.0
    values = np.asarray(stored * (slope * factor) + intercept * factor, np.float32)
    words = (
        f"its intensities reach {largest:.1g} only, and are shown {factor:.0e} times as large" if factor != 1 else ""
    )
    return values, 1.0, 0.0, words


def _check_values(picture: Picture, stored: Array) -> float:
    """The largest intensity, without its sign; of what cannot be shown it is said why."""
    low, high = stored.min(), stored.max()
    if low == high == 0:
        raise ImageError("all of its voxels are zero", "Export the image again, or leave the file out", picture.path)
    largest = max(abs(picture.slope * float(end) + picture.intercept) for end in (low, high))
    if largest > _LARGEST_INTENSITY:
        text = f"its intensities reach {largest:.1e}, which no scanner gives"
        raise ImageError(text, "Its scaling or its data type is wrong; export the image again", picture.path)
    return largest

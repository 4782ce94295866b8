"""The pixels of a stack of slices, as a volume."""

from __future__ import annotations

import os
from collections.abc import Generator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from brainseg_gui.errors import ImageError
from brainseg_gui.imaging.formats.dicom.guard import ItemCounter, OtherPictureError, check_pictures, looks_like_dicom
from brainseg_gui.imaging.formats.dicom.values import whole_of
from brainseg_gui.imaging.formats.image_format import ImageHeader, Picture
from brainseg_gui.imaging.formats.promises import DEFLATE_LIMIT, check_promise
from brainseg_gui.imaging.formats.reading import as_volume
from brainseg_gui.imaging.volume import Volume
from brainseg_gui.plain_files import open_file
from brainseg_gui.preparation.dicom.slice_header import SliceHeader
from brainseg_gui.preparation.dicom.stacks import Stack
from brainseg_gui.progress import Progress

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

_REMEDY = "Decompress the series with the archive's own export, or with dcmdjpeg or gdcmconv --raw"


def read_stack(stack: Stack) -> Generator[Progress, None, Volume]:
    """Read and rescale the pixels of a stack.

    Returns
    -------
    Volume
        Stored values where all slices share one rescaling, else intensities as float32; RAS.

    Raises
    ------
    ImageError
        If the stack is no volume, or pixels are damaged, or compressed in a way that cannot be undone here.
    """
    grid = stack.stored_grid
    if grid is None:
        raise ImageError(stack.problem or "it is no volume", "Choose another series", stack.first.path)
    alike = len({(header.slope, header.intercept) for header in stack.slices}) == 1
    frames: dict[Path, NDArray[Any]] = {}
    planes = []
    for number, header in enumerate(stack.slices):
        yield Progress("reading pixels", number / len(stack.slices), header.path.name)
        plane = _plane(header, frames)
        planes.append(plane if alike else _rescaled(plane, header))
    stored = np.stack(planes).transpose(2, 1, 0)  # (slices, rows, columns) -> (columns, rows, slices)
    slope, intercept = (stack.first.slope, stack.first.intercept) if alike else (1.0, 0.0)
    picture = Picture(ImageHeader(stack.first.path, stored.shape, grid), stored, slope, intercept)
    return as_volume(picture, stored)


def _rescaled(plane: NDArray[Any], header: SliceHeader) -> NDArray[np.float32]:
    with np.errstate(all="ignore"):  # what comes of it is looked at
        scaled: NDArray[np.float32] = plane.astype(np.float32) * np.float32(header.slope)
        scaled += np.float32(header.intercept)
    return scaled


def _plane(header: SliceHeader, frames: dict[Path, NDArray[Any]]) -> NDArray[Any]:
    """Stored values of a slice, (rows, columns); all frames of one file are unpacked together."""
    if header.path not in frames:
        frames.clear()
        frames[header.path] = _unpacked(header)
    values = frames[header.path]
    if values.shape == (header.frames, *header.shape) and header.frame is not None and header.frame < header.frames:
        plane: NDArray[Any] = values[header.frame]
        return plane
    if values.shape != header.shape or header.frame:
        raise _not_promised(header.path)
    return values


def _not_promised(path: Path) -> ImageError:
    return ImageError("its pixels are not what its header promises", "Copy the series again", path)


def _unpacked(header: SliceHeader) -> NDArray[Any]:
    try:
        return _pixels(header)
    except ImageError:
        raise
    except MemoryError as error:
        raise ImageError("it does not fit into memory", "Close other programs", header.path) from error
    except Exception as error:  # pydicom raises whatever damaged pixels suggest
        if isinstance(error, OSError) and error.strerror:
            raise ImageError(f"it cannot be read ({error.strerror})", "Check the drive", header.path) from error
        if why := _compressed(header):
            raise ImageError(why, _REMEDY, header.path) from error
        raise ImageError("its pixels are damaged or cut off", "Copy the series again", header.path) from error


def _pixels(header: SliceHeader) -> NDArray[Any]:
    from pydicom import dcmread

    with open_file(header.path) as stream:
        if not looks_like_dicom(stream):  # it is another file by now
            raise _not_promised(header.path)
        counted: Any = ItemCounter(stream)
        content = dcmread(counted, force=True)
        _check_promise(header, content, os.fstat(stream.fileno()).st_size)
    pixels: NDArray[Any] = np.asarray(content.pixel_array)
    return pixels


def _check_promise(header: SliceHeader, content: Dataset, size: int) -> None:
    """Refuse what the file cannot hold before memory is taken for it, and packed pictures of another size."""
    from pydicom.uid import UID

    packed = UID(header.transfer_syntax).is_compressed
    frames, bits = whole_of(content, "NumberOfFrames") or 1, whole_of(content, "BitsAllocated") or 8
    shape, dtype = (*header.shape, header.samples, frames), np.dtype(f"V{max(1, bits // 8)}")
    if min(shape) < 1:
        raise _not_promised(header.path)
    check_promise(header.path, shape, dtype, size * (DEFLATE_LIMIT if packed else 1))
    try:
        check_pictures(content, header.transfer_syntax, header.shape, frames)
    except OtherPictureError as error:
        raise _not_promised(header.path) from error


def _compressed(header: SliceHeader) -> str:
    """In what way pixels are compressed that nothing here unpacks; empty where something does."""
    from pydicom.pixels.decoders.base import get_decoder
    from pydicom.uid import UID

    uid = UID(header.transfer_syntax)
    try:
        known = not uid.is_compressed or get_decoder(uid).is_available
    except (NotImplementedError, ValueError):
        known = False
    return "" if known else f"its pixels are compressed ({uid.name}) in a way that cannot be undone here"

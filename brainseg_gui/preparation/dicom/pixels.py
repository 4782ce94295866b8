"""The pixels of a stack of slices, as a volume."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from brainseg_gui.errors import ImageError
from brainseg_gui.imaging.volume import Volume
from brainseg_gui.plain_files import open_file
from brainseg_gui.preparation.dicom.headers import SliceHeader
from brainseg_gui.preparation.dicom.stacks import Stack
from brainseg_gui.progress import Progress

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
    stored.flags.writeable = False
    slope, intercept = (stack.first.slope, stack.first.intercept) if alike else (1.0, 0.0)
    return Volume(grid.to_ras(stored), grid.grid, slope, intercept, stack.first.path)


def _rescaled(plane: NDArray[Any], header: SliceHeader) -> NDArray[np.float32]:
    scaled = plane.astype(np.float32) * np.float32(header.slope)
    return scaled + np.float32(header.intercept)


def _plane(header: SliceHeader, frames: dict[Path, NDArray[Any]]) -> NDArray[Any]:
    """Stored values of a slice, (rows, columns); all frames of one file are unpacked together."""
    if header.path not in frames:
        frames.clear()
        frames[header.path] = _unpacked(header)
    values = frames[header.path]
    plane = values[header.frame] if header.frame is not None and values.ndim == 3 else values
    if plane.shape != header.shape:
        raise ImageError("its pixels are not what its header promises", "Copy the series again", header.path)
    return plane


def _unpacked(header: SliceHeader) -> NDArray[Any]:
    from pydicom import dcmread

    try:
        with open_file(header.path) as stream:
            content = dcmread(stream, force=True)
            return np.asarray(content.pixel_array)
    except OSError as error:
        raise ImageError(f"it cannot be read ({error.strerror})", "Check the drive", header.path) from error
    except MemoryError as error:
        raise ImageError("it does not fit into memory", "Close other programs", header.path) from error
    except Exception as error:  # pydicom raises whatever damaged pixels suggest
        if why := _compressed(header):
            raise ImageError(why, _REMEDY, header.path) from error
        raise ImageError("its pixels are damaged or cut off", "Copy the series again", header.path) from error


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

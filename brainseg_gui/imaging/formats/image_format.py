"""What a format of images is to the rest of the program: one record, and a module that is imported when it is needed.

The record is in `known_formats`; all that asks for endings, filters or formats by name reads that table.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from brainseg_gui.imaging.grid import Array, Grid, StoredGrid
from brainseg_gui.imaging.labels import LabelMap, LabelScheme

ShouldStop = Callable[[], bool]
CheckShape = Callable[[tuple[int, ...]], None]


@dataclass(frozen=True, eq=False)
class ImageHeader:
    """What a file says before its voxels, whatever its format.

    Parameters
    ----------
    shape
        As stored, 3-D or 4-D.
    stored_grid
        How it stores the first three axes.
    description
        What whoever wrote it says about it; empty where there is no room for that.
    promised_bytes
        How much the file holds at least, unpacked; 0 where the format does not tell.
    farthest_apart_mm
        How far apart it puts a voxel where it names two places in space.
    own
        What the format needs besides to put a mask into the very same place; only its own module looks into it.
    """

    path: Path
    shape: tuple[int, ...]
    stored_grid: StoredGrid
    description: str = ""
    promised_bytes: int = 0
    farthest_apart_mm: float = 0.0
    own: object = None


@dataclass(frozen=True, eq=False)
class Picture:
    """What a file holds, in stored order.

    Parameters
    ----------
    stored
        Values as stored, 3-D or 4-D, (I, J, K) or (I, J, K, volume).
    slope, intercept
        ``intensity = slope * stored + intercept``.
    notes
        Sentences about what the file holds and this does not.
    """

    header: ImageHeader
    stored: Array
    slope: float = 1.0
    intercept: float = 0.0
    notes: tuple[str, ...] = ()

    @property
    def path(self) -> Path:
        """The file."""
        return self.header.path


@dataclass(frozen=True, eq=False)
class StoredMask:
    """A mask as its file holds it.

    Parameters
    ----------
    values
        Numbers, RAS-ordered, (I, J, K).
    stored_grid
        How the file stores them.
    notes
        Sentences about numbers that were not whole, or stood for nothing.
    said
        What the file itself says that the numbers mean; None where its format names no labels.
    is_part
        Whether the file may hold only the part of a grid in which something is drawn.
    """

    values: NDArray[np.uint8]
    stored_grid: StoredGrid
    notes: tuple[str, ...] = ()
    said: LabelScheme | None = None
    is_part: bool = False

    def as_labels(self, values: NDArray[np.uint8], grid: Grid, scheme: LabelScheme, *notes: str) -> LabelMap:
        """Its numbers as they lie on a grid, read by a scheme until what they mean is understood."""
        return LabelMap(values, grid, scheme, (*self.notes, *filter(None, notes)), self.said)


class Reader(Protocol):
    """What the module of a format that is read holds; each raises `ImageError` with the file and the remedy."""

    def read_header(self, path: Path) -> ImageHeader:
        """The header, checked: nothing that it promises is more than the file can hold."""

    def read_picture(
        self, path: Path, should_stop: ShouldStop | None = None, check_shape: CheckShape | None = None
    ) -> Picture:
        """The whole file, in its stored type.

        `should_stop` is asked after every megabyte, and `Cancelled` raised when it says yes; `check_shape` gets the
        shape before any voxel is read, and may raise what is wrong with it.
        """


class Writer(Protocol):
    """What the module of a format that masks are saved in holds besides."""

    def write_mask(
        self, path: Path, stored: NDArray[np.uint8], header: ImageHeader, words: str, scheme: LabelScheme
    ) -> None:
        """Write a mask in stored order where the images with this header lie.

        `words` say who made it; `scheme` says what its numbers mean, for formats that name labels.
        """


class MaskReader(Protocol):
    """What the module of a format holds whose masks are more than one array of numbers: segments, or contours."""

    def read_mask(
        self, path: Path, target: StoredGrid | None = None, should_stop: ShouldStop | None = None
    ) -> StoredMask | None:
        """The mask in a file; None where it is a plain image, to be read as one.

        `target` says how the images that it belongs to are stored: contours are drawn on that grid.
        """


class Codec(Reader, Writer, Protocol):
    """What the module of a format holds that is both read and written."""


@dataclass(frozen=True)
class ImageFormat:
    """A format of images and masks.

    Parameters
    ----------
    title
        How people call it.
    suffixes
        Endings of its files in small letters; the first is given to a mask that has none.
    is_start
        Whether some 512 bytes, unpacked, can be the start of such a file: for files whose names do not tell.
    reader, writer
        Import its module; None where it is not read, or no mask is saved in it.
    mask_reader
        Imports what reads its masks, where they are no plain images.
    remedy
        How images become some that are read, where these are not.
    detached
        Those of its endings whose voxels lie in another file beside, of any name.
    """

    title: str
    suffixes: tuple[str, ...]
    is_start: Callable[[bytes], bool] | None = None
    reader: Callable[[], Reader] | None = None
    writer: Callable[[], Writer] | None = None
    mask_reader: Callable[[], MaskReader] | None = None
    remedy: str = ""
    detached: tuple[str, ...] = ()

"""Voxels behind a text header, in the same file or in one beside it: NRRD and MetaImage."""

from __future__ import annotations

import math
import re
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from brainseg_gui.errors import ImageError, printable
from brainseg_gui.imaging.formats import promises
from brainseg_gui.imaging.formats.image_format import CheckShape, ImageHeader, Picture, ShouldStop
from brainseg_gui.imaging.formats.image_stream import ImageStream, open_image, reporting
from brainseg_gui.imaging.grid import Array

LONGEST_HEADER = 2**20
LONGEST_VALUE = 4096  # of a field; what looks through it may take longer than reading it did
_MOST_AXES = 16
_LONGEST_NAME = 255
_CHUNK_BYTES, _UNPACKED_BYTES = 2**16, 2**24  # what follows a member of gzip is copied for each of them
_ZLIB_OR_GZIP, _GZIP = 32 + zlib.MAX_WBITS, b"\x1f\x8b"
FROM_END = -1


@dataclass(frozen=True)
class VoxelBlock:
    """Where voxels lie, and how.

    Parameters
    ----------
    path
        The file that holds them.
    offset
        Bytes before them; `FROM_END` where they are the last of the file.
    deflated
        Whether they are packed, by themselves.
    shape
        First axis fastest.
    """

    path: Path
    offset: int
    deflated: bool
    shape: tuple[int, ...]
    dtype: np.dtype[Any]

    @property
    def size(self) -> int:
        """Bytes of the voxels, unpacked."""
        return math.prod(self.shape) * self.dtype.itemsize

    def check(self) -> None:
        """Refuse what is no volume, and what the file cannot hold."""
        promises.check_dtype(self.path, self.dtype)
        with reporting(self.path), open_image(self.path) as stream:
            packed = self.deflated or stream.compressed
            room = stream.size if packed else stream.size - max(self.offset, 0)
            promises.check_promise(self.path, self.shape, self.dtype, room * promises.DEFLATE_LIMIT if packed else room)

    def read(self, should_stop: ShouldStop | None = None) -> Array:
        """The voxels, in the byte order of this machine."""
        with reporting(self.path), open_image(self.path, should_stop) as stream:
            stream.skip(self.offset if self.offset != FROM_END else stream.size - self.size)
            raw = self._unpacked(stream) if self.deflated and not stream.compressed else stream.fill(self.size)
            stream.finish()
        stored = raw.view(self.dtype).reshape(self.shape, order="F")
        return stored if self.dtype.isnative else stored.astype(self.dtype.newbyteorder("="))

    def _unpacked(self, stream: ImageStream) -> Array:
        """What is packed behind a header; memory is taken for what comes of it, and its checksum is compared."""
        unpacker, found = zlib.decompressobj(_ZLIB_OR_GZIP), bytearray()
        while raw := unpacker.unconsumed_tail or unpacker.unused_data or stream.read(_CHUNK_BYTES):
            if unpacker.eof:  # gzip may come in several members
                if len(found) == self.size or not _GZIP.startswith(raw[:2]):
                    break
                unpacker = zlib.decompressobj(_ZLIB_OR_GZIP)
            found += unpacker.decompress(raw, min(self.size + 1 - len(found), _UNPACKED_BYTES))
            if len(found) > self.size:
                what = "it unpacks to more than its header promises"
                raise ImageError(what, "Do not trust it, or copy it again from its source", self.path)
        if len(found) < self.size:
            text = f"the file ends after {100 * len(found) // self.size} % of its voxels"
            raise ImageError(text, "Copy it again from its source", self.path)
        return np.frombuffer(found, np.uint8)


def picture_of(
    header: ImageHeader, voxels: VoxelBlock, should_stop: ShouldStop | None, check_shape: CheckShape | None
) -> Picture:
    """What a checked header promises, read; `check_shape` may refuse it before."""
    if check_shape is not None:
        check_shape(header.shape)
    return Picture(header, voxels.read(should_stop).reshape(header.shape, order="F"))


def plain_shape(path: Path, shape: tuple[int, ...]) -> tuple[int, ...]:
    """A shape without trailing axes of one, if it is that of a volume or of several."""
    if len(shape) > _MOST_AXES:
        raise ImageError(f"it has {len(shape):,} dimensions", "Give a 3-D volume", path)
    while len(shape) > 3 and shape[-1] == 1:
        shape = shape[:-1]
    promises.check_shape(path, shape)
    return shape


def file_beside(header: Path, name: str) -> Path:
    """The file of voxels that a header names, in its own folder: no path and no link leads out of it.

    Raises
    ------
    ImageError
        If it is not such a name, or there is no such file.
    """
    name = re.sub(r"^(?:\./+)+", "", name)  # as Teem writes it
    too_long = len(name.encode(errors="replace")) > _LONGEST_NAME
    if too_long or not name.isprintable() or name in ("", ".", "..") or set(name) & set("/\\:%*"):
        shown = printable(name[:80])
        raise ImageError(f"its voxels are said to lie in “{shown}”", "Save it as one file", header)
    path = header.parent / name
    if path.is_symlink():
        raise ImageError(f"the file of its voxels, {name}, is a link", "Put the file itself beside it", header)
    if not path.exists():
        raise ImageError(f"the file of its voxels, {name}, is missing", "Put it into the same folder", header)
    return path


def text_of(path: Path) -> bytes:
    """The start of a file, in which its text header has to end."""
    with reporting(path), open_image(path) as stream:
        return stream.read(LONGEST_HEADER)


def damaged(path: Path, field: str) -> ImageError:
    """What is raised where a field of the header makes no sense."""
    return ImageError(f"its header is damaged ({field})", "Copy it again from its source", path)

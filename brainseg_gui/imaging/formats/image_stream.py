"""The bytes of an image file, plain or compressed: opened without waiting, read no further than was promised."""

from __future__ import annotations

import contextlib
import gzip
import io
import os
import stat
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from brainseg_gui.errors import Cancelled, ImageError
from brainseg_gui.imaging.formats.image_format import ShouldStop
from brainseg_gui.imaging.nibabel_parts import HeaderDataError

_GzipFile: Any = gzip.GzipFile
_DAMAGED: tuple[type[Exception], ...] = (EOFError, zlib.error, gzip.BadGzipFile)
try:  # it unpacks three times faster than Python's own; there is none for some processors
    from isal import igzip, isal_zlib
except ImportError:
    pass
else:
    _GzipFile = igzip.IGzipFile
    # the stubs call the first class an instance; the second comes where a name inside has no end
    _DAMAGED = (*_DAMAGED, isal_zlib.IsalError, OverflowError)  # type: ignore[arg-type]

_CHUNK_BYTES = 2**20
_TRUSTED_BYTES = 2**24  # a compressed file that promises more gets its memory as it delivers
_SURPLUS_BYTES = 2**26  # what may follow the voxels in a compressed file, unread, before its checksum
_IDLE_BYTES = 2**22  # what a compressed file may hold without unpacking to anything
_SMALLEST_BYTES = 64  # what a read counts for: gzip reads names letter by letter

_Unpacked = gzip.GzipFile | io.RawIOBase


@contextlib.contextmanager
def reporting(path: Path) -> Iterator[None]:
    """Turn what reading can raise into sentences."""
    try:
        yield
    except PermissionError as error:
        raise ImageError("the file may not be read", "Change its permissions", path) from error
    except FileNotFoundError as error:
        raise ImageError("the file does not exist", "Check the name, or mount the drive", path) from error
    except _DAMAGED as error:
        raise ImageError("the file is cut off or damaged", "Copy it again from its source", path) from error
    except HeaderDataError as error:
        raise ImageError("it is not a NIfTI file", "Convert it to NIfTI", path) from error
    except MemoryError as error:
        raise ImageError("it does not fit into memory", "Close other programs, or crop the image", path) from error
    except OSError as error:
        raise ImageError(f"it cannot be read ({error.strerror or error})", "Check the drive", path) from error


@dataclass(eq=False)
class ImageStream:
    """An open file, unpacked as it is read.

    Parameters
    ----------
    size
        Of the file, in bytes, when it was opened.
    compressed
        Whether it is gzip, whatever its name says.
    """

    path: Path
    size: int
    compressed: bool
    _bytes: _Unpacked
    _packed: _Packed

    @property
    def position(self) -> int:
        """How many bytes were read, unpacked."""
        return self._packed.unpacked

    def read(self, count: int) -> bytes:
        """Up to `count` bytes; fewer only at the end of the file."""
        found = self._bytes.read(count) or b""
        self._packed.unpacked += len(found)
        return found

    def skip(self, count: int) -> None:
        """Pass over `count` bytes, or what is left."""
        while count > 0 and (found := len(self.read(min(count, _CHUNK_BYTES)))):
            count -= found

    def fill(self, count: int) -> NDArray[np.uint8]:
        """The next `count` bytes; memory is taken for what a compressed file delivers, not for what it promises.

        Raises
        ------
        ImageError
            If the file ends before.
        """
        buffer = np.empty(min(count, _TRUSTED_BYTES) if self.compressed else count, dtype=np.uint8)
        filled = 0
        while filled < count:
            if filled == buffer.size:
                buffer.resize(min(count, 2 * filled), refcheck=False)
            part = memoryview(buffer[filled : filled + _CHUNK_BYTES])  # type: ignore[arg-type]
            found = self._bytes.readinto(part)
            part.release()
            if not found:
                text = f"the file ends after {100 * filled // count} % of its voxels"
                raise ImageError(text, "Copy it again from its source", self.path)
            filled += found
            self._packed.unpacked += found
        return buffer

    def finish(self) -> None:
        """Read what follows in a compressed file, because its checksum is compared only there.

        Raises
        ------
        ImageError
            If far more follows than was promised.
        """
        surplus = 0
        while self.compressed and (found := len(self.read(_CHUNK_BYTES))):
            surplus += found
            if surplus > _SURPLUS_BYTES:
                text = "it unpacks to far more than its header promises"
                raise ImageError(text, "Do not trust it, or copy it again from its source", self.path)


@contextlib.contextmanager
def open_image(path: Path, should_stop: ShouldStop | None = None) -> Iterator[ImageStream]:
    """Open a file for reading from its start; a pipe or device is refused, and never waited for.

    Parameters
    ----------
    should_stop
        Asked at every read; `Cancelled` is raised when it says yes.

    Raises
    ------
    ImageError
        If it is not a regular file.
    OSError
        If it cannot be opened.
    """
    _check_regular(path, path.stat().st_mode)  # opening some devices does something
    with open(path, "rb", opener=_without_waiting) as file:
        status = os.fstat(file.fileno())  # of what was opened: a name can be given to something else meanwhile
        _check_regular(path, status.st_mode)
        compressed = file.read(2) == b"\x1f\x8b"
        file.seek(0)
        packed = _Packed(path, file, compressed, should_stop)
        stream = _GzipFile(fileobj=packed, mode="rb") if compressed else packed
        yield ImageStream(path, status.st_size, compressed, stream, packed)


def _without_waiting(name: str, flags: int) -> int:
    return os.open(name, flags | getattr(os, "O_NONBLOCK", 0))  # a pipe that has no writer


def _check_regular(path: Path, mode: int) -> None:
    if not stat.S_ISREG(mode):
        raise ImageError("it is not a regular file", "Choose the file of an image", path)


class _Packed(io.RawIOBase):
    """The file as it lies on the drive: every read can be cancelled, and reading in vain ends."""

    def __init__(self, path: Path, file: BinaryIO, compressed: bool, should_stop: ShouldStop | None) -> None:
        super().__init__()
        self._path, self._file, self._compressed, self._should_stop = path, file, compressed, should_stop
        self._taken = 0
        self.unpacked = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        self._before()
        found = int(self._file.readinto(buffer))  # type: ignore[attr-defined]
        self._taken += max(found, _SMALLEST_BYTES)
        return found

    def _before(self) -> None:
        if self._should_stop is not None and self._should_stop():
            raise Cancelled
        # Noise unpacks to slightly less than it took; only empty parts, or names without end, to far less.
        if self._compressed and self._taken > 1.25 * self.unpacked + _IDLE_BYTES:
            raise ImageError("the file is damaged: it unpacks to nothing", "Copy it again from its source", self._path)

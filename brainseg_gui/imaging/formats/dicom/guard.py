"""Whether a file begins as DICOM does, and unpacks to no more than it may: a few deflated bytes may become any size."""

from __future__ import annotations

import io
import os
import zlib
from typing import TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

_PREAMBLE = 132
_START_BYTES = _PREAMBLE + 1024
DEFLATED = "1.2.840.10008.1.2.1.99"
_LARGEST_BYTES = 2**25  # deflated; pydicom makes objects of every eight of them
_CHUNK_BYTES = 2**20
ITEM = b"\xfe\xff\x00\xe0"
MOST_ITEMS = 100_000  # in a header; an enhanced file has some twenty for each frame
_MOST_READS = 1_000_000  # two for each element
_SHORT = frozenset((b"AE", b"CS", b"LO", b"SH", b"UI", b"UL", b"US"))  # types of what a file says of itself
_JPEG_LS_FRAME = 0xF7  # the second byte of the segment that says how large a picture is
_LONG = frozenset((b"OB", b"UT"))


def looks_like_dicom(stream: BinaryIO) -> bool:
    """Whether a file begins as DICOM does, with its preamble or as old archives wrote it, and unpacks to little."""
    start = stream.read(_START_BYTES)
    stream.seek(0)
    begun = start[128:_PREAMBLE] == b"DICM"
    group, element = int.from_bytes(start[:2], "little"), int.from_bytes(start[2:4], "little")
    if not begun and not (group in (0x0002, 0x0008) and element <= 0x0080 and element % 2 == 0 and len(start) > 16):
        return False
    return _is_plain(start, _PREAMBLE if begun else 0) or _unpacks_to_little(stream)


def _is_plain(start: bytes, at: int) -> bool:
    """Whether all that a file says of itself ends within its start, in the usual types, and names nothing deflated."""
    begin = at
    while start[at : at + 2] == b"\x02\x00":
        kind = start[at + 4 : at + 6]
        if kind in _SHORT:
            at += 8 + int.from_bytes(start[at + 6 : at + 8], "little")
        elif kind in _LONG:
            at += 12 + int.from_bytes(start[at + 8 : at + 12], "little")
        else:
            return False
    return at + 4 <= len(start) and DEFLATED.encode() not in start[begin:at]


def _unpacks_to_little(stream: BinaryIO) -> bool:
    """Read by pydicom's own steps, so that it is the very bytes that it would unpack."""
    from pydicom.filereader import _read_command_set_elements, _read_file_meta_info, read_preamble

    try:
        read_preamble(stream, force=True)
        about = _read_file_meta_info(stream)
        _read_command_set_elements(stream)
        return about.get("TransferSyntaxUID") != DEFLATED or _inflates_to_little(stream)
    except Exception as error:  # a damaged header makes pydicom raise whatever its bytes suggest
        if isinstance(error, OSError) and error.errno is not None:
            raise
        return False
    finally:
        stream.seek(0)


def _inflates_to_little(stream: BinaryIO) -> bool:
    unpacker, total, items = zlib.decompressobj(-zlib.MAX_WBITS), 0, 0
    while not unpacker.eof and (waiting := unpacker.unconsumed_tail or stream.read(_CHUNK_BYTES)):
        found = unpacker.decompress(waiting, _CHUNK_BYTES)
        total, items = total + len(found), items + found.count(ITEM)
        if total > _LARGEST_BYTES or items > MOST_ITEMS:
            return False
    return True


class ItemCounter:
    """A file for pydicom to read a header from: it ends with `TooManyItemsError` before they take memory.

    pydicom makes objects of a kilobyte of items that take eight bytes in a file.
    """

    def __init__(self, stream: BinaryIO) -> None:
        self._stream, self._items, self._reads = stream, 0, 0
        self._size = os.fstat(stream.fileno()).st_size
        self.seek, self.tell, self.name = stream.seek, stream.tell, stream.name

    def read(self, count: int = -1) -> bytes:
        """As the file does; memory is taken for no more than there is, whatever a length says."""
        found = self._stream.read(min(count, self._size) if count >= 0 else count)
        self._reads += 1
        self._items += found.count(ITEM)
        if self._items > MOST_ITEMS or self._reads > _MOST_READS:
            raise TooManyItemsError
        return found


class TooManyItemsError(ValueError):
    """A header is made of more parts than any."""


def check_pictures(content: Dataset, transfer_syntax: str, shape: tuple[int, int], frames: int) -> None:
    """Look at what packed pictures within a file say of themselves, before memory is taken for them.

    Parameters
    ----------
    shape
        Rows and columns of each, as the file's header promises.

    Raises
    ------
    OtherPictureError
        If one is of another size.
    DamagedPictureError
        If pydicom would look at one for ever, or nobody can tell its size beforehand.
    """
    from pydicom.encaps import generate_frames
    from pydicom.uid import UID, JPEG2000TransferSyntaxes, JPEGLSTransferSyntaxes, JPEGTransferSyntaxes

    known = dict.fromkeys(JPEGTransferSyntaxes + JPEG2000TransferSyntaxes, _size_of_picture)
    known |= dict.fromkeys(JPEGLSTransferSyntaxes, _size_of_jpeg_ls)
    if (size_of := known.get(UID(transfer_syntax))) is not None:
        for frame in generate_frames(content.PixelData, number_of_frames=frames):
            if size_of(frame) not in (shape, None):
                raise OtherPictureError


def _size_of_picture(frame: bytes) -> tuple[int, int] | None:
    """Rows and columns of JPEG or JPEG 2000; None where they cannot be told: what unpacks it says what is wrong."""
    from PIL import Image, UnidentifiedImageError

    if _has_endless_box(frame):
        raise DamagedPictureError
    try:
        with Image.open(io.BytesIO(frame)) as picture:
            return picture.height, picture.width
    except UnidentifiedImageError:
        return None


def _size_of_jpeg_ls(frame: bytes) -> tuple[int, int]:
    """Rows and columns of JPEG-LS, which Pillow does not know.

    Raises
    ------
    DamagedPictureError
        If its first segments do not end in one that says them.
    """
    at = 2  # behind the start of the image
    while len(frame) > at + 8 and frame[at] == 0xFF:
        if frame[at + 1] == _JPEG_LS_FRAME:
            return int.from_bytes(frame[at + 5 : at + 7], "big"), int.from_bytes(frame[at + 7 : at + 9], "big")
        at += 2 + int.from_bytes(frame[at + 2 : at + 4], "big")
    raise DamagedPictureError


def _has_endless_box(frame: bytes) -> bool:
    """Whether a box of JPEG 2000 before its picture says that it is of no length."""
    at = 12 if frame.startswith(b"\x00\x00\x00\x0cjP  ") else len(frame)
    while at < len(frame) and frame[at + 4 : at + 8] != b"jp2c":
        length = int.from_bytes(frame[at : at + 4], "big")
        if not length:
            return True
        at += length
    return False


class OtherPictureError(ValueError):
    """A picture within a file is of another size than its header promises."""


class DamagedPictureError(ValueError):
    """A picture within a file is made so that reading it would not end, or take nobody knows how much memory."""

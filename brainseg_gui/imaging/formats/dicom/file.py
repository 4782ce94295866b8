"""DICOM files from anywhere: what they are is looked at before pydicom is let at them, and how large they can become.

pydicom makes objects of some hundred bytes of what takes eight in a file: headers and items are counted beforehand.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from brainseg_gui.errors import ImageError
from brainseg_gui.free_memory import free_memory_bytes
from brainseg_gui.imaging.formats.dicom.guard import DEFLATED, ITEM, looks_like_dicom
from brainseg_gui.imaging.formats.image_stream import reporting
from brainseg_gui.plain_files import open_file

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

_LARGEST_HEADER = 2**26
_LARGEST_FILE = 2**30
_MOST_ITEMS = 150_000
_ITEMS = (ITEM, b"\xff\xfe\xe0\x00")  # the tag of an item, little-endian and big-endian


@dataclass(frozen=True, eq=False)
class DicomContent:
    """A DICOM object that was read.

    Parameters
    ----------
    header
        All before its pixels.
    raw
        The whole file.
    pixels_at
        Where the element of the pixels begins in `raw`; its end where there are none.
    """

    header: Dataset
    raw: bytes
    pixels_at: int


def read_content(path: Path) -> DicomContent:
    """A DICOM file of bearable size.

    Raises
    ------
    ImageError
        If it cannot be read, is none, or would become too large.
    """
    with reporting(path), open_file(path) as stream:
        if not looks_like_dicom(stream):
            raise ImageError("it is not a DICOM file, or too large a one", "Copy it again from its source", path)
        raw = stream.read(_LARGEST_FILE + 1)
    if len(raw) > min(_LARGEST_FILE, free_memory_bytes()):
        raise ImageError("it is too large", "Export it without compression, or in parts", path)
    if sum(raw.count(item) for item in _ITEMS) > _MOST_ITEMS:
        what = f"it is made of more than {_MOST_ITEMS:,} parts"
        raise ImageError(what, "Export it again, with fewer segments or contours", path)
    return _parsed(path, raw)


def _parsed(path: Path, raw: bytes) -> DicomContent:
    from pydicom import config, dcmread

    config.settings.reading_validation_mode = config.IGNORE  # what makes no sense is looked at where it is used
    stream = io.BytesIO(raw[:_LARGEST_HEADER])
    try:
        header = dcmread(stream, stop_before_pixels=True, force=True)
    except MemoryError as error:
        raise ImageError("it does not fit into memory", "Close other programs", path) from error
    except Exception as error:  # a damaged header makes pydicom raise whatever its bytes suggest
        raise ImageError("it is damaged or cut off", "Copy it again from its source", path) from error
    deflated = str(getattr(header.file_meta, "TransferSyntaxUID", "")) == DEFLATED
    return DicomContent(header, raw, len(raw) if deflated else stream.tell())

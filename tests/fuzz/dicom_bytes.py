"""DICOM files as bytes, element by element, so that each can lie about its type, length and value."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import numpy as np

EXPLICIT, IMPLICIT, BIG = "1.2.840.10008.1.2.1", "1.2.840.10008.1.2", "1.2.840.10008.1.2.2"
DEFLATED, RLE, JPEG = "1.2.840.10008.1.2.1.99", "1.2.840.10008.1.2.5", "1.2.840.10008.1.2.4.50"
JPEG_2000, JPEG_LOSSLESS = "1.2.840.10008.1.2.4.90", "1.2.840.10008.1.2.4.70"
MR, ENHANCED = "1.2.840.10008.5.1.4.1.1.4", "1.2.840.10008.5.1.4.1.1.4.1"
ROWS, COLUMNS, SLICES = 12, 10, 7
UNDEFINED = 0xFFFFFFFF
_LONG = {"OB", "OW", "OF", "OD", "OL", "OV", "SQ", "UN", "UC", "UR", "UT", "SV", "UV"}


@dataclass(frozen=True)
class Element:
    """One element.

    Parameters
    ----------
    length
        What it says of its length; its true one where it is None.
    """

    tag: int
    vr: str
    value: bytes
    length: int | None = None

    def encoded(self, syntax: str = EXPLICIT) -> bytes:
        """As it stands in a file."""
        order = ">" if syntax == BIG else "<"
        value = self.value + b"\0" * (len(self.value) % 2)
        length = (len(value) if self.length is None else self.length) & UNDEFINED
        head = struct.pack(f"{order}HH", self.tag >> 16, self.tag & 0xFFFF)
        vr = self.vr.encode("latin-1")
        if syntax == IMPLICIT:
            return head + struct.pack("<I", length) + value
        if self.vr in _LONG:
            return head + vr + b"\0\0" + struct.pack(f"{order}I", length) + value
        return head + vr + struct.pack(f"{order}H", length & 0xFFFF) + value


def text(tag: int, vr: str, value: str) -> Element:
    return Element(tag, vr, value.encode("utf-8", "surrogatepass"))


def short(tag: int, *values: int) -> Element:
    return Element(tag, "US", struct.pack(f"<{len(values)}H", *values))


def item(*elements: Element, length: int | None = None, syntax: str = EXPLICIT) -> bytes:
    """An item of a sequence."""
    content = b"".join(element.encoded(syntax) for element in elements)
    end = b"\xfe\xff\x0d\xe0\0\0\0\0" if length == UNDEFINED else b""
    return b"\xfe\xff\x00\xe0" + struct.pack("<I", len(content) if length is None else length) + content + end


def sequence(tag: int, *items: bytes, length: int | None = None) -> Element:
    """A sequence; of undefined length with its end behind it."""
    end = b"\xfe\xff\xdd\xe0\0\0\0\0" if length == UNDEFINED else b""
    return Element(tag, "SQ", b"".join(items) + end, length)


Fields = Mapping[int, Element]


@cache
def plane(number: int) -> bytes:
    """Pixels of a slice, as they are stored: zero outside, noise inside."""
    pixels = np.random.default_rng(number).integers(1, 1000, (ROWS, COLUMNS))
    pixels[0] = pixels[-1] = 0
    return pixels.astype("<u2").tobytes()


def _common() -> list[Element]:
    return [
        text(0x00080005, "CS", "ISO_IR 192"),
        text(0x00080008, "CS", "ORIGINAL\\PRIMARY\\M\\ND"),
        text(0x00080020, "DA", "20210304"),
        text(0x00080060, "CS", "MR"),
        text(0x00080070, "LO", "Acme"),
        text(0x0008103E, "LO", "t1_tse_tra"),
        text(0x00100010, "PN", "Doe^Jane"),
        text(0x00180050, "DS", "5.5"),
        text(0x00180081, "DS", "9.2"),
        text(0x0020000D, "UI", "1.2.3"),
        text(0x0020000E, "UI", "1.2.3.1"),
        text(0x00200052, "UI", "1.2.3.4"),
        short(0x00280002, 1),
        text(0x00280004, "CS", "MONOCHROME2"),
        short(0x00280010, ROWS),
        short(0x00280011, COLUMNS),
        short(0x00280100, 16),
        short(0x00280101, 16),
        short(0x00280102, 15),
        short(0x00280103, 0),
    ]


def slice_fields(number: int) -> dict[int, Element]:
    """A classic slice."""
    own = [
        text(0x00080016, "UI", MR),
        text(0x00080018, "UI", f"1.2.3.1.{number + 1}"),
        text(0x00200013, "IS", str(number + 1)),
        text(0x00200032, "DS", f"-10\\5\\{30 + 5.5 * number:g}"),
        text(0x00200037, "DS", "1\\0\\0\\0\\1\\0"),
        text(0x00280030, "DS", "0.9\\0.8"),
        text(0x00281052, "DS", "0"),
        text(0x00281053, "DS", "1"),
        Element(0x7FE00010, "OW", plane(number)),
    ]
    return {element.tag: element for element in (*_common(), *own)}


def groups(frames: int = SLICES, length: int | None = None) -> Element:
    """Where each frame of an enhanced file lies."""
    places = [
        item(sequence(0x00209113, item(text(0x00200032, "DS", f"-10\\5\\{30 + 5.5 * n:g}"))), length=length)
        for n in range(frames)
    ]
    return sequence(0x52009230, *places, length=length)


def enhanced_fields(frames: int = SLICES) -> dict[int, Element]:
    """All slices as frames of one file."""
    shared = item(
        sequence(0x00289110, item(text(0x00280030, "DS", "0.9\\0.8"), text(0x00180050, "DS", "5.5"))),
        sequence(0x00209116, item(text(0x00200037, "DS", "1\\0\\0\\0\\1\\0"))),
        sequence(0x00289145, item(text(0x00281052, "DS", "-3"), text(0x00281053, "DS", "2"))),
    )
    own = [
        text(0x00080016, "UI", ENHANCED),
        text(0x00080018, "UI", "1.2.3.1.9"),
        text(0x00280008, "IS", str(frames)),
        sequence(0x52009229, shared),
        groups(frames),
        Element(0x7FE00010, "OW", b"".join(map(plane, range(frames)))),
    ]
    return {element.tag: element for element in (*_common(), *own)}


def file_of(fields: Fields, syntax: str = EXPLICIT, meta: Sequence[Element] | None = None) -> bytes:
    """A file: preamble, what it says of itself, the elements in their order."""
    if meta is None:
        meta = (text(0x00020002, "UI", MR), text(0x00020010, "UI", syntax))
    about = b"".join(element.encoded() for element in meta)
    length = Element(0x00020000, "UL", struct.pack("<I", len(about))).encoded()
    body = b"".join(fields[tag].encoded(syntax) for tag in sorted(fields))
    if syntax == DEFLATED:
        packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
        body = packer.compress(body) + packer.flush()
    return bytes(128) + b"DICM" + length + about + body


def with_elements(fields: Fields, *elements: Element | None, without: Sequence[int] = ()) -> dict[int, Element]:
    """Fields with some replaced, added or left out."""
    kept = {tag: element for tag, element in fields.items() if tag not in without}
    return kept | {element.tag: element for element in elements if element is not None}


def encapsulated(*fragments: bytes, table: bytes = b"", end: bool = True) -> Element:
    """Pixels as compressed files hold them."""
    parts = [b"\xfe\xff\x00\xe0" + struct.pack("<I", len(part)) + part for part in (table, *fragments)]
    closed = b"\xfe\xff\xdd\xe0\0\0\0\0" if end else b""
    return Element(0x7FE00010, "OB", b"".join(parts) + closed, UNDEFINED)


def rle(raw: bytes) -> bytes:
    """A frame of two bytes a value, run by run: high bytes, low bytes."""
    halves = (raw[1::2], raw[::2])
    segments = [b"".join(bytes([len(run) - 1]) + run for run in _runs(half)) for half in halves]
    starts = [64, 64 + len(segments[0])]
    return struct.pack("<16I", 2, *starts, *[0] * 13) + b"".join(segments)


def _runs(raw: bytes) -> list[bytes]:
    return [raw[start : start + 128] for start in range(0, len(raw), 128)]


def series(
    change: Callable[[int, dict[int, Element]], Fields] | None = None, syntax: str = EXPLICIT
) -> dict[str, bytes]:
    """The files of a series by name."""
    made = {}
    for number in range(SLICES):
        fields: Fields = slice_fields(number)
        if change is not None:
            fields = change(number, dict(fields))
        made[f"IM{number:04d}"] = file_of(fields, syntax)
    return made


def write_series(folder: Path, files: Mapping[str, bytes]) -> Path:
    """A folder of files."""
    place = folder / "series"
    place.mkdir()
    for name, content in files.items():
        (place / name).write_bytes(content)
    return place


def lied(element: Element, vr: str | None = None, length: int | None = None) -> Element:
    """An element that says another type, or length."""
    return replace(element, vr=element.vr if vr is None else vr, length=element.length if length is None else length)

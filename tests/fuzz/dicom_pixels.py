"""DICOM whose pixels are not what its header promises: frames, bits, lengths, and pictures packed within."""

from __future__ import annotations

import io
import itertools
import random
import struct
from collections.abc import Iterator
from functools import cache, partial
from pathlib import Path

import numpy as np
from PIL import Image

from tests.fuzz.dicom_bytes import (
    COLUMNS,
    EXPLICIT,
    JPEG,
    JPEG_2000,
    RLE,
    ROWS,
    SLICES,
    UNDEFINED,
    Element,
    Fields,
    encapsulated,
    enhanced_fields,
    file_of,
    groups,
    plane,
    rle,
    series,
    short,
    text,
    with_elements,
    write_series,
)
from tests.fuzz.dicom_reading import read_volumes
from tests.fuzz.measure import Trial
from tests.fuzz.mutations import spoiled_bytes
from tests.fuzz.nifti_bytes import writing

_FAMILY = "DICOM pixels"
_COUNTS = ("0", "1", "2", "6", "8", "14", "100000", "2147483647", "9" * 30, "-7", "7.5", "", "seven", "7\\7", "1e9")
_LENGTHS = (0, 1, 119, 239, 240, 241, 480, 2**16, 2**31, UNDEFINED - 1, UNDEFINED)
_PACKED = {"RLE": RLE, "JPEG": JPEG, "JPEG 2000": JPEG_2000}


def pixel_trials(seed: int) -> Iterator[Trial]:
    """All families of this file."""
    yield from _frames()
    yield from _lengths()
    yield from _bits()
    yield from _pictures(seed)
    yield from _tables(seed)


def _file(content: bytes) -> partial[Path]:
    return partial(_written, content=content)


def _written(folder: Path, content: bytes) -> Path:
    return writing(content, "IM0001")(folder)


def _frames() -> Iterator[Trial]:
    """Files whose number of frames, places of frames and pixels disagree."""
    for count, placed, there in itertools.product(_COUNTS, (1, 6, 7, 8), (1, 6, 7, 8)):
        pixels = Element(0x7FE00010, "OW", b"".join(map(plane, range(there))))
        fields = with_elements(enhanced_fields(), text(0x00280008, "IS", count), groups(placed), pixels)
        yield Trial(
            _FAMILY, f"{count[:20]} frames, {placed} placed, {there} there", _file(file_of(fields)), read_volumes
        )
    for count, syntax in itertools.product(_COUNTS, (EXPLICIT, RLE)):
        change = partial(_told, elements=(text(0x00280008, "IS", count),))
        write = partial(_series_of, change=change, syntax=syntax)
        yield Trial(_FAMILY, f"slices of {count[:20]} frames, {syntax}", write, read_volumes)


def _told(number: int, fields: Fields, elements: tuple[Element, ...]) -> Fields:
    return with_elements(fields, *elements)


def _series_of(folder: Path, change: object = None, syntax: str = EXPLICIT) -> Path:
    return write_series(folder, series(change, syntax))  # type: ignore[arg-type]


def _lengths() -> Iterator[Trial]:
    """Pixels that are shorter or longer than they say, and of other types."""
    for length, vr, tag in itertools.product(_LENGTHS, ("OW", "OB", "UN", "SQ"), (0x7FE00010, 0x7FE00008, 0x7FE00009)):
        pixels = Element(tag, vr, plane(3), length)
        change = partial(_replaced, pixels=pixels)
        yield Trial(_FAMILY, f"{tag:08X} as {vr} of {length}", partial(_series_of, change=change), read_volumes)
    for kept in range(0, 240, 7):
        change = partial(_replaced, pixels=Element(0x7FE00010, "OW", plane(3)[:kept]))
        yield Trial(_FAMILY, f"{kept} bytes of 240", partial(_series_of, change=change), read_volumes)


def _replaced(number: int, fields: Fields, pixels: Element) -> Fields:
    return with_elements(fields, pixels, without=[0x7FE00010])


def _bits() -> Iterator[Trial]:
    """Bits, samples and photometric words that do not go together, and pictures larger than there is memory."""
    for allocated, stored, high in itertools.product((0, 1, 7, 8, 12, 16, 32, 64, 65535), (0, 1, 8, 16, 17), (0, 15)):
        told = (short(0x00280100, allocated), short(0x00280101, stored), short(0x00280102, high))
        change = partial(_told, elements=told)
        name = f"{allocated} bits, {stored} stored, highest {high}"
        yield Trial(_FAMILY, name, partial(_series_of, change=change), read_volumes)
    for rows, columns, syntax in itertools.product((1, 12, 16000, 65535), (1, 10, 16000, 65535), (EXPLICIT, RLE, JPEG)):
        told = (short(0x00280010, rows), short(0x00280011, columns), text(0x00280008, "IS", "7"))
        name = f"{rows} rows, {columns} columns, {syntax}"
        content = file_of(with_elements(enhanced_fields(), *told), syntax)
        yield Trial(_FAMILY, name, _file(content), read_volumes)
        packed = file_of(with_elements(enhanced_fields(), *told, encapsulated(*[rle(plane(0))] * 7)), syntax)
        yield Trial(_FAMILY, f"{name}, packed", _file(packed), read_volumes)
    for word, samples in itertools.product(("RGB", "PALETTE COLOR", "YBR_FULL", "ARGB", "x", ""), (0, 1, 3, 4)):
        change = partial(_told, elements=(text(0x00280004, "CS", word), short(0x00280002, samples)))
        yield Trial(_FAMILY, f"{word}, {samples} samples", partial(_series_of, change=change), read_volumes)


# pictures within


@cache
def _picture(kind: str, rows: int = ROWS, columns: int = COLUMNS, mode: str = "L") -> bytes:
    """A frame of a kind; JPEG of eight bits."""
    if kind == "RLE":
        return rle(plane(0))
    grey = np.frombuffer(plane(0), "<u2").reshape(ROWS, COLUMNS).astype(np.uint8)
    stream = io.BytesIO()
    shown = Image.fromarray(grey).resize((columns, rows)).convert(mode)
    shown.save(stream, format={"JPEG": "JPEG", "JPEG 2000": "JPEG2000"}[kind])
    return stream.getvalue()


@cache
def _large_picture(rows: int, columns: int) -> bytes:
    """A JPEG of a few kilobytes whose header says that it is large."""
    raw = bytearray(_picture("JPEG"))
    at = raw.index(b"\xff\xc0") + 5
    raw[at : at + 4] = struct.pack(">HH", rows, columns)
    return bytes(raw)


def _pictures(seed: int) -> Iterator[Trial]:
    """Frames that are cut, spoilt, larger than they say, or something else altogether."""
    for kind, syntax in _PACKED.items():
        for words, spoilt in spoiled_bytes(_picture(kind), seed, cuts=60, flips=250):
            yield Trial(_FAMILY, f"{kind}: {words}", partial(_packed_series, kind=kind, frame=spoilt), read_volumes)
        for frame, other in itertools.product(_PACKED, _PACKED):
            write = partial(_packed_series, kind=frame, frame=_picture(other))
            yield Trial(_FAMILY, f"{other} as {frame}", write, read_volumes)
        for rows, columns, mode in itertools.product((1, 6, 12, 24, 1500), (1, 10, 20, 1500), ("L", "RGB")):
            if kind != "RLE":
                write = partial(_other_sized, kind=kind, rows=rows, columns=columns, mode=mode)
                yield Trial(_FAMILY, f"{kind} of {rows}×{columns} {mode}", write, read_volumes)
        for count in (0, 1, 2, 6, 8, 1000):
            pixels = encapsulated(*[_picture(kind)] * count)
            content = file_of(with_elements(_frames_of(kind), pixels), syntax)
            yield Trial(_FAMILY, f"{kind}: {count} fragments for 7 frames", _file(content), read_volumes)
    for rows, columns in itertools.product((12, 8000, 20_000, 65_500), repeat=2):
        write = partial(_packed_series, kind="JPEG", frame=_large_picture(rows, columns))
        yield Trial(_FAMILY, f"JPEG that says {rows}×{columns}", write, read_volumes)


def _frames_of(kind: str) -> Fields:
    return enhanced_fields() if kind == "RLE" else with_elements(enhanced_fields(), *_eight_bits())


def _eight_bits() -> tuple[Element, ...]:
    return short(0x00280100, 8), short(0x00280101, 8), short(0x00280102, 7)


def _packed_series(folder: Path, kind: str, frame: bytes) -> Path:
    """A series of which one slice holds another frame."""

    def change(number: int, fields: dict[int, Element]) -> Fields:
        bits = () if kind == "RLE" else _eight_bits()
        return with_elements(fields, *bits, encapsulated(frame if number == 3 else _picture(kind)))

    return write_series(folder, series(change, _PACKED[kind]))


def _other_sized(folder: Path, kind: str, rows: int, columns: int, mode: str) -> Path:
    return _packed_series(folder, kind, _picture(kind, rows, columns, mode))


def _tables(seed: int) -> Iterator[Trial]:
    """Tables of offsets, and the ends of fragments, that lie."""
    draw = random.Random(seed)
    for number in range(120):
        table = struct.pack(
            "<7I", *(draw.choice((0, 1, 8, 10**6, UNDEFINED, draw.randrange(2000))) for _ in range(SLICES))
        )
        pixels = encapsulated(
            *(rle(plane(n)) for n in range(SLICES)), table=table[: draw.randrange(29)], end=bool(number % 3)
        )
        content = file_of(with_elements(enhanced_fields(), pixels), RLE)
        yield Trial(_FAMILY, f"table of offsets, {number}", _file(content), read_volumes)
    whole = file_of(with_elements(enhanced_fields(), encapsulated(*(rle(plane(n)) for n in range(SLICES)))), RLE)
    for words, spoilt in spoiled_bytes(whole, seed + 2, cuts=100, flips=400):
        yield Trial(_FAMILY, f"packed frames: {words}", _file(spoilt), read_volumes)
    for starts in itertools.product((0, 1, 63, 64, 300, UNDEFINED), repeat=2):
        header = struct.pack("<16I", draw.choice((0, 2, 3, 15, 16, 10**6)), *starts, *[0] * 13)
        write = partial(_packed_series, kind="RLE", frame=header + bytes([0x81, 7]) * 200)
        yield Trial(_FAMILY, f"runs from {starts}", write, read_volumes)

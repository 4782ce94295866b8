"""Every bad DICOM file and folder of DICOM files, for `measure`."""

from __future__ import annotations

import itertools
import random
import struct
from collections.abc import Callable, Iterator, Sequence
from functools import cache, partial
from pathlib import Path

from tests.fuzz.dicom_bytes import (
    BIG,
    DEFLATED,
    EXPLICIT,
    IMPLICIT,
    SLICES,
    UNDEFINED,
    Element,
    Fields,
    enhanced_fields,
    file_of,
    groups,
    item,
    lied,
    sequence,
    series,
    slice_fields,
    text,
    with_elements,
    write_series,
)
from tests.fuzz.dicom_hazards import hazard_trials
from tests.fuzz.dicom_pixels import pixel_trials
from tests.fuzz.dicom_reading import look, read_volumes
from tests.fuzz.measure import Trial
from tests.fuzz.mutations import spoiled_bytes
from tests.fuzz.nifti_bytes import writing

_HEADERS, _SERIES = "DICOM headers", "DICOM series"
_TYPES = (
    *("AE", "AS", "AT", "CS", "DA", "DS", "DT", "FL", "FD", "IS", "LO", "LT", "OB", "OD", "OF", "OL", "OV", "OW", "PN"),
    *("SH", "SL", "SQ", "SS", "ST", "SV", "TM", "UC", "UI", "UL", "UN", "UR", "US", "UT", "UV", "??", "\0\0"),
)
_LENGTHS = (0, 1, 2, 3, 7, 255, 65534, 65535, 2**24, 2**31 - 1, 2**31, 2**32 - 2, UNDEFINED)
_TEXTS = (
    *("", " ", "0", "1", "-1", "0.5", "1e-30", "1e300", "-1e300", "1e999", "nan", "inf", "-inf", "9" * 400, "9" * 5000),
    *("\\", "\\\\\\\\\\", "1\\2", "1\\2\\3", "1\\2\\3\\4\\5\\6", "0\\0\\0\\0\\0\\0", "nan\\nan\\nan", "1e7\\0\\0"),
    *("surprise", "\x1b[2J\x07", "a\u202egpj", "<script>alert(1)</script>", "=1+cmd|'/C calc'!A0", "$(id)", "`id`"),
    *("../../etc/passwd", "a\x00b", "x" * 60_000, "line\nbreak", "\ud800", "MOSAIC", "1.2.3.1", "MR", "é" * 100),
)
_TURNS = ("1\\0\\0\\0\\1\\0", "0\\1\\0\\0\\0\\-1", "0\\0\\0\\0\\0\\0", "1\\0\\0\\1\\0\\0", "0.6\\0.8\\0\\0\\0\\1")
_WHOLES = (0, 1, 2, 3, 8, 12, 15, 16, 17, 32, 64, 255, 4096, 32767, 32768, 65535)
_TOLD = (0x00280010, 0x00280011, 0x00280030, 0x00200032, 0x00200037, 0x00281052, 0x00281053, 0x00280002, 0x00280100)


@cache
def trials(seed: int) -> Sequence[Trial]:
    """About 12,000 inputs, the same for the same seed."""
    good = Trial("DICOM in order", "a series", partial(write_series, files=series()), read_volumes)
    syntaxes = [
        Trial("DICOM in order", syntax, partial(_series_in, syntax=syntax), read_volumes)
        for syntax in (EXPLICIT, IMPLICIT, DEFLATED)
    ]
    parts = (_bytes(seed), _values(), _types(), _nested(), _syntaxes(), _one_of_many(seed), _all_of_many())
    return (good, *syntaxes, *itertools.chain(*parts), *pixel_trials(seed), *hazard_trials())


def _series_in(folder: Path, syntax: str) -> Path:
    return write_series(folder, series(syntax=syntax))


def _file(content: bytes | Callable[[], bytes]) -> Callable[[Path], Path]:
    return writing(content, "IM0001")


def _bytes(seed: int) -> Iterator[Trial]:
    for name, fields in (("a slice", slice_fields(3)), ("frames", enhanced_fields())):
        for syntax in (EXPLICIT, IMPLICIT, DEFLATED):
            content = file_of(fields, syntax)
            for words, spoilt in spoiled_bytes(content, seed, cuts=80, flips=250):
                yield Trial(_HEADERS, f"{name}, {syntax}: {words}", _file(spoilt), look)
        content = file_of(fields)
        for bit in range(128 * 8, 360 * 8, 3):
            changed = bytearray(content)
            changed[bit // 8] ^= 1 << bit % 8
            yield Trial(_HEADERS, f"{name}: bit {bit}", _file(bytes(changed)), look)


def _values() -> Iterator[Trial]:
    """Each element of a header with each bad value, twice, or missing."""
    for tag, element in slice_fields(3).items():
        if tag == 0x7FE00010:
            continue
        for bad in _whole_elements(tag) if element.vr == "US" else (text(tag, element.vr, word) for word in _TEXTS):
            name = f"{tag:08X} = {bad.value[:40]!r}"
            yield Trial(_HEADERS, name, _file(partial(_slice_with, bad)), look)
        yield Trial(_HEADERS, f"{tag:08X} gone", _file(partial(_slice_without, tag)), look)


def _whole_elements(tag: int) -> Iterator[Element]:
    yield from (Element(tag, "US", struct.pack("<H", number)) for number in _WHOLES)
    yield from (Element(tag, "US", raw) for raw in (b"", b"\1", b"\1\2\3", bytes(60_000)))


def _slice_with(*elements: Element) -> bytes:
    return file_of(with_elements(slice_fields(3), *elements))


def _slice_without(tag: int) -> bytes:
    return file_of(with_elements(slice_fields(3), without=[tag]))


def _types() -> Iterator[Trial]:
    """Elements that are of another type, or of another length, than they say."""
    for tag, element in slice_fields(3).items():
        if tag not in (*_TOLD, 0x0008103E, 0x00080008, 0x0020000E):
            continue
        for vr in _TYPES:
            yield Trial(_HEADERS, f"{tag:08X} as {vr!a}", _file(partial(_slice_with, lied(element, vr))), look)
        for vr, length in itertools.product((element.vr, "UN", "SQ", "OB"), _LENGTHS):
            name = f"{tag:08X} as {vr} of {length}"
            yield Trial(_HEADERS, name, _file(partial(_slice_with, lied(element, vr, length))), look)


def _nested() -> Iterator[Trial]:
    """Sequences within sequences, of any length, in every place where the reader looks."""
    tags = (0x52009230, 0x52009229, 0x00081140, 0x00091001, 0x00209113)
    for tag, depth, length in itertools.product(tags, (1, 2, 10, 100, 300, 1000, 3000), (None, UNDEFINED)):
        content = partial(_deep_file, tag, depth, length)
        yield Trial("DICOM sequences", f"{tag:08X}, {depth} deep, {length}", _file(content), look, 2**24)
    for tag, count, length in itertools.product(tags, (0, 1, 6, 8, 1000, 100_000, 1_000_000), (None, UNDEFINED)):
        content = partial(_empty_items, tag, count, length)
        yield Trial("DICOM sequences", f"{tag:08X}, {count} empty items, {length}", _file(content), look, 2**24)
    for length in _LENGTHS:
        for outer in _LENGTHS:
            content = partial(_lying_groups, length, outer)
            yield Trial("DICOM sequences", f"items of {length} in {outer}", _file(content), look)
    for seed, (words, content) in enumerate(spoiled_bytes(groups().value, 5, cuts=200, flips=900)):
        made = partial(_groups_of, content)
        yield Trial("DICOM sequences", f"groups: {words}", _file(made), (look, read_volumes)[seed % 2])


def _deep_file(tag: int, depth: int, length: int | None) -> bytes:
    made = text(0x00200032, "DS", "1\\2\\3")
    for _ in range(depth):
        made = sequence(tag, item(made, length=length), length=length)
    return file_of(with_elements(enhanced_fields(), made))


def _empty_items(tag: int, count: int, length: int | None) -> bytes:
    return file_of(with_elements(enhanced_fields(), sequence(tag, item() * count, length=length)))


def _lying_groups(length: int, outer: int) -> bytes:
    place = sequence(0x00209113, item(text(0x00200032, "DS", "1\\2\\3"), length=length), length=outer)
    return file_of(with_elements(enhanced_fields(), sequence(0x52009230, *[item(place)] * SLICES)))


def _groups_of(content: bytes) -> bytes:
    return file_of(with_elements(enhanced_fields(), Element(0x52009230, "SQ", content)))


def _syntaxes() -> Iterator[Trial]:
    """Files that are packed in another way than they say, and files that say nonsense of themselves."""
    named = (EXPLICIT, IMPLICIT, BIG, DEFLATED, "1.2.840.10008.1.2.4.50", "1.2.840.113619.5.2", "1.2.3", "", "x" * 64)
    for syntax, other in itertools.product((EXPLICIT, IMPLICIT, DEFLATED), named):
        meta = (text(0x00020002, "UI", "1.2"), text(0x00020010, "UI", other))
        for fields in (slice_fields(3), enhanced_fields()):
            content = file_of(fields, syntax, meta)
            for cut, name in ((0, "whole"), (128, "no preamble"), (132, "no word"), (140, "no length")):
                yield Trial(_HEADERS, f"{syntax} as {other}, {name}", _file(content[cut:]), look)


def _one_of_many(seed: int) -> Iterator[Trial]:
    """A series of which one file is damaged."""
    draw = random.Random(seed)
    for words, content in spoiled_bytes(file_of(slice_fields(3)), seed + 1, cuts=100, flips=900):
        yield Trial(_SERIES, f"one of them: {words}", _swapped("IM0003", content), read_volumes)
    for _ in range(300):
        tag = draw.choice(_TOLD)
        vr = slice_fields(3)[tag].vr
        bad = draw.choice([*_whole_elements(tag)]) if vr == "US" else text(tag, vr, draw.choice(_TEXTS))
        name = f"one of them: {tag:08X} = {bad.value[:40]!r}"
        yield Trial(_SERIES, name, _swapped("IM0003", _slice_with(bad)), read_volumes)


def _swapped(name: str, content: bytes) -> Callable[[Path], Path]:
    return partial(write_series, files={**series(), name: content})


def _all_of_many() -> Iterator[Trial]:
    """A series whose slices all say the same nonsense, or each another."""
    for tag in (*_TOLD, 0x00080060, 0x0020000E, 0x00180081, 0x00280103, 0x00280101, 0x00280102, 0x00280004):
        vr = slice_fields(3)[tag].vr
        for bad in _whole_elements(tag) if vr == "US" else (text(tag, vr, word) for word in _TEXTS):
            for each in (True, False):
                change = partial(_changed, bad=bad, each=each)
                name = f"{'all' if each else 'every other one'}: {tag:08X} = {bad.value[:40]!r}"
                yield Trial(_SERIES, name, partial(_series_of, change=change), read_volumes, 2**21)
    for scale, turn in itertools.product((1e-30, 1e-9, 1e-3, 1, 1e5, 9e5, 1e7), _TURNS):
        for spacing in ("1e-30\\1e-30", "1e-9\\1", "1\\1e-9", "9e5\\9e5", "1\\1", "-1\\1", "0\\1"):
            change = partial(_placed, scale=scale, turn=turn, spacing=spacing)
            name = f"{scale} apart, turned {turn}, pixels of {spacing}"
            yield Trial(_SERIES, name, partial(_series_of, change=change), read_volumes)


def _series_of(folder: Path, change: Callable[[int, dict[int, Element]], Fields]) -> Path:
    return write_series(folder, series(change))


def _changed(number: int, fields: dict[int, Element], bad: Element, each: bool) -> Fields:
    return with_elements(fields, bad) if each or number % 2 else fields


def _placed(number: int, fields: dict[int, Element], scale: float, turn: str, spacing: str) -> Fields:
    place = text(0x00200032, "DS", "\\".join(f"{scale * number:.8g}" for _ in range(3)))
    return with_elements(fields, place, text(0x00200037, "DS", turn), text(0x00280030, "DS", spacing))

"""Images whose headers lie: sizes, places, types, byte order, scaling, offsets, extensions."""

from __future__ import annotations

import itertools
import random
import struct
from collections.abc import Iterator

import numpy as np

from tests.fuzz.measure import Trial
from tests.fuzz.nifti_bytes import all_of, header_of, labels, nifti, packed, setting, values, writing
from tests.fuzz.reading import open_and_save, open_header, open_mask, open_volume

_PLAIN = "Toy_t1ce.nii"
_NAN, _INF = float("nan"), float("inf")
_CODES = (
    *(0, 1, 2, 4, 8, 16, 32, 64, 128, 255, 256, 512, 768, 1024, 1280, 1536, 1792, 2048, 2304),
    *(3, 5, 7, 9, 31, 65, 127, 129, 511, 1023, 2305, 4096, 32767, -1, -2, -32768),
)
_FORMS = list(itertools.product((False, True), (False, True)))  # NIfTI-2, compressed


def header_trials(seed: int) -> Iterator[Trial]:
    """All families of this file."""
    yield from _promises()
    yield from _spacings()
    yield from _matrices()
    yield from _byte_orders()
    yield from _scalings()
    yield from _data_types()
    yield from _dimensions(random.Random(seed))
    yield from _offsets()


def _form(raw: bytes, compressed: bool) -> tuple[bytes, str]:
    return (packed(raw), "Toy_t1ce.nii.gz") if compressed else (raw, _PLAIN)


def _promises() -> Iterator[Trial]:
    """More than the file holds, up to more than there is anywhere."""
    sizes = (30, 1000, 20_000, 32_767, -1, -32_768)
    for (second, compressed), n, axes in itertools.product(_FORMS, sizes, ((1,), (3,), (1, 2), (1, 2, 3), (4,))):
        lie = all_of(*(setting("dim", n, axis) for axis in axes), setting("dim", max(3, *axes), 0))
        content, name = _form(nifti(lie=lie, second=second), compressed)
        words = f"{n} along {axes}, NIfTI-{1 + second}"
        for read in (open_volume, open_header):
            yield Trial("promises", f"{words}, {name}, {read.__name__}", writing(content, name), read)
    for power in (31, 32, 33, 40, 62, 63):
        for axes in ((1,), (1, 2), (1, 2, 3)):
            lie = all_of(*(setting("dim", 2**power - 1, axis) for axis in axes))
            content = packed(nifti(lie=lie, second=True))
            yield Trial("promises", f"2^{power} along {axes}", writing(content), open_volume)


def _spacings() -> Iterator[Trial]:
    bad = (0, -1, -2.5, _NAN, _INF, -_INF, 1e-30, 1e-4, 1e-3, 5000, 1e6, 1e30, 3e38)
    codes = ((0, 0), (1, 0), (0, 1), (1, 1))
    for size, places, chosen in itertools.product(bad, ((1,), (2,), (3,), (1, 2, 3), (4,)), codes):
        lie = all_of(*(setting("pixdim", size, place) for place in places))
        words = f"{size} along {places}, codes {chosen}"
        yield Trial("spacing", words, writing(nifti(lie=lie, codes=chosen), _PLAIN), open_and_save)
    for factor, chosen in itertools.product((0, 1, -1, 2, 0.5, _NAN, _INF), codes):
        content = nifti(lie=setting("pixdim", factor, 0), codes=chosen)
        yield Trial("spacing", f"qfac {factor}, codes {chosen}", writing(content, _PLAIN), open_and_save)
    for units in (0, 1, 2, 3, 4, 7, 8, 255):
        content = nifti(lie=setting("xyzt_units", units))
        yield Trial("spacing", f"units {units}", writing(content, _PLAIN), open_and_save)


def _matrices() -> Iterator[Trial]:
    """Affines that are singular, sheared, far away, no numbers; quaternions longer than 1; both, disagreeing."""
    bad = (0, _NAN, _INF, -_INF, 1e-30, 7, 1e5, 1e20, 3e38)
    for value, row, column in itertools.product(bad, "xyz", range(4)):
        content = nifti(lie=setting(f"srow_{row}", value, column))
        yield Trial("position", f"srow_{row}[{column}] {value}", writing(content, _PLAIN), open_and_save)
    for value, row in itertools.product(bad, "xyz"):
        content = nifti(lie=setting(f"srow_{row}", value))
        yield Trial("position", f"srow_{row} {value}", writing(content, _PLAIN), open_and_save)
    for value, part in itertools.product((0, 0.5, 1, 1.0001, 3, -2, *bad), ("quatern_b", "quatern_c", "qoffset_x")):
        for chosen in ((1, 0), (1, 1)):
            content = nifti(lie=setting(part, value), codes=chosen)
            yield Trial("position", f"{part} {value}, codes {chosen}", writing(content, _PLAIN), open_and_save)
    for chosen in itertools.product((-1, 0, 1, 4, 5, 99, 32767), repeat=2):
        lie = all_of(setting("qform_code", chosen[0]), setting("sform_code", chosen[1]))
        yield Trial("position", f"codes {chosen}", writing(nifti(lie=lie), _PLAIN), open_and_save)
    draw = np.random.default_rng(0)
    for number in range(150):
        matrix = draw.normal(size=(3, 4)) * 10.0 ** draw.integers(-6, 7, (3, 1))
        if number % 3 == 0:
            matrix[1] = matrix[0] * (1 + 1e-6 * draw.normal())
        lie = all_of(*(setting(f"srow_{row}", matrix[n]) for n, row in enumerate("xyz")))
        yield Trial("position", f"any affine, {number}", writing(nifti(lie=lie), _PLAIN), open_and_save)


def _byte_orders() -> Iterator[Trial]:
    """Headers in the other byte order are in order; with single fields swapped they are not."""
    for dtype in ("int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64", "float32", "float64"):
        for second, compressed in _FORMS:
            content, name = _form(nifti(values(dtype), big=True, second=second), compressed)
            words = f"all of it, {dtype}, NIfTI-{1 + second}, {name}"
            yield Trial("byte order", words, writing(content, name), open_and_save)
    for second, big in itertools.product((False, True), repeat=2):
        raw, header = nifti(second=second, big=big), header_of(values(), second=second)
        for field in header.template_dtype.names:
            yield Trial(
                "byte order",
                f"{field} swapped in {'big' if big else 'little'} NIfTI-{1 + second}",
                writing(_swapped(raw, header.template_dtype, field), _PLAIN),
                open_volume,
            )
        yield Trial("byte order", f"voxels alone {second} {big}", writing(_voxels_swapped(raw), _PLAIN), open_volume)


def _swapped(raw: bytes, layout: np.dtype, field: str) -> bytes:  # type: ignore[type-arg]
    parts = np.frombuffer(raw[: layout.itemsize], layout).copy()
    parts[field] = parts[field].byteswap()
    return parts.tobytes() + raw[layout.itemsize :]


def _voxels_swapped(raw: bytes) -> bytes:
    count = int(np.prod(values().shape)) * 2
    return raw[:-count] + np.frombuffer(raw[-count:], np.int16).byteswap().tobytes()


def _scalings() -> Iterator[Trial]:
    slopes = (0, 1, -1, _NAN, _INF, -_INF, 0.5, 1 / 255, 1e-20, 1e-45, 1e20, 1e38, -3e38)
    for slope, intercept in itertools.product(slopes, (0, 1, -100, _NAN, _INF, 1e20, -3e38)):
        lie = all_of(setting("scl_slope", slope), setting("scl_inter", intercept))
        for dtype, read in (("int16", open_and_save), ("float32", open_volume), ("uint8", open_mask)):
            stored = labels() if dtype == "uint8" else values(dtype)
            words = f"{slope} and {intercept}, {dtype}"
            yield Trial("scaling", words, writing(nifti(stored, lie), _PLAIN), read)


def _data_types() -> Iterator[Trial]:
    for code in _CODES:
        for bits, compressed in itertools.product((0, 1, 8, 16, 32, 128), (False, True)):
            lie = all_of(setting("datatype", code), setting("bitpix", bits))
            content, name = _form(nifti(np.zeros((24, 20, 16), np.float64) + 3, lie), compressed)
            read = open_mask if bits == 8 else open_volume
            yield Trial("data types", f"{code} of {bits} bits, {name}", writing(content, name), read)
    for dtype, what in itertools.product(
        ("int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64", "float32", "float64"),
        ("zero", "constant", "lowest", "highest", "one voxel", "a ramp"),
    ):
        for read in (open_and_save, open_mask):
            content = nifti(_content(dtype, what))
            yield Trial("data types", f"{dtype}, {what}, {read.__name__}", writing(content, _PLAIN), read)
    for dtype, what in itertools.product(("float32", "float64"), (_NAN, _INF, -_INF, 1e-40, 1e16, 1e38, 1e300)):
        stored = values(dtype)
        with np.errstate(over="ignore"):
            stored[3, 3, 3] = what
        for read in (open_volume, open_mask):
            yield Trial("data types", f"{dtype} with {what}, {read.__name__}", writing(nifti(stored), _PLAIN), read)


def _content(dtype: str, what: str) -> np.ndarray:  # type: ignore[type-arg]
    info = np.finfo(dtype) if dtype.startswith("float") else np.iinfo(dtype)
    stored = np.zeros((12, 10, 8), dtype)
    if what in ("constant", "one voxel"):
        stored[(5, 5, 5) if what == "one voxel" else ...] = 1
    elif what == "a ramp":
        stored[...] = np.arange(960).reshape(12, 10, 8) % 100
    elif what != "zero":
        stored[2:9] = info.min if what == "lowest" else info.max
    return stored


def _dimensions(draw: random.Random) -> Iterator[Trial]:
    shapes: list[tuple[int, ...]] = [
        *[(n,) for n in range(-8, 10)], *[(n, 12, 10, 8, 1, 1, 1, 1) for n in (*range(-8, 10), 255, -32768, 32767)],
        *[(n, 12, 10, 8, 0, 0, 0, 0) for n in range(1, 8)], (3, 960, 1, 1), (3, 1, 1, 960), (3, 1, 1, 1),
        (3, 2, 2, 240), (3, 2, 240, 2), (4, 2, 2, 2, 120), (4, 6, 5, 8, 4), (4, 12, 10, 2, 4), (5, 12, 10, 1, 1, 8),
        (5, 6, 5, 4, 1, 8), (3, -12, -10, 8), (6, 12, 10, 8, 1, 1, 1), (7, 2, 2, 2, 2, 2, 2, 15),
        (7, 1, 1, 1, 1, 1, 1, 1), (2, 120, 8), (1, 960),
    ]  # fmt: skip
    shapes += [tuple(draw.choice((-1, 0, 1, 2, 5, 12, 300)) for _ in range(8)) for _ in range(150)]
    for shape in shapes:
        lie = setting("dim", [*shape, *[1] * (8 - len(shape))])
        read = draw.choice((open_and_save, open_mask, open_header))
        yield Trial("dimensions", f"{shape}, {read.__name__}", writing(nifti(lie=lie), _PLAIN), read)


def _offsets() -> Iterator[Trial]:
    places = (
        *(-352, -1, 0, 1, 100, 347, 348, 351, 352, 353, 352.5, 360, 544, 560, 2000, 2271, 2272, 2273, 10_000),
        *(2**24, 2**26, 2**26 + 16, 2**31, 2**31 - 128, 2**32, 2**62, _NAN, _INF, -_INF, 3e38),
    )
    for place, (second, compressed) in itertools.product(places, _FORMS):
        if second and (not np.isfinite(place) or place > 2**62):
            continue
        content, name = _form(nifti(lie=setting("vox_offset", place), second=second), compressed)
        yield Trial("offsets", f"{place}, NIfTI-{1 + second}, {name}", writing(content, name), open_volume)
    sizes = (-16, 0, 1, 7, 8, 15, 16, 32, 1000, 2**20, 2**31 - 1, -(2**31))
    for size, code, announced in itertools.product(sizes, (0, 4, 6, 99), (0, 16, 32, 64)):
        extension = (struct.pack("<ii", size, code) + b"(0010,0010) Doe^Jane").ljust(announced, b"\0")[:announced]
        content = nifti(extension=extension)
        words = f"an extension of {size} bytes, code {code}, {announced} there"
        yield Trial("offsets", words, writing(content, _PLAIN), open_and_save)

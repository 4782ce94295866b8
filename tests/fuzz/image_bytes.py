"""Images whose bytes are damaged: cut, flipped, spliced, packed strangely, or something else altogether."""

from __future__ import annotations

import bz2
import io
import lzma
import random
import zipfile
from collections.abc import Iterator
from functools import partial

from tests.fuzz.measure import Trial
from tests.fuzz.nifti_bytes import labels, nifti, one_stream, packed, setting, values, writing, zeros_member
from tests.fuzz.reading import open_header, open_mask, open_volume

_PLAIN = "Toy_t1ce.nii"


def byte_trials(seed: int) -> Iterator[Trial]:
    """All families of this file."""
    draw = random.Random(seed)
    yield from _cuts()
    yield from _header_bits()
    yield from _voxel_bits(draw)
    yield from _gzip_bits(draw)
    yield from _splices(draw)
    yield from _bombs()
    yield from _members_and_junk()
    yield from _something_else(draw)


def _cuts() -> Iterator[Trial]:
    plain = nifti()
    for kind, whole, name in (("plain", plain, _PLAIN), ("compressed", packed(plain), "Toy_t1ce.nii.gz")):
        places = {*range(0, 400, 8), *range(340, 360), *range(400, len(whole), 16), *range(len(whole) - 12, len(whole))}
        for place in sorted(place for place in places if place < len(whole)):
            read = open_volume if place % 3 else open_mask
            yield Trial(f"cut off, {kind}", f"after {place} bytes", writing(whole[:place], name), read)


def _flipped(raw: bytes, bit: int) -> bytes:
    changed = bytearray(raw)
    changed[bit // 8] ^= 1 << (bit % 8)
    return bytes(changed)


def _header_bits() -> Iterator[Trial]:
    image, mask = nifti(), nifti(labels())
    second = nifti(second=True)
    for bit in range(352 * 8):
        raw, read = (mask, open_mask) if bit % 4 == 3 else (image, open_volume)
        yield Trial("bits of the header", f"bit {bit}", writing(_flipped(raw, bit), _PLAIN), read)
    for bit in range(0, 544 * 8, 5):
        yield Trial("bits of a NIfTI-2 header", f"bit {bit}", writing(_flipped(second, bit), _PLAIN), open_volume)


def _voxel_bits(draw: random.Random) -> Iterator[Trial]:
    for dtype in ("float32", "float64", "int16", "uint8"):
        raw = nifti(values(dtype))
        for _ in range(60):
            bit = draw.randrange(352 * 8, len(raw) * 8)
            read = open_mask if dtype == "uint8" else open_volume
            yield Trial("bits of the voxels", f"{dtype}, bit {bit}", writing(_flipped(raw, bit), _PLAIN), read)


def _gzip_bits(draw: random.Random) -> Iterator[Trial]:
    raw = packed(nifti())
    ends = [*range(10 * 8), *range((len(raw) - 8) * 8, len(raw) * 8)]
    for bit in [*ends, *draw.sample(range(80, (len(raw) - 8) * 8), 300)]:
        yield Trial("bits of gzip", f"bit {bit}", writing(_flipped(raw, bit)), open_volume)
    stored = packed(nifti(), 0)
    for bit in draw.sample(range(80, len(stored) * 8), 100):
        yield Trial("bits of gzip", f"stored, bit {bit}", writing(_flipped(stored, bit)), open_volume)


def _splices(draw: random.Random) -> Iterator[Trial]:
    """Bytes replaced, removed, doubled: in the header, in the whole, before and after packing."""
    raw = nifti()
    for number in range(500):
        changed = bytearray(raw)
        start, length = draw.randrange(348), draw.randrange(1, 40)
        what = number % 4
        if what == 0:
            changed[start : start + length] = draw.randbytes(length)
        elif what == 1:
            del changed[start : start + length]
        elif what == 2:
            changed[start:start] = changed[start : start + length]
        else:
            changed[start : start + length] = bytes([draw.choice((0, 0x7F, 0x80, 0xFF))]) * length
        content = packed(bytes(changed)) if number % 8 > 3 else bytes(changed)
        name = _PLAIN if number % 8 <= 3 else "Toy_t1ce.nii.gz"
        yield Trial("spliced", f"{number}: {length} bytes at {start}", writing(content, name), open_volume)


def _bombs() -> Iterator[Trial]:
    """Little that unpacks to much: no more than the header promises may be taken, and no more than that waited for."""
    family, good = "gzip bombs", nifti()
    wide = nifti(values(), setting("dim", (3, 1000, 1000, 1000, 1, 1, 1, 1)))
    wider = nifti(values(), setting("dim", (3, 30_000, 30_000, 30_000, 1, 1, 1, 1)))
    far = nifti(values(), setting("vox_offset", 2**31 - 128))
    zeros = partial(zeros_member, 64)
    bombs = {
        "10 GiB behind the voxels, members": lambda: packed(good) + zeros() * 160,
        "10 GiB behind the voxels, one stream": lambda: one_stream(good, 10_240),
        "10 GiB before any header": lambda: zeros() * 160,
        "1.9 GiB promised, 1 MiB there, size forged": lambda: one_stream(wide, 16, 2**31),
        "1.9 GiB promised, 256 MiB there": lambda: one_stream(wide, 256),
        "49 TiB promised, 10 GiB there": lambda: packed(wider) + zeros() * 160,
        "2 GiB before the voxels": lambda: packed(far) + zeros() * 40,
        "a million empty members": lambda: packed(b"") * 1_000_000 + packed(good),
        "a million empty members behind": lambda: packed(good) + packed(b"") * 1_000_000,
        "a name of 64 MiB": lambda: b"\x1f\x8b\x08\x08" + bytes(6) + b"a" * 2**26,
        "a comment of 64 MiB": lambda: b"\x1f\x8b\x08\x10" + bytes(6) + b"a" * 2**26 + b"\0",
        "empty blocks, 64 MiB": lambda: b"\x1f\x8b\x08\0" + bytes(6) + b"\0\0\0\xff\xff" * (2**26 // 5),
        "one byte a member": lambda: b"".join(packed(good[n : n + 1]) for n in range(len(good))),
        "gzip in gzip in gzip": lambda: packed(packed(packed(good))),
    }
    for name, content in bombs.items():
        for read in (open_volume, open_mask, open_header):
            case_bytes = 2**28 if "1.9 GiB" in name else 2**20
            yield Trial(family, f"{name}, {read.__name__}", writing(content), read, case_bytes)


def _members_and_junk() -> Iterator[Trial]:
    raw = nifti()
    junk = {"zeros": bytes(5000), "text": b"junk " * 1000, "a member": packed(b"junk"), "half a header": b"\x1f\x8b"}
    for size in (1, 2, 7, 100, 347, 348, 352, 500, 1000):
        members = b"".join(packed(raw[n : n + size]) for n in range(0, len(raw), size))
        yield Trial("members and junk", f"members of {size} bytes", writing(members), open_volume)
        for name, more in junk.items():
            yield Trial("members and junk", f"members of {size}, then {name}", writing(members + more), open_volume)
    for name, more in junk.items():
        yield Trial("members and junk", f"plain, then {name}", writing(raw + more, _PLAIN), open_volume)
        yield Trial("members and junk", f"{name}, then plain", writing(more + raw, _PLAIN), open_volume)
        yield Trial("members and junk", f"packed with {name} behind", writing(packed(raw + more)), open_volume)
    yield Trial("members and junk", "plain named .nii.gz", writing(raw), open_volume)
    yield Trial("members and junk", "packed named .nii", writing(packed(raw), _PLAIN), open_volume)


def _something_else(draw: random.Random) -> Iterator[Trial]:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as written:
        written.writestr("Toy_t1ce.nii", nifti())
    contents = {
        "nothing": b"", "one byte": b"\0", "two bytes": b"\x1f\x8b", "text": b"Dear friend, " * 500,
        "a page": b"<!DOCTYPE html><html><body>404</body></html>" * 100, "zip": archive.getvalue(),
        "JPEG": b"\xff\xd8\xff\xe0\0\x10JFIF" + draw.randbytes(5000),
        "PNG": b"\x89PNG\r\n\x1a\n" + draw.randbytes(5000),
        "DICOM": bytes(128) + b"DICM" + draw.randbytes(5000), "bzip2": bz2.compress(nifti()),
        "xz": lzma.compress(nifti()), "pickle": b"\x80\x04\x95" + draw.randbytes(5000), "ELF": b"\x7fELF" + bytes(5000),
        "NRRD": b"NRRD0004\ntype: short\n" + bytes(5000), "MGH": b"\0\0\0\1" + bytes(5000),
        "all ones": b"\xff" * 5000, "all zeros": bytes(5000), "noise": draw.randbytes(5000),
        "a pointer of git-lfs": b"version https://git-lfs.github.com/spec/v1\noid sha256:" + b"0" * 64,
    }  # fmt: skip
    for kind, content in contents.items():
        for form, made in (("", content), (" compressed", packed(content))):
            for name in (_PLAIN, "Toy_t1ce.nii.gz"):
                for read in (open_volume, open_mask):
                    trial = f"{kind}{form} as {name}, {read.__name__}"
                    yield Trial("something else", trial, writing(made, name), read)
    for number in range(100):
        content = b"\x5c\x01\0\0" + draw.randbytes(draw.choice((100, 343, 344, 348, 5000)))
        yield Trial("something else", f"noise behind a header's size, {number}", writing(content, _PLAIN), open_volume)

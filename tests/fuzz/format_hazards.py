"""Headers and voxels in two files, promises and bombs of NRRD, MetaImage and FreeSurfer volumes."""

from __future__ import annotations

import itertools
import os
import zlib
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from tests.fuzz.format_bytes import FORMS, Form, with_field
from tests.fuzz.measure import Trial, WrongAnswer
from tests.fuzz.mutations import spoiled_bytes
from tests.fuzz.nifti_bytes import one_stream, packed, writing, zeros_member
from tests.fuzz.reading import open_header, open_mask, open_volume

_NRRD, _PACKED_NRRD, _, _META, _PACKED_META, _MGH, _ = FORMS
_TWO_FILES = (
    ("header of NRRD", _NRRD, "Toy_t1ce.nhdr", "data file"),
    ("header of MetaImage", _META, "Toy_t1ce.mhd", "ElementDataFile"),
)
_PRIVATE = 1234.0  # a value of the file outside; no volume may hold it
_EMPTY_BLOCKS = b"\0\0\0\xff\xff" * 10**7
_NAMES = (
    *("../private.raw", "../../private.raw", "/etc/passwd", "./voxels.raw", "voxels.raw/", "folder", "folder/x.raw"),
    *(
        "..",
        ".",
        "",
        "~/voxels.raw",
        "$HOME/voxels.raw",
        "LIST",
        "LIST 3",
        "%03d.raw 1 3 1",
        "voxels.raw 1 3 1",
        "*.raw",
    ),
    *("C:\\voxels.raw", "..\\private.raw", "file:///etc/passwd", "http://example.org/a.raw", "\\\\host\\share\\a.raw"),
    *(
        "voxels.raw\x00",
        "\x1b[2J.raw",
        "\u202ewar.raw",
        "<b>.raw",
        "=1+1.raw",
        "-rf.raw",
        "x" * 300,
        "|id",
        "&id",
        "gone.raw",
    ),
    *("link.raw", "hard.raw", "loop.raw", "pipe.raw", "device.raw", "dangling.raw", "Toy_t1ce.nhdr", "Toy_t1ce.mhd"),
)
_SIZES = (
    "1 1 1",
    "2 2 2",
    "30000 30000 30000",
    "65535 65535 2",
    "1000 1000 1000",
    "2147483647 1 1",
    "-12 -10 8",
    "0 10 8",
)


def beside_trials() -> Iterator[Trial]:
    """A header that names another file: only one of its own folder is read, and none that leads out of it."""
    for title, form, name, field in _TWO_FILES:
        for other, shown in itertools.product((*_NAMES, "voxels.raw"), (open_volume, open_header, open_mask)):
            write = partial(_beside, form=form, name=name, field=field, other=other)
            yield Trial(title, f"{other[:60]!a}, {shown.__name__}", write, partial(_inside, read=shown))
        for words, content in spoiled_bytes(form.voxels, 3, cuts=60, flips=150):
            write = partial(_beside, form=form, name=name, field=field, other="voxels.raw", voxels=content)
            yield Trial(title, f"voxels: {words}", write, open_volume)
        header = with_field(form, {field: "voxels.raw"}).removesuffix(form.voxels)
        for words, content in spoiled_bytes(header, 4, cuts=150, flips=1400):
            write = partial(_beside, form=form, name=name, field=field, other="voxels.raw", header=content)
            yield Trial(title, f"header: {words}", write, partial(_inside, read=open_volume))


def _beside(
    folder: Path,
    form: Form,
    name: str,
    field: str,
    other: str,
    voxels: bytes | None = None,
    header: bytes | None = None,
) -> Path:
    place = folder / "case"
    place.mkdir()
    (folder / "private.raw").write_bytes(int(_PRIVATE).to_bytes(2, "little") * (len(form.voxels) // 2))
    (place / "voxels.raw").write_bytes(form.voxels if voxels is None else voxels)
    (place / "folder").mkdir()
    for link, target in (("link.raw", "../private.raw"), ("loop.raw", "loop.raw"), ("dangling.raw", "nothing")):
        (place / link).symlink_to(target)
    (place / "device.raw").symlink_to("/dev/zero")
    os.mkfifo(place / "pipe.raw")
    path = place / name
    path.write_bytes(with_field(form, {field: other}).removesuffix(form.voxels) if header is None else header)
    return path


def _inside(path: Path, read: Callable[[Path], None]) -> None:
    """Read, and refuse an answer that was made of what lies outside of the folder."""
    from brainseg_gui.imaging.formats.reading import read_picture

    read(path)
    if read is open_volume and float(read_picture(path).stored.max()) == _PRIVATE:
        raise WrongAnswer("a file outside of the folder was read")


def bomb_trials() -> Iterator[Trial]:
    """Little that promises or unpacks to much."""
    for form, sizes, read in itertools.product(FORMS[:5], _SIZES, (open_volume, open_mask, open_header)):
        lie = {("sizes" if form.colon == ": " else "DimSize"): sizes}
        yield Trial(form.title, f"sizes {sizes}, {read.__name__}", writing(with_field(form, lie), form.name), read)
    zeros = partial(zeros_member, 64)
    wide = {"sizes": "1000 1000 1000", "DimSize": "1000 1000 1000"}
    for form in (_PACKED_NRRD, _PACKED_META):
        header, large = form.header, _header(form, wide)
        contents: dict[str, Callable[[], bytes]] = {
            "10 GiB for 1 KiB, members": lambda header=header: header + zeros() * 160,
            "10 GiB for 1 KiB, one stream": lambda header=header: header + one_stream(b"", 10_240),
            "10 GiB for 1 KiB, zlib": lambda header=header: header + _zlib_zeros(10_240),
            "1.9 GiB promised, 1 MiB there": lambda large=large: large + one_stream(b"", 16, 2**31),
            "1.9 GiB promised, 256 MiB there": lambda large=large: large + _zlib_zeros(256),
            "a million empty members": lambda header=header: header + packed(b"") * 1_000_000,
            "a name of 64 MiB": lambda header=header: header + b"\x1f\x8b\x08\x08" + bytes(6) + b"a" * 2**26,
            "empty blocks, 48 MiB": lambda header=header: header + b"\x1f\x8b\x08" + bytes(7) + _EMPTY_BLOCKS,
            "gzip in gzip": lambda form=form: form.header + packed(form.voxels),
            "the whole packed again": lambda form=form: packed(form.content),
            "the whole packed, and 10 GiB behind": lambda form=form: packed(form.content) + zeros() * 160,
        }  # fmt: skip
        for words, content in contents.items():
            for read in (open_volume, open_mask, open_header):
                case_bytes = 2**28 if "1.9 GiB" in words else 2**20
                write = writing(content, form.name)
                yield Trial(f"{form.title}, bombs", f"{words}, {read.__name__}", write, read, case_bytes)
    for words, end in (
        ("10 GiB behind", lambda: zeros() * 160),
        ("a million empty members", lambda: packed(b"") * 10**6),
    ):
        content = partial(_mgz_and, end)
        for read in (open_volume, open_mask, open_header):
            yield Trial("FreeSurfer, bombs", f"{words}, {read.__name__}", writing(content, "Toy_t1ce.mgz"), read)


def _header(form: Form, lies: dict[str, str]) -> bytes:
    known = {name: value for name, value in lies.items() if name in form.fields}
    return with_field(form, known).removesuffix(form.voxels)


def _mgz_and(end: Callable[[], bytes]) -> bytes:
    return packed(_MGH.content) + end()


def _zlib_zeros(mebibytes: int) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED)
    start = packer.compress(b"") + packer.flush(zlib.Z_FULL_FLUSH)
    block = packer.compress(bytes(2**24)) + packer.flush(zlib.Z_FULL_FLUSH)
    return start + block * (mebibytes // 16) + packer.flush()

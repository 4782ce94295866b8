"""Folders of DICOM that are hazards: bombs, links, pipes, names, and files that are something else."""

from __future__ import annotations

import itertools
import os
import struct
import zlib
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from tests.fuzz.dicom_bytes import (
    DEFLATED,
    EXPLICIT,
    Element,
    enhanced_fields,
    file_of,
    sequence,
    series,
    slice_fields,
    text,
    with_elements,
    write_series,
)
from tests.fuzz.dicom_reading import look, read_volumes
from tests.fuzz.measure import Trial, WrongAnswer
from tests.fuzz.nifti_bytes import nifti, writing

_OUTSIDE = "9.9.9.9"
_NAMES = (
    *(
        "it's",
        "a&b",
        "$(id)",
        "%s%n",
        "<b>bold",
        "a\nb",
        "\x1b[31mred",
        "=1+2",
        "-rf",
        "a\u202egpj.exe",
        "\udc80\udcff",
    ),
    *(
        "x" * 250,
        "DICOMDIR",
        "dicomdir",
        "IM.dcm.gz",
        ".hidden",
        "IM 1",
        "é",
        "🧠",
        "a\\b",
        "CON",
        "__MACOSX",
        "IM.zip",
    ),
)


def hazard_trials() -> Iterator[Trial]:
    """All families of this file."""
    yield from _bombs()
    yield from _folders()


def _bombs() -> Iterator[Trial]:
    """Headers that unpack to much, by every way of saying that they are packed."""
    metas: dict[str, tuple[Element, ...]] = {
        "plainly": (text(0x00020010, "UI", DEFLATED),),
        "behind 2 KB": (Element(0x00020002, "UI", b"1" * 2048), text(0x00020010, "UI", DEFLATED)),
        "behind 60 KB": (Element(0x00020002, "UI", b"1" * 60_000), text(0x00020010, "UI", DEFLATED)),
        "twice": (text(0x00020010, "UI", EXPLICIT), text(0x00020010, "UI", DEFLATED)),
        "with blanks": (text(0x00020010, "UI", f"{DEFLATED} \0"),),
        "with a private part": (text(0x00020010, "UI", DEFLATED), Element(0x00020102, "OB", b"x" * 5000)),
    }
    for (way, meta), mebibytes, length in itertools.product(metas.items(), (1, 64, 1024, 8192), (None, 0, 7, 2**31)):
        content = partial(_bomb, meta=meta, mebibytes=mebibytes, length=length)
        name = f"{mebibytes} MiB, said {way}, group of {length}"
        yield Trial("DICOM bombs", name, writing(content, "IM0001"), look)
    for head, mebibytes in itertools.product((2**10, 2**20, 2**24), (64, 4096)):
        content = partial(_late_bomb, head, mebibytes)
        yield Trial(
            "DICOM bombs", f"{mebibytes} MiB behind {head} bytes of noise", writing(content, "IM0001"), look, 2**25
        )
    for count in (10_000, 100_000, 1_000_000):
        for name, made in (("private elements", partial(_many, 0x00090000, count)), ("text", partial(_wide, count))):
            yield Trial("DICOM bombs", f"{count} {name}", writing(made, "IM0001"), look, 2**24)


def _bomb(meta: tuple[Element, ...], mebibytes: int, length: int | None) -> bytes:
    content = file_of(slice_fields(3), EXPLICIT, meta)
    plain = file_of(slice_fields(3), EXPLICIT, ())[132 + 12 :]
    start = content[: -len(plain)]
    if length is not None:
        start = start[:140] + struct.pack("<I", length) + start[144:]
    return start + _zeros(mebibytes)


def _zeros(mebibytes: int) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    start = packer.compress(b"") + packer.flush(zlib.Z_FULL_FLUSH)
    block = packer.compress(bytes(2**20)) + packer.flush(zlib.Z_FULL_FLUSH)
    return start + block * mebibytes + packer.flush()


def _late_bomb(head: int, mebibytes: int) -> bytes:
    """A bomb behind what does not get smaller by packing."""
    packer = zlib.compressobj(0, zlib.DEFLATED, -zlib.MAX_WBITS)
    start = packer.compress(Element(0x00091001, "OB", bytes(head)).encoded()) + packer.flush(zlib.Z_FULL_FLUSH)
    meta = (text(0x00020010, "UI", DEFLATED),)
    about = file_of({}, EXPLICIT, meta)
    return about + start + _zeros(mebibytes)


def _many(tag: int, count: int) -> bytes:
    element = Element(tag + 0x10, "LO", b"").encoded()
    raw = file_of(slice_fields(3))
    return raw[:-260] + element * count + raw[-260:]


def _wide(count: int) -> bytes:
    values = "\\".join(["1"] * count)
    return file_of(with_elements(slice_fields(3), Element(0x00080008, "UT", values.encode())))


# folders


def _folders() -> Iterator[Trial]:
    for name, read in itertools.product(_NAMES, (look, read_volumes)):
        yield Trial("DICOM folders", f"a file named {name!a}, {read.__name__}", partial(_renamed, name=name), read)
        yield Trial("DICOM folders", f"a folder named {name!a}, {read.__name__}", partial(_within, name=name), read)
    makers: dict[str, Callable[[Path], object]] = {
        "pipes": lambda place: os.mkfifo(place / "pipe"),
        "a link to a file": lambda place: (place / "link").symlink_to("../outside/IM0000"),
        "a link to a folder": lambda place: (place / "link").symlink_to("../outside"),
        "a loop": lambda place: (place / "loop").symlink_to("loop"),
        "itself": lambda place: (place / "again").symlink_to("."),
        "/dev/zero": lambda place: (place / "zero").symlink_to("/dev/zero"),
        "a dangling link": lambda place: (place / "gone").symlink_to("nothing"),
        "1 TiB of nothing": _sparse,
        "an empty file": lambda place: (place / "empty").touch(),
        "a NIfTI file": lambda place: (place / "a.nii").write_bytes(nifti()),
        "text": lambda place: (place / "notes.txt").write_text("hello " * 1000),
        "10,000 files": lambda place: [(place / f"n{number}").touch() for number in range(10_000)],
        "another series": lambda place: _copied(place, "1.2.3.7"),
        "100 folders deep": _deep,
        "a copy of all": lambda place: [(place / f"b{p.name}").write_bytes(p.read_bytes()) for p in [*place.iterdir()]],
        "half of it gone": lambda place: [p.unlink() for p in sorted(place.iterdir())[::2]],
        "all of it gone": lambda place: [p.unlink() for p in sorted(place.iterdir())],
        "an enhanced file": lambda place: (place / "E").write_bytes(file_of(enhanced_fields())),
        "frames that refer to themselves": lambda place: (place / "C").write_bytes(_circle()),
    }
    for (name, make), read in itertools.product(makers.items(), (look, read_volumes)):
        yield Trial(
            "DICOM folders", f"{name}, {read.__name__}", partial(_with, make=make), partial(_kept_in, read=read)
        )


def _renamed(folder: Path, name: str) -> Path:
    files = series()
    return write_series(folder, {name: files.pop("IM0003"), **files})


def _within(folder: Path, name: str) -> Path:
    place = write_series(folder, series())
    place.rename(folder / name)
    return folder


def _with(folder: Path, make: Callable[[Path], object]) -> Path:
    outside = folder / "outside"
    outside.mkdir()
    _copied(outside, _OUTSIDE)
    place = write_series(folder, series())
    make(place)
    return place


def _copied(place: Path, uid: str) -> None:
    def change(number: int, fields: dict[int, Element]) -> dict[int, Element]:
        return with_elements(fields, text(0x0020000E, "UI", uid))

    for name, content in series(change).items():
        (place / f"{name}-{uid}").write_bytes(content)


def _deep(place: Path) -> None:
    for _ in range(100):
        place /= "deeper"
        place.mkdir()
    _copied(place, "1.2.3.8")


def _sparse(place: Path) -> None:
    with (place / "IM9999").open("wb") as stream:
        stream.write(file_of(slice_fields(3)))
        stream.truncate(2**40)


def _circle() -> bytes:
    """A file of which each item's sequence says that it holds all that follows it."""
    inner = sequence(0x00209113, length=0xFFFFFF00)
    return file_of(with_elements(enhanced_fields(), sequence(0x52009230, inner.encoded() * 50, length=0xFFFFFF00)))


def _kept_in(place: Path, read: Callable[[Path], object]) -> None:
    read(place)
    if any(stack.first.series == _OUTSIDE for stack in look(place).stacks):
        raise WrongAnswer("a file outside of the folder was read")

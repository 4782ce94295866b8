"""NRRD, in one file or with its voxels beside it; also what 3D Slicer saves of segments (``.seg.nrrd``).

After the format's own definition (teem.sourceforge.net/nrrd/format.html), version 5.
"""

from __future__ import annotations

import gzip
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from brainseg_gui.errors import ImageError
from brainseg_gui.imaging.formats.image_format import CheckShape, ImageHeader, Picture, ShouldStop
from brainseg_gui.imaging.formats.promises import grid_at
from brainseg_gui.imaging.formats.voxel_block import (
    FROM_END,
    LONGEST_VALUE,
    VoxelBlock,
    damaged,
    file_beside,
    plain_shape,
    text_of,
)
from brainseg_gui.imaging.grid import LPS_AND_RAS, Affine
from brainseg_gui.imaging.labels import LabelScheme

_TYPES = {
    "i1": ("signed char", "int8", "int8_t"),
    "u1": ("uchar", "unsigned char", "uint8", "uint8_t"),
    "i2": ("short", "short int", "signed short", "signed short int", "int16", "int16_t"),
    "u2": ("ushort", "unsigned short", "unsigned short int", "uint16", "uint16_t"),
    "i4": ("int", "signed int", "int32", "int32_t"),
    "u4": ("uint", "unsigned int", "uint32", "uint32_t"),
    "i8": ("longlong", "long long", "long long int", "signed long long", "int64", "int64_t"),
    "u8": ("ulonglong", "unsigned long long", "unsigned long long int", "uint64", "uint64_t"),
    "f4": ("float",),
    "f8": ("double",),
}
_DTYPES = {name: code for code, names in _TYPES.items() for name in names}
_PACKED, _PLAIN = ("gzip", "gz"), ("raw",)
_SAVE_AGAIN = "Save it again with raw or gzip encoding, from 3D Slicer for example"
_LPS = "left-posterior-superior"
_SEGMENTS = ".seg.nrrd"
_LEVEL = 6
_SHORT = {"ras": "right-anterior-superior", "las": "left-anterior-superior", "lps": _LPS}
_SIGNS = {"right": 1.0, "left": -1.0, "anterior": 1.0, "posterior": -1.0, "superior": 1.0, "inferior": -1.0}
_NO_SPACE = "it does not say which way is left; left, posterior, superior is taken for its axes, as ITK does"

Fields = Mapping[str, str]


@dataclass(frozen=True, eq=False)
class Nrrd:
    """What a header says.

    Parameters
    ----------
    listed
        The axis of the file that counts volumes; None for one volume.
    fields
        Its fields by their names, also those of other programs.
    """

    header: ImageHeader
    voxels: VoxelBlock
    listed: int | None
    notes: tuple[str, ...]
    fields: Fields


def read_header(path: Path) -> ImageHeader:
    """The header of a file: its dimensions, data type, promised size and place are checked."""
    return parsed(path).header


def read_picture(path: Path, should_stop: ShouldStop | None = None, check_shape: CheckShape | None = None) -> Picture:
    """A 3-D or 4-D file whole, in its stored data type."""
    found = parsed(path)
    if check_shape is not None:
        check_shape(found.header.shape)
    stored = found.voxels.read(should_stop)
    if found.listed is not None:
        stored = np.moveaxis(stored, found.listed, -1)
    return Picture(found.header, stored.reshape(found.header.shape, order="F"), notes=found.notes)


def write_mask(path: Path, stored: NDArray[np.uint8], header: ImageHeader, words: str, scheme: LabelScheme) -> None:
    """Write a mask, in one file; one whose name ends in ``.seg.nrrd`` tells 3D Slicer names, colours and terms."""
    from brainseg_gui.imaging.formats.slicer_fields import segment_fields  # only who writes waits for its terms

    affine = LPS_AND_RAS @ header.stored_grid.affine + 0.0
    lines = [
        "NRRD0004",
        "# Complete NRRD file format specification at:",
        "# http://teem.sourceforge.net/nrrd/format.html",
        "type: unsigned char",
        "dimension: 3",
        f"space: {_LPS}",
        f"sizes: {' '.join(map(str, stored.shape))}",
        f"space directions: {' '.join(_vector_words(affine[:3, axis]) for axis in range(3))}",
        "kinds: domain domain domain",
        "encoding: gzip",
        f"space origin: {_vector_words(affine[:3, 3])}",
        f"content: {' '.join(words.split())}",
    ]
    if path.name.lower().endswith(_SEGMENTS):
        numbers = sorted({*scheme.labels, *np.unique(stored[stored > 0]).tolist()})
        lines += segment_fields(scheme, tuple(numbers), (stored.shape[0], stored.shape[1], stored.shape[2]))
    with path.open("wb") as stream:
        stream.write(("\n".join(lines) + "\n\n").encode())
        with gzip.GzipFile("", "wb", _LEVEL, stream, mtime=0) as packed:
            packed.write(stored.tobytes(order="F"))


def _vector_words(vector: NDArray[np.float64]) -> str:
    return f"({','.join(repr(float(number)) for number in vector)})"


def parsed(path: Path) -> Nrrd:
    """What the header of a file says, checked.

    Raises
    ------
    ImageError
        If it makes no sense, or promises what the file cannot hold.
    """
    fields, end = _fields(path)
    directions = _directions(path, fields)
    sizes = tuple(_whole(path, fields, "sizes", word) for word in fields.get("sizes", "").split())
    if len(sizes) != _whole(path, fields, "dimension") or (directions and len(directions) != len(sizes)):
        raise damaged(path, "dimension")
    listed = _listed(path, sizes, directions)
    shape = sizes if listed is None else (*(n for axis, n in enumerate(sizes) if axis != listed), sizes[listed])
    shape = plain_shape(path, shape)
    voxels = _voxels(path, fields, sizes, end)
    voxels.check()
    affine, notes = _affine(path, fields, [way for way in directions if way is not None])
    header = ImageHeader(
        path, shape, grid_at(path, shape, affine), fields.get("content", ""), voxels.size if voxels.path == path else 0
    )
    return Nrrd(header, voxels, listed, notes, fields)


def _fields(path: Path) -> tuple[Fields, int]:
    """Fields by their names in small letters, and where the header ends; a key of its own is kept as it is written."""
    raw = text_of(path)
    if not raw.startswith(b"NRRD"):
        raise ImageError("it is not an NRRD file", "Save it again, from 3D Slicer for example", path)
    blank = re.search(rb"\r?\n\r?\n", raw)
    if blank is None and (path.suffix.lower() != ".nhdr" or b"\0" in raw):
        raise damaged(path, "it has no end")
    fields: dict[str, str] = {}
    for line in raw[: blank.start() if blank else None].decode("utf-8", "replace").splitlines()[1:]:
        name, colon, value = line.partition(":")
        if colon and not line.startswith("#"):
            own = value.startswith("=")
            fields[name if own else name.strip().lower().replace(" ", "")] = value[own:].strip()[:LONGEST_VALUE]
    return fields, blank.end() if blank else len(raw)


def _whole(path: Path, fields: Fields, name: str, word: str | None = None) -> int:
    try:
        return int(fields[name] if word is None else word)
    except (KeyError, ValueError) as error:
        raise damaged(path, name) from error


def _directions(path: Path, fields: Fields) -> list[tuple[float, ...] | None]:
    """The vector of each axis in mm; None for an axis that is not in space."""
    found = [_vector(path, word) for word in re.findall(r"\([^()]*\)|none", fields.get("spacedirections", ""))]
    if sum(way is not None for way in found) not in (0, 3):
        raise damaged(path, "space directions")
    return found


def _vector(path: Path, word: str) -> tuple[float, ...] | None:
    if word == "none":
        return None
    try:
        found = tuple(float(number) for number in word.strip("() ").split(","))
    except ValueError as error:
        raise damaged(path, "a vector") from error
    if len(found) != 3:
        raise damaged(path, "a vector")
    return found


def _listed(path: Path, sizes: tuple[int, ...], directions: list[tuple[float, ...] | None]) -> int | None:
    """The axis that counts volumes or layers; None for a single volume."""
    if len(sizes) > 4:
        raise ImageError(f"it has {len(sizes)} dimensions", "Give a 3-D volume", path)
    if len(sizes) < 4:
        return None
    return directions.index(None) if None in directions else 3


def _voxels(path: Path, fields: Fields, sizes: tuple[int, ...], end: int) -> VoxelBlock:
    encoding = fields.get("encoding", "").lower()
    if encoding not in (*_PACKED, *_PLAIN):
        raise ImageError(f"its voxels are encoded as “{encoding[:20]}”", _SAVE_AGAIN, path)
    name = fields.get("datafile", "")
    if name.split()[:1] == ["LIST"]:
        raise ImageError(
            "its voxels are said to lie in several files", "Save it as one file, from 3D Slicer for example", path
        )
    place, offset = (file_beside(path, name), 0) if name else (path, end)
    skipped = _whole(path, fields, "byteskip") if "byteskip" in fields else 0
    if fields.get("lineskip", "0") != "0" or skipped < FROM_END or (skipped and encoding in _PACKED):
        raise ImageError("its voxels do not begin where its header ends", _SAVE_AGAIN, path)
    offset = FROM_END if skipped == FROM_END else offset + skipped
    return VoxelBlock(place, offset, encoding in _PACKED, sizes, _dtype(path, fields))


def _dtype(path: Path, fields: Fields) -> np.dtype[Any]:
    code = _DTYPES.get(fields.get("type", "").lower())
    if code is None:
        raise ImageError("its data type is unknown", "Convert it to int16 or float32", path)
    return np.dtype(code).newbyteorder(">" if fields.get("endian", "").lower() == "big" else "<")


def _affine(path: Path, fields: Fields, directions: list[tuple[float, ...]]) -> tuple[Affine, tuple[str, ...]]:
    """Voxel to world_ras, in mm, and what was assumed for it."""
    if any(unit not in ("mm", "") for unit in re.findall(r'"([^"]*)"', fields.get("spaceunits", ""))[:3]):
        raise ImageError("its lengths are not in mm", "Save it again in mm", path)
    if not directions:
        raise ImageError("it does not say where its voxels lie", "Save it again, from 3D Slicer for example", path)
    space = fields.get("space", "").lower().removesuffix("-time").removesuffix("t")
    space = _SHORT.get(space, space)
    ways = (space or _LPS).split("-")
    if len(ways) != 3 or not all(way in _SIGNS for way in ways):
        raise ImageError(f"its space is “{space[:30]}”, not a patient's", "Save it again, from 3D Slicer", path)
    affine = np.eye(4)
    affine[:3, :3] = np.array(directions).T
    origin = _vector(path, fields.get("spaceorigin", "(0,0,0)"))
    affine[:3, 3] = (0.0, 0.0, 0.0) if origin is None else origin
    signs = np.array([_SIGNS[way] for way in ways] + [1.0])
    return signs[:, None] * affine, () if space else (_NO_SPACE,)

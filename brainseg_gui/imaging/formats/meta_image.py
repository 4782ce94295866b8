"""MetaImage: ``.mha`` in one file, ``.mhd`` with its voxels beside it. Its space is LPS, as ITK has it."""

from __future__ import annotations

import re
import zlib
from collections.abc import Mapping
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
    picture_of,
    plain_shape,
    text_of,
)
from brainseg_gui.imaging.grid import LPS_AND_RAS, Affine
from brainseg_gui.imaging.labels import LabelScheme

_DTYPES = {
    "MET_CHAR": "i1",
    "MET_UCHAR": "u1",
    "MET_SHORT": "i2",
    "MET_USHORT": "u2",
    "MET_INT": "i4",
    "MET_UINT": "u4",
    "MET_LONG": "i4",
    "MET_ULONG": "u4",
    "MET_LONG_LONG": "i8",
    "MET_ULONG_LONG": "u8",
    "MET_FLOAT": "f4",
    "MET_DOUBLE": "f8",
}
_PLACES = ("Offset", "Position", "Origin")
_TURNS = ("TransformMatrix", "Rotation", "Orientation")
_SPACINGS = ("ElementSpacing", "ElementSize")
_ORDERS = ("BinaryDataByteOrderMSB", "ElementByteOrderMSB")
_LEVEL = 6

Fields = Mapping[str, str]


def read_header(path: Path) -> ImageHeader:
    """The header of a file: its dimensions, data type, promised size and place are checked."""
    return _parsed(path)[0]


def read_picture(path: Path, should_stop: ShouldStop | None = None, check_shape: CheckShape | None = None) -> Picture:
    """A 3-D or 4-D file whole, in its stored data type."""
    return picture_of(*_parsed(path), should_stop, check_shape)


def write_mask(path: Path, stored: NDArray[np.uint8], header: ImageHeader, words: str, _scheme: LabelScheme) -> None:
    """Write a mask, in one file also where its name ends in ``.mhd``; the format has no names of labels."""
    affine = LPS_AND_RAS @ header.stored_grid.affine + 0.0
    spacing = np.linalg.norm(affine[:3, :3], axis=0)
    packed = zlib.compress(stored.tobytes(order="F"), _LEVEL)
    lines = [
        "ObjectType = Image",
        "NDims = 3",
        f"Comment = {' '.join(words.split())}",
        "BinaryData = True",
        "BinaryDataByteOrderMSB = False",
        "CompressedData = True",
        f"CompressedDataSize = {len(packed)}",
        f"TransformMatrix = {_words((affine[:3, :3] / spacing).T.ravel())}",
        f"Offset = {_words(affine[:3, 3])}",
        "CenterOfRotation = 0 0 0",
        f"ElementSpacing = {_words(spacing)}",
        f"DimSize = {' '.join(map(str, stored.shape))}",
        "ElementType = MET_UCHAR",
        "ElementDataFile = LOCAL",
    ]
    path.write_bytes(("\n".join(lines) + "\n").encode() + packed)


def _words(numbers: NDArray[np.float64]) -> str:
    return " ".join(repr(float(number)) for number in numbers)


def _parsed(path: Path) -> tuple[ImageHeader, VoxelBlock]:
    fields, end = _fields(path)
    if fields.get("ElementNumberOfChannels", "1") != "1":
        raise ImageError("its voxels are colours or vectors, not intensities", "Give a grey image", path)
    sizes = tuple(_numbers(path, fields, ("DimSize",), int))
    if not sizes or [len(sizes)] != _numbers(path, fields, ("NDims",), int):
        raise damaged(path, "DimSize")
    shape = plain_shape(path, sizes)
    voxels = _voxels(path, fields, sizes, end)
    voxels.check()
    grid = grid_at(path, shape, _affine(path, fields, len(sizes)))
    promised = voxels.size if voxels.path == path else 0
    return ImageHeader(path, shape, grid, fields.get("Comment", ""), promised), voxels


def _fields(path: Path) -> tuple[Fields, int]:
    """Fields by their names, and where the header ends: after the line that names the file of the voxels."""
    raw = text_of(path)
    last = re.search(rb"^ElementDataFile[ \t]*=[^\n]*\n?", raw, re.MULTILINE)
    end = last.end() if last else 0
    if not end or b"\0" in raw[:end]:
        raise ImageError("it is not a MetaImage file", "Save it again, from ITK-SNAP for example", path)
    lines = [line.partition("=") for line in raw[:end].decode("utf-8", "replace").splitlines()]
    return {name.strip(): value.strip()[:LONGEST_VALUE] for name, equals, value in lines if equals}, end


def _numbers(path: Path, fields: Fields, names: tuple[str, ...], kind: type[float]) -> list[Any]:
    """The numbers of the first of some fields that is there; none where none is."""
    name = next((name for name in names if name in fields), "")
    try:
        return [kind(word) for word in fields.get(name, "").split()]
    except ValueError as error:
        raise damaged(path, name) from error


def _voxels(path: Path, fields: Fields, sizes: tuple[int, ...], end: int) -> VoxelBlock:
    name = fields["ElementDataFile"]
    if name.split()[:1] == ["LIST"]:
        raise ImageError("its voxels are said to lie in several files", "Save it as one file, from ITK-SNAP", path)
    place, offset = (path, end) if name.upper() == "LOCAL" else (file_beside(path, name), 0)
    skipped = (_numbers(path, fields, ("HeaderSize",), int) or [0])[0]
    if skipped < FROM_END or not _is_true(fields.get("BinaryData", "True")):
        raise ImageError("its voxels are not stored as plain numbers", "Save it again, from ITK-SNAP", path)
    offset = FROM_END if skipped == FROM_END else offset + skipped
    return VoxelBlock(place, offset, _is_true(fields.get("CompressedData", "")), sizes, _dtype(path, fields))


def _is_true(word: str) -> bool:
    """As MetaIO itself reads it: by the first letter."""
    return word[:1] in ("T", "t", "1")


def _dtype(path: Path, fields: Fields) -> np.dtype[Any]:
    code = _DTYPES.get(fields.get("ElementType", ""))
    if code is None:
        raise ImageError("its data type is unknown", "Convert it to int16 or float32", path)
    big = any(_is_true(fields.get(name, "")) for name in _ORDERS)
    return np.dtype(code).newbyteorder(">" if big else "<")


def _affine(path: Path, fields: Fields, count: int) -> Affine:
    """Voxel to world_ras, in mm; each row of the matrix in the file is the direction of one axis."""
    turn = _numbers(path, fields, _TURNS, float) or np.eye(count).ravel().tolist()
    spacing = _numbers(path, fields, _SPACINGS, float) or [1.0] * count
    origin = _numbers(path, fields, _PLACES, float) or [0.0] * count
    if (len(turn), len(spacing), len(origin)) != (count * count, count, count):
        raise damaged(path, "its place in space")
    affine = np.eye(4)
    with np.errstate(all="ignore"):  # what comes of it is looked at
        affine[:3, :3] = np.array(turn).reshape(count, count)[:3, :3].T * spacing[:3]
        affine[:3, 3] = origin[:3]
        return np.asarray(LPS_AND_RAS @ affine, np.float64)

"""FreeSurfer's ``.mgz`` and ``.mgh``: a header of 284 bytes, big-endian, then the voxels."""

from __future__ import annotations

import gzip
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from brainseg_gui.errors import ImageError
from brainseg_gui.imaging.formats.image_format import CheckShape, ImageHeader, Picture, ShouldStop
from brainseg_gui.imaging.formats.image_stream import open_image, reporting
from brainseg_gui.imaging.formats.promises import grid_at
from brainseg_gui.imaging.formats.voxel_block import VoxelBlock, picture_of, plain_shape
from brainseg_gui.imaging.grid import Affine
from brainseg_gui.imaging.labels import LabelScheme

_HEADER_BYTES = 284
_LEVEL = 6
_FIELDS = np.dtype(
    [
        ("version", ">i4"),
        ("shape", ">i4", 4),
        ("type", ">i4"),
        ("dof", ">i4"),
        ("placed", ">i2"),
        ("spacing", ">f4", 3),
        ("directions", ">f4", (3, 3)),
        ("middle", ">f4", 3),
        ("unused", "S194"),
    ]
)
_WRITTEN_BY_US = "brainseg"  # only then do the unused bytes mean something
_UNPLACED = "it does not say where its voxels lie; coronal slices of 1 mm are assumed, as FreeSurfer does"
_CORONAL = np.array([[-1.0, 0.0, 0.0], [0.0, 0.0, -1.0], [0.0, 1.0, 0.0]])  # rows: the direction of each axis
_DTYPES = {0: "u1", 1: ">i4", 3: ">f4", 4: ">i2", 10: ">u2"}


def read_header(path: Path) -> ImageHeader:
    """The header of a file: its dimensions, data type, promised size and place are checked."""
    return _parsed(path)[0]


def read_picture(path: Path, should_stop: ShouldStop | None = None, check_shape: CheckShape | None = None) -> Picture:
    """A 3-D or 4-D file whole, in its stored data type."""
    header, voxels, notes = _parsed(path)
    return replace(picture_of(header, voxels, should_stop, check_shape), notes=notes)


def write_mask(path: Path, stored: NDArray[np.uint8], header: ImageHeader, words: str, _scheme: LabelScheme) -> None:
    """Write a mask, packed where its name ends in ``.mgz``; `words` go into bytes that FreeSurfer leaves unused."""
    affine, shape = header.stored_grid.affine, np.array(stored.shape)
    spacing = np.linalg.norm(affine[:3, :3], axis=0)
    fields = np.zeros(1, _FIELDS)
    fields["version"], fields["shape"], fields["placed"], fields["spacing"] = 1, [*stored.shape, 1], 1, spacing
    fields["directions"] = (affine[:3, :3] / spacing).T
    fields["middle"] = affine[:3, 3] + affine[:3, :3] @ (shape / 2)
    fields["unused"] = words.encode("ascii", "replace")[:190]
    raw = fields.tobytes() + stored.tobytes(order="F")
    path.write_bytes(gzip.compress(raw, _LEVEL, mtime=0) if path.suffix.lower() == ".mgz" else raw)


def _parsed(path: Path) -> tuple[ImageHeader, VoxelBlock, tuple[str, ...]]:
    """The header, where the voxels are, and what was assumed."""
    with reporting(path), open_image(path) as stream:
        raw = stream.read(_HEADER_BYTES)
    if len(raw) < _HEADER_BYTES or raw[:4] != b"\0\0\0\1":
        raise ImageError("it is not a FreeSurfer volume", "Copy it again from its source", path)
    found = np.frombuffer(raw, _FIELDS, 1)[0]
    if int(found["type"]) not in _DTYPES:
        raise ImageError("its data type is unknown", "Convert it to int16 or float32", path)
    sizes = tuple(int(n) for n in found["shape"])
    shape = plain_shape(path, sizes)
    voxels = VoxelBlock(path, _HEADER_BYTES, False, sizes, np.dtype(_DTYPES[int(found["type"])]))
    voxels.check()
    grid = grid_at(path, shape, _affine(found))
    words = found["unused"].decode("ascii", "replace")
    header = ImageHeader(path, shape, grid, words if words.startswith(_WRITTEN_BY_US) else "", voxels.size)
    return header, voxels, () if found["placed"] else (_UNPLACED,)


def _affine(found: Any) -> Affine:
    """Voxel to world_ras, in mm: the header names the place of the middle voxel, or that of FreeSurfer is taken."""
    affine = np.eye(4)
    with np.errstate(all="ignore"):  # what comes of it is looked at
        edges = found["directions"].astype(np.float64).T * found["spacing"] if found["placed"] else _CORONAL.T
        affine[:3, :3] = edges
        affine[:3, 3] = (found["middle"] if found["placed"] else 0.0) - edges @ (found["shape"][:3] / 2)
    return affine

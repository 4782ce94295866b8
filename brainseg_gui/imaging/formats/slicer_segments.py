"""What 3D Slicer says of segments in the header of a ``.seg.nrrd``: names, colours, coded terms, layers.

After its documentation, "Segmentation labelmap file format (.seg.nrrd)". Segments that do not overlap lie in one
volume, each with a number of its own; those that do lie in several, its layers.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from brainseg_gui.errors import ImageError, printable
from brainseg_gui.imaging.formats.image_format import ShouldStop, StoredMask
from brainseg_gui.imaging.formats.nrrd import parsed, read_picture
from brainseg_gui.imaging.formats.overlaps import MOST, flattened, numbered
from brainseg_gui.imaging.formats.whole_numbers import whole_numbers
from brainseg_gui.imaging.grid import Array, StoredGrid
from brainseg_gui.imaging.labelling.label_entries import LabelEntry
from brainseg_gui.imaging.labelling.terminology import (
    entry_of,
    scheme_of_entries,
)

_NUMBERED = re.compile(r"Segment(\d{1,4})_ID|Segment(\d{1,4})_Name")


@dataclass(frozen=True)
class _Segment:
    """A segment: its volume of several, its number there, and how it is described."""

    layer: int
    number: int
    name: str
    colour: str
    code: str


def read_mask(
    path: Path, _target: StoredGrid | None = None, should_stop: ShouldStop | None = None
) -> StoredMask | None:
    """The segments of a file as a mask; None where it describes none."""
    nrrd = parsed(path)
    segments = list(_segments(path, nrrd.fields, several=len(nrrd.header.shape) == 4))
    if not segments:
        return None
    picture = read_picture(path, should_stop)
    grid = picture.header.stored_grid
    numbers = [segment.number for segment in segments]
    if picture.stored.ndim == 3:
        values, notes = whole_numbers(picture)
    else:
        _check_layers(path, segments, picture.stored.shape[3])
        numbers = numbered(path, numbers)
        parts = [(n, partial(_voxels, picture.stored, s)) for n, s in zip(numbers, segments, strict=True)]
        values, notes = flattened(path, grid.shape, parts, [segment.name for segment in segments])
    entries = [_entry(number, segment) for number, segment in zip(numbers, segments, strict=True)]
    said = scheme_of_entries(_title_of(path), entries)
    assumed = tuple(f"{printable(path.name)}: {note}" for note in picture.notes)
    return StoredMask(grid.to_ras(values), grid, (*assumed, *notes), said, is_part=True)


def _title_of(path: Path) -> str:
    """What the file is called, without ``.seg.nrrd`` or ``.nrrd``."""
    return Path(path.stem).stem if path.name.lower().endswith(".seg.nrrd") else path.stem


def _segments(path: Path, fields: Mapping[str, str], *, several: bool) -> Iterator[_Segment]:
    found = sorted({int(match[1] or match[2]) for name in fields if (match := _NUMBERED.fullmatch(name))})
    if len(found) > MOST:
        raise ImageError(f"it holds {len(found):,} segments, and a mask holds {MOST}", "Export those you need", path)
    for place in found:
        start = f"Segment{place}_"
        name = fields.get(start + "Name") or fields.get(start + "ID", "")
        layer = _whole(fields.get(start + "Layer", ""), place if several else 0)  # before 5.0 each had one of its own
        number = _whole(fields.get(start + "LabelValue", ""), 1 if several else place + 1)
        yield _Segment(
            layer, number, name, _colour(fields.get(start + "Color", "")), _code(fields.get(start + "Tags", ""))
        )


def _check_layers(path: Path, segments: list[_Segment], layers: int) -> None:
    if any(not 0 <= segment.layer < layers for segment in segments):
        raise ImageError("a segment is said to lie in a layer that is not there", "Save it again, from 3D Slicer", path)


def _voxels(stored: Array, segment: _Segment) -> NDArray[np.bool_]:
    return np.asarray(stored[..., segment.layer] == segment.number)


def _entry(number: int, segment: _Segment) -> LabelEntry:
    return entry_of(number, segment.name, segment.colour, segment.code)


def _whole(text: str, otherwise: int) -> int:
    return int(text) if re.fullmatch(r"\d{1,9}", text) else otherwise


def _colour(text: str) -> str:
    """Three numbers from 0 to 1 as ``#rrggbb``; empty where they are none."""
    words = text.split()
    if len(words) != 3 or not all(re.fullmatch(r"[01](?:\.\d*)?(?:e-?\d+)?|\.\d+", word) for word in words):
        return ""
    parts = [min(round(255 * float(word)), 255) for word in words]
    return "#" + "".join(f"{part:02x}" for part in parts)


def _code(tags: str) -> str:
    """The code of a segment's type: the third part of its terminology entry."""
    parts = tags.partition("TerminologyEntry:")[2].partition("|")[0].split("~")
    codes = parts[2].split("^") if len(parts) > 2 else []
    return codes[1] if len(codes) > 1 else ""

"""Reading ``preparation.json``, which comes from anywhere: what makes no sense is refused, by a sentence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from brainseg_gui.errors import CaseError
from brainseg_gui.imaging.file_mark import FileMark
from brainseg_gui.imaging.formats.image_format import ImageHeader
from brainseg_gui.imaging.grid import Affine, StoredGrid, is_singular
from brainseg_gui.imaging.modality import Modality
from brainseg_gui.plain_files import read_json, visible
from brainseg_gui.plain_values import listed_in, number_in, object_in, path_in, text_in, whole_in
from brainseg_gui.preparation import RECORD
from brainseg_gui.preparation.record import FORMAT, Preparation, PreparedSeries
from brainseg_gui.preparation.registration.motion import Alignment
from brainseg_gui.preparation.steps.work import Space, Wishes

_MOST_FILES, _MOST_VOXELS, _MOST_DOUBTS = 100_000, 2**31, 1000
_RIGID = 1e-3  # of rounding, where a motion was written and read


def read_preparation(folder: Path) -> Preparation:
    """What the record in a folder says.

    Raises
    ------
    CaseError
        If there is none, or it makes no sense.
    """
    path = folder / RECORD
    try:
        content = object_in(read_json(path))
        if content.get("format") != FORMAT:
            raise ValueError(f"it is not of the format “{FORMAT}”")
        return _preparation(content)
    except OSError as error:
        raise CaseError("it holds no prepared case", "Prepare it with brainseg prepare", folder) from error
    except (ValueError, TypeError, KeyError) as error:
        said = visible(str(error), 200)
        raise CaseError(f"the record cannot be used ({said})", "Prepare the examination again", path) from error


def _preparation(content: Mapping[str, Any]) -> Preparation:
    wished = object_in(content["wishes"])
    deface = bool(wished.get("deface"))  # before there was such a wish, no face was removed
    wishes = Wishes(Space(wished["space"]), bool(wished["strip"]), bool(wished["even_out"]), deface)
    series = tuple(_series(object_in(entry)) for entry in listed_in(content["series"], len(Modality)))
    said = {Modality(key): text_in(word) for key, word in object_in(content["said"]).items()}
    name, program, reference = text_in(content["name"]), text_in(content["program"]), Modality(content["reference"])
    stripped = content["brain"] is not None and wishes.strip
    doubts = tuple(text_in(one) for one in listed_in(content["doubts"], _MOST_DOUBTS))
    others = tuple(text_in(one) for one in listed_in(content.get("other_series", []), _MOST_FILES))
    all_files = text_in(content.get("all_files", ""))  # before it was noted, the names of other series tell
    place = path_in(content.get("place", ""))
    return Preparation(name, reference, series, wishes, said, stripped, program, doubts, others, all_files, place)


def _series(entry: Mapping[str, Any]) -> PreparedSeries:
    files = {path_in(one["path"]): _mark(one) for one in listed_in(entry["files"], _MOST_FILES)}
    grid, motion = object_in(entry["grid"]), object_in(entry["registration"])
    i, j, k = (whole_in(count) for count in listed_in(grid["shape"], 3))
    if not 0 < i * j * k <= _MOST_VOXELS:
        raise ValueError("a series in it has no bearable number of voxels")
    stored = StoredGrid((i, j, k), _affine(grid["affine"]))
    header = ImageHeader(next(iter(files), Path()), stored.shape, stored)
    alignment, before = _motion(motion), motion.get("found_before")
    if before is not None:
        alignment = replace(alignment, found=_motion(object_in(before)))
    words = (text_in(entry["certainty"]), text_in(entry["reason"]))
    burned_in = entry.get("burned_in") is True  # in records from before it was noted, nobody looked
    name = text_in(entry["series"])
    return PreparedSeries(Modality(entry["modality"]), name, header, files, alignment, *words, burned_in)


def _motion(entry: Mapping[str, Any]) -> Alignment:
    names = ("rotation_deg", "shift_mm", "overlap", "information", "chance")
    turned, shift, overlap, here, chance = (number_in(entry[name]) for name in names)
    refused = _rigid(entry["refused"]) if entry.get("refused") is not None else None  # older records have none
    found = Alignment(_rigid(entry["to_series"]), turned, shift, overlap, here, chance, text_in(entry["problem"]))
    return replace(found, refused=refused)


def _rigid(rows: Sequence[Any]) -> Affine:
    motion = _affine(rows)
    turn, below = motion[:3, :3], motion[3] - (0, 0, 0, 1)
    if max(np.abs(turn @ turn.T - np.eye(3)).max(), np.abs(below).max()) > _RIGID or np.linalg.det(turn) < 0:
        raise ValueError("a motion in it is not rigid")
    return motion


def _mark(entry: Mapping[str, Any]) -> FileMark:
    modified_ns = entry["modified_ns"]
    if not isinstance(modified_ns, int) or abs(modified_ns) >= 2**63:
        raise TypeError("a time in it is none")
    return FileMark(whole_in(entry["bytes"]), modified_ns, text_in(entry["sha256"]))


def _affine(rows: Sequence[Any]) -> Affine:
    values = np.array([[number_in(value) for value in listed_in(row, 4)] for row in listed_in(rows, 4)], np.float64)
    if values.shape != (4, 4) or is_singular(values):
        raise ValueError("a matrix in it is none of a place in space")
    return values

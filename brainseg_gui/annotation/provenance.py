"""The small file beside a saved mask: who or what made each part of it.

It holds names of layers, tools and models, counts, hashes and times, but no file paths, and no name of the case or
of the patient: a layer that is named like its file is called ``mask 1``, and known by the hash of its voxels. Who goes
on with a mask adds a sitting to it: what is known of those before stays.
"""

from __future__ import annotations

import errno
import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from brainseg_gui.annotation.edits import Edit
from brainseg_gui.annotation.history import History
from brainseg_gui.annotation.slab import Values
from brainseg_gui.errors import SaveError
from brainseg_gui.imaging.formats.mask_note import MaskNote, note_path, scheme_fields
from brainseg_gui.imaging.labels import LabelMap
from brainseg_gui.imaging.values_digest import values_digest
from brainseg_gui.storage.writing import write_text

FORMAT = 1
_OF_A_SITTING = (
    "program",
    "annotator",
    "began",
    "saved",
    "voxels_digest",
    "label_scheme",
    "started_from",
    "copied_from",
    "parts",
    "edits",
)
_GIVEN = re.compile(
    r"(?:reference|prediction|annotation(?: by .*)?|empty|(?:majority|majority per label|staple) of \d+)(?: \d+)?",
    re.IGNORECASE,
)
IDLE_S = 60.0
"""A pause between two edits counts as work up to this long."""


@dataclass(frozen=True)
class Origin:
    """A layer that voxels come from.

    Parameters
    ----------
    layer
        Name of the layer.
    kind
        ``reference``, ``prediction``, ``annotation``, ``empty`` or ``file``.
    author
        Who or what made it: a model, a person.
    digest
        Of its voxels (`study.values_digest`).
    model_sha256
        Of the weights, where a model made it.
    """

    layer: str
    kind: str
    author: str = ""
    digest: str = ""
    model_sha256: str = ""


def provenance(
    labels: LabelMap,
    history: History,
    start: Origin,
    *,
    layers: Sequence[Origin] = (),
    program: str = "",
    annotator: str = "",
    study: str = "",
    began: float = 0.0,
    earlier: Sequence[Mapping[str, Any]] = (),
    idle_s: float = IDLE_S,
) -> dict[str, Any]:
    """What is known about how a mask came to be, ready for JSON.

    Parameters
    ----------
    labels
        What was saved: the annotation at the history's position.
    history
        Its edits; only those that are applied count.
    start
        What it was started from.
    layers
        Layers that voxels were copied from, found by the edits' `layer`.
    program
        Version of the program.
    annotator
        How the person wants to be named, or empty.
    study
        Digest of the images (`study.study_digest`), or empty.
    began
        When this sitting began, in seconds since 1970; it tells one sitting from another.
    earlier
        The sittings before, oldest first, as `sittings_of` gives them.
    """
    applied = history.applied
    known = {origin.layer: origin for origin in layers}
    times = [edit.source.made for edit in applied]
    told = _Names()
    return {
        "format": FORMAT,
        "program": program,
        "annotator": annotator,
        "study": study,
        "began": began_text(began),
        "saved": _time_text(datetime.now(UTC).timestamp()),
        "voxels_digest": values_digest(labels.values),
        **scheme_fields(labels.scheme),
        "labels": _label_counts(labels),
        "started_from": _origin_fields(start, told),
        "copied_from": [_origin_fields(known[name], told) for name in _layers_of(applied) if name in known],
        "parts": _parts(labels.values, applied, told),
        "edits": {
            "count": len(applied),
            "by_tool": dict(sorted(Counter(edit.source.tool for edit in applied).items())),
            "first": _time_text(min(times)) if times else None,  # the clock may have been set back meanwhile
            "last": _time_text(max(times)) if times else None,
            "seconds_of_work": round(seconds_of_work(applied, idle_s), 1),
        },
        "earlier": [*earlier],
    }


def sittings_of(note: MaskNote, but: float = 0.0) -> tuple[Mapping[str, Any], ...]:
    """All sittings that a mask took, oldest first, for the note of the next one.

    Parameters
    ----------
    but
        When the present sitting began: what was saved in it before is not listed beside it.
    """
    listed = note.fields.get("earlier")
    found = [entry for entry in listed if isinstance(entry, dict)] if isinstance(listed, list) else []
    last = {key: note.fields[key] for key in _OF_A_SITTING if key in note.fields}
    return tuple(entry for entry in (*found, last) if not but or entry.get("began") != began_text(but))


def began_text(seconds: float) -> str:
    """When a sitting began, as the note tells it."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds") if seconds else ""


def seconds_of_work(edits: Sequence[Edit], idle_s: float = IDLE_S) -> float:
    """Time spent: the pauses between edits, each counted up to `idle_s`, in s."""
    times = sorted(edit.source.made for edit in edits)
    return float(np.minimum(np.diff(times), idle_s).sum()) if len(times) > 1 else 0.0


def write_provenance(mask_path: Path, fields: Mapping[str, Any]) -> Path:
    """Write the file beside a mask: ``x_seg.nii.gz`` -> ``x_seg.provenance.json``.

    Raises
    ------
    SaveError
        If it could not be written; the mask is not touched.
    """
    path = note_path(mask_path)
    text = json.dumps(fields, indent=2, ensure_ascii=False) + "\n"
    try:
        write_text(path, text, chosen=False)
    except OSError as error:
        what = f"the mask is saved, but not the note on how it was made ({error.strerror or error})"
        too_long = error.errno == errno.ENAMETOOLONG
        raise SaveError(
            what, "Give the mask a shorter name" if too_long else "Make the folder writable", path
        ) from error
    return path


class _Names:
    """Names of layers as they are told: those that the program gives stay, those of files are numbered."""

    def __init__(self) -> None:
        self._told: dict[str, str] = {}

    def __call__(self, name: str) -> str:
        if not name or _GIVEN.fullmatch(name):
            return name
        return self._told.setdefault(name, f"mask {len(self._told) + 1}")


def _parts(values: Values, applied: Sequence[Edit], told: _Names) -> list[dict[str, Any]]:
    """Voxels of each label by who set them last: the start, or a tool, with the layer that it copied from."""
    makers: list[tuple[str, str]] = [("start", "")]
    last = np.zeros(values.shape, dtype=np.uint16, order="F")
    for edit in applied:
        maker = (edit.source.tool, edit.source.layer)
        if maker not in makers:
            makers.append(maker)
        last[edit.slab][edit.difference() != 0] = makers.index(maker)
    labelled = values > 0
    pairs = np.bincount(last[labelled].astype(np.int64) * 256 + values[labelled], minlength=256 * len(makers))
    return [
        {"made_by": tool, "layer": told(layer), "label": int(label), "voxels": int(pairs[256 * number + label])}
        for number, (tool, layer) in enumerate(makers)
        for label in np.flatnonzero(pairs[256 * number : 256 * number + 256])
    ]


def _label_counts(labels: LabelMap) -> list[dict[str, Any]]:
    counts = labels.counts
    return [
        {
            "label": value,
            "meaning": labels.scheme.meaning_of(value),
            "voxels": int(counts[value]),
            "volume_ml": round(int(counts[value]) * labels.grid.voxel_ml, 3),
        }
        for value in labels.present()
    ]


def _layers_of(applied: Sequence[Edit]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(edit.source.layer for edit in applied if edit.source.layer))


def _origin_fields(origin: Origin, told: _Names) -> dict[str, str]:
    # the author of a layer that comes from a file is the file's name, that of a consensus the names of its masks
    author = origin.author if origin.model_sha256 or origin.kind == "annotation" else ""
    fields = {"layer": told(origin.layer), "kind": origin.kind, "author": author}
    fields |= {"voxels_digest": origin.digest, "model_sha256": origin.model_sha256}
    return {key: value for key, value in fields.items() if value}


def _time_text(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")

"""Writing ``preparation.json``: how a prepared case was made, with what, and what a person should look at."""

from __future__ import annotations

import json
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

from brainseg_gui import __version__
from brainseg_gui.imaging.file_mark import FileMark
from brainseg_gui.imaging.modality import Modality
from brainseg_gui.preparation.record import FORMAT
from brainseg_gui.preparation.registration.motion import Alignment
from brainseg_gui.preparation.steps.work import PreparationWork

_LIBRARIES = ("SimpleITK", "numpy", "scipy", "pydicom", "nibabel")


def as_json(
    work: PreparationWork, marks: Mapping[Modality, Mapping[Path, FileMark]], said: Mapping[Modality, str]
) -> str:
    """The record of a preparation that is done.

    Parameters
    ----------
    marks
        By modality: each file of its series as it was read.
    said
        What a person said of the roles.
    """
    found = work.brain_found
    content = {
        "format": FORMAT,
        "program": __version__,
        "libraries": {name: version(name) for name in _LIBRARIES},
        "name": work.examination.name,
        "place": str(work.examination.place.resolve()),
        "wishes": {
            "space": work.wishes.space.value,
            "strip": work.wishes.strip,
            "even_out": work.wishes.even_out,
            "deface": work.wishes.deface,
        },
        "said": {modality.value: word.casefold() for modality, word in said.items()},
        "reference": work.reference.value,
        "grid": {"shape": list(work.grid.shape), "affine": work.grid.affine.tolist()},
        "series": [_series_entry(work, modality, marks[modality]) for modality in work.native],
        "other_series": [one.name for one in work.examination.series if one.number not in _taken(work)],
        "all_files": work.examination.files_digest,
        "set_aside": {one.name: one.why for one in work.examination.aside},
        "brain": None
        if work.brain is None or found is None
        else {
            "network": found.network,
            "volume_ml": round(found.volume_ml, 1),
            "certainty": {modality.value: round(value, 4) for modality, value in found.certainty.items()},
        },
        "steps": [
            {"name": one.name, "seconds": round(one.seconds, 2), "said": list(one.sentences)} for one in work.done
        ],
        "doubts": list(work.doubts),
    }
    return json.dumps(content, indent=1, allow_nan=False) + "\n"


def _taken(work: PreparationWork) -> set[int]:
    return {work.series_of(modality).number for modality in work.native}


def _series_entry(work: PreparationWork, modality: Modality, marks: Mapping[Path, FileMark]) -> dict[str, Any]:
    series, role = work.series_of(modality), work.choice.chosen[modality].role
    stored = series.header.stored_grid
    return {
        "modality": modality.value,
        "series": series.name,
        "certainty": role.certainty.value,
        "reason": role.reason,
        "burned_in": series.burned_in,
        "grid": {"shape": list(stored.shape), "affine": stored.affine.tolist()},
        "registration": _motion_entry(work.alignments[modality]),
        "files": [
            {"path": str(path.resolve()), "bytes": mark.size, "modified_ns": mark.modified_ns, "sha256": mark.sha256}
            for path, mark in marks.items()
        ],
    }


def _motion_entry(motion: Alignment) -> dict[str, Any]:
    return {
        "to_series": motion.to_series.tolist(),
        "still": motion.is_still,
        "rotation_deg": round(motion.rotation_deg, 3),
        "shift_mm": round(motion.shift_mm, 3),
        "overlap": round(motion.overlap, 4),
        "information": round(motion.information, 4),
        "chance": round(motion.chance, 4),
        "problem": motion.problem,
        "nudged_by_hand": motion.by_hand,
        "found_before": _motion_entry(motion.found) if motion.found is not None else None,
        "refused": motion.refused.tolist() if motion.refused is not None else None,
    }

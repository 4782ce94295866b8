"""Records of prepared cases and raw examinations, and reading them as the program does."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from brainseg_gui.errors import printable
from brainseg_gui.preparation.doubts import doubts_of
from brainseg_gui.preparation.prepared_case import NATIVE, native_paths
from brainseg_gui.preparation.raw_examination import choose_series, examine
from brainseg_gui.preparation.record_reading import read_preparation
from brainseg_gui.progress import run_to_end
from tests.fuzz.measure import WrongAnswer

_TURNED = [[0.0, -1.0, 0.0, 3.0], [1.0, 0.0, 0.0, -2.0], [0.0, 0.0, 1.0, 5.0], [0.0, 0.0, 0.0, 1.0]]
_GRID = {"shape": [24, 20, 12], "affine": [[-1.0, 0, 0, 90.0], [0, -1.5, 0, 70.0], [0, 0, 5.0, -30.0], [0, 0, 0, 1.0]]}


def record() -> dict[str, Any]:
    """A record of two series, one of them put by hand, as it is written."""
    found = _motion("it covers 3% of the reference's head")
    by_hand = {**_motion(""), "nudged_by_hand": True, "found_before": found}
    still = {**_motion(""), "to_series": np.eye(4).tolist(), "still": True}
    return {
        "format": "brainseg preparation 1",
        "program": "0.1.0",
        "libraries": {"numpy": "2.0"},
        "name": "Jane",
        "place": "/scans/Jane",
        "wishes": {"space": "1mm", "strip": True, "even_out": False, "deface": False},
        "said": {"t2": "ax_t2"},
        "reference": "t1ce",
        "grid": _GRID,
        "series": [_series("t1ce", still), _series("t2", by_hand)],
        "other_series": ["adc"],
        "set_aside": {"scout": "it has 3 slices"},
        "brain": {"network": "brain-3mm 1", "volume_ml": 1400.0, "certainty": {"t1ce": 0.97}},
        "steps": [{"name": "registering", "seconds": 3.0, "said": ["T2 was put by hand"]}],
        "doubts": [],
    }


def faceless() -> dict[str, Any]:
    """One of heads that kept their skull and lost their face."""
    return {**record(), "wishes": {"space": "reference", "strip": False, "even_out": False, "deface": True}}


def older() -> dict[str, Any]:
    """One that says nothing of faces."""
    return {**record(), "wishes": {"space": "1mm", "strip": True, "even_out": False}}


def _motion(problem: str) -> dict[str, Any]:
    return {
        "to_series": _TURNED,
        "still": False,
        "rotation_deg": 90.0,
        "shift_mm": 6.2,
        "overlap": 0.9,
        "information": 0.6,
        "chance": 0.1,
        "problem": problem,
        "nudged_by_hand": False,
        "found_before": None,
    }


def _series(modality: str, motion: dict[str, Any]) -> dict[str, Any]:
    file = {"path": f"/scans/Jane/{modality}.nii.gz", "bytes": 10, "modified_ns": 1, "sha256": "0" * 64}
    return {
        "modality": modality,
        "series": f"ax {modality}",
        "certainty": "sure",
        "reason": "its name says so",
        "grid": _GRID,
        "registration": motion,
        "files": [file],
    }


def read_record(folder: Path) -> None:
    """Read a record, and do with it what a later preparation does."""
    found = read_preparation(folder)
    found.still_fits(found.wishes, found.said)
    files = {path for one in found.series for path in one.files}
    found.put_by_hand(files)
    if (placed := found.placed) is not None and not found.lies_as(replace(placed)):
        raise WrongAnswer("it does not lie as it says itself")
    for one in found.series:
        for alignment in filter(None, (one.alignment, one.alignment.found)):
            turn = alignment.to_series[:3, :3]
            if not np.allclose(turn @ turn.T, np.eye(3), atol=0.01) or np.linalg.det(turn) < 0:
                raise WrongAnswer("a motion that is not rigid")
        one.alignment.grid_of(one.header.stored_grid.grid)
    for path in native_paths(found, folder / NATIVE):
        if path.parent != folder / NATIVE or printable(path.name) != path.name:
            raise WrongAnswer(f"a mask would be written to {path!a}")


def look_through(place: Path) -> None:
    """All series of a place, which is what, and what is said of it."""
    found = run_to_end(examine(place))
    words = [found.name, *(one.name for one in (*found.series, *found.aside)), *(one.why for one in found.aside)]
    choice = choose_series(found)
    words += [one.role.reason for one in choice.chosen.values()] + list(doubts_of(choice, found))
    if any(printable(word) != word for word in words):
        raise WrongAnswer(f"words that steer: {words!a}")

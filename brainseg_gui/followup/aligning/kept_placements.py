"""Where visits lie, kept from one opening of a patient to the next: registering six visits takes a minute and more."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from brainseg_gui.followup.aligning.placements import Placement
from brainseg_gui.followup.visits import Visit
from brainseg_gui.imaging.file_mark import stamp_of
from brainseg_gui.imaging.grid import Affine
from brainseg_gui.plain_files import read_json
from brainseg_gui.plain_values import listed_in, object_in, text_in
from brainseg_gui.storage.writing import make_private_folder, write_bytes

_FORMAT = "brainseg placements 1"
_LONGEST_NOTE = 1000


def kept_placements(visits: Sequence[Visit], folder: Path) -> tuple[Placement, ...]:
    """What was found when the same images were registered before; empty where they were not, or where one changed.

    Masks are not asked: what is left out of the comparison moves where a visit lies by less than it is known.

    Parameters
    ----------
    folder
        Where `keep_placements` keeps them.
    """
    try:
        content = object_in(read_json(folder / _name_of(visits)))
        if content["format"] != _FORMAT:
            return ()
        entries = listed_in(content["visits"], len(visits))
        return tuple(_placement(object_in(entry)) for entry in entries) if len(entries) == len(visits) else ()
    except (OSError, KeyError, TypeError, ValueError, AttributeError, OverflowError):
        return ()


def keep_placements(visits: Sequence[Visit], placements: Sequence[Placement], folder: Path) -> None:
    """Keep what was found for the next time; where a visit could not be laid, all are tried again then.

    Raises
    ------
    OSError
        If it cannot be written.
    """
    if any(one.failed for one in placements):
        return
    content = {"format": _FORMAT, "visits": [_entry(one) for one in placements]}
    make_private_folder(folder)
    write_bytes(folder / _name_of(visits), json.dumps(content).encode("utf-8"), chosen=False, private=True)


def _name_of(visits: Sequence[Visit]) -> str:
    known = json.dumps([stamps_of(visit) for visit in visits])
    return f"{hashlib.sha256(known.encode('utf-8')).hexdigest()[:32]}.json"


def stamps_of(visit: Visit) -> list[tuple[str, str, int, int]]:
    """The images of a visit that may be compared: which, where they lie, and how they were left.

    Raises
    ------
    OSError
        If one is gone.
    """
    images = visit.source.modalities.items()
    return sorted((modality.value, str(path), *stamp_of(path)) for modality, path in images)


def _entry(one: Placement) -> dict[str, Any]:
    return {"to_first": one.to_first.tolist(), "note": one.note, "doubtful": one.doubtful}


def _placement(entry: Mapping[str, Any]) -> Placement:
    doubtful = entry["doubtful"]
    if not isinstance(doubtful, bool):
        raise TypeError("it says neither yes nor no")
    return Placement(_motion(entry["to_first"]), text_in(entry["note"])[:_LONGEST_NOTE], doubtful=doubtful)


def _motion(value: Any) -> Affine:
    found = np.array(value, np.float64)
    if found.shape != (4, 4) or not np.isfinite(found).all():
        raise ValueError("it is no motion")
    turn = found[:3, :3]
    if found[3].tolist() != [0, 0, 0, 1] or not (
        np.allclose(turn @ turn.T, np.eye(3), atol=1e-4) and math.isclose(np.linalg.det(turn), 1.0, abs_tol=1e-4)
    ):
        raise ValueError("it is no rigid motion")
    return found

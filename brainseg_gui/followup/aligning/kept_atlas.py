"""Where a patient lies in the atlas, kept as the places of visits are: finding it takes a second."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np

from brainseg_gui.anatomy.atlas import read_atlas
from brainseg_gui.followup.aligning.kept_placements import stamps_of
from brainseg_gui.followup.visits import Visit
from brainseg_gui.imaging.grid import Affine, is_singular
from brainseg_gui.plain_files import read_json
from brainseg_gui.plain_values import listed_in, number_in, object_in
from brainseg_gui.storage.writing import make_private_folder, write_bytes

_FORMAT = "brainseg atlas place 1"


def kept_in_atlas(visit: Visit, folder: Path) -> Affine | None:
    """4×4 from a visit's world to the atlas's, as it was found for the same images; None where it was not.

    Masks are not asked: what is left out of the comparison moves the place by less than it is known.

    Parameters
    ----------
    folder
        Where `keep_in_atlas` keeps it.
    """
    try:
        content = object_in(read_json(folder / _name_of(visit)))
        return _affine(content["to_atlas"]) if content["format"] == _FORMAT else None
    except (OSError, KeyError, TypeError, ValueError, OverflowError):
        return None


def keep_in_atlas(visit: Visit, to_atlas: Affine, folder: Path) -> None:
    """Keep what was found for the next time.

    Raises
    ------
    OSError
        If it cannot be written.
    """
    content = {"format": _FORMAT, "to_atlas": to_atlas.tolist()}
    make_private_folder(folder)
    write_bytes(folder / _name_of(visit), json.dumps(content).encode("utf-8"), chosen=False, private=True)


def _name_of(visit: Visit) -> str:
    known = json.dumps([read_atlas().digest, stamps_of(visit)])
    return f"atlas-{hashlib.sha256(known.encode('utf-8')).hexdigest()[:32]}.json"


def _affine(value: Any) -> Affine:
    found = np.array([[number_in(number) for number in listed_in(row, 4)] for row in listed_in(value, 4)], np.float64)
    if found.shape != (4, 4) or found[3].tolist() != [0, 0, 0, 1] or is_singular(found):
        raise ValueError("it is no affine, or a singular one")
    return found

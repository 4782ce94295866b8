"""What networks told of the cases of a list, in a file of this computer; a file that makes no sense tells nothing."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from brainseg_gui.annotation.case_order import CaseSigns
from brainseg_gui.plain_files import read_json
from brainseg_gui.plain_values import number_in, object_in, path_in, text_in
from brainseg_gui.storage.writing import make_private_folder, write_text

_LARGEST_BYTES = 2**26


def read_signs(path: Path) -> dict[Path, CaseSigns]:
    """The signs of a file by the place of each case; what cannot be read is told anew by the next segmentation."""
    try:
        return {path_in(place): _signs_of(entry) for place, entry in object_in(read_json(path, _LARGEST_BYTES)).items()}
    except (OSError, ValueError, KeyError, TypeError):
        return {}


def write_signs(path: Path, signs: Mapping[Path, CaseSigns]) -> None:
    """Keep signs.

    Raises
    ------
    OSError
        If they cannot be written.
    """
    make_private_folder(path.parent)
    entries = {
        str(place): {"expected": dict(known.expected), "volumes_ml": dict(known.volumes_ml)}
        for place, known in signs.items()
    }
    write_text(path, json.dumps(entries, indent=1) + "\n", chosen=False, private=True)


def _signs_of(entry: Any) -> CaseSigns:
    fields = object_in(entry)
    expected, volumes = (
        {text_in(key): number_in(value) for key, value in object_in(fields[name]).items()}
        for name in ("expected", "volumes_ml")
    )
    return CaseSigns(expected, volumes)

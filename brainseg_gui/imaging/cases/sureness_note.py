"""How sure a network was of the volumes of its mask, in the file beside it: a few numbers, not the probabilities.

It is no note of a mask that somebody saved (`mask_note`), and holds of the voxels that it was written with: who
corrects the mask, knows better.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from brainseg_gui.imaging.formats.mask_note import note_path
from brainseg_gui.imaging.labels import regions
from brainseg_gui.imaging.values_digest import values_digest
from brainseg_gui.plain_files import read_json
from brainseg_gui.plain_values import listed_in, number_in, object_in
from brainseg_gui.storage.writing import write_text

_FORMAT = "brainseg prediction 1"

VolumeLimits = Mapping[str, tuple[float, float]]
"""Key of a region -> the volumes in ml between which it lies."""


def write_sureness(mask: Path, values: NDArray[np.uint8], network: str, limits: VolumeLimits) -> None:
    """Write the file beside a mask that a network made.

    Parameters
    ----------
    values
        What was saved as the mask, RAS-ordered, (I, J, K).
    network
        Name and version of the network.

    Raises
    ------
    OSError
        If it cannot be written; the mask is not touched.
    """
    content = {
        "format": _FORMAT,
        "network": network,
        "of_voxels": values_digest(values),
        "volumes_ml": {key: [round(end, 4) for end in ends] for key, ends in limits.items()},
    }
    write_text(note_path(mask), json.dumps(content, indent=2, ensure_ascii=False) + "\n", chosen=False)


def read_sureness(mask: Path, values: NDArray[np.uint8]) -> VolumeLimits:
    """What the file beside a mask says of exactly these voxels, (I, J, K); empty where it says nothing of them."""
    path = note_path(mask)
    try:
        content = object_in(None if path.is_symlink() else read_json(path))
        if content["format"] != _FORMAT or content["of_voxels"] != values_digest(values):
            return {}
        listed = object_in(content["volumes_ml"])
        return {region.key: _ends(listed[region.key]) for region in regions() if region.key in listed}
    except (OSError, KeyError, TypeError, ValueError, RecursionError):
        return {}


def _ends(value: Any) -> tuple[float, float]:
    least, most = (float(number_in(end)) for end in listed_in(value, 2))
    if not 0 <= least <= most:
        raise ValueError("they are no limits of a volume")
    return least, most

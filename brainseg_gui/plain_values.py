"""Values of JSON files from elsewhere, looked at before they are used: their type, length and size.

Ours, not pydantic, whose import alone costs 150 ms of processor time (see `inference/models/json_fields.py`): reports
and follow-ups are read in the window, and their mistakes are told in sentences.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

LARGEST = 1e12  # of any number in a report: voxels, ml, mm, seconds
LONGEST = 4000


def text_in(value: Any) -> str:
    """A text as it is: names come back as they went; whoever shows one makes it printable."""
    if not isinstance(value, str) or len(value) > LONGEST:
        raise TypeError("it is no text of bearable length")
    return value


def path_in(value: Any) -> Path:
    """A path; nothing is opened."""
    if not isinstance(value, str) or len(value) > LONGEST or "\0" in value:
        raise TypeError("it is no path")
    os.fsencode(value)  # some texts are the name of no file
    return Path(value)


def number_in(value: Any) -> float:
    """A number as it is, whole or not."""
    if not isinstance(value, (int, float)) or isinstance(value, bool) or not abs(value) <= LARGEST:
        raise TypeError("it is no number of bearable size")
    return value


def whole_in(value: Any) -> int:
    """A count."""
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= LARGEST:
        raise TypeError("it is no count")
    return value


def listed_in(value: Any, most: int) -> list[Any]:
    """A list of bearable length."""
    if not isinstance(value, list) or len(value) > most:
        raise TypeError("it is no list of bearable length")
    return value


def object_in(value: Any) -> Mapping[str, Any]:
    """An object of JSON."""
    if not isinstance(value, dict):
        raise TypeError("it is no object")
    return value

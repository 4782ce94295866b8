"""Values of a DICOM header, read without believing them: what is damaged is as if it were not there."""

from __future__ import annotations

import math
from collections.abc import MutableSequence, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

from brainseg_gui.errors import printable
from brainseg_gui.imaging.formats.promises import FARTHEST_MM

if TYPE_CHECKING:
    from pydicom.dataset import Dataset
    from pydicom.tag import BaseTag

Vector = tuple[float, ...]

_LONGEST = 256


def vector_of(parts: Sequence[Dataset], keyword: str, count: int) -> Vector:
    """The first of some parts' vectors that has so many finite numbers; empty where none has."""
    for part in parts:
        numbers = [number_of(value) for value in listed_of(value_of(part, keyword))]
        found = tuple(number for number in numbers if number is not None and abs(number) < FARTHEST_MM)
        if len(numbers) == len(found) == count:
            return found
    return ()


def first_number_of(parts: Sequence[Dataset], keyword: str) -> float | None:
    """The first finite number that one of some parts has."""
    for part in parts:
        for value in listed_of(value_of(part, keyword))[:1]:
            if (number := number_of(value)) is not None:
                return number
    return None


def whole_of(content: Dataset, keyword: str) -> int | None:
    """A whole number, or None."""
    number = first_number_of((content,), keyword)
    return int(number) if number is not None else None


def text_of(content: Dataset, keyword: str) -> str:
    """A text of bearable length, its values apart by backslashes as DICOM has them; empty where there is none."""
    return "\\".join(words_of(value_of(content, keyword)))[:_LONGEST]


def sequence_of(content: Dataset, keyword: str) -> list[Dataset]:
    """The items of a sequence."""
    return listed_of(value_of(content, keyword))


def value_of(content: Dataset, key: Any) -> Any:
    """A value, or None where it is missing or damaged: pydicom converts it now, and raises what its bytes suggest.

    Parameters
    ----------
    key
        A keyword, or a tag.
    """
    try:
        tag = tag_of(key) if isinstance(key, str) else key
        return content[tag].value if tag in content.keys() else None  # noqa: SIM118  `in` a data set converts the tag
    except Exception:  # noqa: BLE001
        return None


@cache
def tag_of(keyword: str) -> BaseTag:
    """The tag of a keyword; asked for each of thousands of files, pydicom's own search takes longer than reading."""
    from pydicom.tag import Tag

    return Tag(keyword)


def listed_of(value: Any) -> list[Any]:
    """A value of one or several as a list."""
    if value is None or value == "":
        return []
    return list(value) if isinstance(value, MutableSequence | tuple) else [value]


def words_of(value: Any) -> list[str]:
    """Values as texts of bearable length that can be shown anywhere, without those that are empty."""
    plain = (item for item in listed_of(value) if isinstance(item, str | int | float))  # no items of a sequence
    return [word for item in plain if (word := printable(str(item)[:_LONGEST].strip()))]


def number_of(value: Any) -> float | None:
    """A value as a finite number, or None."""
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None

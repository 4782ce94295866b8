"""Typed reading of a JSON object whose mistakes are told in words.

Ours, not pydantic: that costs 150 ms of processor time to import and 90 ms to build the twelve models of a passport's
steps, in the window before Segment can be pressed and in every process of the network; all of this costs 30 ms. The
models alone, without docstrings and without sentences for people, had 103 lines; the steps and their readers have 230.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from brainseg_gui.errors import ModelError
from brainseg_gui.plain_files import visible

LARGEST_NUMBER = 1e9  # of anything that a passport says: voxels, mm, ml
_LONGEST_TEXT = 20_000
_LONGEST_LIST = 1000


@dataclass(frozen=True)
class JsonFields:
    """One object of a passport; every getter raises `ModelError` naming the field.

    Parameters
    ----------
    values
        The object.
    where
        What the object is, in words ("the passport", "the step crop").
    path
        The file that it comes from.
    """

    values: Mapping[str, Any]
    where: str
    path: Path

    def wrong(self, sentence: str, remedy: str = "Correct model.json") -> ModelError:
        """The error that says what is wrong with this object."""
        return ModelError(visible(f"{self.where} {sentence}", 350), visible(remedy, 350), self.path)

    def only(self, *known: str) -> None:
        """Refuse fields that nobody would read: they could change what the network gets."""
        unknown = [key for key in self.values if key not in known]
        if unknown:
            raise self.wrong(f"has a field that this program does not know: {visible(str(unknown[0]))}")

    def part(self, key: str) -> JsonFields:
        """A nested object."""
        value = self._get(key)
        if not isinstance(value, dict):
            raise self.wrong(f"needs an object for {key}")
        return JsonFields(value, f"{self.where}'s {key}", self.path)

    def parts(self, key: str) -> Iterator[JsonFields]:
        """A list of objects."""
        for value in self._list(key):
            if not isinstance(value, dict):
                raise self.wrong(f"needs a list of objects for {key}")
            yield JsonFields(value, f"an entry of {self.where}'s {key}", self.path)

    def text(self, key: str, default: str | None = None) -> str:
        """A text that is not empty."""
        value = self._get(key, default)
        if not isinstance(value, str) or (not value and default is None):
            raise self.wrong(f"needs a text for {key}")
        return self._readable(key, value)

    def texts(self, key: str) -> tuple[str, ...]:
        """A list of texts."""
        values = self._list(key)
        if not all(isinstance(value, str) for value in values):
            raise self.wrong(f"needs a list of texts for {key}")
        return tuple(self._readable(key, value) for value in values)

    def choice(self, key: str, choices: Sequence[str]) -> str:
        """A text out of a few."""
        value = self.text(key)
        if value not in choices:
            raise self.wrong(f"gives {visible(value)!r} for {key}; known are {', '.join(map(repr, choices))}")
        return value

    def whole(self, key: str, low: int = 0, high: int = int(LARGEST_NUMBER)) -> int:
        """A whole number from `low` to `high`."""
        value = self._get(key)
        if not isinstance(value, int) or isinstance(value, bool) or value < low:
            raise self.wrong(f"needs a whole number of at least {low} for {key}")
        if value > high:
            raise self.wrong(f"needs a whole number of at most {high:,} for {key}")
        return value

    def number(self, key: str) -> float:
        """A finite number."""
        return self._as_number(key, self._get(key))

    def truth(self, key: str) -> bool:
        """True or false."""
        value = self._get(key)
        if not isinstance(value, bool):
            raise self.wrong(f"needs true or false for {key}")
        return value

    def numbers(self, key: str, count: int) -> tuple[float, ...]:
        """`count` finite numbers."""
        values = self._list(key)
        if len(values) != count:
            raise self.wrong(f"needs {count} numbers for {key}")
        return tuple(self._as_number(key, value) for value in values)

    def wholes(self, key: str, count: int) -> tuple[int, ...]:
        """`count` whole numbers."""
        values = self.numbers(key, count)
        if any(value != int(value) for value in values):
            raise self.wrong(f"needs {count} whole numbers for {key}")
        return tuple(int(value) for value in values)

    def has(self, key: str) -> bool:
        """Whether the field is there and not null."""
        return self.values.get(key) is not None

    def _as_number(self, key: str, value: object) -> float:
        if not isinstance(value, (int, float)) or isinstance(value, bool):
            raise self.wrong(f"needs numbers for {key}")
        if not abs(value) <= LARGEST_NUMBER:  # infinity, and what is no number, too
            raise self.wrong(f"needs numbers of at most {LARGEST_NUMBER:,.0f} for {key}")
        return float(value)

    def _readable(self, key: str, value: str) -> str:
        """A text that a window and a terminal can show; line breaks and tabs become blanks."""
        text = " ".join(value.split()) if len(value) <= _LONGEST_TEXT else ""
        if not text.isprintable() or (value and not text):
            raise self.wrong(f"needs a readable text of at most {_LONGEST_TEXT:,} letters for {key}")
        return text

    def _list(self, key: str) -> list[Any]:
        value = self._get(key)
        if not isinstance(value, list):
            raise self.wrong(f"needs a list for {key}")
        if len(value) > _LONGEST_LIST:
            raise self.wrong(f"has {len(value):,} entries for {key}, which is too many")
        return value

    def _get(self, key: str, default: object = None) -> Any:
        if key not in self.values and default is None:
            raise self.wrong(f"does not say {key}", f"Add {key} to model.json")
        return self.values.get(key, default)

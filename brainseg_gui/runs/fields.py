"""Fields of a configuration: each carries its unit, range, choices and a sentence of help."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class FieldHelp:
    """What a form shows beside a field.

    Parameters
    ----------
    help
        One sentence.
    unit
        Unit of the number, or empty.
    low, high
        Range, both included; None is open.
    choices
        The values that are allowed; empty where any is.
    """

    help: str
    unit: str = ""
    low: float | None = None
    high: float | None = None
    choices: tuple[str, ...] = ()

    def problem(self, value: object) -> str:
        """What is wrong with a value, or an empty string."""
        if self.choices and value not in self.choices:
            return f"must be one of {', '.join(self.choices)}"
        for number in value if isinstance(value, tuple) else (value,):
            if isinstance(number, bool) or not isinstance(number, int | float):
                continue
            if number != number or number in (float("inf"), float("-inf")):
                return "must be a number"
            if self.low is not None and number < self.low:
                return f"must be at least {self.low:g}{self._unit}"
            if self.high is not None and number > self.high:
                return f"must be at most {self.high:g}{self._unit}"
        return ""

    @property
    def _unit(self) -> str:
        return f" {self.unit}" if self.unit else ""


def setting(
    default: Any,
    text: str,
    unit: str = "",
    *,
    low: float | None = None,
    high: float | None = None,
    choices: Sequence[str] = (),
) -> Any:
    """A dataclass field with its help."""
    return dataclasses.field(default=default, metadata={"help": FieldHelp(text, unit, low, high, tuple(choices))})


def help_of(owner: type, name: str) -> FieldHelp:
    """The help of one field of a configuration section."""
    known = {field.name: field for field in dataclasses.fields(owner)}
    found: FieldHelp = known[name].metadata["help"]
    return found

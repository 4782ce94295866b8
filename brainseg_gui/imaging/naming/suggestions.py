"""What people's own names suggest about their masks, as ``conventions.toml`` lists it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from brainseg_gui.imaging.formats.known_formats import stem
from brainseg_gui.imaging.naming.conventions import table


@dataclass(frozen=True)
class SchemeSuggestion:
    """What in names that no row knows suggests label schemes, the first of them most.

    Parameters
    ----------
    only
        Whether no other scheme comes into question.
    endings, words
        Of names without the ending of their format, and anywhere in paths; in small letters.
    """

    schemes: tuple[str, ...]
    only: bool
    endings: tuple[str, ...]
    words: tuple[str, ...]

    def fits(self, path: Path) -> bool:
        """Whether a file's name or path has one of them."""
        whole = str(path).lower()
        return stem(path).lower().endswith(self.endings) or any(word in whole for word in self.words)


@cache
def suggestions() -> tuple[SchemeSuggestion, ...]:
    """What names suggest, the strongest first."""
    return tuple(
        SchemeSuggestion(
            tuple(entry["schemes"]),
            entry.get("only", False),
            tuple(entry.get("endings", ())),
            tuple(entry.get("words", ())),
        )
        for entry in table()["suggestion"]
    )

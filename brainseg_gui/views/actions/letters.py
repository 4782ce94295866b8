"""Letters that choose the entries of an open menu: the one behind an ampersand, as Qt has it."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PySide6.QtWidgets import QMenu

_LETTER = re.compile(r"&([^&])")
_ESCAPED = "&&"


def letter_of(text: str) -> str:
    """The letter that chooses an entry, as a capital; empty for none."""
    found = _LETTER.search(text.replace(_ESCAPED, ""))
    return found[1].upper() if found else ""


def without_letter(text: str) -> str:
    """The words of an entry, to be shown where nothing is underlined.

    >>> without_letter("&Save && close")
    'Save & close'
    """
    return "&".join(part.replace("&", "") for part in text.split(_ESCAPED))


def with_letter(text: str, is_free: Callable[[str], bool]) -> str:
    """A text without a letter, with the first of its own that is free; as it is when none is."""
    place = next((n for n, letter in enumerate(text) if letter.isalnum() and is_free(letter.upper())), None)
    return text if place is None else f"{text[:place]}&{text[place:]}"


def give_letters(menu: QMenu) -> None:
    """Give entries a letter that the table of actions gives none: menus inside, panels."""
    entries = [action for action in menu.actions() if not action.isSeparator()]
    bare = [action for action in entries if not letter_of(action.text())]
    found = letters_for([action.text() for action in bare], {letter_of(action.text()) for action in entries})
    for action, letter in zip(bare, found, strict=True):
        action.setText(with_letter(action.text(), letter.__eq__))


def letters_for(texts: Sequence[str], taken: Collection[str]) -> list[str]:
    """For each text the first of its letters that is free; where none is, another text makes room if it can.

    >>> letters_for(["Area", "Rater", "Ra"], {"E"})
    ['A', 'T', 'R']
    """
    owner: dict[str, int] = {}

    def settle(text: int, refused: set[str]) -> bool:
        own = filter(str.isalnum, dict.fromkeys(texts[text].upper()))
        for letter in sorted(own, key=owner.__contains__):  # those that are free first
            if letter not in refused:
                refused.add(letter)
                if letter not in owner or settle(owner[letter], refused):
                    owner[letter] = text
                    return True
        return False

    for text in range(len(texts)):
        settle(text, set(taken))
    letter_by_text = {text: letter for letter, text in owner.items()}
    return [letter_by_text.get(text, "") for text in range(len(texts))]

"""Letters that choose the entries of an open menu: the one behind an ampersand, as Qt has it."""

from __future__ import annotations

import re
from collections.abc import Callable

from PySide6.QtWidgets import QMenu

_LETTER = re.compile(r"&([^&])")
_ESCAPED = "&&"


def letter_of(text: str) -> str:
    """The letter that chooses an entry, as a capital; empty for none."""
    found = _LETTER.search(text.replace(_ESCAPED, ""))
    return found[1].upper() if found else ""


def without_letter(text: str) -> str:
    """The words of an entry, to be shown where nothing is underlined."""
    return re.sub(r"&(.)", r"\1", text)


def with_letter(text: str, is_free: Callable[[str], bool]) -> str:
    """A text without a letter, with the first of its own that is free; as it is when none is."""
    place = next((n for n, letter in enumerate(text) if letter.isalnum() and is_free(letter.upper())), None)
    return text if place is None else f"{text[:place]}&{text[place:]}"


def give_letters(menu: QMenu) -> None:
    """Give entries a letter that the table of actions gives none: menus inside, panels."""
    entries = [action for action in menu.actions() if not action.isSeparator()]
    taken = {letter_of(action.text()) for action in entries}
    for action in entries:
        if not letter_of(action.text()):
            action.setText(with_letter(action.text(), lambda letter: letter not in taken))
            taken.add(letter_of(action.text()))

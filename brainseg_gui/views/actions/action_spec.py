"""One entry of the table of actions."""

from __future__ import annotations

from dataclasses import dataclass

from brainseg_gui.views.actions.letters import without_letter


@dataclass(frozen=True)
class ActionSpec:
    """One action.

    Parameters
    ----------
    key
        Name in the code and in the settings, ``menu.action``.
    text
        Words in the menu, with an ampersand before the letter that chooses it there; `name` is without.
    menu
        Menu that holds it; empty for actions that only have keys.
    keys
        Default shortcuts, in Qt's portable notation.
    tip
        What it does, for tool tips and the key list.
    icon
        Name of its icon, or empty.
    checkable
        Whether it is on or off.
    separated
        Whether a line stands above it in its menu.
    over_pictures
        Whether its keys work only while a slice has the focus; elsewhere Return, Space and the like keep their use.
    topic
        Menu inside its menu that holds it; empty for the menu itself.
    known_as
        Other words that people look for.
    """

    key: str
    text: str
    menu: str
    keys: tuple[str, ...] = ()
    tip: str = ""
    icon: str = ""
    checkable: bool = False
    separated: bool = False
    over_pictures: bool = False
    topic: str = ""
    known_as: str = ""

    @property
    def name(self) -> str:
        """Words everywhere but in the menu."""
        return without_letter(self.text)

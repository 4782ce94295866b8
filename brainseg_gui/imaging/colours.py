"""Colours of labels by meaning, the same everywhere."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache, lru_cache
from importlib.resources import files
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from brainseg_gui.imaging.labels import LabelScheme, Meaning, built_in_meanings, meanings

# both, missed, false: of Okabe and Ito, told apart with any colour vision; no safe colour of a label has their hues
AGREEMENT_COLOURS = ("#8fb8ad", "#D55E00", "#56B4E9")


@dataclass(frozen=True)
class ColourSet:
    """Colours that a person can choose to see labels in.

    Parameters
    ----------
    name, title
        For the command line and settings, and for people.
    colours
        Usual colour -> the one of this set; others stay.
    any_vision
        Whether they are told apart with any colour vision.
    """

    name: str
    title: str
    colours: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}), hash=False)
    any_vision: bool = False

    def of(self, look: Meaning) -> str:
        """Colour of a label or meaning as ``#rrggbb``."""
        return self.colours.get(look.colour, look.colour)


USUAL = ColourSet("usual", "Usual")


@cache
def colour_sets() -> Mapping[str, ColourSet]:
    """The sets of colours by name, the usual one first."""
    sets = [USUAL]
    text = files("brainseg_gui.resources").joinpath("colour_sets.toml").read_text("utf-8")
    for entry in tomllib.loads(text)["set"]:
        colours = {built_in_meanings()[key].colour: colour for key, colour in entry["colours"].items()}
        sets.append(ColourSet(entry["name"], entry["title"], MappingProxyType(colours), entry.get("any_vision", False)))
    return MappingProxyType({colours.name: colours for colours in sets})


def safe_colours() -> ColourSet:
    """The first set that is told apart with any colour vision."""
    return next(one for one in colour_sets().values() if one.any_vision)


def rgb(colour: str) -> tuple[int, int, int]:
    """``#rrggbb`` as three numbers, 0 to 255.

    >>> rgb("#e5484d")
    (229, 72, 77)
    """
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def colour_of(meaning: str, colours: ColourSet = USUAL) -> str:
    """Colour of a meaning as ``#rrggbb``."""
    return colours.of(meanings()[meaning])


@lru_cache(maxsize=64)
def overlay_table(
    scheme: LabelScheme, opacity: float, hidden: frozenset[str] = frozenset(), colours: ColourSet = USUAL
) -> NDArray[np.uint8]:
    """Look-up table from label number to RGBA, (256, 4), read-only; 0 and hidden meanings are transparent."""
    table = np.zeros((256, 4), dtype=np.uint8)
    for value in range(1, 256):
        meaning = scheme.meaning_of(value)
        if meaning not in hidden:
            table[value] = (*rgb(colours.of(scheme.look_of(value))), round(255 * opacity))
    table.flags.writeable = False
    return table


def agreement_table(found: float, wrong: float) -> NDArray[np.uint8]:
    """Look-up table for agreement pictures: 0 nothing, 1 both, 2 missed, 3 false; (256, 4).

    Parameters
    ----------
    found, wrong
        How opaque what both have is, and what only one of them has.
    """
    table = np.zeros((256, 4), dtype=np.uint8)
    for value, (colour, opacity) in enumerate(zip(AGREEMENT_COLOURS, (found, wrong, wrong), strict=True), start=1):
        table[value] = (*rgb(colour), round(255 * opacity))
    return table

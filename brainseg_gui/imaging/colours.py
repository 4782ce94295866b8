"""Colours of labels by meaning, the same everywhere."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from brainseg_gui.imaging.labels import LabelScheme, Meaning, meanings

# both, missed, false: of Okabe and Ito, told apart with any colour vision; no safe colour of a label has their hues
AGREEMENT_COLOURS = ("#8fb8ad", "#D55E00", "#56B4E9")


def rgb(colour: str) -> tuple[int, int, int]:
    """``#rrggbb`` as three numbers, 0 to 255."""
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def colour_of(meaning: str, *, safe: bool = False) -> str:
    """Colour of a meaning as ``#rrggbb``, from the usual or the colour-blind-safe set."""
    entry = meanings()[meaning]
    return entry.safe_colour if safe else entry.colour


def shown_colour(look: Meaning, *, safe: bool) -> str:
    """Colour of a label in the chosen set."""
    return look.safe_colour if safe else look.colour


@lru_cache(maxsize=64)
def overlay_table(
    scheme: LabelScheme, opacity: float, hidden: frozenset[str] = frozenset(), *, safe: bool = False
) -> NDArray[np.uint8]:
    """Look-up table from label number to RGBA, (256, 4), read-only; 0 and hidden meanings are transparent."""
    table = np.zeros((256, 4), dtype=np.uint8)
    for value in range(1, 256):
        meaning = scheme.meaning_of(value)
        if meaning not in hidden:
            table[value] = (*rgb(shown_colour(scheme.look_of(value), safe=safe)), round(255 * opacity))
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

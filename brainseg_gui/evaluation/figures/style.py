"""How a figure looks: colours, words, scale bars, size."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

from brainseg_gui.errors import BrainsegError
from brainseg_gui.imaging.colours import USUAL, ColourSet, colour_sets
from brainseg_gui.imaging.labels import meanings

MM_PER_INCH = 25.4
WIDTH_INCHES = 7.2  # two columns of a journal page
DOTS_PER_INCH = 300
NARROWEST_MM, WIDEST_MM = 60.0, 600.0
COARSEST_DPI, FINEST_DPI = 50, 1200


class LegendText(Enum):
    """What the legend says of each colour."""

    NAMES = "names"
    KEYS = "keys"
    OFF = "off"


class FigureExtent(Enum):
    """How much of a slice is shown."""

    HEAD = "head"
    TUMOUR = "tumour"


def palette(colours: ColourSet = USUAL) -> dict[str, str]:
    """Colour of every meaning, as ``#rrggbb``."""
    return {key: colours.of(meaning) for key, meaning in meanings().items()}


def colours_of(text: str) -> dict[str, str]:
    """Colours by meaning from words such as ``okabe-ito``, ``ET=#ffcc00`` or both, separated by commas.

    Raises
    ------
    BrainsegError
        If a word is neither a set of colours nor a label with its colour; says what is known.
    """
    colours = palette()
    for word in filter(None, (part.strip() for part in text.split(","))):
        if (chosen := colour_sets().get(word.lower())) is not None:
            colours = palette(chosen)
            continue
        key, _, colour = (part.strip() for part in word.partition("="))
        if key not in colours or not re.fullmatch(r"#[0-9a-fA-F]{6}", colour):
            known = ", ".join(meanings())
            raise BrainsegError(
                f"{word} is no colour",
                f"Name {', '.join(colour_sets())}, or labels with their colours, such as ET=#f5d90a; labels: {known}",
            )
        colours[key] = colour
    return colours


@dataclass(frozen=True)
class FigureStyle:
    """What a person can choose about the look of a figure.

    Parameters
    ----------
    colours
        Meaning -> ``#rrggbb``.
    legend
        Whether the legend spells out the labels, gives their short names, or is left out.
    scale_bar, letters
        Whether tiles carry a scale bar in mm, and the patient's directions at their edges.
    width_mm, dots_per_inch
        Size of the page and of the picture in dots; None for what suits the layout.

    Raises
    ------
    BrainsegError
        If the size cannot be drawn.
    """

    colours: Mapping[str, str] = field(default_factory=palette, hash=False)
    legend: LegendText = LegendText.NAMES
    scale_bar: bool = True
    letters: bool = True
    width_mm: float | None = None
    dots_per_inch: int | None = None

    def __post_init__(self) -> None:
        if self.width_mm is not None and not NARROWEST_MM <= self.width_mm <= WIDEST_MM:
            raise BrainsegError(
                f"a figure cannot be {self.width_mm:g} mm wide",
                f"Choose {NARROWEST_MM:g} to {WIDEST_MM:g} mm; journals ask for 85 (one column) or 180 (two)",
            )
        if self.dots_per_inch is not None and not COARSEST_DPI <= self.dots_per_inch <= FINEST_DPI:
            raise BrainsegError(
                f"a figure cannot have {self.dots_per_inch} dots per inch",
                f"Choose {COARSEST_DPI} to {FINEST_DPI}; journals ask for 300",
            )

    def width_inches(self, usual: float = WIDTH_INCHES) -> float:
        """Width of the page, `usual` where none was chosen."""
        return usual if self.width_mm is None else self.width_mm / MM_PER_INCH

    def dots(self, usual: int = DOTS_PER_INCH) -> int:
        """Dots per inch, `usual` where none were chosen."""
        return usual if self.dots_per_inch is None else self.dots_per_inch


USUAL_STYLE = FigureStyle()

"""What a measure of a region is: name, unit, meaning and value, and where it is shown. `measures` holds them all."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from enum import Flag, auto

from brainseg_gui.evaluation.metrics.comparison import RegionScore


class Better(Flag):
    """Which way a measure improves; neither for volumes."""

    NEITHER = 0
    HIGHER = auto()
    LOWER = auto()


class MeasureOutlet(Flag):
    """Where a measure is shown, beside the CSV and JSON, which hold all of them."""

    NOWHERE = 0
    LISTS = auto()
    """One line per case: window and page, with `list_decimals`, and terminal, with all."""
    CASE = auto()
    """The report of one case."""
    SUMMARY = auto()
    """Mean, interval and quartiles on the page of a cohort."""
    SUMMARY_FILE = auto()
    """The same in its JSON."""
    DISTRIBUTION = auto()
    """Strips of dots on the page of a cohort."""
    MODELS = auto()
    """Tests between two models."""
    WINDOW = auto()
    """The table of the two compared layers; what is shown elsewhere, is in the tips of its rows."""


@dataclass(frozen=True, kw_only=True)
class Measure:
    """A number of one region of one case.

    Parameters
    ----------
    key
        Its name in files.
    title
        Its name in full, without the unit.
    tip
        One sentence that defines it.
    term
        The term of ``definitions.toml`` that defines it in full.
    value
        Computes it from a score; NaN where it was not measured or is not defined.
    shown
        Where it is shown.
    heading, short, lower
        Headings of columns: with the unit, as short as it is understood, and in small letters; made of the title
        where they are empty.
    unit
        ``mm``, ``ml``, or empty for ratios and counts.
    decimals
        Places behind the point.
    better
        Which way it improves.
    signed
        Whether it may be below zero.
    """

    key: str
    title: str
    tip: str
    term: str
    value: Callable[[RegionScore], float]
    shown: MeasureOutlet = MeasureOutlet.NOWHERE
    heading: str = ""
    short: str = ""
    lower: str = ""
    unit: str = ""
    decimals: int = 3
    better: Better = Better.HIGHER
    signed: bool = False

    @property
    def is_plug_in(self) -> bool:
        """Whether it comes from another package: those have no term that defines them."""
        return not self.term

    @property
    def titled(self) -> str:
        """Title and unit: ``HD95, mm``."""
        return f"{self.title}, {self.unit}" if self.unit else self.title

    @property
    def column(self) -> str:
        """Heading of a column: ``HD95 mm``."""
        return self.heading or f"{self.title} {self.unit}".rstrip()

    @property
    def short_column(self) -> str:
        """Heading of a narrow column: ``HD95``."""
        return self.short or self.title

    @property
    def words(self) -> str:
        """Heading of a column in the terminal: ``lesion Dice``."""
        return self.lower or self.column

    @property
    def list_decimals(self) -> int:
        """Places in lists of cases, where tenths of mm and ml do."""
        return self.decimals - 1 if self.unit else self.decimals

    def text(self, value: float) -> str:
        """A value as text; empty where it is not defined.

        >>> from brainseg_gui.evaluation.records.measures import MEASURES
        >>> MEASURES["dice"].text(0.98765), MEASURES["hd95_mm"].text(float("nan"))
        ('0.988', '')
        """
        return "" if math.isnan(value) else f"{value:.{self.decimals}f}"

    def sentence(self, value: float) -> str:
        """Name and value for running text; a dash where it is not defined.

        >>> from brainseg_gui.evaluation.records.measures import MEASURES
        >>> MEASURES["hd95_mm"].sentence(3.14159), MEASURES["hd95_mm"].sentence(float("nan"))
        ('HD95 3.14 mm', 'HD95 –')
        """
        text = self.text(value)
        return f"{self.title} {f'{text} {self.unit}'.rstrip() if text else '–'}"

    def list_text(self, value: float) -> str:
        """A value as text in a list of cases; empty where it is not defined.

        >>> from brainseg_gui.evaluation.records.measures import MEASURES
        >>> MEASURES["hd95_mm"].list_text(3.14159)
        '3.1'
        """
        return "" if math.isnan(value) else f"{value:.{self.list_decimals}f}"

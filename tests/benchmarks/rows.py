"""Lines of the table that ``make bench`` prints, and how they are judged."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

_HEAD = f"{'work':47}{'ours':>9} {'':4}{'beside':27}{'theirs':>8}{'ratio':>8}{'floor':>9}   {'target':12}met"


@dataclass(frozen=True)
class Row:
    """One measurement, beside somebody else's for the same work.

    Parameters
    ----------
    ours, theirs, floor
        In `unit`. The floor is what no program could go below on this machine.
    beside
        What `theirs` is.
    at_most
        Target for `ours`, in `unit`.
    times
        Target for the ratio: `theirs` is at least so many times `ours`. Below 1, ours may take longer. For rates
        (`higher` is better) the other way round.
    higher
        Whether more is better.
    """

    work: str
    ours: float
    unit: str = "s"
    beside: str = ""
    theirs: float | None = None
    floor: float | None = None
    at_most: float | None = None
    times: float | None = None
    higher: bool = False

    @property
    def ratio(self) -> float | None:
        """How many times better than the other."""
        if self.theirs is None or not self.ours or not self.theirs:
            return None
        return self.ours / self.theirs if self.higher else self.theirs / self.ours

    @property
    def met(self) -> bool | None:
        """Whether the target is reached; None where there is none."""
        judged = []
        if self.at_most is not None:
            judged.append(self.ours <= self.at_most)
        if self.times is not None and self.ratio is not None:
            judged.append(self.ratio >= self.times)
        return all(judged) if judged else None

    @property
    def target(self) -> str:
        """The target in a few signs."""
        words = []
        if self.at_most is not None:
            words.append(f"≤ {_number(self.at_most)} {self.unit}")
        if self.times is not None:
            words.append(f"≥ {self.times:.3g}x" if self.times >= 1 else f"≤ {1 / self.times:.3g}x")
        return ", ".join(words)


@dataclass(frozen=True)
class Section:
    """What one module measured: lines for the table, and every number for the file."""

    rows: Sequence[Row] = ()
    numbers: Mapping[str, object] = field(default_factory=dict)
    text: str = ""


def table(rows: Sequence[Row]) -> str:
    """The lines as text."""
    return "\n".join([_HEAD, "-" * len(_HEAD), *(_line(row) for row in rows)])


def _line(row: Row) -> str:
    met = {True: "yes", False: "NO", None: ""}[row.met]
    theirs = _number(row.theirs) if row.theirs is not None else ""
    ratio = f"{row.ratio:.2f}x" if row.ratio is not None else ""
    floor = _number(row.floor) if row.floor is not None else ""
    ours = f"{row.work:47}{_number(row.ours):>9} {row.unit:4}"
    return f"{ours}{row.beside:27}{theirs:>8}{ratio:>8}{floor:>9}   {row.target:12}{met}".rstrip()


def _number(value: float) -> str:
    return f"{value:.0f}" if abs(value) >= 1000 else f"{value:.3g}"

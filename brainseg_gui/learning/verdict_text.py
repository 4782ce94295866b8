"""A verdict as rows for a window and as lines for a terminal."""

from __future__ import annotations

from brainseg_gui.errors import with_minus
from brainseg_gui.learning.gate import CaseChange, MeasureChange, Verdict

HEADINGS = ("Measure", "Region", "Before", "After", "Change", "Better", "Worse", "p")
CASE_HEADINGS = ("Case", "WT", "TC", "ET", "Change")
_MOST_CASES = 5


def cells_of(row: MeasureChange) -> tuple[str, ...]:
    """One measure of one region, as the table shows it."""
    places = row.measure.decimals
    return (
        row.measure.titled,
        row.region,
        f"{row.before:.{places}f}",
        f"{row.after:.{places}f}",
        _signed(row.after - row.before, places),
        *map(str, row.better_worse),
        p_text(row.test.p),
    )


def case_cells(change: CaseChange) -> tuple[str, ...]:
    """One held-back case: Dice before and after, by region."""
    dice = (f"{before:.3f} → {after:.3f}" for before, after in change.dice.values())
    return (change.case_id, *dice, _signed(change.change, 3))


def p_text(p: float | None) -> str:
    """p of a test; what could not be tested is said."""
    return "too few" if p is None else "< .0001" if p < 1e-4 else f"{p:.4f}".removeprefix("0")


def as_text(verdict: Verdict) -> str:
    """The verdict, the table and the worst changes, for a terminal."""
    worst = [change for change in verdict.cases[:_MOST_CASES] if change.change < 0]
    parts = [verdict.sentence + ".", "", *_table(HEADINGS, [cells_of(row) for row in verdict.rows])]
    if worst:
        parts += ["", "Changed most to the worse (Dice):", *_table(CASE_HEADINGS, [case_cells(c) for c in worst])]
    return "\n".join(parts)


def _table(headings: tuple[str, ...], rows: list[tuple[str, ...]]) -> list[str]:
    widths = [max(map(len, column)) for column in zip(headings, *rows, strict=True)]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
            for row in (headings, *rows)]  # fmt: skip


def _signed(value: float, places: int) -> str:
    return with_minus(f"{value:+.{places}f}")

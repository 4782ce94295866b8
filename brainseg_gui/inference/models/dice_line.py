"""How good a network's masks are, told from how sure it was: a line that was measured on patients with expert masks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from brainseg_gui.inference.models.json_fields import JsonFields
from brainseg_gui.plain_files import visible

REGIONS = ("WT", "TC", "ET")


@dataclass(frozen=True)
class ExpectedDice:
    """The Dice that a mask will probably have, 0 to 1, and how far off that is on average."""

    dice: float
    error: float


@dataclass(frozen=True)
class DiceLine:
    """The Dice that masks of a region had, by the overlap that the network's own probabilities promise.

    Parameters
    ----------
    overlap
        Least and greatest promised overlap among the patients measured, 0 to 1; see `expected_dice.own_overlap`.
    dice
        Dice on the line there.
    error
        Mean distance of a patient's Dice from the line that the other patients draw.
    """

    overlap: tuple[float, float]
    dice: tuple[float, float]
    error: float

    def at(self, overlap: float) -> ExpectedDice:
        """What is to be expected of a mask; never beyond what was measured."""
        (low, high), (start, end) = self.overlap, self.dice
        share = (min(max(overlap, low), high) - low) / (high - low)
        return ExpectedDice(min(max(start + share * (end - start), 0.0), 1.0), self.error)


def read_dice_lines(fields: JsonFields) -> dict[str, DiceLine]:
    """The lines of a passport, by region; none where it says none.

    Raises
    ------
    ModelError
        If one is damaged.
    """
    if not fields.has("expected_dice"):
        return {}
    lines = fields.part("expected_dice")
    if unknown := set(lines.values) - set(REGIONS):
        raise lines.wrong(f"has a region that this program does not know: {visible(min(unknown))}")
    return {region: _line(lines.part(region)) for region in REGIONS if lines.has(region)}


def lines_as_json(lines: Mapping[str, DiceLine]) -> dict[str, dict[str, object]]:
    """What `read_dice_lines` reads."""
    return {
        region: {"overlap": list(line.overlap), "dice": list(line.dice), "error": line.error}
        for region, line in lines.items()
    }


def _line(part: JsonFields) -> DiceLine:
    part.only("overlap", "dice", "error")
    low, high = part.numbers("overlap", 2)
    start, end = part.numbers("dice", 2)
    error = part.number("error")
    if not 0 <= low < high <= 1 or not all(0 <= value <= 1 for value in (start, end, error)):
        raise part.wrong("needs numbers from 0 to 1, and two rising ones for overlap")
    return DiceLine((low, high), (start, end), error)

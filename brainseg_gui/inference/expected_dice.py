"""What Dice a mask will probably have, from the probabilities that it was made of.

A network that is unsure draws masks that overlap its own probabilities little. Without an expert's mask that is the
best sign of a poor one there is; how it goes together with the true Dice is measured for each network and stands in its
passport (`training.studies.expected_study`).
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from brainseg_gui.errors import listed
from brainseg_gui.inference.models.dice_line import REGIONS, DiceLine, ExpectedDice

POOR = 0.6
"""Below this a region is said to be probably poor."""

_CLASSES_OF: Mapping[str, tuple[int, ...]] = {"WT": (1, 2, 3), "TC": (1, 3), "ET": (3,)}


def own_overlap(winner: NDArray[np.uint8], probabilities: Mapping[int, NDArray[np.float32]]) -> dict[str, float]:
    """How far a mask and the probabilities that it was made of agree, by region that the mask has.

    ``2 Σ m p / (Σ m + Σ p)``: the Dice that the mask ``m`` would have if the probabilities ``p`` were true.

    Parameters
    ----------
    winner
        Class of every voxel, 0 background, 1 NCR, 2 ED, 3 ET; of any shape.
    probabilities
        By class, as `winner`; the background is not needed.
    """
    found = {}
    for region, classes in _CLASSES_OF.items():
        mask = np.isin(winner, classes)
        if mask.any():
            promised = sum(
                (probabilities[n] for n in classes if n in probabilities), np.zeros(winner.shape, np.float32)
            )
            both, all_of_it = (float(part.sum(dtype=np.float64)) for part in (promised[mask], promised))
            found[region] = 2 * both / (all_of_it + int(mask.sum()))
    return found


def expected_dice(overlap: Mapping[str, float], lines: Mapping[str, DiceLine]) -> dict[str, ExpectedDice]:
    """Expected Dice by region, of the regions that the mask has and the passport tells of."""
    return {region: lines[region].at(overlap[region]) for region in REGIONS if region in overlap and region in lines}


def expectation(expected: Mapping[str, ExpectedDice]) -> str:
    """What is expected, and where to look first; empty where nothing is expected.

    >>> expectation({"WT": ExpectedDice(0.9, 0.04), "ET": ExpectedDice(0.5, 0.07)})
    'Expected Dice WT .90 ± .04, ET .50 ± .07: ET is probably poor, look there'
    """
    return _said("Expected", expected, {region: f" ± {_two(of.error)}" for region, of in expected.items()})


def brief_expectation(expected: Mapping[str, ExpectedDice]) -> str:
    """The same for a row of a list, without the errors; empty where nothing is expected.

    >>> brief_expectation({"WT": ExpectedDice(0.9, 0.04), "ET": ExpectedDice(0.5, 0.07)})
    'expected Dice WT .90, ET .50: ET is probably poor, look there'
    """
    return _said("expected", expected, {})


def _said(first: str, expected: Mapping[str, ExpectedDice], errors: Mapping[str, str]) -> str:
    if not expected:
        return ""
    numbers = ", ".join(f"{region} {_two(of.dice)}{errors.get(region, '')}" for region, of in expected.items())
    poor = [region for region, of in expected.items() if of.dice < POOR]
    verb = "is" if len(poor) == 1 else "are"
    return f"{first} Dice {numbers}" + (f": {listed(poor)} {verb} probably poor, look there" if poor else "")


def _two(value: float) -> str:
    """Two decimals without the zero in front."""
    return f"{value:.2f}".removeprefix("0")

"""Clicks to Dice: a robot corrects every case, and a table tells what its clicks come to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from brainseg_gui.imaging.hints import NESTED_REGIONS
from training.clicks.case import load_click_case
from training.clicks.people import Person
from training.clicks.robot import Answer, ClickSession, correct

Begin = Literal["nothing", "prediction"]
_QUANTILES: Mapping[str, float] = {"median": 0.5, "lower quartile": 0.25}


def sessions(files: Sequence[Path], begin: Begin, answer: Answer, clicks: int, person: Person) -> list[ClickSession]:
    """What a robot comes to on each case; cases without a tumour are left out.

    Parameters
    ----------
    begin
        Whether it begins with an empty mask or with what the network alone says.
    """
    found = []
    for number, file in enumerate(files):
        case = load_click_case(file)
        if case.truth.any():
            start = case.prediction if begin == "prediction" else np.zeros_like(case.truth)
            found.append(correct(case, start, answer, clicks, person, np.random.default_rng(number)))
    return found


def table(found: Sequence[ClickSession], title: str) -> str:
    """Dice after each click, and seconds for each answer, in lines of a report."""
    dice = np.array([session.dice for session in found])  # (cases, clicks + 1, regions)
    seconds = [second for session in found for second in session.seconds]
    lines = [f"{title}: {len(found)} cases", f"{'':22}{''.join(f'{n:>6}' for n in range(dice.shape[1]))}"]
    for words, quantile in _QUANTILES.items():
        for number, region in enumerate(NESTED_REGIONS):
            lines.append(f"{words:15} {region:6}{_row(np.quantile(dice[:, :, number], quantile, axis=0))}")
    changed, strayed = (sum(getattr(session, name) for session in found) for name in ("changed", "strayed"))
    lines.append(f"changed voxels: {changed}, out of reach and not connected to the click: {strayed}")
    if seconds:
        slow, usual = np.quantile(seconds, 0.95), np.quantile(seconds, 0.5)
        lines.append(f"seconds for a click: {usual:.2f} usual, {slow:.2f} for the slowest twentieth")
    return "\n".join(lines)


def _row(values: NDArray[np.float64]) -> str:
    return "".join(f"{value:6.3f}" for value in values)

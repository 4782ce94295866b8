"""How well a network knows its own errors: ``python -m training.studies.expected_study``.

Measures, on patients that the network was not trained on, how the overlap that its probabilities promise goes together
with the true Dice, and writes the line that its passport needs as ``expected_dice``; or the same of these patients
without each image that is estimated, for ``estimated``, or without each other set of modalities that they may lack, for
``incomplete``.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.stats import spearmanr

from brainseg_gui.errors import BrainsegError
from brainseg_gui.imaging.naming.patients import patient_of
from brainseg_gui.inference.models.dice_line import DiceLine, lines_as_json
from brainseg_gui.inference.options import SegmentOptions
from training.compare.cases import find_cases
from training.compare.chosen_methods import models_named
from training.compare.command import FAULT, ended, tell, write_text
from training.compare.methods import Method, Model
from training.compare.options import add_case_options, add_model_option, add_network_options, asked_of
from training.compare.scores import REGIONS, dice_scores
from training.compare.tables import markdown_row
from training.errors import TrainingError
from training.studies.changes import MISSING, UNCHANGED
from training.studies.robustness import ChangedCase

FEWEST = 5
"""Patients with a mask of the region, below which no line is drawn."""

_LEAST_RANGE = 0.01  # of promised overlaps: a line through one spot tells nothing
_FACTS = (
    "Promised: 2 Σ m p / (Σ m + Σ p) of the network's own mask and probabilities. Error: mean distance of a case's "
    "Dice from the least-squares line that all other patients draw; beside it the same of their mean Dice, which knows "
    "nothing of the case. Cases in which the network claims nothing of a region are not counted for it."
)


@dataclass(frozen=True)
class SeenCase:
    """One case, perhaps changed: what is promised of each region that is left in its mask, and the true Dice."""

    case_id: str
    change: str
    promised: Mapping[str, float]
    dice: Mapping[str, float]


@dataclass(frozen=True)
class Fit:
    """What one region comes to.

    Parameters
    ----------
    cases
        With a mask of the region; a patient's several ones are counted each.
    rank_correlation
        Spearman's, of promise and Dice.
    line
        For the passport.
    blind_error
        Mean distance of a case's Dice from the mean of the other patients.
    """

    cases: int
    rank_correlation: float
    line: DiceLine
    blind_error: float


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and write expected.md and expected.json; 0, or 2 when something given is at fault or a case left out."""
    return ended(_study, _parser().parse_args(arguments))


def fit(promised: Sequence[float], dice: Sequence[float], patients: Sequence[str] | None = None) -> Fit | None:
    """The line through what was promised and what came; None where there are too few patients, or all promise alike.

    Parameters
    ----------
    promised, dice
        Of each case.
    patients
        Whose each case is; None where each is of a patient of its own.
    """
    x, y = np.asarray(promised, float), np.asarray(dice, float)
    whose = np.asarray(patients if patients is not None else range(len(x)))
    if len(np.unique(whose)) < FEWEST or np.ptp(x) < _LEAST_RANGE:
        return None
    others = [whose != one for one in whose]
    missed = [_on_line(x[rest], y[rest], x[n]) - y[n] for n, rest in enumerate(others)]
    blind = [y[rest].mean() - y[n] for n, rest in enumerate(others)]
    ends = float(x.min()), float(x.max())
    error = round(float(np.abs(missed).mean()), 3)
    line = DiceLine(ends, (_on_line(x, y, ends[0]), _on_line(x, y, ends[1])), error)
    correlation = float(spearmanr(x, y).statistic) if np.ptp(y) > 0 else 0.0
    return Fit(len(x), correlation, line, float(np.abs(blind).mean()))


def _on_line(x: np.ndarray, y: np.ndarray, at: float) -> float:
    """Least squares, from 0 to 1."""
    middle = x.mean()
    slope = ((x - middle) * (y - y.mean())).sum() / ((x - middle) ** 2).sum()
    return float(np.clip(y.mean() + slope * (at - middle), 0.0, 1.0))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m training.studies.expected_study",
        description="Measure how the overlap that a network promises goes together with the true Dice.",
    )
    add_case_options(parser)
    add_model_option(parser)
    lacking = parser.add_mutually_exclusive_group()
    lacking.add_argument(
        "--missing",
        action="store_const",
        dest="lacking",
        const="incomplete",
        help="of the cases without each set of modalities that they may lack, but for what is estimated then",
    )
    lacking.add_argument(
        "--estimated",
        action="store_const",
        dest="lacking",
        const="estimated",
        help="of the cases without each image that the model estimates from the others",
    )
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="OUT", help="folder for the tables")
    add_network_options(parser)
    return parser


def _study(given: argparse.Namespace) -> int:
    (method,) = models_named([given.model], SegmentOptions(given.device, given.precision))
    seen, faults = list[SeenCase](), list[str]()
    for case in find_cases(given.cases, asked_of(given), faults.append):
        for change in MISSING if given.lacking else (UNCHANGED,):
            changed = ChangedCase.of(case, change)
            try:
                model = _network_of(method, case.case_id)
                if _is_asked_for(changed, model, given.lacking):
                    seen.append(_seen(changed, model))
            except BrainsegError as error:
                faults.append(f"{case.case_id} ({change.name}) is left out: {error}")
    for sentence in faults:
        tell(sentence)
    if not seen:
        raise BrainsegError("no case could be measured", "Name cases with masks, and a model for such cases")
    fits = {region: found for region in REGIONS if (found := _fit_of(seen, region)) is not None}
    table = as_table(method.name, seen, fits)
    write_text(given.output / "expected.md", table)
    lines = {"expected_dice": lines_as_json({region: found.line for region, found in fits.items()})}
    content = {given.lacking: lines} if given.lacking else lines
    write_text(given.output / "expected.json", json.dumps(content, indent=1) + "\n")
    sys.stdout.write(table)
    return FAULT if faults else 0


def _network_of(method: Method, case_id: str) -> Model:
    model = method.of_case(case_id)
    if not isinstance(model, Model):
        raise TrainingError(f"{model.name} has no probabilities", "Name a network")
    return model


def _is_asked_for(case: ChangedCase, model: Model, lacking: str | None) -> bool:
    """Whether one image of a case is estimated where such cases are asked for, and none where others that lack some."""
    left = [modality for modality in case.source.modalities if modality not in case.change.missing]
    return lacking is None or (model.folder.passport.to_estimate(left) is not None) == (lacking == "estimated")


def _seen(case: ChangedCase, model: Model) -> SeenCase:
    images, reference = case.read()
    classes, outcome = model.segment(images)
    dice = {row.region.key: row.dice for row in dice_scores(reference, classes).rows}
    return SeenCase(case.case_id, case.change.name, outcome.overlap, dice)


def _fit_of(seen: Sequence[SeenCase], region: str) -> Fit | None:
    there = [one for one in seen if region in one.promised]
    of_patients = [patient_of(one.case_id) for one in there]
    return fit([one.promised[region] for one in there], [one.dice[region] for one in there], of_patients)


def as_table(name: str, seen: Sequence[SeenCase], fits: Mapping[str, Fit]) -> str:
    """The regions and then the cases, as Markdown."""
    head = ("region", "cases", "rank correlation", "error", "error of the mean", "promised", "expected Dice")
    lines = [f"# Expected Dice of {name}, n = {len(seen)}", "", markdown_row(head), markdown_row(["---"] * len(head))]
    for region, found in fits.items():
        line = found.line
        shown = (found.rank_correlation, line.error, found.blind_error)
        ends = (f"{a:.2f} – {b:.2f}" for a, b in (line.overlap, line.dice))
        lines.append(markdown_row((region, str(found.cases), *(f"{value:.2f}" for value in shown), *ends)))
    lines += ["", markdown_row(("case", "promised WT / TC / ET", "Dice WT / TC / ET")), markdown_row(["---"] * 3)]
    for one in seen:
        promised = " / ".join(f"{one.promised[r]:.2f}" if r in one.promised else "none" for r in REGIONS)
        name = one.case_id if one.change == UNCHANGED.name else f"{one.case_id}, {one.change}"
        lines.append(markdown_row((name, promised, " / ".join(f"{one.dice[r]:.2f}" for r in REGIONS))))
    return "\n".join([*lines, "", _FACTS, ""])


if __name__ == "__main__":
    sys.exit(main())

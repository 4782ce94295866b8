"""Sets of cases side by side, such as real and synthetic ones: ``python -m training.studies.traits_study``."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from brainseg_gui.errors import BrainsegError
from brainseg_gui.inference.models.model_folder import default_model
from brainseg_gui.inference.models.passport import Passport
from training.compare.cases import ComparedCase, find_cases
from training.compare.command import FAULT, ended, tell, write_text
from training.compare.options import add_case_options, asked_of
from training.compare.tables import markdown_row
from training.data.data_set import TrainingCase
from training.data.prepare_case import prepare_case
from training.studies.traits import Traits, traits_of

QUANTILES = (10, 50, 90)
Groups = Mapping[str, Sequence[Traits]]


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and write traits.md; 0, or 2 when something given is at fault or a case was left out."""
    return ended(_study, _parser().parse_args(arguments))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m training.studies.traits_study",
        description="Measure volumes, shapes, brightness, grain and shading of every case, as the default model sees "
        "it, and write their distributions, folder beside folder.",
    )
    add_case_options(parser)
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="OUT", help="folder for the table")
    return parser


def _study(given: argparse.Namespace) -> int:
    faults: list[str] = []

    def leave_out(sentence: str) -> None:
        faults.append(sentence)
        tell(sentence)

    passport = default_model().passport
    groups: dict[str, list[Traits]] = {}
    for case in find_cases(given.cases, asked_of(given), leave_out):
        try:
            groups.setdefault(case.group, []).append(_measured(case, passport))
        except BrainsegError as error:
            leave_out(f"{case.case_id} is left out: {error}")
    if not groups:
        raise BrainsegError("no case could be measured", "Name cases with masks")
    table = as_table(groups)
    write_text(given.output / "traits.md", table)
    sys.stdout.write(table)
    return FAULT if faults else 0


def _measured(case: ComparedCase, passport: Passport) -> Traits:
    scheme = case.scheme or (case.read()[1].scheme)
    prepared = prepare_case(TrainingCase(case.source, scheme), passport, np.dtype(np.float32))
    spacing_mm = passport.spacing_mm[0] if passport.spacing_mm else 1.0
    return traits_of(prepared, spacing_mm, tuple(modality.value for modality in passport.modalities))


def as_table(groups: Groups) -> str:
    """One row per trait, one column per group: the 10th, 50th and 90th percentile of its cases."""
    names = dict.fromkeys(name for cases in groups.values() for traits in cases for name in traits)
    rows = [("trait", *(f"{group}, n = {len(cases)}" for group, cases in groups.items()), "outside")]
    rows.append(("---",) * (len(groups) + 2))
    rows += [(name, *(_cell(cases, name) for cases in groups.values()), _outside(groups, name)) for name in names]
    return "\n".join([*map(markdown_row, rows), "", _LEGEND, ""])


def _values(cases: Sequence[Traits], name: str) -> list[float]:
    return [traits[name] for traits in cases if name in traits]


def _cell(cases: Sequence[Traits], name: str) -> str:
    values = _values(cases, name)
    return " / ".join(f"{q:.3g}" for q in np.percentile(values, QUANTILES)) if values else "–"


def _outside(groups: Groups, name: str) -> str:
    """Part of the first group's cases that lies outside of what the second's 10th to 90th percentile spans."""
    first, *others = (_values(cases, name) for cases in groups.values())
    if not first or not others or not others[0]:
        return "–"
    low, _, high = np.percentile(others[0], QUANTILES)
    below, above = (np.mean(np.less(first, low)), np.mean(np.greater(first, high)))
    return f"{below:.0%} below, {above:.0%} above"


_LEGEND = (
    "10th, 50th and 90th percentile over the cases, on the network's grid. Brightness: median of a label, in spreads "
    "of normal brain (no label, 10 mm from the tumour) above its median; spread: of the label, in the same unit. "
    "Grain: of a voxel against its neighbours; shading: of a parabola fitted to normal brain. Surface: against that "
    "of a ball of the same volume. Outside: cases of the first column outside of what the second's 10th to 90th "
    "percentile spans; 10 % on either side where both are alike."
)


if __name__ == "__main__":
    sys.exit(main())

"""Choose the rules that follow a network by measurement: ``python -m training.studies.rules_study``.

The network runs once per case; then every combination of thresholds is tried. To be chosen on synthetic validation
sets, never on the patients that a model is judged on.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Generator, Sequence
from dataclasses import fields
from pathlib import Path

from brainseg_gui.errors import BrainsegError
from brainseg_gui.inference.options import SegmentOptions
from brainseg_gui.progress import Progress, run_to_end
from training.compare.cases import find_cases
from training.compare.chosen_methods import models_named
from training.compare.command import ended, tell, write_text
from training.compare.options import add_case_options, add_model_option, add_run_options, asked_of
from training.compare.store import Store
from training.studies.rules import RuleThresholds
from training.studies.study import Study, measure
from training.studies.study_report import study_csv, study_markdown

_HELP = {
    "whole_probability": "components of WT with a lower mean probability become background",
    "whole_ml": "a component of WT stays if it is this large, in ml",
    "fraction": "or this part of the largest",
    "spot_ml": "smaller components of ET become NCR, in ml",
    "probability": "components of ET with a lower mean probability become NCR",
    "enhancing_ml": "less ET in all becomes NCR, in ml",
    "core_ml": "smaller components of TC become oedema, in ml",
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Try the rules and write study.md and study.csv; 0, or 2 when something given is at fault."""
    return ended(_study, _parser().parse_args(arguments))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m training.studies.rules_study",
        description="Segment every case once with a model, then try every combination of thresholds after it.",
    )
    add_case_options(parser)
    add_model_option(parser)
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="OUT", help="folder for the tables")
    for field in fields(RuleThresholds):
        option = f"--{field.name.replace('_', '-')}"
        usual = getattr(RuleThresholds(), field.name)
        words = f"{_HELP[field.name]} ({' '.join(f'{value:g}' for value in usual)})"
        parser.add_argument(option, type=float, nargs="+", default=usual, metavar="N", help=words.replace("%", "%%"))
    add_run_options(parser)
    return parser


def _study(given: argparse.Namespace) -> int:
    (model,) = models_named([given.model], SegmentOptions(given.device, given.precision))
    cases = find_cases(given.cases, asked_of(given), tell)
    if not cases:
        raise BrainsegError("no case has a mask", "Name cases with masks")
    stages = RuleThresholds(**{field.name: getattr(given, field.name) for field in fields(RuleThresholds)}).stages()
    store = Store(given.cache or given.output / "cache")
    study = _follow(measure(cases, model, store, stages))
    table = study_markdown(study, stages, model.name)
    write_text(given.output / "study.md", table)
    write_text(given.output / "study.csv", study_csv(study))
    sys.stdout.write(table)
    return 0


def _follow(work: Generator[Progress, None, Study]) -> Study:
    """Run to the end, with a bar where somebody watches."""
    from tqdm import tqdm

    def tell(progress: Progress) -> None:
        bar.set_description_str(progress.detail)
        bar.update(progress.done - bar.n)

    with tqdm(total=1.0, disable=None, leave=False, bar_format="{percentage:3.0f} %|{bar}| {elapsed} {desc}") as bar:
        return run_to_end(work, tell)


if __name__ == "__main__":
    sys.exit(main())

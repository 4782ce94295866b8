"""Compare models and baselines on cases with a reference: ``python -m training.compare --cases DIR -o OUT``."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from brainseg_gui.errors import BrainsegError
from brainseg_gui.evaluation.metrics.rules import rules_named
from brainseg_gui.inference.options import SegmentOptions
from training.compare.cases import find_cases
from training.compare.chosen_methods import baselines, models_named
from training.compare.command import FAULT, ended, tell, write_text
from training.compare.kinds import OF_REFERENCE, named_kinds
from training.compare.methods import Method
from training.compare.options import add_case_options, add_run_options, asked_of
from training.compare.run import MethodComparison
from training.compare.scores import CaseScore
from training.compare.store import Store
from training.compare.tables import as_csv, as_json, as_markdown
from training.compare.volumes_picture import draw_volumes


def main(arguments: Sequence[str] | None = None) -> int:
    """Compare and write the tables; 0, or 2 when something given is at fault or a case was left out."""
    return ended(_compare, _parser().parse_args(arguments))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m training.compare",
        description="Segment every case with every model and baseline, score against the references, and write "
        "comparison.md, .csv and .json, and the volumes as a picture. What was computed already is not computed again.",
    )
    add_case_options(parser)
    parser.add_argument(
        "--model",
        nargs="+",
        default=[],
        metavar="MODEL",
        help="model folders, names of shipped models, or a folder of the run folders of a cross-validation",
    )
    parser.add_argument("--baselines", action="store_true", help="also segment by thresholds alone")
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="OUT", help="folder for the tables")
    parser.add_argument("--pictures", action="store_true", help="draw one picture per case, into OUT/pictures")
    parser.add_argument(
        "--rules", default="brats2023", metavar="NAME", help="brats2020 or brats2023 (default): empty masks, lesions"
    )
    parser.add_argument(
        "--apart", nargs="+", default=[], metavar="TITLE=CASES", help="list cases apart: 'low grade=CASE,CASE'"
    )
    add_run_options(parser)
    return parser


def _compare(given: argparse.Namespace) -> int:
    methods = _methods(given)
    faults: list[str] = []

    def leave_out(sentence: str) -> None:
        faults.append(sentence)
        tell(sentence)

    rules = rules_named(given.rules)
    cases = find_cases(given.cases, asked_of(given), leave_out)
    kinds = (*OF_REFERENCE, *named_kinds(given.apart, {case.case_id for case in cases}))
    store = Store(given.cache or given.output / "cache")
    pictures = given.output / "pictures" if given.pictures else None
    comparison = MethodComparison(cases, methods, store, rules, pictures, leave_out)
    scores = _run(comparison, len(cases))
    if not scores:
        raise BrainsegError("no case could be scored", "Name cases with masks")
    about = {"rules": rules.name, "methods": {m.name: m.key for m in methods}, "left_out": faults}
    table = as_markdown(scores, rules, kinds)
    texts = {"comparison.md": table, "comparison.csv": as_csv(scores), "comparison.json": as_json(scores, about)}
    for name, text in texts.items():
        write_text(given.output / name, text)
    draw_volumes(scores, given.output / "volumes.png")
    sys.stdout.write(table)
    return FAULT if faults else 0


def _methods(given: argparse.Namespace) -> list[Method]:
    options = SegmentOptions(given.device, given.precision)
    methods = [*(baselines() if given.baselines else []), *models_named(given.model, options)]
    if not methods:
        raise BrainsegError("nothing is to be compared", "Give --model or --baselines")
    return methods


def _run(comparison: MethodComparison, count: int) -> list[CaseScore]:
    from tqdm import tqdm

    scores: list[CaseScore] = []
    for of_case in tqdm(comparison.run(), total=count, unit="case", disable=None, leave=False):
        scores.extend(of_case)
    return scores


if __name__ == "__main__":
    sys.exit(main())

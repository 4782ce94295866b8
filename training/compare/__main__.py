"""Compare models and baselines on cases with a reference: ``python -m training.compare --cases DIR -o OUT``."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from brainseg_gui.errors import BrainsegError, SaveError
from brainseg_gui.evaluation.reports.files import write_file
from brainseg_gui.evaluation.rules import rules_named
from brainseg_gui.inference.options import SegmentOptions
from training.compare.cases import find_cases
from training.compare.methods import Method, baselines, models_named
from training.compare.options import add_case_options, add_run_options, asked_of
from training.compare.run import Comparison
from training.compare.scores import CaseScore
from training.compare.store import Store
from training.compare.tables import as_csv, as_json, as_markdown

FAULT = 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Compare and write the tables; 0, or 2 when something given is at fault or a case was left out."""
    given = _parser().parse_args(arguments)
    try:
        return _compare(given)
    except BrainsegError as error:
        sys.stderr.write(f"{error}\n")
        return FAULT


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m training.compare",
        description="Segment every case with every model and baseline, score against the references, and write "
        "comparison.md, .csv and .json. What was computed already is not computed again.",
    )
    add_case_options(parser)
    parser.add_argument(
        "--model", nargs="+", default=[], metavar="MODEL", help="model folders, or names of shipped models"
    )
    parser.add_argument("--baselines", action="store_true", help="also segment by thresholds alone")
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="OUT", help="folder for the tables")
    parser.add_argument("--pictures", action="store_true", help="draw one picture per case, into OUT/pictures")
    parser.add_argument(
        "--rules", default="brats2023", metavar="NAME", help="brats2020 or brats2023 (default): empty masks, lesions"
    )
    add_run_options(parser)
    return parser


def _compare(given: argparse.Namespace) -> int:
    methods = _methods(given)
    faults: list[str] = []

    def tell(sentence: str) -> None:
        faults.append(sentence)
        sys.stderr.write(f"{sentence}\n")

    rules = rules_named(given.rules)
    cases = find_cases(given.cases, asked_of(given), tell)
    store = Store(given.cache or given.output / "cache")
    pictures = given.output / "pictures" if given.pictures else None
    comparison = Comparison(cases, methods, store, rules, pictures, tell)
    scores = _run(comparison, len(cases))
    if not scores:
        raise BrainsegError("no case could be scored", "Name cases with masks")
    about = {"rules": rules.name, "methods": {m.name: m.key for m in methods}, "left_out": faults}
    table = as_markdown(scores, rules)
    texts = {"comparison.md": table, "comparison.csv": as_csv(scores), "comparison.json": as_json(scores, about)}
    for name, text in texts.items():
        write_text(given.output / name, text)
    sys.stdout.write(table)
    return FAULT if faults else 0


def _methods(given: argparse.Namespace) -> list[Method]:
    options = SegmentOptions(given.device, given.precision)
    methods = [*(baselines() if given.baselines else []), *models_named(given.model, options)]
    if not methods:
        raise BrainsegError("nothing is to be compared", "Give --model or --baselines")
    return methods


def _run(comparison: Comparison, count: int) -> list[CaseScore]:
    from tqdm import tqdm

    scores: list[CaseScore] = []
    for of_case in tqdm(comparison.run(), total=count, unit="case", disable=None, leave=False):
        scores.extend(of_case)
    return scores


def write_text(path: Path, text: str) -> None:
    """Write a text file, whole or not at all, and its folder.

    Raises
    ------
    SaveError
        If it cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise SaveError(f"it cannot be made ({error.strerror})", "Choose another folder", path.parent) from error
    write_file(path, lambda temporary: _save_text(temporary, text))


def _save_text(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8", newline="")


if __name__ == "__main__":
    sys.exit(main())

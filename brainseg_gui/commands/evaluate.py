"""``brainseg evaluate``: Dice and volumes of predictions against references, per case and region."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from brainseg_gui.commands.scheme_options import add_scheme_options, chosen_schemes
from brainseg_gui.errors import BrainsegError

if TYPE_CHECKING:
    from brainseg_gui.evaluation.masks import ChosenSchemes
    from brainseg_gui.evaluation.pairing import Pairing
    from brainseg_gui.evaluation.report import CohortReport
    from brainseg_gui.evaluation.rules import RuleSet

STANDARD_OUTPUT = Path("-")
INPUT_FAULT = 2


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command to the command line."""
    parser = subparsers.add_parser(
        "evaluate",
        help="score predictions against references",
        description="Dice and volume of every region: WT, TC, ET and each label. Two masks, or two folders whose "
        "masks are paired by case id. The pooled numbers of the source recipe are shown beside what a "
        "prediction of nothing but background scores.",
    )
    parser.add_argument("--reference", type=Path, required=True, metavar="R", help="mask, or folder of masks")
    parser.add_argument("--prediction", type=Path, required=True, metavar="P", help="mask, or folder of masks")
    add_scheme_options(parser)
    parser.add_argument(
        "--rules",
        default="brats2023",
        metavar="NAME",
        help="rules for empty masks and lesions: brats2020 or brats2023 (default)",
    )
    parser.add_argument(
        "--json", type=Path, metavar="FILE", help="write JSON (- for the standard output, without the table)"
    )
    parser.add_argument("--csv", type=Path, metavar="FILE", help="write CSV, one row per case and region (- likewise)")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Score all pairs; 2 when a case could not be paired or read, the others are scored all the same."""
    from brainseg_gui.evaluation.pairing import pair_masks
    from brainseg_gui.evaluation.rules import rules_named

    if args.json == args.csv == STANDARD_OUTPUT:
        raise BrainsegError("JSON and CSV cannot both go to the standard output", "Give one of them a file name")
    rules = rules_named(args.rules)
    report = _score(pair_masks(args.reference, args.prediction), chosen_schemes(args), rules)
    _write(report, args.json, args.csv)
    for entry in (*report.unpaired, *report.failed):
        print(f"brainseg: {entry.case_id} was not scored: {entry.reason}", file=sys.stderr)  # noqa: T201
    return INPUT_FAULT if report.unpaired or report.failed else 0


def _score(pairing: Pairing, chosen: ChosenSchemes, rules: RuleSet) -> CohortReport:
    """Score every pair; a bad case among several is listed and does not stop the rest."""
    from tqdm import tqdm

    from brainseg_gui.evaluation.pairing import Unpaired
    from brainseg_gui.evaluation.report import CohortReport, score_pair

    cases, failed = [], []
    alone = len(pairing.pairs) == 1 and not pairing.unpaired
    for pair in tqdm(pairing.pairs, unit="case", disable=True if alone else None, leave=False):
        try:
            cases.append(score_pair(pair, chosen, rules))
        except BrainsegError as error:
            if alone:
                raise
            failed.append(Unpaired(pair.case_id, pair.prediction, str(error)))
    return CohortReport(tuple(cases), pairing.unpaired, tuple(failed))


def _write(report: CohortReport, json_file: Path | None, csv_file: Path | None) -> None:
    from brainseg_gui.evaluation.report_files import as_csv, as_json
    from brainseg_gui.evaluation.report_text import as_text

    if STANDARD_OUTPUT not in (json_file, csv_file):
        sys.stdout.write(as_text(report))
    for path, text in ((json_file, as_json), (csv_file, as_csv)):
        if path is not None:
            _deliver(path, text(report))


def _deliver(path: Path, text: str) -> None:
    from brainseg_gui.evaluation.report_files import write_file

    if path == STANDARD_OUTPUT:
        sys.stdout.write(text)
    else:
        write_file(path, lambda temporary: _save_text(temporary, text))


def _save_text(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8", newline="")

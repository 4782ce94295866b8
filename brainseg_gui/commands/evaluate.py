"""``brainseg evaluate``: predictions against references, one case or a cohort, one model or several."""

from __future__ import annotations

import argparse
import sys
import time
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from brainseg_gui.commands.options.case import add_resample_option, add_scheme_options, chosen_schemes, regrid_policy_of
from brainseg_gui.commands.options.cluster import add_cluster_options, count_of, retries_of
from brainseg_gui.commands.options.outputs import STANDARD_OUTPUT, check_results, refuse_standard_output
from brainseg_gui.commands.terminal import INPUT_FAULT, say
from brainseg_gui.errors import BrainsegError
from brainseg_gui.plain_files import for_terminal
from brainseg_gui.progress import Progress, run_to_end

if TYPE_CHECKING:
    from collections.abc import Generator

    from brainseg_gui.evaluation.cohorts.run import CohortRequest, ScoringState
    from brainseg_gui.evaluation.records.report import CohortReport

_BAR = "{desc}{percentage:3.0f}%|{bar}| {n:.0f}/{total:.0f} cases, {elapsed}, {remaining} left{postfix}"
_PLAIN_EVERY_S = 30.0


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command to the command line."""
    parser = subparsers.add_parser(
        "evaluate",
        help="score predictions against references",
        description="Dice, IoU, HD95, surface Dice, lesions and volumes of every region: WT, TC, ET and each label. "
        "Two masks, or two folders whose masks are paired by case id. Several --prediction compare models. What is "
        "scored is kept beside the results: called again, it goes on, and scores only what changed. Cases that cannot "
        "be scored are listed and make the exit code 2.",
    )
    parser.add_argument("--reference", type=Path, required=True, metavar="R", help="mask, or folder of masks")
    parser.add_argument(
        "--prediction",
        action="append",
        required=True,
        metavar="[NAME=]P",
        help="mask, or folder of masks; several times to compare models, each with a name of its own",
    )
    parser.add_argument("--images", type=Path, metavar="DIR", help="folder of the cases, where images lie elsewhere")
    add_scheme_options(parser)
    parser.add_argument(
        "--rules",
        default="brats2023",
        metavar="NAME",
        help="rules for empty masks and lesions: brats2020 or brats2023 (default)",
    )
    _add_outputs(parser)
    add_resample_option(parser, "a prediction that lies on another grid than its reference")
    parser.add_argument(
        "--processes", type=count_of, metavar="N", help="processes at once (default: one for each core)"
    )
    add_cluster_options(parser)
    parser.add_argument("--fresh", action="store_true", help="score everything anew")
    parser.set_defaults(run=run)


def _add_outputs(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "-o",
        "--output",
        type=Path,
        metavar="FOLDER",
        help="write evaluation.csv, evaluation.json and report.html there",
    )
    parser.add_argument(
        "--json", type=Path, metavar="FILE", help="write JSON (- for the standard output, without the table)"
    )
    parser.add_argument(
        "--csv", type=Path, metavar="FILE", help="write CSV, one row per case, model and region (- likewise)"
    )
    parser.add_argument("--html", type=Path, metavar="FILE", help="write one page that opens offline, for a supplement")


def run(args: argparse.Namespace) -> int:
    """Score all pairs; 2 when a case could not be paired or read, the others are scored all the same."""
    if args.json == args.csv == STANDARD_OUTPUT:
        raise BrainsegError("JSON and CSV cannot both go to the standard output", "Give one of them a file name")
    refuse_standard_output("--html", args.html)
    check_results([args.json, args.csv, args.html])
    _place_outputs(args)
    report = _scored(_request(args))
    _write(report, args)
    for entry in (*report.unpaired, *report.failed):
        whose = f" ({entry.model})" if len(report.models) > 1 else ""
        sys.stderr.write(for_terminal(f"brainseg: {entry.case_id}{whose} was not scored: {entry.reason}\n"))
    doubtful = [case for case in report.cases if case.warning]
    for case in doubtful:
        sys.stderr.write(for_terminal(f"brainseg: {case.case_id} ({case.model}): {case.warning}\n"))
    return INPUT_FAULT if report.unpaired or report.failed or doubtful else 0


def _place_outputs(args: argparse.Namespace) -> None:
    """``--output`` names the three files that are not named; links of these names are not followed."""
    args.derived = []
    if args.output is None:
        return
    try:
        args.output.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        what = f"the folder cannot be made ({error.strerror})"
        raise BrainsegError(what, "Choose another folder", args.output) from error
    for name, file in (("csv", "evaluation.csv"), ("json", "evaluation.json"), ("html", "report.html")):
        if getattr(args, name) is None:
            setattr(args, name, args.output / file)
            args.derived.append(args.output / file)


def _request(args: argparse.Namespace) -> CohortRequest:
    from brainseg_gui.evaluation.cohorts.run import CohortRequest
    from brainseg_gui.evaluation.metrics.rules import rules_named

    files = [path for path in (args.json, args.csv, args.html) if path is not None and path != STANDARD_OUTPUT]
    for path in files:
        if not path.absolute().parent.is_dir():
            from brainseg_gui.errors import SaveError

            raise SaveError("it was not written (its folder is missing)", "Choose another file or folder", path)
    return CohortRequest(
        reference=args.reference,
        predictions=_named(args.prediction),
        rules=rules_named(args.rules),
        chosen=chosen_schemes(args),
        images=args.images,
        processes=args.processes,
        partial=files[0].with_suffix(".cases.jsonl") if files and args.reference.is_dir() else None,
        fresh=args.fresh,
        regrid=regrid_policy_of(args),
        cluster=args.cluster,
        retries=retries_of(args),
    )


def _named(words: list[str]) -> dict[str, Path]:
    """Models by name: ``NAME=PLACE``, or a place alone, named by its folder.

    Raises
    ------
    BrainsegError
        If two have the same name.
    """
    named: dict[str, Path] = {}
    for word in words:
        name, equals, place = word.partition("=")
        if not equals or not name or Path(word).exists():
            path = Path(word)
            name = path.resolve().name if path.is_dir() else "prediction"
        else:
            path = Path(place)
        if not (place if equals else word):
            what = f"--prediction {word or '“”'} names no file"
            raise BrainsegError(what, "Write --prediction NAME=DIR; perhaps a variable of the shell is empty")
        if name in named:
            raise BrainsegError(f"two models are named {name}", "Name each: --prediction NAME=DIR")
        named[name] = path
    return named


def _scored(request: CohortRequest) -> CohortReport:
    """Score everything; a single pair without further ado, so that its error is the command's."""
    from datetime import datetime

    from brainseg_gui.evaluation.cohorts.pairing import pair_models
    from brainseg_gui.evaluation.cohorts.run import score_pairs, versions
    from brainseg_gui.evaluation.cohorts.score import score_pair
    from brainseg_gui.evaluation.records.report import CohortReport

    pairs, unpaired = pair_models(request.reference, request.predictions, request.images)
    if len(pairs) == 1 and not unpaired and request.cluster is None:
        ((model, pair),) = pairs
        case = score_pair(pair, request.chosen, request.rules, model, request.regrid)
        made = datetime.now().astimezone().strftime("%Y-%m-%d %H:%M")
        return CohortReport((case,), (model,), request.rules, made=made, versions=versions())
    with closing(score_pairs(pairs, unpaired, request)) as work:
        return _watched(work, len(pairs))


def _watched(work: Generator[Progress, None, CohortReport], total: int) -> CohortReport:
    """Run to the end: a bar on a terminal, else a plain line now and then."""
    from tqdm import tqdm

    from brainseg_gui.execution.run import NOBODY

    said, missed = time.monotonic(), False

    def tell(progress: Progress) -> None:
        nonlocal said, missed
        state: ScoringState = progress.partial
        if state.waiting and not missed:
            missed = True
            say(NOBODY)
        bar.set_postfix_str(f"{state.failed} failed" if state.failed else "", refresh=False)
        bar.update(state.done - bar.n)
        if bar.disable and time.monotonic() - said > _PLAIN_EVERY_S:
            said = time.monotonic()
            sys.stderr.write(for_terminal(f"brainseg: {progress.detail} scored\n"))

    with tqdm(total=total, file=sys.stderr, bar_format=_BAR, disable=None, leave=False) as bar:
        return run_to_end(work, tell)


def _write(report: CohortReport, args: argparse.Namespace) -> None:
    from brainseg_gui.evaluation.reports.files import as_csv, as_json
    from brainseg_gui.evaluation.reports.text import as_text

    if STANDARD_OUTPUT not in (args.json, args.csv):
        sys.stdout.write(for_terminal(as_text(report)))
    for path, text in ((args.json, as_json), (args.csv, as_csv)):
        if path is not None:
            _deliver(path, text(report), chosen=path not in args.derived)
    if args.html is not None:
        from brainseg_gui.evaluation.html.cohort import cohort_page

        _deliver(args.html, cohort_page(report), chosen=args.html not in args.derived)


def _deliver(path: Path, text: str, *, chosen: bool) -> None:
    from brainseg_gui.storage.chosen_file import write_text

    if path == STANDARD_OUTPUT:
        sys.stdout.write(text)
    else:
        write_text(path, text, chosen=chosen)

"""``brainseg report``: one case as a page of HTML and as PDF."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from brainseg_gui.commands.options.case import add_case_options, add_scheme_options, chosen_schemes, regrid_policy_of
from brainseg_gui.commands.options.cluster import add_cluster_options, count_of
from brainseg_gui.errors import BrainsegError, printable


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command to the command line."""
    parser = subparsers.add_parser(
        "report",
        help="write a report of one case, or of each of several",
        description="The modalities, three planes, scores of every region, volumes, lesions, the worst place and all "
        "definitions: as one page of HTML that opens offline, as PDF, or both. Without a prediction it shows the case "
        "and the volumes of its mask; of a visit of a patient also those of the earlier ones. Names are those of files "
        "and folders; headers are not asked for any.",
    )
    add_case_options(parser, several=True)
    parser.add_argument(
        "-o",
        "--output",
        type=Path,
        action="append",
        metavar="FILE",
        help=".html or .pdf; twice for both (default: CASE_report.html and .pdf here); of several cases a folder",
    )
    parser.add_argument("--json", action="store_true", help="of several cases: print one JSON object per case and line")
    parser.add_argument("--fresh", action="store_true", help="of several cases: write anew what is there already")
    parser.add_argument(
        "--processes", type=count_of, metavar="N", help="of several cases: number of processes (one for each core)"
    )
    add_cluster_options(parser)
    add_scheme_options(parser)
    parser.add_argument(
        "--rules", default="brats2023", metavar="NAME", help="rules for empty masks and lesions: brats2020 or brats2023"
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Read, compare, and write."""
    from brainseg_gui.commands.reporting.several import is_cohort, report_on_several

    if args.cluster is not None or len(args.cases) > 1 or is_cohort(args.cases[0].absolute()):
        return report_on_several(args)
    _refuse_of_several(args)
    from brainseg_gui.anatomy.case_places import with_places
    from brainseg_gui.evaluation.documents.case_file import check_report_file, write_report
    from brainseg_gui.evaluation.metrics.rules import rules_named
    from brainseg_gui.evaluation.reports.case_content import read_content
    from brainseg_gui.followup.documents.case_visits import with_visits
    from brainseg_gui.followup.own_masks import masks_beside
    from brainseg_gui.followup.visits_near import visits_near
    from brainseg_gui.imaging.cases.case_folder import find_case
    from brainseg_gui.progress import run_to_end

    for path in args.output or ():
        check_report_file(path)
    rules, chosen = rules_named(args.rules), chosen_schemes(args)
    source = find_case(args.cases[0])
    reference = args.reference or source.reference
    content = run_to_end(read_content(source, reference, args.prediction, chosen, rules, regrid_policy_of(args)))
    content = run_to_end(with_places(content))
    if (line := visits_near(source)) is not None:
        content = run_to_end(with_visits(content, line, masks_beside(line), chosen))
    for path in args.output or [Path(f"{source.case_id}_report{suffix}") for suffix in (".html", ".pdf")]:
        write_report(content, path)
        sys.stdout.write(printable(str(path)) + "\n")
    return 0


def _refuse_of_several(args: argparse.Namespace) -> None:
    """Refuse what one report has no use for.

    Raises
    ------
    BrainsegError
        If there is such an option.
    """
    for option in ("json", "fresh", "processes", "retries"):
        if getattr(args, option):
            raise BrainsegError(f"--{option} is for several cases", "Leave it out")

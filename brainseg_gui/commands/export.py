"""``brainseg export``: a cohort in the layout of another program."""

from __future__ import annotations

import argparse
import sys
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from brainseg_gui.errors import printable
from brainseg_gui.plain_files import for_terminal

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

    from brainseg_gui.exchange.case_export import ExportOutcome
    from brainseg_gui.imaging.case import CaseSource
    from brainseg_gui.progress import Progress

INPUT_FAULT = 2
_BAR = "{percentage:3.0f} %|{bar}| {elapsed} {desc}"


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command to the command line."""
    parser = subparsers.add_parser(
        "export",
        help="write a cohort for nnU-Net, or its masks for BIDS",
        description="nnunet: a raw data set of nnU-Net (version 2), with all images on the grid of their case, labels "
        "numbered in order, and dataset.json; cases without a mask become test cases. bids: the masks as a derived "
        "data set, each with a table of its labels. A case that cannot be used is named and left out, and makes the "
        "exit code 2. Images go out as they are: what their headers say of a person goes with them.",
    )
    add = parser.add_argument
    add("cohort", type=Path, metavar="COHORT", help="a folder of cases")
    add("-o", "--output", type=Path, required=True, metavar="OUT", help="a new folder; Dataset501_Name for nnU-Net")
    add("--to", choices=("nnunet", "bids"), required=True, help="the layout")
    add(
        "--masks",
        choices=("reference", "annotation"),
        default="reference",
        help="which mask of each case: its reference (default), or the newest annotation that was saved beside it",
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Export every case; 0, or 2 when some could not be."""
    from tqdm import tqdm

    from brainseg_gui.imaging.cases.case_folder import find_cohort

    sources = find_cohort(args.cohort)
    faults = masks = 0
    with tqdm(total=1.0, file=sys.stderr, bar_format=_BAR, disable=None) as bar, closing(_work(args, sources)) as work:
        for progress in work:
            outcome = progress.partial
            bar.set_description_str(printable(progress.detail), refresh=False)
            bar.update(progress.done - bar.n)
            if _is_outcome(outcome) and outcome.error is not None:
                faults += 1
                bar.clear()
                sys.stderr.write(for_terminal(f"brainseg: {outcome.case_id}: {outcome.error}\n"))
            elif _is_outcome(outcome):
                masks += outcome.has_mask
    done = len(sources) - faults
    words = f"{done} of {len(sources)} cases, {masks} with a mask: {args.output}"
    sys.stdout.write(for_terminal(words) + "\n")
    return INPUT_FAULT if faults else 0


def _work(args: argparse.Namespace, sources: Sequence[CaseSource]) -> Generator[Progress, None, list[ExportOutcome]]:
    from brainseg_gui.exchange.bids import export_bids
    from brainseg_gui.exchange.case_export import MaskChoice
    from brainseg_gui.exchange.nnunet import export_nnunet

    write = export_nnunet if args.to == "nnunet" else export_bids
    return write(sources, args.output, MaskChoice(args.masks))


def _is_outcome(partial: object) -> bool:
    from brainseg_gui.exchange.case_export import ExportOutcome

    return isinstance(partial, ExportOutcome)

"""``brainseg statistics``: how much there is of each label of a mask, and how bright it is, as CSV."""

from __future__ import annotations

import argparse
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from brainseg_gui.commands.options.outputs import STANDARD_OUTPUT, check_results
from brainseg_gui.errors import printable

if TYPE_CHECKING:
    from brainseg_gui.imaging.case import Case


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command to the command line."""
    parser = subparsers.add_parser(
        "statistics",
        help="volume and intensities of each label",
        description="For each label and region of a mask: voxels, ml, and in every modality mean, standard deviation "
        "(divided by the number of voxels) and the 5th, 25th, 50th, 75th and 95th percentile of the intensities.",
    )
    parser.add_argument("case", type=Path, metavar="CASE", help="case folder, or one of its files")
    parser.add_argument(
        "--mask",
        type=Path,
        action="append",
        metavar="FILE",
        help="a mask of the case; several are rows of one table (default: the case's own, or its newest annotation)",
    )
    parser.add_argument("--scheme", metavar="NAME", help="what the numbers mean (default: guessed)")
    parser.add_argument("-o", "--output", type=Path, metavar="FILE", help="the CSV file (default: standard output)")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Read, measure, and write."""
    from dataclasses import replace

    from brainseg_gui.evaluation.masks import read_as
    from brainseg_gui.evaluation.reports.label_table import statistics_csv
    from brainseg_gui.imaging.cases.case_folder import find_case
    from brainseg_gui.imaging.cases.read_case import read_case
    from brainseg_gui.imaging.formats.reading import read_label_map
    from brainseg_gui.imaging.labelling.known_schemes import scheme_named
    from brainseg_gui.progress import run_to_end
    from brainseg_gui.storage.writing import write_text

    check_results([args.output])
    source = find_case(args.case)
    case = run_to_end(read_case(replace(source, reference=None)))
    paths = args.mask or [source.reference or _newest_annotation(case)]
    scheme = scheme_named(args.scheme) if args.scheme else None
    masks = []
    for path in paths:
        labels, note = read_as(read_label_map(path, case.grid, case.scheme), path, scheme, case)
        sys.stderr.write(printable(f"{path.name}: {note}") + "\n")
        masks.append((path.name, labels))
    text = statistics_csv(case, masks)
    if args.output in (None, STANDARD_OUTPUT):
        sys.stdout.write(text)
    else:
        write_text(args.output, text, chosen=True)
        sys.stdout.write(printable(str(args.output)) + "\n")
    return 0


def _newest_annotation(case: Case) -> Path:
    """The mask that the window would open the case with.

    Raises
    ------
    CaseError
        If nobody saved one.
    """
    from brainseg_gui.annotation.journal.study import study_digest
    from brainseg_gui.annotation.saving.saved_masks import saved_annotations
    from brainseg_gui.errors import CaseError

    folder = case.source.folder
    found = saved_annotations(case.source, [folder], [], partial(study_digest, case))
    if not found:
        raise CaseError("the case has no mask of its own, and no annotation", "Name a mask with --mask", folder)
    return found[-1].path

"""``brainseg segment``: masks for cases and cohorts, without a window."""

from __future__ import annotations

import argparse
from pathlib import Path

from brainseg_gui.commands.options.case import add_resample_option
from brainseg_gui.commands.options.cluster import add_cluster_options, count_of, refuse_cluster_options


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add ``segment`` to the command line."""
    parser = subparsers.add_parser("segment", help="write a mask for each case")
    cases_help = "a case folder, a file of a case, a folder of cases, or raw series (prepared first, see prepare)"
    parser.add_argument("cases", nargs="+", type=Path, metavar="CASE", help=cases_help)
    output_help = "a folder, which gets <case id>_pred.nii.gz for each case; for one case, a file name"
    parser.add_argument("-o", "--output", required=True, type=Path, metavar="OUT", help=output_help)
    parser.add_argument("--model", type=Path, metavar="FOLDER", help="model folder (default: the shipped model)")
    parser.add_argument("--device", choices=("auto", "cpu", "gpu"), default="auto")
    parser.add_argument("--precision", choices=("auto", "float32", "bfloat16"), default="auto")
    add_resample_option(parser, "a mask of a case, which tells how its labels are numbered, from another grid")
    parser.add_argument("--overwrite", action="store_true", help="replace masks that exist")
    parser.add_argument("--fresh", action="store_true", help="make anew what earlier calls made of the same files")
    add_cluster_options(parser)
    parser.add_argument("--processes", type=count_of, metavar="N", help="workers of --cluster local")
    parser.add_argument("--json", action="store_true", help="print one JSON object per case and line")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Segment every case; 0, or 2 when only input was at fault, or 1."""
    from brainseg_gui.inference.models.model_folder import default_model, read_model_folder

    model = read_model_folder(args.model) if args.model else default_model()
    if args.cluster is not None:
        from brainseg_gui.commands.segmenting.cluster import segment_on_cluster

        return segment_on_cluster(args, model)
    refuse_cluster_options(args)
    from brainseg_gui.commands.segmenting.local import segment_locally

    return segment_locally(args, model)

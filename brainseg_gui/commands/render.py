"""``brainseg render``: a figure of a case with its masks, for print."""

from __future__ import annotations

import argparse
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from brainseg_gui.commands.scheme_options import add_scheme_options, chosen_schemes
from brainseg_gui.errors import BrainsegError
from brainseg_gui.imaging.modality import Modality

if TYPE_CHECKING:
    from brainseg_gui.evaluation.figure import FigureContent

MOST_SLICES = 20


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command to the command line."""
    parser = subparsers.add_parser(
        "render",
        help="draw a figure of a case and its masks",
        description="Three planes through the tumour, the four modalities of one slice, or the figure of the source "
        "article. The reference is drawn as outline, the prediction as fill.",
    )
    parser.add_argument("case", type=Path, metavar="CASE", help="case folder, or one of its files")
    parser.add_argument("--prediction", type=Path, metavar="P", help="predicted mask")
    parser.add_argument("--reference", type=Path, metavar="R", help="reference mask (default: the case's own)")
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="FILE", help=".png or .svg")
    parser.add_argument("--layout", choices=("planes", "modalities", "seed"), default="planes")
    parser.add_argument(
        "--slices", type=_slices, metavar="70-74", help="slices of the seed layout, counted in the recipe's crop"
    )
    parser.add_argument(
        "--at",
        type=_voxel,
        metavar="I,J,K",
        help="voxel that the slices go through, from 0 to the patient's right, anterior, superior "
        "(default: middle of the largest cross-section of the tumour)",
    )
    parser.add_argument(
        "--modality",
        choices=[modality.value for modality in Modality],
        help="image under the masks (default: t1ce; flair in the seed layout)",
    )
    add_scheme_options(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Draw the figure and write it."""
    from brainseg_gui.evaluation.page import save_figure

    _check_options(args)
    save_figure(_figure(_content(args), args), args.output)
    return 0


def _check_options(args: argparse.Namespace) -> None:
    if args.slices is not None and args.layout != "seed":
        raise BrainsegError("--slices belongs to the seed layout", "Use --at with the other layouts")
    if args.at is not None and args.layout == "seed":
        raise BrainsegError("--at does not belong to the seed layout", "Use --slices with it")
    if args.modality is not None and args.layout == "modalities":
        raise BrainsegError("the modalities layout shows all of them", "Leave --modality out")


def _content(args: argparse.Namespace) -> FigureContent:
    from dataclasses import replace

    from brainseg_gui.evaluation.figure import FigureContent
    from brainseg_gui.evaluation.masks import read_as, read_as_prediction
    from brainseg_gui.imaging.case_folder import find_case
    from brainseg_gui.imaging.labels import scheme_named
    from brainseg_gui.imaging.nifti import read_label_map
    from brainseg_gui.imaging.read_case import read_case
    from brainseg_gui.progress import run_to_end

    source = find_case(args.case)
    case = run_to_end(read_case(replace(source, reference=None)))
    chosen = chosen_schemes(args)
    path = args.reference or source.reference
    reference = prediction = None
    if path is not None:
        labels = read_label_map(path, case.grid, scheme_named("brats2020"))
        reference, _ = read_as(labels, path, chosen.reference, case)
    if args.prediction is not None:
        labels = read_label_map(args.prediction, case.grid, scheme_named("brats2020"))
        prediction, _ = read_as_prediction(labels, args.prediction, chosen.prediction, reference, case)
    return FigureContent(case, reference, prediction)


def _figure(content: FigureContent, args: argparse.Namespace) -> Any:
    from brainseg_gui.evaluation.figure import modalities_figure, planes_figure
    from brainseg_gui.evaluation.seed_figure import DEFAULT_SLICES, seed_figure

    if args.layout == "modalities":
        return modalities_figure(content, args.at)
    wanted = Modality.FLAIR if args.layout == "seed" else Modality.T1CE
    if args.modality is not None:
        wanted = Modality(args.modality)
    elif wanted not in content.case.volumes:
        wanted = next(iter(content.case.volumes))
    if args.layout == "seed":
        return seed_figure(content, wanted, args.slices or DEFAULT_SLICES)
    return planes_figure(content, wanted, args.at)


def _slices(text: str) -> tuple[int, ...]:
    match = re.fullmatch(r"(\d+)(?:-(\d+))?", text)
    if match is None:
        raise argparse.ArgumentTypeError(f"{text} is not a range of slices such as 70-74")
    first, last = int(match[1]), int(match[2] or match[1])
    if not first <= last < first + MOST_SLICES:
        raise argparse.ArgumentTypeError(f"{text} is not a range of 1 to {MOST_SLICES} slices")
    return tuple(range(first, last + 1))


def _voxel(text: str) -> tuple[int, int, int]:
    match = re.fullmatch(r"\s*(\d+)\s*,\s*(\d+)\s*,\s*(\d+)\s*", text)
    if match is None:
        raise argparse.ArgumentTypeError(f"{text} is not a voxel such as 120,118,77")
    return int(match[1]), int(match[2]), int(match[3])

"""``brainseg render``: a figure of a case with its masks, for print, or an animation."""

from __future__ import annotations

import argparse
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from brainseg_gui.commands.options.case import add_case_options, add_scheme_options, read_masks
from brainseg_gui.errors import BrainsegError, printable
from brainseg_gui.imaging.modality import Modality

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from brainseg_gui.evaluation.figures.content import FigureContent
    from brainseg_gui.evaluation.figures.request import FigureRequest
    from brainseg_gui.evaluation.figures.style import FigureStyle
    from brainseg_gui.progress import Progress

LAYOUT_NAMES = ("planes", "modalities", "worst", "montage", "seed", "animation")
_BAR = "{desc}{percentage:3.0f}%|{bar}| {postfix}"
# option of the command -> field of the request
_FIELDS = {
    "modality": "modality",
    "plane": "plane",
    "at": "at",
    "slices": "slices",
    "every": "every",
    "region": "region",
    "count": "count",
    "close_up": "extent",
    "fps": "frames_per_second",
}


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command to the command line."""
    parser = subparsers.add_parser(
        "render",
        help="draw a figure of a case and its masks",
        description="Layouts: planes (three planes through the tumour), modalities (all of one slice), worst (the "
        "slices on which reference and prediction differ most), montage (every n-th slice), seed (the figure of the "
        "source article), animation (slice after slice). The reference is drawn as outline, the prediction as fill.",
    )
    add_case_options(parser)
    parser.add_argument(
        "-o",
        "--output",
        type=Path,
        required=True,
        metavar="FILE",
        help=".png, .svg, .pdf or .tif; an animation: .gif, .apng, .webp, and .mp4 where ffmpeg is installed",
    )
    parser.add_argument(
        "--layout", choices=LAYOUT_NAMES, help="default: planes; animation where the file's name is one of an animation"
    )
    _add_content(parser)
    _add_look(parser)
    add_scheme_options(parser)
    parser.set_defaults(run=run)


def _add_content(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("what is shown")
    group.add_argument(
        "--modality",
        choices=[modality.value for modality in Modality],
        help="image under the masks (default: t1ce; flair in the seed layout)",
    )
    group.add_argument(
        "--plane", choices=("axial", "coronal", "sagittal"), help="of modalities, worst, montage, animation"
    )
    group.add_argument(
        "--at",
        metavar="PLACE",
        help="where the slices go through: a voxel as the window numbers it (120,118,77), a position (L 31 A 17.5 S 4 "
        "mm), or an index of the file (file 119 117 76); default: middle of the largest cross-section of the tumour",
    )
    group.add_argument(
        "--slices",
        type=_slices,
        metavar="70-74",
        help="slices of montage and animation, from 1 as the window numbers them (default: all of the head); or of "
        "the seed layout, from 0 in the recipe's crop (default: 70-74)",
    )
    group.add_argument("--every", type=_positive, metavar="N", help="every n-th slice of montage and animation")
    group.add_argument("--region", metavar="WT", help="what the worst slices are worst in: WT (default), TC or ET")
    group.add_argument("--count", type=_positive, metavar="K", help="how many worst slices (default: 5)")
    group.add_argument("--close-up", action="store_true", default=None, help="the tumour instead of the whole head")
    group.add_argument("--fps", type=float, metavar="N", help="slices per second of an animation (default: 10)")


def _add_look(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("how it looks")
    group.add_argument(
        "--colours",
        default="usual",
        metavar="SET",
        help="a set of colours (default: usual; a name that is none is answered with all), or ET=#f5d90a,…",
    )
    group.add_argument(
        "--legend", choices=("names", "keys", "off"), default="names", help="labels by name (default) or by key, or off"
    )
    group.add_argument("--no-scale-bar", action="store_true", help="leave the scale bars out")
    group.add_argument("--no-letters", action="store_true", help="leave the patient's directions out")
    group.add_argument("--width", type=float, metavar="MM", help="width of the page (default: 183, two columns)")
    group.add_argument("--dpi", type=int, metavar="N", help="dots per inch (default: 300; 150 of an animation)")


def run(args: argparse.Namespace) -> int:
    """Draw the figure and write it."""
    from dataclasses import replace

    from brainseg_gui.evaluation.figures.layouts import check_file, write_figure
    from brainseg_gui.imaging.numbering import read_voxel

    request = _request(args)
    check_file(request, args.output)
    content = _content(args)
    if args.at is not None:
        request = replace(request, at=read_voxel(args.at, content.case).voxel_ijk)
    _show(write_figure(content, request, args.output))
    sys.stdout.write(printable(str(args.output)) + "\n")
    return 0


def _request(args: argparse.Namespace) -> FigureRequest:
    """What was asked for; options that the layout does not follow are refused."""
    from brainseg_gui.evaluation.figures.layouts import LAYOUTS
    from brainseg_gui.evaluation.figures.request import FigureRequest
    from brainseg_gui.evaluation.figures.style import FigureExtent
    from brainseg_gui.imaging.labels import region_named
    from brainseg_gui.imaging.plane import Plane

    layout = args.layout or _layout_of(args.output)
    given: dict[str, Any] = {}
    for option, field in _FIELDS.items():
        value = getattr(args, option)
        if value is None:
            continue
        if field not in LAYOUTS[layout].options:
            followed = [name for name, other in LAYOUTS.items() if field in other.options]
            name = option.replace("_", "-")
            raise BrainsegError(
                f"--{name} does not belong to the {layout} layout", f"It belongs to {', '.join(followed)}"
            )
        given[field] = value
    meant: dict[str, Callable[[Any], Any]] = {
        "modality": Modality,
        "plane": lambda name: Plane[name.upper()],
        "region": region_named,
        "extent": lambda _: FigureExtent.TUMOUR,
        "at": lambda _: None,  # read when the case is
        "slices": lambda slices: slices if layout == "seed" else _indices(slices),
    }
    values: dict[str, Any] = {field: meant[field](value) if field in meant else value for field, value in given.items()}
    return FigureRequest(layout=layout, style=_style(args), **values)


def _layout_of(output: Path) -> str:
    return "animation" if output.suffix.lower() in (".gif", ".apng", ".webp", ".mp4") else "planes"


def _style(args: argparse.Namespace) -> FigureStyle:
    from brainseg_gui.evaluation.figures.style import FigureStyle, LegendText, colours_of

    return FigureStyle(
        colours=colours_of(args.colours),
        legend=LegendText(args.legend),
        scale_bar=not args.no_scale_bar,
        letters=not args.no_letters,
        width_mm=args.width,
        dots_per_inch=args.dpi,
    )


def _content(args: argparse.Namespace) -> FigureContent:
    from brainseg_gui.evaluation.figures.content import FigureContent

    return FigureContent(*read_masks(args))


def _show(work: Generator[Progress, None, None]) -> None:
    """Run to the end with a bar, where there is a terminal and time to show one."""
    from tqdm import tqdm

    with tqdm(total=100, file=sys.stderr, bar_format=_BAR, disable=None, leave=False, delay=1) as bar:
        for progress in work:
            bar.set_description_str(f"{progress.stage} ", refresh=False)
            bar.set_postfix_str(printable(progress.detail), refresh=False)
            bar.update(100 * progress.done - bar.n)


def _slices(text: str) -> tuple[int, int]:
    match = re.fullmatch(r"(\d+)(?:-(\d+))?", text)
    if match is None or int(match[1]) > int(match[2] or match[1]):
        raise argparse.ArgumentTypeError(f"{text} is not a range of slices such as 70-74")
    return int(match[1]), int(match[2] or match[1])


def _indices(slices: tuple[int, int]) -> tuple[int, int]:
    from brainseg_gui.imaging.numbering import index_of

    return index_of(slices[0]), index_of(slices[1])


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text} is not a whole number from 1")
    return int(text)

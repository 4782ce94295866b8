"""``brainseg surfaces``: the masks of a case in 3-D, as a picture or for other programs."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from brainseg_gui.commands.options.case import add_case_options, add_scheme_options, read_masks
from brainseg_gui.errors import BrainsegError, printable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from brainseg_gui.imaging.labels import LabelMap
    from brainseg_gui.surfaces.surface import Surface, SurfacePart

_PICTURE = ".png"
_SIZES = (16, 4096)


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command to the command line."""
    parser = subparsers.add_parser(
        "surfaces",
        help="masks in 3-D: STL, PLY, glTF, or a picture",
        description="Surfaces of the prediction where one is given, else of the reference, in millimetres of the "
        "patient's space (RAS). An STL holds no names: each surface gets a file of its own. The core of a tumour is "
        "solid, what lies around it is glass.",
    )
    add_case_options(parser)
    parser.add_argument(
        "-o", "--output", type=Path, required=True, metavar="FILE", help=".stl, .ply, .glb (glTF), or .png: a picture"
    )
    parser.add_argument(
        "--show",
        choices=("labels", "lesions", "errors"),
        default="labels",
        help="each label (default); each lesion by its number; or what the prediction missed and what is false in it",
    )
    parser.add_argument("--region", default="WT", metavar="WT", help="of the errors: WT (default), TC or ET")
    parser.add_argument("--no-brain", action="store_true", help="leave the brain out")
    picture = parser.add_argument_group("a picture")
    picture.add_argument(
        "--angles",
        type=_angles,
        default=(30.0, 20.0),
        metavar="A,E",
        help="degrees from the front towards the patient's left, and upwards (default: 30,20); --angles=-30,20",
    )
    picture.add_argument("--size", type=_pixels, default=1200, metavar="N", help="pixels along a side (default: 1200)")
    add_scheme_options(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Make the surfaces and write them."""
    from brainseg_gui.progress import run_to_end
    from brainseg_gui.surfaces.mesh_files import check_format, write_surfaces
    from brainseg_gui.surfaces.parts import brain_surface
    from brainseg_gui.surfaces.surface import SurfaceBuilder

    if args.output.suffix.lower() != _PICTURE:
        check_format(args.output)
    case, reference, prediction = read_masks(args)
    surfaces = run_to_end(SurfaceBuilder(case.grid.affine).build(_parts(args, reference, prediction)))
    brain = None if args.no_brain else brain_surface(case.volumes)
    shown = surfaces if brain is None else (*surfaces, brain)
    if args.output.suffix.lower() == _PICTURE:
        _draw(shown, args)
        written: Sequence[Path] = (args.output,)
    else:
        written = write_surfaces(args.output, shown)
    sys.stdout.write("".join(printable(str(path)) + "\n" for path in written))
    return 0


def _parts(
    args: argparse.Namespace, reference: LabelMap | None, prediction: LabelMap | None
) -> tuple[SurfacePart, ...]:
    """What was asked for.

    Raises
    ------
    BrainsegError
        If there is no mask to make it of.
    """
    from brainseg_gui.imaging.labels import region_named
    from brainseg_gui.surfaces.parts import error_parts, label_parts, lesion_parts

    if args.show == "errors":
        if reference is None or prediction is None:
            raise BrainsegError(
                "errors are between two masks", "Name them with --prediction and --reference", args.case
            )
        return error_parts(reference, prediction, region_named(args.region))
    labels = prediction or reference
    if labels is None:
        raise BrainsegError("the case has no mask", "Name one with --prediction", args.case)
    return lesion_parts(labels) if args.show == "lesions" else label_parts(labels)


def _draw(surfaces: Sequence[Surface], args: argparse.Namespace) -> None:
    from brainseg_gui.surfaces.camera import Camera, camera_around
    from brainseg_gui.surfaces.picture_file import write_picture

    if not surfaces:
        raise BrainsegError("there is nothing to draw", "The mask is empty, and the brain left out", args.case)
    azimuth, elevation = args.angles
    camera = camera_around([surface.mesh for surface in surfaces], Camera(azimuth_deg=azimuth, elevation_deg=elevation))
    write_picture(args.output, surfaces, camera, (args.size, args.size))


def _angles(text: str) -> tuple[float, float]:
    azimuth, _, elevation = text.partition(",")
    try:
        return float(azimuth), min(max(float(elevation or 0), -90.0), 90.0)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text} is no two angles such as 30,20") from None


def _pixels(text: str) -> int:
    low, high = _SIZES
    if not text.isdecimal() or not low <= int(text) <= high:
        raise argparse.ArgumentTypeError(f"{text} is not a whole number from {low} to {high}")
    return int(text)

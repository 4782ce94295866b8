"""A sheet of many cases at a glance: `python -m training.compare.contact_sheet FOLDER... -o FILE.png`.

Real cases can be drawn below the synthetic ones to compare looks (``--beside``). They are nobody's to publish: such a
sheet is refused a place in the project's folder.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from brainseg_gui.errors import BrainsegError, SaveError
from training.compare.cases import ComparedCase, find_cases
from training.compare.options import add_mask_options, asked_of, whole
from training.pictures import SHOWN, Masks, Plane, draw, largest_section, save

_INCHES = 1.5
_TITLE_INCHES = 0.18
_SYNTHETIC, _REAL = "#c0c0c0", "#ffb347"
_PROJECT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, eq=False)
class Tile:
    """One case on the sheet.

    Parameters
    ----------
    title, colour
        The case, and the colour of its name.
    slices
        Axial slices, windowed to 0 to 1, rows from front to back: one per shown modality.
    masks
        The same slice of each region.
    """

    title: str
    colour: str
    slices: tuple[Plane, ...]
    masks: Masks


def main(arguments: Sequence[str] | None = None) -> int:
    """Draw the sheet; 0 when done, 2 when something given is at fault."""
    given = _parser().parse_args(arguments)
    try:
        if given.beside:
            refuse_within_project(given.output)
        tiles = [*_tiles(given.folders, given, _SYNTHETIC), *_tiles(given.beside, given, _REAL)]
        draw_sheet(tiles, given.output, given.columns, outlines=not given.bare)
    except BrainsegError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m training.compare.contact_sheet",
        description="Show the slice with most tumour of many cases, FLAIR and T1ce, with outlines of the mask.",
    )
    parser.add_argument("folders", type=Path, nargs="+", metavar="FOLDER", help="cases, or folders of cases")
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="FILE.png", help="the sheet")
    parser.add_argument("--columns", type=whole(1), default=5, help="cases per row (5)")
    parser.add_argument("--bare", action="store_true", help="draw no outlines")
    parser.add_argument(
        "--beside", type=Path, nargs="+", default=[], metavar="FOLDER",
        help="real cases, drawn below with their names in orange; never into the project's folder",
    )  # fmt: skip
    parser.add_argument(
        "--spacing-mm", type=float, default=0.0, metavar="MM",
        help="show finer cases as voxels of this size do, so that only the patients differ",
    )  # fmt: skip
    add_mask_options(parser)
    return parser


def refuse_within_project(path: Path) -> None:
    """Refuse to draw patients where they could be committed.

    Raises
    ------
    SaveError
        If the file would lie in the project's folder.
    """
    if path.resolve().is_relative_to(_PROJECT):
        raise SaveError("pictures of real patients do not belong into the project", "Choose a folder outside", path)


def _tiles(folders: Sequence[Path], given: argparse.Namespace, colour: str) -> list[Tile]:
    asked = asked_of(given)
    if colour == _SYNTHETIC and given.beside:  # the references named are those of real cases
        asked = replace(asked, references={})
    elif colour == _REAL:
        asked = replace(asked, most=0)
    cases = find_cases(folders, asked, lambda _: None, unscored=True) if folders else ()
    return [tile_of(case, given.spacing_mm, colour) for case in cases]


def tile_of(case: ComparedCase, spacing_mm: float = 0.0, colour: str = _SYNTHETIC) -> Tile:
    """Read a case, and choose its axial slice with most tumour, or the middle one.

    Parameters
    ----------
    spacing_mm
        Finer cases are averaged over blocks of whole voxels to about this spacing; 0 leaves them.
    """
    study, reference = case.read_images()
    whole = reference.values > 0 if reference is not None else np.zeros(study.grid.shape, bool)
    section = largest_section(study, whole, max(1, round(spacing_mm / study.grid.spacing_mm[0])))
    slices = tuple(section.picture(modality) for modality in SHOWN)
    return Tile(study.case_id, colour, slices, section.masks(reference) if reference is not None else {})


def draw_sheet(tiles: Sequence[Tile], path: Path, columns: int, *, outlines: bool = True) -> None:
    """Draw the tiles in rows and save the picture.

    Raises
    ------
    SaveError
        If the file cannot be written.
    """
    from matplotlib.figure import Figure

    rows = -(-len(tiles) // columns)
    height = (_INCHES + _TITLE_INCHES) * rows
    figure = Figure(figsize=(2 * _INCHES * columns, height), facecolor="black", dpi=110)
    grid = figure.add_gridspec(
        rows, 2 * columns, left=0, right=1, top=1 - _TITLE_INCHES / height, bottom=0, wspace=0.01, hspace=0.12
    )
    for number, tile in enumerate(tiles):
        for place, picture in enumerate(tile.slices):
            axes = figure.add_subplot(grid[number // columns, 2 * (number % columns) + place])
            draw(axes, picture, tile.masks if outlines else None)
            if place == 0:
                axes.set_title(tile.title, color=tile.colour, fontsize=6, loc="left", pad=1.5)
    save(figure, path)


if __name__ == "__main__":
    sys.exit(main())

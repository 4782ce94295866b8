"""A sheet of many cases at a glance: `python -m training.synthesis.contact_sheet FOLDER... -o FILE.png`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from brainseg_gui.errors import BrainsegError, SaveError
from brainseg_gui.imaging.case import Case, CaseSource
from brainseg_gui.imaging.case_folder import find_cohort
from brainseg_gui.imaging.labels import LabelMap, label_schemes, regions, scheme_named
from brainseg_gui.imaging.modality import Modality
from brainseg_gui.imaging.read_case import read_case
from brainseg_gui.progress import run_to_end

from .fields import FloatArray

_SHOWN = (Modality.FLAIR, Modality.T1CE)
_COLOURS = {"WT": "#4fd14f", "TC": "#ff5050", "ET": "#ffe14d"}
_HALF_MM = 92.0
_INCHES = 1.5


@dataclass(frozen=True)
class Tile:
    """One case on the sheet.

    Parameters
    ----------
    title
        The case.
    slices
        Axial slices, windowed to 0 to 1, rows from front to back: one per shown modality.
    masks
        The same slice of each region.
    """

    title: str
    slices: tuple[FloatArray, ...]
    masks: dict[str, npt.NDArray[np.bool_]]


def main(arguments: Sequence[str] | None = None) -> int:
    """Draw the sheet; 0 when done, 2 when something given is at fault."""
    parser = argparse.ArgumentParser(
        prog="python -m training.synthesis.contact_sheet",
        description="Show the slice with most tumour of many cases, FLAIR and T1ce, with outlines of the mask.",
    )
    parser.add_argument("folders", type=Path, nargs="+", metavar="FOLDER", help="cases, or folders of cases")
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="FILE.png", help="the sheet")
    parser.add_argument("--columns", type=int, default=5, help="cases per row (5)")
    parser.add_argument("--bare", action="store_true", help="draw no outlines")
    parser.add_argument(
        "--scheme", choices=tuple(label_schemes()), help="what the numbers of the masks mean (guessed case by case)"
    )
    given = parser.parse_args(arguments)
    try:
        sources = [source for folder in given.folders for source in find_cohort(folder)]
        draw_sheet(
            [tile_of(source, given.scheme) for source in sources], given.output, given.columns, outlines=not given.bare
        )
    except BrainsegError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    return 0


def tile_of(source: CaseSource, scheme: str | None = None) -> Tile:
    """Read a case, and choose its axial slice with most tumour, or the middle one."""
    case = run_to_end(read_case(source))
    reference = case.reference
    if reference is not None and scheme is not None:
        reference = reference.with_scheme(scheme_named(scheme))
    whole = reference.values > 0 if reference is not None else np.zeros(case.grid.shape, bool)
    areas = whole.sum(axis=(0, 1))
    shown = next(case.volumes[modality].stored for modality in _SHOWN if modality in case.volumes)
    inside = np.flatnonzero((shown != shown.flat[0]).any(axis=(0, 1)))
    middle = int(inside[0] + 0.55 * (inside[-1] - inside[0])) if inside.size else areas.size // 2
    k = int(areas.argmax()) if areas.any() else middle
    half = int(_HALF_MM / case.grid.spacing_mm[0])
    slices = tuple(_slice(case, modality, k, half) for modality in _SHOWN)
    return Tile(case.case_id, slices, _masks(reference, k, half))


def _slice(case: Case, modality: Modality, k: int, half: int) -> FloatArray:
    if modality not in case.volumes:
        return np.zeros((2 * half, 2 * half), np.float32)
    values = np.asarray(case.volumes[modality].stored, np.float32)
    inside = values[values != values.flat[0]]
    low, high = np.percentile(inside, (0.5, 99.5)) if inside.size else (0.0, 1.0)
    picture = np.clip((values[:, :, k] - low) / max(high - low, 1e-6), 0.0, 1.0)
    picture[values[:, :, k] == values.flat[0]] = 0.0
    return _as_seen(picture, half)


def _masks(reference: LabelMap | None, k: int, half: int) -> dict[str, npt.NDArray[np.bool_]]:
    if reference is None:
        return {}
    by_name = {region.key: region for region in regions()}
    return {name: _as_seen(reference.mask(by_name[name])[:, :, k], half) for name in _COLOURS}


def _as_seen(plane: npt.NDArray[Any], half: int) -> npt.NDArray[Any]:
    """(I, J) = RAS -> rows from front to back, the patient's right on the left; cut or padded to a square."""
    padded = np.pad(plane, half)
    i, j = (count // 2 for count in plane.shape)
    return padded[i : i + 2 * half, j : j + 2 * half].T[::-1, ::-1]


def draw_sheet(tiles: Sequence[Tile], path: Path, columns: int, *, outlines: bool = True) -> None:
    """Draw the tiles in rows and save the picture.

    Raises
    ------
    SaveError
        If the file cannot be written.
    """
    from matplotlib.figure import Figure

    rows = -(-len(tiles) // columns)
    figure = Figure(figsize=(2 * _INCHES * columns, (_INCHES + 0.18) * rows), facecolor="black", dpi=110)
    grid = figure.add_gridspec(
        rows, 2 * columns, left=0, right=1, top=1 - 0.18 / ((_INCHES + 0.18) * rows), bottom=0, wspace=0.01, hspace=0.12
    )
    for number, tile in enumerate(tiles):
        for place, picture in enumerate(tile.slices):
            axes = figure.add_subplot(grid[number // columns, 2 * (number % columns) + place])
            axes.set_axis_off()
            axes.imshow(picture, cmap="gray", vmin=0, vmax=1, interpolation="bilinear")
            if outlines:
                _outline(axes, tile)
            if place == 0:
                axes.set_title(tile.title, color="#c0c0c0", fontsize=6, loc="left", pad=1.5)
    try:
        figure.savefig(path, facecolor="black")
    except OSError as error:
        raise SaveError(
            f"the sheet cannot be written ({error.strerror or error})", "Choose another file", path
        ) from error


def _outline(axes: Any, tile: Tile) -> None:
    for name, mask in tile.masks.items():
        if mask.any():
            axes.contour(mask, levels=[0.5], colors=[_COLOURS[name]], linewidths=0.6)


if __name__ == "__main__":
    sys.exit(main())

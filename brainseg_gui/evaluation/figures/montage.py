"""Every n-th slice of a volume with its masks, side by side."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.figure import Figure

from brainseg_gui.errors import BrainsegError
from brainseg_gui.evaluation.figures.content import FigureContent
from brainseg_gui.evaluation.figures.grid import PlannedTile, compose
from brainseg_gui.evaluation.figures.style import USUAL_STYLE, FigureExtent, FigureStyle
from brainseg_gui.evaluation.figures.tile import Frame
from brainseg_gui.imaging.modality import Modality
from brainseg_gui.imaging.numbering import number_of
from brainseg_gui.imaging.plane import Plane, pixel_size_mm

USUAL_TILES = 24
MOST_TILES = 120
_TALLEST = 1.25  # in widths of the page


def montage_figure(
    content: FigureContent,
    modality: Modality,
    plane: Plane = Plane.AXIAL,
    every: int | None = None,
    slices: tuple[int, int] | None = None,
    *,
    extent: FigureExtent = FigureExtent.HEAD,
    style: FigureStyle = USUAL_STYLE,
) -> Figure:
    """Every n-th slice, from inferior, posterior or the patient's left, from the upper left on.

    Parameters
    ----------
    every
        Step from slice to slice; by default the one that gives about two dozen.
    slices
        Indices of the first and last slice; by default those that hold the head, or the tumour.

    Raises
    ------
    BrainsegError
        If a slice does not exist or there are too many.
    """
    numbers = slice_numbers(content, modality, plane, slices, extent)
    frame = content.frame(extent, [modality], plane)
    step = every or -(-len(numbers) // USUAL_TILES)
    count = -(-len(numbers) // step)
    columns = _columns(count, frame, content, plane)
    if every is None and count > columns:
        # full rows, in the middle of the range: its ends show least
        count -= count % columns
        spare = len(numbers) - 1 - (count - 1) * step
        numbers = numbers[spare // 2 :][: (count - 1) * step + 1]
    numbers = numbers[::step]
    if len(numbers) > MOST_TILES:
        raise BrainsegError(
            f"every {_ordinal(step)} slice gives {len(numbers)} pictures",
            f"Choose so that there are {MOST_TILES} at most",
        )
    first, last = numbers[0], numbers[-1]
    cells = [
        [
            PlannedTile(modality, plane, n, frame, note=str(number_of(n)), letters=n == first, scale_bar=n == last)
            for n in row
        ]
        for row in _rows(numbers, columns)
    ]
    which = f"every {_ordinal(step)} {plane.title.lower()} slice" if step > 1 else f"{plane.title.lower()} slices"
    subtitle = f"{modality.title}, {which}, {number_of(first)} to {number_of(last)}"
    return compose(content, cells, subtitle, style, tallest=_TALLEST)


def slice_numbers(
    content: FigureContent, modality: Modality, plane: Plane, slices: tuple[int, int] | None, extent: FigureExtent
) -> range:
    """The slices of a range, or those that hold the head or the tumour.

    Raises
    ------
    BrainsegError
        If the range leaves the grid.
    """
    depth = content.case.grid.shape[plane.axis]
    if slices is None:
        first, last = content.box(extent, [modality])
        slices = first[plane.axis], last[plane.axis]
    if not 0 <= slices[0] <= slices[1] < depth:
        raise BrainsegError(
            f"there are no slices {number_of(slices[0])} to {number_of(slices[1])}, the volume has {depth}",
            f"Choose slices from 1 to {depth}",
        )
    return range(slices[0], slices[1] + 1)


def _rows(numbers: Sequence[int], columns: int) -> list[Sequence[int]]:
    return [numbers[start : start + columns] for start in range(0, len(numbers), columns)]


def _columns(count: int, frame: Frame, content: FigureContent, plane: Plane) -> int:
    """How many beside another make the tiles largest on a page that is no taller than `_TALLEST`."""
    height_mm, width_mm = pixel_size_mm(plane, content.case.grid)
    aspect = (frame.bottom - frame.top) * height_mm / ((frame.right - frame.left) * width_mm)

    def tile_width(columns: int) -> float:
        rows = -(-count // columns)
        return min(1 / columns, _TALLEST / (rows * aspect))

    # the fewest that are as good: full rows look better than wide ones
    widest = max(tile_width(columns) for columns in range(1, count + 1))
    return next(columns for columns in range(1, count + 1) if tile_width(columns) >= 0.999 * widest)


def _ordinal(number: int) -> str:
    special = {1: "st", 2: "nd", 3: "rd"}
    return f"{number}{'th' if 11 <= number % 100 <= 13 else special.get(number % 10, 'th')}"

"""Tiles in rows on one page, at one scale, with heading, captions, legend and footer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from brainseg_gui.evaluation.figures.content import FigureContent
from brainseg_gui.evaluation.figures.page import (
    CONVENTION_WORDS,
    EDGE,
    GAP,
    INK,
    TEXT_POINTS,
    Legend,
    add_axes_at,
    heading_height,
    shortened,
    write_footer,
    write_heading,
)
from brainseg_gui.evaluation.figures.style import DOTS_PER_INCH, FigureStyle
from brainseg_gui.evaluation.figures.tile import (
    CONVENTION,
    Frame,
    draw_disagreement,
    draw_image,
    draw_letters,
    draw_masks,
    draw_note,
    draw_scale_bar,
    grey_slice,
    meanings_drawn,
)
from brainseg_gui.evaluation.metrics.comparison import agreement_of, region_table
from brainseg_gui.imaging.case import Case
from brainseg_gui.imaging.labels import Region
from brainseg_gui.imaging.modality import Modality
from brainseg_gui.imaging.plane import Plane, edge_letters, pixel_size_mm, take_slice
from brainseg_gui.imaging.window import Window

_CAPTION = 0.17
_FOOTER = 0.19


@dataclass(frozen=True)
class PlannedTile:
    """A tile before it is placed.

    Parameters
    ----------
    frame
        The part of the slice that it shows.
    caption, note
        Words above it, and inside its upper left corner.
    region
        Where given, the disagreement of the two masks on it is shown instead of the masks.
    letters, scale_bar
        Whether it carries them, when the style has any.
    """

    modality: Modality
    plane: Plane
    slice_index: int
    frame: Frame
    caption: str = ""
    note: str = ""
    region: Region | None = None
    letters: bool = True
    scale_bar: bool = True

    def size_mm(self, case: Case) -> tuple[float, float]:
        """Width and height."""
        height_mm, width_mm = pixel_size_mm(self.plane, case.grid)
        return (self.frame.right - self.frame.left) * width_mm, (self.frame.bottom - self.frame.top) * height_mm


Rows = Sequence[Sequence[PlannedTile]]


@dataclass(frozen=True)
class _Sizes:
    """Inches per mm on the page, and the width and height of every row in mm."""

    scale: float
    rows_mm: tuple[tuple[float, float], ...]


def compose(content: FigureContent, rows: Rows, subtitle: str, style: FigureStyle, *, tallest: float = 0.5) -> Figure:
    """Put tiles on a page.

    Parameters
    ----------
    rows
        Tiles from left to right, rows from top to bottom.
    subtitle
        What is shown, for the right end of the heading.
    tallest
        Height of all tiles together at most, in widths of the page.
    """
    page_width = style.width_inches()
    cells = [cell for row in rows for cell in row]
    sizes = _sizes(content.case, rows, page_width, tallest)
    legend = _legend(content, cells, style, page_width)
    captions = [_CAPTION if any(cell.caption for cell in row) else 0.0 for row in rows]
    heights = [height * sizes.scale for _, height in sizes.rows_mm]
    heading = heading_height(content.case.case_id, subtitle, page_width)
    body = sum(heights) + sum(captions) + GAP * (len(rows) - 1)
    page_height = 2 * EDGE + heading + body + legend.height + _FOOTER
    figure = Figure(figsize=(page_width, page_height), dpi=style.dots(DOTS_PER_INCH))
    top = page_height - EDGE - heading
    windows: dict[Modality, Window] = {}
    widest = max(
        width * sizes.scale + GAP * (len(row) - 1) for row, (width, _) in zip(rows, sizes.rows_mm, strict=True)
    )
    margin = (page_width - widest) / 2
    for row, (_, height_mm), caption, height in zip(rows, sizes.rows_mm, captions, heights, strict=True):
        left, bottom = margin, top - caption - height
        for cell in row:
            width = cell.size_mm(content.case)[0] * sizes.scale
            axes = add_axes_at(figure, left, bottom, width, height)
            fill_tile(axes, content, _of_height(cell, content.case, height_mm), style, windows)
            left += width + GAP
        top = bottom - GAP
    write_heading(figure, content.case.case_id, subtitle, max(margin, EDGE))
    legend.write(figure, EDGE + _FOOTER - 0.02)
    write_footer(figure, *CONVENTION_WORDS)
    return figure


def _sizes(case: Case, rows: Rows, page_width: float, tallest: float) -> _Sizes:
    usable = page_width - 2 * EDGE
    rows_mm = []
    scales = []
    for row in rows:
        sizes = [cell.size_mm(case) for cell in row]
        width_mm, height_mm = sum(width for width, _ in sizes), max(height for _, height in sizes)
        rows_mm.append((width_mm, height_mm))
        scales.append((usable - GAP * (len(row) - 1)) / width_mm)
    scales.append(tallest * usable / sum(height for _, height in rows_mm))
    return _Sizes(min(scales), tuple(rows_mm))


def _legend(content: FigureContent, cells: Sequence[PlannedTile], style: FigureStyle, page_width: float) -> Legend:
    drawn: set[str] = set()
    for cell in cells:
        if cell.region is None:
            drawn |= meanings_drawn(content.masks, cell.plane, cell.slice_index)
    agreement = any(cell.region is not None for cell in cells)
    return Legend(drawn, content.titles_drawn, style, page_width, agreement=agreement)


def _of_height(cell: PlannedTile, case: Case, height_mm: float) -> PlannedTile:
    """The cell with its slice in the middle of a tile of the height of its row."""
    frame = cell.frame.of_height((cell.frame.bottom - cell.frame.top) * height_mm / cell.size_mm(case)[1])
    return replace(cell, frame=frame)


def fill_tile(
    axes: Axes, content: FigureContent, cell: PlannedTile, style: FigureStyle, windows: dict[Modality, Window]
) -> None:
    """Draw one cell into its tile; `windows` remembers the automatic window of each modality."""
    volume = content.volume(cell.modality)
    axes.set_label(cell.caption or cell.note)
    if cell.caption:
        caption = shortened(cell.caption, axes.bbox.width / axes.figure.dpi, TEXT_POINTS)
        axes.set_title(caption, fontsize=TEXT_POINTS, color=INK, loc="left", pad=2.5)
    if cell.modality not in windows:
        windows[cell.modality] = content.window(cell.modality)
    grey = grey_slice(volume, cell.plane, cell.slice_index, windows[cell.modality])
    draw_image(axes, grey, cell.frame)
    if cell.region is None:
        draw_masks(axes, content.masks, cell.plane, cell.slice_index, style.colours)
    else:
        _draw_region(axes, content, cell, cell.region)
    if style.letters and cell.letters:
        draw_letters(axes, edge_letters(cell.plane, CONVENTION))
    if style.scale_bar and cell.scale_bar:
        draw_scale_bar(axes, cell.frame, pixel_size_mm(cell.plane, content.case.grid)[1])
    if cell.note:
        draw_note(axes, cell.note)


def _draw_region(axes: Axes, content: FigureContent, cell: PlannedTile, region: Region) -> None:
    reference, prediction = content.both_masks()
    values = [take_slice(labels.values, cell.plane, cell.slice_index, CONVENTION) for labels in (reference, prediction)]
    tables = [region_table(labels.scheme, region) for labels in (reference, prediction)]
    draw_disagreement(axes, agreement_of(values[0], values[1], tables[0], tables[1]))

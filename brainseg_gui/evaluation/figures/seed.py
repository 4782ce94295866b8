"""The figure of the source article: prediction, truth and brain, one row per slice.

As there, prediction and truth are the class 0 (background) channel in the `bone` colour map, arrays lie as they
are stored, and slices are counted in the recipe's crop.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from brainseg_gui.errors import BrainsegError
from brainseg_gui.evaluation.figures.content import FigureContent
from brainseg_gui.evaluation.figures.page import (
    FAINT_INK,
    GAP,
    INK,
    TEXT_POINTS,
    add_axes_at,
    write_footer,
    write_heading,
)
from brainseg_gui.evaluation.figures.style import DOTS_PER_INCH, USUAL_STYLE, FigureStyle
from brainseg_gui.evaluation.figures.tile import draw_letters
from brainseg_gui.evaluation.metrics.pooled import RECIPE_CROP, RECIPE_SHAPE, network_class_table
from brainseg_gui.imaging.grid import Array
from brainseg_gui.imaging.labels import LabelMap
from brainseg_gui.imaging.modality import Modality
from brainseg_gui.imaging.plane import EdgeLetters
from brainseg_gui.imaging.window import to_grey

DEFAULT_SLICES = tuple(range(70, 75))
_TILE = 1.55  # inches along the longer side
_LEFT = 0.62
_TOP = 0.5
_BOTTOM = 0.3
_OPPOSITE = dict(zip("RLAPSI", "LRPAIS", strict=True))


def seed_figure(
    content: FigureContent,
    modality: Modality = Modality.FLAIR,
    slices: Sequence[int] = DEFAULT_SLICES,
    *,
    style: FigureStyle = USUAL_STYLE,
) -> Figure:
    """Prediction | truth | brain, one row per slice.

    Parameters
    ----------
    slices
        Along the third stored axis, counted from 0 in the recipe's crop (144 slices of a 240×240×155 volume; any
        other volume is shown whole).

    Raises
    ------
    BrainsegError
        If a slice does not exist or the modality is missing.
    """
    volume = content.volume(modality)
    stored, window = _as_recipe(content, volume.stored), content.window(modality)
    depth = stored.shape[0]
    if not slices or min(slices) < 0 or max(slices) >= depth:
        raise BrainsegError(
            f"there is no slice {max(slices, default=0)}, the volume has {depth}",
            f"Choose slices from 0 to {depth - 1}",
        )
    brain = f"brain ({modality.title})"
    rows, width = stored.shape[1:]
    figure, tile_size = _page(len(slices), rows, width, style)
    write_heading(figure, content.case.case_id, "class 0 (background), bone colours")
    for row, slice_index in enumerate(slices):
        prediction, truth = (
            _class_zero(content, labels, slice_index) for labels in (content.prediction, content.reference)
        )
        grey = to_grey(stored[slice_index], volume, window)
        columns = (("prediction", prediction, 1), ("truth", truth, 1), (brain, grey, 255))
        for column, (title, picture, brightest) in enumerate(columns):
            axes = _tile(figure, row, column, tile_size)
            axes.set_label(f"{title} {slice_index}")
            _draw(axes, picture, brightest)
            if row == 0:
                axes.set_title(title, fontsize=TEXT_POINTS, color=INK, pad=3)
            if column == 0:
                axes.set_ylabel(f"slice {slice_index}", fontsize=TEXT_POINTS, color=INK)
            if picture is grey and style.letters:
                draw_letters(axes, _stored_letters(content))
    write_footer(figure, _footer(content))
    return figure


def _as_recipe(content: FigureContent, array: Array) -> Array:
    """An array as the recipe holds it: stored order, cropped, slices first."""
    stored = content.case.stored_grid.from_ras(array)
    if stored.shape == RECIPE_SHAPE:
        stored = stored[RECIPE_CROP]
    return np.moveaxis(stored, [2, 0, 1], [0, 1, 2])  # (H, W, D) -> (D, H, W)


def _class_zero(content: FigureContent, labels: LabelMap | None, slice_index: int) -> NDArray[np.bool_] | None:
    if labels is None:
        return None
    background = network_class_table(labels.scheme)[:, 0].astype(bool)
    picture: NDArray[np.bool_] = background[_as_recipe(content, labels.values)[slice_index]]
    return picture


def _page(count: int, rows: int, columns: int, style: FigureStyle) -> tuple[Figure, tuple[float, float]]:
    """The page and the width and height of its tiles, in inches."""
    usual = _LEFT + 3 * (_TILE * columns / max(rows, columns) + GAP)
    page_width = style.width_inches(usual)
    width = (page_width - _LEFT) / 3 - GAP
    height = width * rows / columns
    size = (page_width, _TOP + _BOTTOM + count * (height + GAP))
    return Figure(figsize=size, dpi=style.dots(DOTS_PER_INCH)), (width, height)


def _tile(figure: Figure, row: int, column: int, tile_size: tuple[float, float]) -> Axes:
    width, height = tile_size
    left = _LEFT + column * (width + GAP)
    top = figure.get_size_inches()[1] - _TOP - row * (height + GAP)
    axes = add_axes_at(figure, left, top - height, width, height)
    axes.spines[:].set(visible=True, color=FAINT_INK, linewidth=0.4)  # the background class is as white as paper
    return axes


def _draw(axes: Axes, picture: Array | None, brightest: int) -> None:
    if picture is None:
        axes.set_facecolor("#f0f0f2")
        axes.text(0.5, 0.5, "not given", transform=axes.transAxes, ha="center", fontsize=7, color=FAINT_INK)
    else:
        axes.imshow(picture, cmap="bone", vmin=0, vmax=brightest, interpolation="nearest", aspect="auto")


def _stored_letters(content: FigureContent) -> EdgeLetters:
    """Rows run along the first stored axis, columns along the second."""
    codes = content.case.stored_grid.codes
    down, right = codes[0], codes[1]
    return EdgeLetters(_OPPOSITE[right], right, _OPPOSITE[down], down)


def _footer(content: FigureContent) -> str:
    stored = content.case.stored_grid
    crop = ", slices counted from 0 in the recipe's crop" if stored.shape == RECIPE_SHAPE else ""
    return f"As stored ({stored.codes}){crop}"

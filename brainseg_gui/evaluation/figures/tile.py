"""One tile of a printed figure: an image slice under masks, with letters and a scale bar."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.colors import to_rgb
from numpy.typing import NDArray

from brainseg_gui.imaging.colours import agreement_table
from brainseg_gui.imaging.grid import Grid, Voxel
from brainseg_gui.imaging.labels import LabelMap
from brainseg_gui.imaging.plane import (
    SCALE_BARS_MM,
    DisplayConvention,
    EdgeLetters,
    Plane,
    pixel_size_mm,
    take_slice,
    voxel_to_pixel,
)
from brainseg_gui.imaging.volume import Volume
from brainseg_gui.imaging.window import Window, auto_window, to_grey

CONVENTION = DisplayConvention.RADIOLOGICAL
FILL_OPACITY = 0.4
SMALL_POINTS = 7.0  # journals ask for no smaller
# In pixels: an outline and how far it lies inside its label, so that those of neighbours stand side by side.
_LINE = 0.64
_INSET = 0.32
_THINNEST_POINTS = 0.4
_LETTER = 0.66  # mean width of a letter, in heights
_DISAGREEMENT_OPACITY = 0.75


@dataclass(frozen=True)
class Frame:
    """The part of a slice that a tile shows, in pixels; row 0 is at the top."""

    left: float
    right: float
    top: float
    bottom: float

    def of_height(self, height: float) -> Frame:
        """A frame of another height with the same middle."""
        middle = (self.top + self.bottom) / 2
        return Frame(self.left, self.right, middle - height / 2, middle + height / 2)


def head_box(volume: Volume) -> tuple[Voxel, Voxel]:
    """First and last voxel_ijk of the box that holds everything which is not background."""
    # every second voxel is enough for a frame that gets a margin
    inside = volume.stored[::2, ::2, ::2] != volume.background
    ends = []
    for axis in range(3):
        occupied = np.flatnonzero(inside.any(axis=tuple(other for other in range(3) if other != axis)))
        ends.append(
            (2 * int(occupied[0]), 2 * int(occupied[-1])) if occupied.size else (0, volume.grid.shape[axis] - 1)
        )
    (i0, i1), (j0, j1), (k0, k1) = ends
    return (i0, j0, k0), (i1, j1, k1)


def frame_of(box: tuple[Voxel, Voxel], plane: Plane, grid: Grid, margin_mm: float) -> Frame:
    """The frame that shows a box in a plane, with a margin around it."""
    (row_a, column_a), (row_b, column_b) = (voxel_to_pixel(end, plane, grid, CONVENTION) for end in box)
    height_mm, width_mm = pixel_size_mm(plane, grid)
    x, y = margin_mm / width_mm + 0.5, margin_mm / height_mm + 0.5
    return Frame(
        min(column_a, column_b) - x,
        max(column_a, column_b) + x,
        min(row_a, row_b) - y,
        max(row_a, row_b) + y,
    )


def grey_slice(volume: Volume, plane: Plane, slice_index: int, window: Window | None = None) -> NDArray[np.uint8]:
    """A slice in a window (the automatic one where none is given), black outside the head, (rows, columns)."""
    stored = take_slice(volume.stored, plane, slice_index, CONVENTION)
    grey = to_grey(stored, volume, window or auto_window(volume))
    grey[stored == volume.background] = 0
    return grey


def draw_image(axes: Axes, grey: NDArray[np.uint8], frame: Frame) -> None:
    """Draw a grey slice and show the frame of it; the tile's own shape makes the pixels' aspect right."""
    axes.imshow(grey, cmap="gray", vmin=0, vmax=255, interpolation="bilinear", aspect="auto")
    axes.set_xlim(frame.left, frame.right)
    axes.set_ylim(frame.bottom, frame.top)


def draw_fill(axes: Axes, labels: LabelMap, values: NDArray[np.uint8], colours: Mapping[str, str]) -> None:
    """Fill each label of a slice with the colour of its meaning."""
    table = np.zeros((256, 4))
    for value in range(1, 256):
        table[value] = (*to_rgb(colours[labels.scheme.meaning_of(value)]), FILL_OPACITY)
    axes.imshow(table[values], interpolation="nearest", aspect="auto", zorder=2)


def draw_outlines(axes: Axes, labels: LabelMap, values: NDArray[np.uint8], colours: Mapping[str, str]) -> None:
    """Draw the border of each label of a slice in the colour of its meaning, along the edges of its voxels."""
    width = max(_LINE * _pixel_points(axes), _THINNEST_POINTS)
    for value in np.unique(values[values > 0]):
        colour = colours[labels.scheme.meaning_of(int(value))]
        segments = list(outline_segments(values == value))
        lines = LineCollection(segments, colors=colour, linewidths=width, capstyle="projecting", zorder=3)
        axes.add_collection(lines, autolim=False)


def draw_disagreement(axes: Axes, values: NDArray[np.uint8]) -> None:
    """Colour a slice of `Agreement` values: found, missed, false."""
    table = agreement_table(_DISAGREEMENT_OPACITY, _DISAGREEMENT_OPACITY) / 255.0
    axes.imshow(table[values], interpolation="nearest", aspect="auto", zorder=2)


def _pixel_points(axes: Axes) -> float:
    """Width of a pixel on the page, in points."""
    width_inches = axes.bbox.width / axes.figure.dpi
    left, right = axes.get_xlim()
    return float(72 * width_inches / (right - left))


def outline_segments(mask: NDArray[np.bool_], inset: float = _INSET) -> NDArray[np.float64]:
    """Edges between a mask and what is around it, moved into the mask.

    Parameters
    ----------
    mask
        (rows, columns).
    inset
        Distance from the edge of the voxel, in pixels.

    Returns
    -------
    numpy.ndarray
        (N, 2, 2): N segments from (x, y) to (x, y), with pixel centres at whole numbers.
    """
    padded = np.pad(mask, 1)
    middle = padded[1:-1, 1:-1]
    reach = 0.5 - inset
    sides = (
        (padded[:-2, 1:-1], (-0.5, -reach), (0.5, -reach)),  # above
        (padded[2:, 1:-1], (-0.5, reach), (0.5, reach)),
        (padded[1:-1, :-2], (-reach, -0.5), (-reach, 0.5)),  # to the left
        (padded[1:-1, 2:], (reach, -0.5), (reach, 0.5)),
    )
    pieces = []
    for neighbour, start, end in sides:
        rows, columns = np.nonzero(middle & ~neighbour)
        centres = np.stack([columns, rows], axis=1).astype(np.float64)
        pieces.append(np.stack([centres + start, centres + end], axis=1))
    return np.concatenate(pieces)


def draw_letters(axes: Axes, letters: EdgeLetters) -> None:
    """Write the patient directions at the four edges."""
    places = (
        (0.02, 0.5, "left", "center"),
        (0.98, 0.5, "right", "center"),
        (0.5, 0.985, "center", "top"),
        (0.5, 0.015, "center", "bottom"),
    )
    for letter, (x, y, across, along) in zip(letters, places, strict=True):
        axes.text(
            x,
            y,
            letter,
            transform=axes.transAxes,
            ha=across,
            va=along,
            color="white",
            fontsize=SMALL_POINTS,
            fontweight="bold",
            zorder=4,
        )


def draw_note(axes: Axes, text: str) -> None:
    """Write a few characters into the upper left corner of a tile."""
    style: dict[str, Any] = {"ha": "left", "va": "top", "color": "white", "fontsize": SMALL_POINTS, "zorder": 4}
    axes.text(0.03, 0.975, text, transform=axes.transAxes, **style)


def draw_scale_bar(axes: Axes, frame: Frame, pixel_width_mm: float) -> None:
    """Draw a bar of a round length at the lower right."""
    width_mm = (frame.right - frame.left) * pixel_width_mm
    length_mm = next((bar for bar in SCALE_BARS_MM if bar <= 0.35 * width_mm), SCALE_BARS_MM[-1])
    share = length_mm / width_mm
    axes.plot(
        [0.97 - share, 0.97],
        [0.035, 0.035],
        transform=axes.transAxes,
        color="white",
        linewidth=1.4,
        solid_capstyle="butt",
        zorder=4,
    )
    words = f"{length_mm} mm"
    # centred over the bar, or ending with it where they are wider
    wide = _LETTER * len(words) * SMALL_POINTS / 72 > share * axes.bbox.width / axes.figure.dpi
    axes.text(
        0.97 if wide else 0.97 - share / 2,
        0.05,
        words,
        transform=axes.transAxes,
        ha="right" if wide else "center",
        va="bottom",
        color="white",
        fontsize=SMALL_POINTS,
        zorder=4,
    )


def draw_masks(
    axes: Axes, masks: Sequence[LabelMap | None], plane: Plane, slice_index: int, colours: Mapping[str, str]
) -> None:
    """Draw the masks of a slice: the first as outline, the second as fill; None for what is not there."""
    for labels, draw in zip(masks, (draw_outlines, draw_fill), strict=True):
        if labels is not None:
            draw(axes, labels, take_slice(labels.values, plane, slice_index, CONVENTION), colours)


def meanings_drawn(masks: Sequence[LabelMap | None], plane: Plane, slice_index: int) -> set[str]:
    """Keys of the meanings that occur in a slice of one of the masks."""
    drawn: set[str] = set()
    for labels in masks:
        if labels is not None:
            values = take_slice(labels.values, plane, slice_index, CONVENTION)
            drawn |= {labels.scheme.meaning_of(int(value)) for value in np.unique(values[values > 0])}
    return drawn

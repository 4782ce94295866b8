"""Key images of a follow-up: of each visit the slice that its largest target was measured on, with the lines on it."""

from __future__ import annotations

import math
from collections.abc import Generator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Ellipse
from numpy.typing import NDArray

from brainseg_gui.errors import BrainsegError, printable
from brainseg_gui.evaluation.figures.page import EDGE, GAP, INK, add_axes_at, shortened
from brainseg_gui.evaluation.figures.tile import (
    CONVENTION,
    SMALL_POINTS,
    Frame,
    draw_image,
    draw_letters,
    draw_note,
    draw_scale_bar,
    frame_of,
    grey_slice,
    head_box,
)
from brainseg_gui.followup.aligning.placements import best_modality
from brainseg_gui.followup.diameters import Cross, Line
from brainseg_gui.followup.record import FollowUp, VisitMeasures
from brainseg_gui.followup.results import results_of
from brainseg_gui.followup.visits import Visit, read_volume
from brainseg_gui.imaging.grid import Grid
from brainseg_gui.imaging.modality import Modality
from brainseg_gui.imaging.numbering import number_of
from brainseg_gui.imaging.plane import edge_letters, pixel_size_mm, voxel_to_pixel
from brainseg_gui.imaging.volume import Volume
from brainseg_gui.progress import Progress, scaled

_COLUMNS = 3
_TILE_INCHES, _CAPTION_INCHES = 2.3, 0.3
_MARGIN_MM = 6.0
_SHOWN_ON = {"enhancing": Modality.T1CE}  # what is not enhancing is seen on FLAIR
_LINE, _CASING = "#ffd84d", "#101214"
_END_POINTS = 2.6
_SMALL_MM, _AROUND_MM = 15.0, 7.0  # a lesion that dots would cover has a ring around it instead


@dataclass(frozen=True, eq=False)
class KeyImage:
    """One slice and what is drawn on it.

    Parameters
    ----------
    visit
        Name of the visit.
    words
        Which lesion, where, and how large.
    grey
        The slice, (rows, columns).
    frame
        The part of it that is shown.
    cross
        The lesion's lines, in voxels of `grid`.
    """

    visit: str
    words: str
    grey: NDArray[np.uint8]
    frame: Frame
    cross: Cross
    grid: Grid


def read_key_images(record: FollowUp, visits: Sequence[Visit]) -> Generator[Progress, None, tuple[KeyImage, ...]]:
    """Read what the key images show; a visit without a lesion, or whose images cannot be read, has none.

    Parameters
    ----------
    visits
        Those of the record, in the same order.
    """
    found = []
    for index, numbers in ((result.visit, result.targets) for result in results_of(record)):
        visit, lesions = record.visits[index], record.lesions(index)
        if not lesions:
            continue
        number = max(numbers or lesions, key=lambda one: lesions[one].cross.product_mm2)
        part = index / len(visits), (index + 1) / len(visits)
        try:
            volume = yield from scaled(_read(visits[index], record), *part)
        except BrainsegError:
            continue  # the numbers stand without a picture
        found.append(_key_image(visit, number, lesions[number].cross, volume))
    return tuple(found)


def _read(visit: Visit, record: FollowUp) -> Generator[Progress, None, Volume]:
    wanted = _SHOWN_ON.get(record.criteria.kind.key, Modality.FLAIR)
    return read_volume(visit, wanted if wanted in visit.source.modalities else best_modality(visit))


def _key_image(visit: VisitMeasures, number: int, cross: Cross, volume: Volume) -> KeyImage:
    grid = visit.grid or volume.grid
    seen = volume if volume.grid.same_as(grid) else volume.on_grid(grid)
    grey = grey_slice(seen, cross.plane, cross.slice_index)
    frame = frame_of(head_box(seen), cross.plane, grid, _MARGIN_MM)
    place = f"{cross.plane.title.lower()} {number_of(cross.slice_index)}"
    words = f"lesion {number}, {place}: {cross.longest_mm:.1f} × {cross.across_mm:.1f} mm"
    return KeyImage(printable(visit.name), words, grey, frame, cross, grid)


def key_figure(images: Sequence[KeyImage]) -> Figure:
    """All key images side by side, in their order."""
    columns = min(_COLUMNS, len(images))
    rows = math.ceil(len(images) / columns)
    width = 2 * EDGE + columns * _TILE_INCHES + (columns - 1) * GAP
    height = 2 * EDGE + rows * (_TILE_INCHES + _CAPTION_INCHES)
    figure = Figure(figsize=(width, height))
    for number, image in enumerate(images):
        row, column = divmod(number, columns)
        left = EDGE + column * (_TILE_INCHES + GAP)
        bottom = height - EDGE - (row + 1) * (_TILE_INCHES + _CAPTION_INCHES)
        _draw(add_axes_at(figure, left, bottom, _TILE_INCHES, _TILE_INCHES), image)
    return figure


def _draw(axes: Axes, image: KeyImage) -> None:
    height_mm, width_mm = pixel_size_mm(image.cross.plane, image.grid)
    frame = _square(image.frame, height_mm, width_mm)
    axes.set_title(shortened(image.words, _TILE_INCHES, SMALL_POINTS), fontsize=SMALL_POINTS, color=INK, pad=2.5)
    draw_image(axes, image.grey, frame)
    draw_letters(axes, edge_letters(image.cross.plane, CONVENTION))
    draw_scale_bar(axes, frame, width_mm)
    draw_note(axes, image.visit)
    small = image.cross.longest_mm < _SMALL_MM
    for line in (image.cross.longest, image.cross.across):
        _draw_line(axes, line, image, dots=not small)
    if small:
        _draw_ring(axes, image, height_mm, width_mm)


def _ends(line: Line, image: KeyImage) -> tuple[tuple[float, float], tuple[float, float]]:
    """Down and across, in pixels of the picture."""
    start, end = (
        voxel_to_pixel(end, image.cross.plane, image.grid, CONVENTION) for end in (line.start_ijk, line.end_ijk)
    )
    return start, end


def _draw_line(axes: Axes, line: Line, image: KeyImage, *, dots: bool) -> None:
    down, across = zip(*_ends(line, image), strict=True)
    for colour, width in ((_CASING, 2.2), (_LINE, 1.0)) if dots else ((_LINE, 0.7),):
        axes.plot(
            across, down, color=colour, linewidth=width, marker="o" if dots else "", markersize=_END_POINTS, zorder=5
        )


def _draw_ring(axes: Axes, image: KeyImage, height_mm: float, width_mm: float) -> None:
    """Where to look for a lesion that is smaller than what would be drawn on it."""
    (top, left), (bottom, right) = _ends(image.cross.longest, image)
    across_mm = image.cross.longest_mm + 2 * _AROUND_MM
    middle = (left + right) / 2, (top + bottom) / 2
    axes.add_patch(
        Ellipse(
            middle, across_mm / width_mm, across_mm / height_mm, fill=False, edgecolor=_LINE, linewidth=0.8, zorder=5
        )
    )


def _square(frame: Frame, height_mm: float, width_mm: float) -> Frame:
    """The frame, as wide as it is high in mm."""
    side_mm = max((frame.right - frame.left) * width_mm, (frame.bottom - frame.top) * height_mm)
    middle, half = (frame.left + frame.right) / 2, side_mm / width_mm / 2
    return replace(frame, left=middle - half, right=middle + half).of_height(side_mm / height_mm)

"""Slice after slice through a volume, with its masks: the frames of an animation."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from numpy.typing import NDArray

from brainseg_gui.errors import BrainsegError
from brainseg_gui.evaluation.figures.animation_file import check_animation_file, save_animation
from brainseg_gui.evaluation.figures.content import FigureContent
from brainseg_gui.evaluation.figures.grid import PlannedTile, fill_tile
from brainseg_gui.evaluation.figures.montage import slice_numbers
from brainseg_gui.evaluation.figures.page import (
    CONVENTION_WORDS,
    EDGE,
    Legend,
    add_axes_at,
    heading_height,
    write_footer,
    write_heading,
)
from brainseg_gui.evaluation.figures.tile import meanings_drawn
from brainseg_gui.imaging.modality import Modality
from brainseg_gui.imaging.numbering import slice_words
from brainseg_gui.imaging.plane import Plane
from brainseg_gui.imaging.window import Window
from brainseg_gui.progress import Progress

if TYPE_CHECKING:
    from brainseg_gui.evaluation.figures.request import FigureRequest

WIDTH_INCHES = 4.2
DOTS_PER_INCH = 150
FRAMES_PER_SECOND = 10.0
MOST_FRAMES_PER_SECOND = 50.0
_FOOTER = 0.19

Frames = Generator[NDArray[np.uint8], None, None]


@dataclass(frozen=True, eq=False)
class _Scene:
    """One page whose tile changes from frame to frame."""

    content: FigureContent
    request: FigureRequest
    modality: Modality
    numbers: Sequence[int]

    @property
    def plane(self) -> Plane:
        return self.request.plane

    @cached_property
    def drawn(self) -> frozenset[str]:
        """Keys of the meanings that occur in any of the slices."""
        return frozenset().union(*(meanings_drawn(self.content.masks, self.plane, n) for n in self.numbers))

    def frames(self) -> Frames:
        """Pictures of one size, (rows, columns, 3)."""
        frame = self.content.frame(self.request.extent, [self.modality], self.plane)
        figure, place = self._page(PlannedTile(self.modality, self.plane, self.numbers[0], frame))
        canvas = FigureCanvasAgg(figure)
        canvas.draw()
        # heading, legend and footer are drawn once, the tile anew for every slice
        empty = canvas.copy_from_bbox(figure.bbox)
        windows: dict[Modality, Window] = {}
        for number in self.numbers:
            axes = add_axes_at(figure, *place)
            note = slice_words(number)
            cell = PlannedTile(self.modality, self.plane, number, frame, note=note)
            fill_tile(axes, self.content, cell, self.request.style, windows)
            canvas.restore_region(empty)
            figure.draw_artist(axes)
            yield np.asarray(canvas.buffer_rgba())[..., :3].copy()
            axes.remove()

    def _page(self, cell: PlannedTile) -> tuple[Figure, tuple[float, float, float, float]]:
        """The page without its tile, and where the tile goes: left, bottom, width, height in inches."""
        style, case = self.request.style, self.content.case
        page_width = style.width_inches(WIDTH_INCHES)
        width_mm, height_mm = cell.size_mm(case)
        width = page_width - 2 * EDGE
        height = width * height_mm / width_mm
        legend = Legend(self.drawn, self.content.titles_drawn, style, page_width, agreement=False)
        subtitle = f"{self.modality.title}, {self.plane.title.lower()}"
        heading = heading_height(case.case_id, subtitle, page_width)
        bottom = EDGE + _FOOTER + legend.height
        page_height = bottom + height + heading + EDGE
        figure = Figure(figsize=(page_width, page_height), dpi=style.dots(DOTS_PER_INCH), facecolor="white")
        write_heading(figure, case.case_id, subtitle)
        legend.write(figure, EDGE + _FOOTER - 0.02)
        write_footer(figure, *CONVENTION_WORDS)
        return figure, (EDGE, bottom, width, height)


def write_animation(content: FigureContent, request: FigureRequest, path: Path) -> Generator[Progress, None, None]:
    """Draw every slice, or every n-th, and write them as GIF, APNG, WebP or MP4, by the name of the file.

    Raises
    ------
    BrainsegError
        If a slice does not exist, the speed is not possible, or the file cannot be written.
    """
    check_animation_file(path)
    speed = FRAMES_PER_SECOND if request.frames_per_second is None else request.frames_per_second
    if not 0 < speed <= MOST_FRAMES_PER_SECOND:
        raise BrainsegError(f"{speed:g} frames per second cannot be shown", f"Choose up to {MOST_FRAMES_PER_SECOND:g}")
    scene = scene_of(content, request)
    pictures = []
    for picture in scene.frames():
        pictures.append(picture)
        done = len(pictures) / len(scene.numbers)
        yield Progress("drawing", 0.8 * done, f"slice {len(pictures)} of {len(scene.numbers)}")
    yield Progress("writing", 0.8, path.name)
    save_animation(pictures, path, speed, [request.style.colours[key] for key in sorted(scene.drawn)])


def still_of(content: FigureContent, request: FigureRequest) -> NDArray[np.uint8]:
    """One frame of an animation: the slice through the tumour, or the nearest that belongs to it."""
    scene = scene_of(content, request)
    wanted = content.checked(request.at)[request.plane.axis]
    nearest = min(scene.numbers, key=lambda number: abs(number - wanted))
    return next(replace(scene, numbers=[nearest]).frames())


def scene_of(content: FigureContent, request: FigureRequest) -> _Scene:
    """The slices that an animation goes through."""
    modality = request.modality_of(content)
    numbers = slice_numbers(content, modality, request.plane, request.slices, request.extent)
    return _Scene(content, request, modality, numbers[:: request.every or 1])

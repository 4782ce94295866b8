"""A quantity on the case's grid that is drawn over the images: a probability, an entropy, a count."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from brainseg_gui.imaging.grid import Grid, Voxel
from brainseg_gui.imaging.plane import DisplayConvention, Plane, take_slice


@dataclass(frozen=True, eq=False)
class ScalarMap:
    """Numbers in small steps, held only in the box where they differ from 0.

    Parameters
    ----------
    title
        What is shown, such as ``P(WT)``.
    levels
        Levels 0 to `top` in the box, uint8, RAS-ordered, (I', J', K').
    start
        First voxel of the box.
    grid
        Grid of the case.
    step
        The quantity per level: 1 for counts, 1/255 for probabilities.
    top
        Highest level that there can be.
    unit
        What is counted or measured, such as ``of 5 masks`` or ``bit``; may be empty.
    whole
        Whether the quantity comes in whole numbers.
    faintest
        Lowest level that is drawn.
    outside
        Level beyond the box.
    outlined
        Whether the masks' outlines are drawn over it.
    """

    title: str
    levels: NDArray[np.uint8]
    start: Voxel
    grid: Grid
    step: float
    top: int
    unit: str = ""
    whole: bool = False
    faintest: int = 1
    outside: int = 0
    outlined: bool = True

    @property
    def highest(self) -> float:
        """Value of the highest level."""
        return self.step * self.top

    def value_at(self, voxel_ijk: Voxel) -> float:
        """The quantity at a voxel of the case."""
        inside = [v - s for v, s in zip(voxel_ijk, self.start, strict=True)]
        if all(0 <= v < n for v, n in zip(inside, self.levels.shape, strict=True)):
            return self.step * int(self.levels[inside[0], inside[1], inside[2]])
        return self.step * self.outside

    def words_at(self, voxel_ijk: Voxel) -> str:
        """The quantity at a voxel, as a person reads it."""
        value = self.value_at(voxel_ijk)
        number = f"{value:.0f}" if self.whole else f"{value:.2f}"
        return f"{self.title} {number}{' ' if self.unit else ''}{self.unit}"

    def slice_of(self, plane: Plane, slice_index: int, convention: DisplayConvention) -> NDArray[np.uint8]:
        """Levels of one whole slice as it lies on the screen, (rows, columns)."""
        shape = list(self.grid.shape)
        shape[plane.axis] = 1
        picture = np.full(shape, self.outside, dtype=np.uint8)
        within = slice_index - self.start[plane.axis]
        if 0 <= within < self.levels.shape[plane.axis]:
            box = [slice(s, s + n) for s, n in zip(self.start, self.levels.shape, strict=True)]
            box[plane.axis] = slice(0, 1)
            cut = [slice(None)] * 3
            cut[plane.axis] = slice(within, within + 1)
            picture[tuple(box)] = self.levels[tuple(cut)]
        return take_slice(picture, plane, 0, convention)

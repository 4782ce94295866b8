"""A volume of intensities that keeps its stored data type."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from brainseg_gui.imaging.box import Box, box_around, grown, whole_box
from brainseg_gui.imaging.grid import Array, Grid, Voxel
from brainseg_gui.imaging.sampling import sampled

_EXACT = (np.uint8, np.int8, np.uint16, np.int16, np.float32)  # float32 holds all of their values


@dataclass(frozen=True, eq=False)
class Volume:
    """Intensities on a RAS grid.

    Parameters
    ----------
    stored
        Values as stored in the file, RAS-ordered view, (I, J, K), read-only.
    grid
        The RAS grid they lie on.
    slope, intercept
        ``intensity = slope * stored + intercept`` (NIfTI ``scl_slope`` and ``scl_inter``).
    path
        The file that holds them.
    note
        A sentence about values that were not numbers; usually empty.
    """

    stored: Array
    grid: Grid
    slope: float
    intercept: float
    path: Path
    note: str = ""

    def scaled(self, stored: float) -> float:
        """Intensity of one stored value."""
        return self.slope * stored + self.intercept

    def value_at(self, voxel_ijk: Voxel) -> float:
        """Intensity of a voxel."""
        return self.scaled(float(self.stored[voxel_ijk]))

    @cached_property
    def background(self) -> float:
        """Stored value outside the head: the most frequent one in the eight corners."""
        return float(corner_value(self.stored)[0])

    @cached_property
    def content(self) -> Box:
        """Box around everything that is not background, found on every second voxel; the whole grid if all is."""
        around = box_around(self.stored[::2, ::2, ::2] != self.background)
        if around is None:
            return whole_box(self.grid.shape)
        i, j, k = (slice(2 * part.start, 2 * part.stop - 1) for part in around)
        return grown((i, j, k), 1, self.grid.shape)

    def intensities(self) -> NDArray[np.float32]:
        """All intensities as float32, a copy, (I, J, K)."""
        values = self.stored.astype(np.float32)
        if (self.slope, self.intercept) != (1.0, 0.0):
            values *= np.float32(self.slope)
            values += np.float32(self.intercept)
        return values

    def on_grid(self, grid: Grid, should_stop: Callable[[], bool] | None = None) -> Volume:
        """The same patient sampled on another grid (linear, background outside), as float32.

        Raises
        ------
        Cancelled
            When `should_stop` says so.
        """
        exact = self.stored.dtype in _EXACT and (self.slope, self.intercept) == (1.0, 0.0)
        values = self.stored if exact else self.intensities()
        moved = sampled(values, self.grid, grid, self.scaled(self.background), should_stop)
        moved.flags.writeable = False
        return Volume(moved, grid, 1.0, 0.0, self.path, self.note)


AGREEING_CORNERS = 5
"""Corners from which on their value is that of the air around a head."""

LARGEST_BRAIN_ML = 2500.0
"""With its fluid and a rim of what strips the skull; heads have 3,500 and more."""


def corner_value(stored: Array) -> tuple[Any, int]:
    """The most frequent value in the eight corners, in its stored type, and how many of them share it.

    The axes of (I, J, K) may be in any order. Where an axis is one voxel long there are fewer corners.
    """
    i, j, k = (slice(None, None, max(count - 1, 1)) for count in stored.shape)
    values, counts = np.unique(stored[i, j, k], return_counts=True)
    return values[counts.argmax()], int(counts.max())

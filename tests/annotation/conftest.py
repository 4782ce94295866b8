"""Small grids, annotations and random edits for the tests of the annotation package."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from brainseg_gui.annotation.annotation import Annotation
from brainseg_gui.imaging.grid import Grid
from brainseg_gui.imaging.labelling.known_schemes import scheme_named
from brainseg_gui.imaging.labels import LabelMap
from brainseg_gui.imaging.volume import Volume

Values = NDArray[np.uint8]


@pytest.fixture
def grid_of() -> Callable[..., Grid]:
    """A grid of some shape and spacing in mm."""

    def make(shape: tuple[int, int, int], spacing: tuple[float, float, float] = (1.0, 1.0, 1.0)) -> Grid:
        return Grid(shape, np.diag([*spacing, 1.0]))

    return make


@pytest.fixture
def annotate(grid_of: Callable[..., Grid]) -> Callable[..., Annotation]:
    """An annotation of an array, numbers of BraTS 2020."""

    def make(values: Values, spacing: tuple[float, float, float] = (1.0, 1.0, 1.0)) -> Annotation:
        grid = grid_of(values.shape, spacing)
        return Annotation(LabelMap(values.astype(np.uint8), grid, scheme_named("brats2020")))

    return make


@pytest.fixture
def volume_of(grid_of: Callable[..., Grid]) -> Callable[..., Volume]:
    """A volume of an array."""

    def make(
        stored: NDArray[np.generic],
        slope: float = 1.0,
        intercept: float = 0.0,
        spacing: tuple[float, float, float] = (1.0, 1.0, 1.0),
    ) -> Volume:
        return Volume(stored, grid_of(stored.shape, spacing), slope, intercept, Path("toy.nii.gz"))

    return make

"""Tiny label maps, written as the numbers of a row."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pytest

from brainseg_gui.imaging.grid import Grid
from brainseg_gui.imaging.labelling.known_schemes import scheme_named
from brainseg_gui.imaging.labels import LabelMap

MakeLabels = Callable[..., LabelMap]


@pytest.fixture
def label_map() -> MakeLabels:
    """A function that makes a label map of a row of numbers along i; voxels measure 2×1×0.5 mm = 0.001 ml."""
    return _label_map


def _label_map(numbers: Sequence[int], scheme: str = "brats2020", shift_mm: float = 0.0) -> LabelMap:
    affine = np.diag([2.0, 1.0, 0.5, 1.0])
    affine[0, 3] = shift_mm
    values = np.array(numbers, dtype=np.uint8).reshape(-1, 1, 1)  # (I,) -> (I, 1, 1)
    return LabelMap(values, Grid((len(numbers), 1, 1), affine), scheme_named(scheme))

"""Cases for the state: read from toy folders, and without any Qt."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from brainseg_gui.imaging.case import Case
from brainseg_gui.imaging.cases.case_folder import find_case
from brainseg_gui.imaging.cases.read_case import read_case
from brainseg_gui.imaging.labels import LabelMap
from brainseg_gui.progress import run_to_end
from brainseg_gui.state.layers.layers import Layer, LayerRole

ReadCase = Callable[..., Case]
MakeLayer = Callable[..., Layer]


@pytest.fixture
def read_toy(toy_case: Any, tmp_path: Path) -> ReadCase:
    """Write a toy case and read it."""
    return lambda **options: run_to_end(read_case(find_case(toy_case(tmp_path, **options))))


@pytest.fixture
def case(read_toy: ReadCase) -> Case:
    """A toy case with a reference, 24×28×20 voxels."""
    return read_toy()


@pytest.fixture
def make_layer(case: Case) -> MakeLayer:
    """An empty layer of `case`."""

    def make(name: str = "prediction", role: LayerRole = LayerRole.PREDICTION, **options: Any) -> Layer:
        return Layer(name, role, LabelMap(np.zeros(case.grid.shape, np.uint8), case.grid, case.scheme), **options)

    return make

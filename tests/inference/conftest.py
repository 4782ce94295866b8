"""Small networks and one engine for the tests of inference."""

from __future__ import annotations

import os
import time
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pytest

from brainseg_gui.imaging.case import Case, CaseSource
from brainseg_gui.imaging.formats.image_format import ImageHeader
from brainseg_gui.imaging.grid import Grid, StoredGrid
from brainseg_gui.imaging.labelling.known_schemes import scheme_named
from brainseg_gui.imaging.modality import Modality
from brainseg_gui.imaging.volume import Volume

MakeCase = Callable[..., Case]


@pytest.fixture(scope="session")
def model_folders(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The model folders of `build_models.py`."""
    mine = tmp_path_factory.getbasetemp()
    root = (mine.parent if "PYTEST_XDIST_WORKER" in os.environ else mine) / "models"
    try:
        root.with_suffix(".begun").mkdir()
    except FileExistsError:  # by another process of these tests: they are written once for all
        _wait_for(root)
    else:
        root.with_suffix(".making").mkdir()
        _build_models(root.with_suffix(".making")).rename(root)
    return root


def _build_models(folder: Path) -> Path:
    """In this process: tests of the network import Keras here anyway."""
    from tests.inference.build_models import write_models

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of Keras' saving
        write_models(folder)
    return folder


def _wait_for(folder: Path) -> None:
    end = time.monotonic() + 150
    while not folder.exists():
        assert time.monotonic() < end, f"{folder} was begun and never finished"
        time.sleep(0.1)


@pytest.fixture
def make_case() -> MakeCase:
    """A function that makes a case from arrays in RAS order; modalities that are left out are random."""
    return _make_case


def _make_case(
    shape: tuple[int, int, int] = (16, 18, 14),
    volumes: Mapping[Modality, np.ndarray] | None = None,
    spacing_mm: tuple[float, float, float] = (1.0, 1.0, 1.0),
    without: tuple[Modality, ...] = (),
) -> Case:
    random = np.random.default_rng(3)
    affine = np.diag([*spacing_mm, 1.0])
    grid = Grid(shape, affine)
    stored = {m: random.integers(1, 1000, shape).astype(np.int16) for m in Modality if m not in without}
    stored |= volumes or {}
    path = Path("toy.nii.gz")
    read = {m: Volume(np.asfortranarray(array), grid, 1.0, 0.0, path) for m, array in stored.items()}
    source = CaseSource("toy", Path("toy"), dict.fromkeys(read, path))
    return Case(
        source, grid, ImageHeader(path, shape, StoredGrid(shape, affine)), read, None, scheme_named("brats2020"), ()
    )

"""The source recipe expressed by a passport: its preprocessing, and a network trained and saved its way."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter, laplace

from brainseg_gui.imaging.case import Case
from brainseg_gui.imaging.modality import Modality
from brainseg_gui.inference.engine.engine import Engine
from brainseg_gui.inference.models.model_folder import ModelFolder, read_model_folder
from brainseg_gui.inference.options import SegmentOptions
from brainseg_gui.inference.postprocess import map_back
from brainseg_gui.inference.preprocess import prepare
from brainseg_gui.progress import run_to_end

MakeCase = Callable[..., Case]
SHAPE = (26, 28, 19)  # cropped to 10 × 12 × 8


@pytest.fixture
def seed_model(model_folders: Path) -> ModelFolder:
    return read_model_folder(model_folders / "seed")


def stored(case: Case, modality: Modality) -> np.ndarray:
    """The array as nibabel gives it for a BraTS file: stored LPS, so turned over along i and j."""
    return case.volumes[modality].stored[::-1, ::-1, :].astype(np.float64)


def recipe_image(volume: np.ndarray) -> np.ndarray:
    """The recipe's steps on one (H, W, D) volume, as its text says them."""
    moved = np.moveaxis(volume, [2, 0, 1], [0, 1, 2])[6:-5, 8:-8, 8:-8]
    scaled = np.round((moved - moved.min()) / (moved.max() - moved.min()), 3)
    smooth = gaussian_filter(scaled, sigma=(1, 1, 1))
    return np.asarray(smooth - 0.3 * laplace(smooth))


def recipe_input(case: Case) -> np.ndarray:
    order = (Modality.FLAIR, Modality.T1, Modality.T1CE, Modality.T2)
    return np.stack([recipe_image(stored(case, modality)) for modality in order], axis=-1)[None]


def test_preprocessing_is_that_of_the_recipe(seed_model: ModelFolder, make_case: MakeCase) -> None:
    case = make_case(SHAPE)
    prepared = run_to_end(prepare(case.volumes, seed_model.passport))
    assert prepared.batch.shape == (1, 8, 10, 12, 4)
    np.testing.assert_allclose(prepared.batch, recipe_input(case), atol=2e-6)
    assert prepared.network_grid.shape == (10, 12, 8)


def test_at_full_size_the_shape_is_that_of_the_recipe(seed_model: ModelFolder, make_case: MakeCase) -> None:
    case = make_case((240, 240, 155), without=(Modality.T1, Modality.T1CE, Modality.T2))
    passport = replace(seed_model.passport, modalities=(Modality.FLAIR,))
    prepared = run_to_end(prepare(case.volumes, passport))
    assert prepared.batch.shape == (1, 144, 224, 224, 1)
    expected = recipe_image(stored(case, Modality.FLAIR))
    np.testing.assert_allclose(prepared.batch[0, ..., 0], expected, atol=2e-6)


def test_labels_return_to_where_they_were(seed_model: ModelFolder, make_case: MakeCase) -> None:
    case = make_case(SHAPE)
    prepared = run_to_end(prepare(case.volumes, seed_model.passport))
    labels = np.random.default_rng(5).integers(0, 4, (8, 10, 12))
    classes = np.zeros(SHAPE, np.uint8)
    map_back(np.eye(4, dtype=np.float32)[labels][None], prepared, seed_model.passport, classes)
    expected = np.zeros((26, 28, 19), np.uint8)
    expected[8:-8, 8:-8, 6:-5] = np.moveaxis(labels, 0, 2)  # (D, H, W) -> (H, W, D)
    np.testing.assert_array_equal(classes, expected[::-1, ::-1, :])


@pytest.mark.engine
def test_a_model2_h5_with_custom_metrics_runs(engine: Engine, seed_model: ModelFolder, make_case: MakeCase) -> None:
    """Trained for two steps with the recipe's custom loss and metrics, saved as legacy ``.h5``."""
    assert seed_model.weights_path.name == "model2.h5"
    case = make_case(SHAPE)
    result = run_to_end(engine.segment(case, seed_model, SegmentOptions("cpu", "float32")))
    inside = np.zeros(SHAPE, bool)
    inside[::-1, ::-1][8:-8, 8:-8, 6:-5] = True
    assert result.classes.shape == SHAPE
    assert set(result.classes[inside]) == {2}  # `build_models.py` made it see oedema everywhere
    assert set(result.classes[~inside]) == {0}

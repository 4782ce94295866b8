"""Which voxels are brain: above 0, or unlike the air, also where that is not of one value."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from scipy import ndimage

from brainseg_gui.errors import ModelError
from brainseg_gui.imaging.grid import Grid
from brainseg_gui.imaging.volume import Volume
from brainseg_gui.inference.brain import brain_mask

UNLIKE = "any modality unlike the corners"


def test_brain_is_where_any_scaled_intensity_is_above_zero() -> None:
    grid = Grid((1, 1, 4), np.eye(4))
    stored = np.array([[[0, 10, 11, 12]]], np.int16)
    volumes = [
        Volume(stored, grid, 1.0, -11.0, None),  # type: ignore[arg-type]
        Volume(stored, grid, -1.0, 1.0, None),  # type: ignore[arg-type]
    ]
    mask = brain_mask([(volume, volume.stored) for volume in volumes])
    assert mask.ravel().tolist() == [True, False, False, True]
    with pytest.raises(ModelError, match="no brain"):
        brain_mask([(Volume(stored, grid, 1.0, -50.0, None), stored)])  # type: ignore[arg-type]


def test_brain_of_z_scores_is_what_is_unlike_the_corners() -> None:
    stored = np.zeros((5, 5, 5), np.float32)
    stored[1:4, 1:4, 1:4] = np.where(np.indices((3, 3, 3)).sum(axis=0) % 2, 0.7, -0.7)
    volume = Volume(stored, Grid((5, 5, 5), np.eye(4)), 1.0, 0.0, None)  # type: ignore[arg-type]
    assert brain_mask([(volume, stored)], "any modality unlike the corners").sum() == 27
    assert brain_mask([(volume, stored)]).sum() == 13


def test_brain_is_above_zero_where_the_corners_disagree() -> None:
    stored = np.arange(-4, 4, dtype=np.float32).reshape(2, 2, 2)
    volume = Volume(stored, Grid((2, 2, 2), np.eye(4)), 1.0, 0.0, None)  # type: ignore[arg-type]
    assert brain_mask([(volume, stored)], "any modality unlike the corners").sum() == 3


# --- air that is not of one value ------------------------------------------------------------------------------

BALL = np.sqrt(((np.indices((64, 64, 48)) - np.array([30, 33, 25])[:, None, None, None]) ** 2).sum(axis=0)) < 17


def _volume(stored: np.ndarray, slope: float = 1.0, intercept: float = 0.0) -> Volume:
    return Volume(stored, Grid(stored.shape, np.eye(4)), slope, intercept, None)  # type: ignore[arg-type]


def _brain_of(*images: np.ndarray) -> np.ndarray:
    return brain_mask([(_volume(image), image) for image in images], UNLIKE)


@pytest.fixture
def image() -> np.ndarray:
    """A ball of tissue, of which a tenth is as dark as the air; what is around it is 0."""
    rng = np.random.default_rng(0)
    tissue = rng.normal(600.0, 120.0, BALL.shape).clip(150.0)
    tissue[rng.random(BALL.shape) < 0.1] = 1.0
    return np.where(BALL, tissue, 0.0)


def _ripples(image: np.ndarray) -> np.ndarray:
    there = ndimage.shift(image, 0.4, order=3)
    return np.asarray(ndimage.shift(there, -0.4, order=3))


def _noise(image: np.ndarray) -> np.ndarray:
    rng = np.random.default_rng(1)
    return np.where(BALL, image, np.hypot(*rng.normal(0.0, 8.0, (2, *BALL.shape))))


def _whole_noise(image: np.ndarray) -> np.ndarray:
    return np.round(_noise(image))


def _one_speck(image: np.ndarray) -> np.ndarray:
    result = _noise(image)
    result[2, 2, 2] = 400.0
    return result


def test_clean_air_leaves_faint_tissue_to_the_brain(image: np.ndarray) -> None:
    np.testing.assert_array_equal(_brain_of(image), BALL)
    np.testing.assert_array_equal(_brain_of(image - 3000.0), BALL)
    np.testing.assert_array_equal(_brain_of(image.astype(np.int16)), BALL)


@pytest.mark.parametrize(("spoil", "rim"), [(_ripples, 4.0), (_noise, 1.0), (_whole_noise, 1.0), (_one_speck, 1.0)])
@pytest.mark.parametrize("offset", [0.0, -1024.0])
def test_uneven_air_is_no_brain(
    image: np.ndarray, spoil: Callable[[np.ndarray], np.ndarray], rim: float, offset: float
) -> None:
    spoilt = spoil(image) + offset
    brain = _brain_of(spoilt, np.asfortranarray(spoilt))
    assert not brain[ndimage.distance_transform_edt(~BALL) > rim].any()
    assert brain[BALL].mean() > 0.85


def test_one_uneven_image_does_not_spoil_the_others(image: np.ndarray) -> None:
    brain = _brain_of(image, _noise(image))
    assert brain[BALL].all()
    assert not brain[ndimage.distance_transform_edt(~BALL) > 1.0].any()


def test_a_negative_slope_is_no_hindrance(image: np.ndarray) -> None:
    stored = -_noise(image)
    brain = brain_mask([(_volume(stored, -1.0), stored)], UNLIKE)
    assert not brain[ndimage.distance_transform_edt(~BALL) > 1.0].any()
    assert brain[BALL].mean() > 0.85


def test_corners_that_hold_tissue_say_nothing_about_air() -> None:
    stored = np.random.default_rng(0).normal(600.0, 120.0, (32, 32, 32)).clip(1.0)
    assert _brain_of(stored).all()


def test_above_zero_stays_what_it_is(image: np.ndarray) -> None:
    noisy = _noise(image)
    assert brain_mask([(_volume(noisy), noisy)]).all()

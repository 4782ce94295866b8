"""Calibration: tables by hand, a predictor that is right about itself, one that is too sure, and the neighbourhood."""

from __future__ import annotations

import numpy as np
import pytest

from brainseg_gui.evaluation.metrics.calibration import calibration, calibration_of, neighbourhood
from brainseg_gui.imaging.grid import Grid
from brainseg_gui.imaging.labelling.known_schemes import scheme_named
from brainseg_gui.imaging.labels import LabelMap, regions
from brainseg_gui.imaging.probabilities import TOP, ClassProbabilities


def everywhere(values: np.ndarray) -> np.ndarray:
    return np.ones(values.shape, bool)


def test_a_table_by_hand() -> None:
    """Bin (0, 0.5]: 0.2 twice, one true. Bin (0.5, 1]: 1 twice, one true. Error (2·0.3 + 2·0.5) / 4."""
    levels = np.array([51, 51, 255, 255], np.uint8)
    truth = np.array([True, False, True, False])
    found = calibration(levels, truth, everywhere(levels), bins=2)
    assert found.counts.tolist() == [2, 2]
    np.testing.assert_allclose(found.expected, [0.2, 1.0])
    np.testing.assert_allclose(found.observed, [0.5, 0.5])
    np.testing.assert_allclose(found.gaps, [-0.3, 0.5])
    assert found.error == pytest.approx(0.4)
    assert found.largest_gap == pytest.approx(0.5)
    assert found.brier == pytest.approx((0.64 + 0.04 + 0 + 1) / 4)


def test_a_perfectly_calibrated_predictor_has_no_error() -> None:
    random = np.random.default_rng(0)
    levels = random.integers(0, TOP + 1, 2_000_000).astype(np.uint8)
    truth = random.random(levels.size) < levels / TOP
    found = calibration(levels, truth, everywhere(levels))
    assert found.error < 0.002
    assert found.largest_gap < 0.005


def test_a_predictor_that_is_too_sure_has_the_error_that_it_was_given() -> None:
    """It says 0.9 where 0.7 is right."""
    random = np.random.default_rng(1)
    levels = np.full(400_000, round(0.9 * TOP), np.uint8)
    truth = random.random(levels.size) < 0.7
    assert calibration(levels, truth, everywhere(levels)).error == pytest.approx(0.2, abs=0.005)


def test_only_what_is_inside_counts() -> None:
    levels = np.array([255, 255, 0], np.uint8)
    found = calibration(levels, np.array([True, False, False]), np.array([True, False, False]))
    assert found.voxels == 1
    assert found.error == 0


def test_empty_bins_and_no_voxels() -> None:
    levels = np.array([0], np.uint8)
    found = calibration(levels, np.array([False]), np.array([False]))
    assert found.voxels == 0
    assert np.isnan(found.error)
    assert np.isnan(found.largest_gap)
    one = calibration(levels, np.array([False]), np.array([True]))
    assert one.error == 0
    assert np.isnan(one.expected[1:]).all()


def test_the_neighbourhood_is_a_ball_in_millimetres() -> None:
    mask = np.zeros((41, 21, 15), bool)
    mask[20, 10, 7] = True
    box, inside = neighbourhood(mask, (1.0, 2.0, 3.0), 6.0)
    assert [(part.start, part.stop) for part in box] == [(14, 27), (7, 14), (5, 10)]
    i, j, k = np.meshgrid(*[np.arange(n) for n in mask.shape], indexing="ij")
    ball = ((i - 20) ** 2 + (2 * (j - 10)) ** 2 + (3 * (k - 7)) ** 2) <= 36
    assert ball.sum() == inside.sum()
    np.testing.assert_array_equal(ball[box], inside)


def test_the_neighbourhood_of_nothing_is_empty() -> None:
    _, inside = neighbourhood(np.zeros((3, 4, 5), bool), (1.0, 1.0, 1.0), 10.0)
    assert inside.size == 0


def test_a_region_is_the_sum_of_its_classes_and_the_rest_of_the_head_does_not_count() -> None:
    """60³ voxels, a cube of 10³ in the middle: its neighbourhood reaches 10 mm and not to the corners."""
    grid = Grid((60, 60, 60), np.eye(4))
    values = np.zeros(grid.shape, np.uint8)
    values[25:35, 25:35, 25:35] = 2
    levels = np.zeros((4, 12, 12, 12), np.uint8)
    levels[0] = TOP
    levels[:, 1:11, 1:11, 1:11] = np.array([5, 50, 150, 50], np.uint8)[:, None, None, None]
    probabilities = ClassProbabilities(levels, (24, 24, 24), grid)
    labels = LabelMap(values, grid, scheme_named("brats2020"))
    whole = calibration_of(probabilities, labels, regions()[0])
    assert whole.counts[-1] == 1000
    assert whole.expected[-1] == pytest.approx(250 / 255)
    assert whole.observed[-1] == 1
    assert 1000 < whole.voxels < 30**3
    assert whole.counts[0] == whole.voxels - 1000
    assert calibration_of(probabilities, labels, regions()[2]).voxels == 0  # ET: not in the reference, 50/255 at most

"""STAPLE: on cases that can be worked out, on raters of known quality, and against another program's numbers."""

from __future__ import annotations

import numpy as np
import pytest

from brainseg_gui.evaluation.metrics.staple import staple


def _raters(truth: np.ndarray, sensitivity: list[float], specificity: list[float], seed: int) -> np.ndarray:
    """Raters that err independently, each with its own rates."""
    random = np.random.default_rng(seed)
    rows = [np.where(truth, random.random(truth.size) < p, random.random(truth.size) > q) for p, q in
            zip(sensitivity, specificity, strict=True)]  # fmt: skip
    return np.array(rows, dtype=np.uint8)


def test_raters_who_agree_are_right() -> None:
    decisions = np.array([[1, 1, 0, 0]] * 3, dtype=np.uint8)
    estimate = staple(decisions, 2)
    np.testing.assert_allclose(estimate.posterior[1], [1, 1, 0, 0], atol=1e-9)
    np.testing.assert_allclose(estimate.sensitivity, 1)
    np.testing.assert_allclose(estimate.specificity, 1)


def test_one_step_is_that_of_a_hand_calculation() -> None:
    """Two raters, four voxels, patterns 11, 10, 00, 00; p = q = 1 − 1e-5, prior 3/8.

    Where they differ, the likelihoods p (1 − p) are the same for both truths and the prior stands alone: the
    posterior of the second voxel is 3/8. So the expected truth has 1 + 3/8 voxels, of which rater 0 says all and
    rater 1 says one; of the 2 + 5/8 others rater 0 leaves out two, rater 1 all (but for terms of 1e-10).
    """
    decisions = np.array([[1, 1, 0, 0], [1, 0, 0, 0]], dtype=np.uint8)
    estimate = staple(decisions, 2, iterations=1)
    np.testing.assert_allclose(estimate.sensitivity, [1.0, 1 / 1.375], atol=1e-6)
    np.testing.assert_allclose(estimate.specificity, [2 / 2.625, 1.0], atol=1e-6)
    assert estimate.iterations == 1


def test_voxels_outside_count_like_any_others() -> None:
    few = np.array([[1, 1, 0], [1, 0, 1], [1, 1, 0]], dtype=np.uint8)
    padded = np.hstack([few, np.zeros((3, 17), np.uint8)])
    one, other = staple(few, 2, outside=17), staple(padded, 2)
    np.testing.assert_allclose(one.performance, other.performance, atol=1e-12)
    np.testing.assert_allclose(one.posterior, other.posterior[:, :3], atol=1e-12)
    np.testing.assert_allclose(one.outside, other.posterior[:, -1], atol=1e-12)


def test_a_poor_rater_is_found_out() -> None:
    truth = np.random.default_rng(1).random(200_000) < 0.2
    sensitivity, specificity = [0.95, 0.92, 0.55, 0.9], [0.98, 0.99, 0.97, 0.995]
    estimate = staple(_raters(truth, sensitivity, specificity, 2), 2)
    np.testing.assert_allclose(estimate.sensitivity, sensitivity, atol=0.01)
    np.testing.assert_allclose(estimate.specificity, specificity, atol=0.005)
    assert estimate.sensitivity.argmin() == 2
    right = (estimate.posterior[1] > 0.5) == truth
    majority = np.mean((_raters(truth, sensitivity, specificity, 2).sum(axis=0) > 2) == truth)
    assert right.mean() > majority


def test_several_labels_recover_who_confuses_which() -> None:
    random = np.random.default_rng(3)
    truth = random.choice(3, 100_000, p=[0.7, 0.2, 0.1]).astype(np.uint8)
    good = [np.where(random.random(truth.size) < 0.9, truth, random.integers(0, 3, truth.size)) for _ in range(3)]
    swapped = np.where((truth == 2) & (random.random(truth.size) < 0.6), 1, truth)  # calls six in ten 2s a 1
    estimate = staple(np.array([*good, swapped], dtype=np.uint8), 3)
    np.testing.assert_allclose(estimate.performance.sum(axis=1), 1, atol=1e-9)  # each truth is called something
    assert estimate.performance[3, 1, 2] == pytest.approx(0.6, abs=0.02)
    assert estimate.performance[3, 2, 2] == pytest.approx(0.4, abs=0.02)
    assert np.mean(estimate.posterior.argmax(axis=0) == truth) > 0.98


def test_nothing_anywhere() -> None:
    estimate = staple(np.zeros((3, 0), np.uint8), 2, outside=1000)
    assert np.isnan(estimate.sensitivity).all()
    np.testing.assert_allclose(estimate.specificity, 1)
    np.testing.assert_allclose(estimate.outside, [1, 0], atol=1e-12)


def test_the_numbers_of_another_implementation() -> None:
    """SimpleITK 2.5.7, `STAPLEImageFilter`, 500 iterations, on the same decisions as images."""
    i, j, k = np.meshgrid(*[np.arange(n) for n in (12, 10, 8)], indexing="ij")
    places = [(5.5, 4.5, 3.5, 3.0), (5.0, 4.5, 3.5, 3.2), (6.0, 5.0, 4.0, 2.8), (5.5, 4.0, 3.0, 2.0)]
    decisions = np.array([((i - a) ** 2 + (j - b) ** 2 + (k - c) ** 2 <= r * r).ravel() for a, b, c, r in places])
    estimate = staple(decisions.astype(np.uint8), 2)
    np.testing.assert_allclose(estimate.sensitivity, [1.0, 0.9219247, 0.5998723, 0.2154830], atol=2e-6)
    np.testing.assert_allclose(estimate.specificity, [0.9927001, 0.9804779, 0.9963229, 1.0], atol=2e-6)
    assert estimate.posterior[1].sum() == pytest.approx(129.940668, abs=1e-3)

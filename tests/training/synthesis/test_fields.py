"""Smooth noise."""

from __future__ import annotations

import numpy as np
import pytest

from training.synthesis.fields import happens, log_within, round_noise, smooth_noise, spline_basis, within


def test_spline_weights_sum_to_one_and_reproduce_a_straight_line() -> None:
    basis = spline_basis(20, 4.0, 0.3)
    np.testing.assert_allclose(basis.sum(axis=1), 1.0, atol=1e-6)
    line = basis @ (np.arange(basis.shape[1]) - 1.0)
    np.testing.assert_allclose(line, np.arange(20) / 4.0 + 0.3, atol=1e-5)


def test_smooth_noise_has_unit_variance_and_is_smooth() -> None:
    noise = smooth_noise(np.random.default_rng(0), (60, 60, 60), 4.0)
    assert noise.std() == pytest.approx(1.0, abs=0.1)
    assert np.diff(noise, axis=0).std() < 0.35


def test_round_noise_is_as_strong_and_as_smooth() -> None:
    drawn = np.stack([round_noise(np.random.default_rng(seed), (48, 48, 48), 5.0) for seed in range(6)])
    assert drawn.std() == pytest.approx(1.0, abs=0.08)
    other = smooth_noise(np.random.default_rng(0), (48, 48, 48), 5.0)
    assert np.diff(drawn, axis=1).std() == pytest.approx(np.diff(other, axis=0).std(), rel=0.15)


def test_what_never_varies_draws_nothing() -> None:
    rng = np.random.default_rng(0)
    assert not happens(rng, 0.0)
    assert within(rng, (2.0, 2.0)) == 2.0
    assert rng.random() == np.random.default_rng(0).random()
    assert happens(rng, 1.0)


def test_leaning_draws_prefer_the_upper_end() -> None:
    rng = np.random.default_rng(0)
    even, leaning = ([log_within(rng, (1.0, 100.0), lean) for _ in range(400)] for lean in (1.0, 0.5))
    assert np.median(even) == pytest.approx(10.0, rel=0.3)
    assert np.median(leaning) > 18.0  # 100 ** sqrt(0.5) = 26
    assert min(leaning) >= 1.0
    assert max(leaning) <= 100.0

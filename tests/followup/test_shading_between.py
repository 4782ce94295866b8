"""Shading that differs between two visits is evened before they are compared, and a lesion is not."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from brainseg_gui.followup.aligning.beside import change_levels, matched_windows
from brainseg_gui.followup.aligning.shading_between import ShadingBetween, shading_between
from brainseg_gui.imaging.grid import Grid
from brainseg_gui.imaging.plane import DisplayConvention, Plane, take_slice
from brainseg_gui.imaging.volume import Volume

SHAPE = (52, 60, 44)
GRID = Grid(SHAPE, np.diag([3.0, 3.0, 3.0, 1.0]))
PLACE = np.stack(np.meshgrid(*(np.linspace(-1, 1, n) for n in SHAPE), indexing="ij"))
HEAD = (PLACE**2).sum(axis=0) < 0.9
BALL = ((np.indices(SHAPE) - np.reshape((30, 20, 22), (3, 1, 1, 1))) ** 2).sum(axis=0) <= 9  # 9 mm of radius


def _volume(values: np.ndarray) -> Volume:
    return Volume(np.where(HEAD, values, 0).astype(np.float32), GRID, 1.0, 0.0, Path("t1.nii"))


def _tissue() -> np.ndarray:
    """White and grey matter in pieces, and noise."""
    random = np.random.default_rng(5)
    pieces = np.repeat(np.repeat(np.repeat(random.integers(0, 2, (13, 15, 11)), 4, 0), 4, 1), 4, 2)
    return 400 + 200 * pieces


def _pair() -> tuple[Volume, Volume]:
    """The same head in two coils; the later visit has a lesion that shines."""
    noise = np.random.default_rng(6).normal(0, 8, (2, *SHAPE))
    now = _tissue() * np.exp(0.25 * PLACE[0]) * np.where(BALL, 1.5, 1.0) + noise[0]
    return _volume(now), _volume(2.0 * _tissue() * np.exp(-0.25 * PLACE[1]) + noise[1])


def _changed(now: Volume, before: Volume, shading: ShadingBetween | None) -> np.ndarray:
    """Where a change is seen."""
    ours, theirs = matched_windows(now, before, (), shading)
    seen = np.zeros(SHAPE, bool)
    for k in range(SHAPE[2]):
        slices = [take_slice(v.stored, Plane.AXIAL, k, DisplayConvention.RADIOLOGICAL) for v in (now, before)]
        if shading is not None:
            slices[1] = shading.evened(slices[1], Plane.AXIAL, k, DisplayConvention.RADIOLOGICAL)
        levels = change_levels((slices[0], now, ours), (slices[1], before, theirs))
        index = take_slice(np.arange(HEAD.size).reshape(SHAPE), Plane.AXIAL, k, DisplayConvention.RADIOLOGICAL)
        seen.reshape(-1)[index.ravel()] = levels.ravel() != 0
    return seen


def test_shading_is_no_change_and_a_lesion_is() -> None:
    now, before = _pair()
    shading = shading_between(now, before, ())
    assert shading is not None
    plain, evened = (_changed(now, before, how) for how in (None, shading))
    quiet = HEAD & ~BALL
    assert evened[quiet].mean() < plain[quiet].mean() / 3
    assert evened[BALL].mean() > 0.95


def test_the_field_is_the_ratio_of_both_coils() -> None:
    now, before = _pair()
    shading = shading_between(now, before, ())
    assert shading is not None
    found = np.log(shading.gain([np.arange(n) for n in SHAPE]))
    true = 0.25 * PLACE[0] + 0.25 * PLACE[1]
    inside = (PLACE**2).sum(axis=0) < 0.4
    assert np.corrcoef(found[inside], true[inside])[0, 1] > 0.98
    assert np.abs(found - true)[inside].max() < 0.12


def test_the_factor_between_two_places_is_interpolated() -> None:
    log_gain = np.log(np.array([1.0, 4.0], np.float32)).reshape(2, 1, 1) + np.zeros((2, 2, 2), np.float32)
    shading = ShadingBetween(log_gain, (5, 3, 3), background=10.0)
    gain = shading.gain([np.arange(5), np.array([1]), np.array([2])])
    np.testing.assert_allclose(gain[:, 0, 0], 4 ** (np.arange(5) / 4), rtol=1e-6)
    stored = np.full((3, 3), 30.0)
    evened = shading.evened(stored, Plane.SAGITTAL, 2, DisplayConvention.RADIOLOGICAL)
    np.testing.assert_allclose(evened, 10 + 20 * 2, rtol=1e-6)


@pytest.mark.parametrize("scaled", [lambda v: (v - 500) / 100, lambda v: np.zeros_like(v)])
def test_images_that_do_not_tell_are_left_as_they_are(scaled: object) -> None:
    now, before = _pair()
    assert callable(scaled)
    assert shading_between(_volume(scaled(now.stored) - 20), before, ()) is None

"""Windows: from intensities to grey, on numbers worked out by hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from brainseg_gui.imaging.grid import Grid
from brainseg_gui.imaging.volume import Volume
from brainseg_gui.imaging.window import Window, auto_window, to_grey


def _volume(stored: np.ndarray, slope: float = 1.0, intercept: float = 0.0) -> Volume:
    return Volume(stored, Grid(stored.shape, np.eye(4)), slope, intercept, Path("image.nii"))


def _brain(dtype: str = "<i2", background: float = 0, values: tuple[float, float] = (1, 1000)) -> np.ndarray:
    """A block of evenly spread values, shuffled, within background."""
    stored = np.full((40, 40, 40), background, dtype)
    inside = np.random.default_rng(0).permutation(np.linspace(*values, 24**3))
    stored[8:32, 8:32, 8:32] = inside.reshape(24, 24, 24).astype(dtype)
    return stored


def test_a_window_has_two_ends() -> None:
    window = Window.spanning(100, 500)
    assert (window.level, window.width) == (300, 400)
    assert (window.low, window.high) == (100, 500)


@pytest.mark.parametrize(
    ("stored", "grey"), [(99, 0), (100, 0), (102, 1), (250, 127), (251, 128), (398, 253), (400, 255), (9999, 255)]
)
def test_grey_runs_from_black_to_white(stored: int, grey: int) -> None:
    """100 to 400 in 255 steps of 1.176: (stored − 100) · 0.85, cut to whole numbers."""
    values = np.array([[stored]], np.int16)
    shown = to_grey(values, _volume(_brain()), Window.spanning(100, 400))
    assert shown.dtype == np.uint8
    assert shown[0, 0] == grey


def test_negative_intensities_are_shown() -> None:
    values = np.array([-1000, -500, 0], np.int16)
    assert to_grey(values, _volume(_brain()), Window.spanning(-1000, 0)).tolist() == [0, 127, 255]


@pytest.mark.parametrize(("slope", "grey"), [(2.0, [0, 127, 255]), (-2.0, [0, 0, 0])])
def test_the_window_is_in_intensities_not_in_stored_values(slope: float, grey: list[int]) -> None:
    """Intensity 2·stored + 10: stored 45, 120, 195 are 100, 250, 400."""
    volume = _volume(_brain(), slope, 10.0)
    assert to_grey(np.array([45, 120, 195]), volume, Window.spanning(100, 400)).tolist() == grey


def test_a_window_without_width_still_divides_black_from_white() -> None:
    assert to_grey(np.array([4, 6]), _volume(_brain()), Window(5.0, 0.0)).tolist() == [0, 255]


@pytest.mark.parametrize("dtype", ["u1", "<i2", "<u2", "<i4", "<f4", "<f8"])
def test_the_automatic_window_ignores_the_zero_background(dtype: str) -> None:
    high = 200 if dtype == "u1" else 1000
    window = auto_window(_volume(_brain(dtype, 0, (1, high))))
    assert window.low == pytest.approx(1 + 0.005 * (high - 1), abs=0.01 * high)
    assert window.high == pytest.approx(1 + 0.995 * (high - 1), abs=0.01 * high)


def test_the_automatic_window_ignores_a_background_below_zero() -> None:
    window = auto_window(_volume(_brain("<f4", -3.0, (-1.0, 1.0))))
    assert window.low == pytest.approx(-0.99, abs=0.02)
    assert window.high == pytest.approx(0.99, abs=0.02)


@pytest.mark.parametrize("slope", [2.0, -2.0])
def test_the_automatic_window_is_in_intensities(slope: float) -> None:
    plain = auto_window(_volume(_brain()))
    scaled = auto_window(_volume(_brain(), slope, 10.0))
    assert scaled.level == pytest.approx(slope * plain.level + 10)
    assert scaled.width == pytest.approx(2 * plain.width)


def test_single_bright_voxels_do_not_darken_the_picture() -> None:
    stored = _brain()
    stored[20, 20, 20] = 30_000
    assert auto_window(_volume(stored)).high < 1010


def test_a_volume_of_one_value_has_a_window() -> None:
    window = auto_window(_volume(np.full((4, 5, 6), 7, np.int16)))
    assert window.width > 0


@pytest.mark.parametrize("shape", [(2, 2, 2), (2, 30, 3)])
def test_small_volumes_have_a_window(shape: tuple[int, int, int]) -> None:
    assert auto_window(_volume(np.arange(np.prod(shape)).reshape(shape).astype(np.int16))).width > 0

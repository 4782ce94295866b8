from __future__ import annotations

from typing import get_args

import numpy as np
import pytest

from brainseg_gui.inference.models.steps import Windows, WindowsLike
from brainseg_gui.inference.sliding_window import sliding_window, window_starts, window_weight
from brainseg_gui.progress import run_to_end


def identity(batch: np.ndarray) -> np.ndarray:
    return batch


@pytest.mark.parametrize("like", get_args(WindowsLike))
@pytest.mark.parametrize(
    ("shape", "window", "overlap"),
    [
        ((16, 16, 16), (16, 16, 16), 0.5),
        ((17, 23, 31), (8, 8, 8), 0.5),
        ((5, 6, 7), (8, 8, 8), 0.5),  # larger than the volume on every axis
        ((30, 6, 9), (8, 10, 4), 0.25),  # larger on one axis only
        ((19, 11, 13), (7, 5, 3), 0.0),
    ],
)
def test_identity_network_returns_its_input(
    shape: tuple[int, int, int], window: tuple[int, int, int], overlap: float, like: WindowsLike
) -> None:
    batch = np.random.default_rng(0).standard_normal((1, *shape, 3)).astype(np.float32)
    result = run_to_end(sliding_window(batch, identity, window, 3, Windows(like, overlap)))
    np.testing.assert_allclose(result, batch, rtol=0, atol=2e-6)


def test_every_call_gets_the_window_and_progress_ends_at_one() -> None:
    seen = []

    def predict(batch: np.ndarray) -> np.ndarray:
        seen.append(batch.shape)
        return batch[..., :1]

    batch = np.ones((1, 20, 9, 8, 2), np.float32)
    steps = list(sliding_window(batch, predict, (8, 8, 8), 1))
    assert set(seen) == {(1, 8, 8, 8, 2)}
    assert len(steps) == len(seen) == 4 * 2  # starts 0 4 8 12 along i, 0 1 along j
    assert steps[-1].done == 1.0
    assert steps[0].detail == "window 1 of 8"


def test_borders_of_windows_count_less_than_their_centres() -> None:
    """A network that errs at its borders only: blended, the error nearly vanishes inside the volume."""

    def errs_at_borders(batch: np.ndarray) -> np.ndarray:
        result = np.ones_like(batch)
        result[:, 2:-2, 2:-2, 2:-2] = 0
        return result

    result = run_to_end(sliding_window(np.zeros((1, 40, 40, 40, 1), np.float32), errs_at_borders, (16,) * 3, 1))
    # Half-overlapping windows of 16: a border voxel of one is at the centre of the next.
    assert result[0, 12:28, 12:28, 12:28].max() < 0.06
    assert result[0, 0, 0, 0, 0] == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("length", "window", "overlap", "starts"),
    [
        (8, 8, 0.5, [0]),
        (5, 8, 0.5, [0]),
        (9, 8, 0.5, [0, 1]),
        (12, 8, 0.5, [0, 4]),
        (16, 8, 0.0, [0, 8]),
        (20, 8, 0.5, [0, 4, 8, 12]),
    ],
)
def test_window_starts(length: int, window: int, overlap: float, starts: list[int]) -> None:
    assert window_starts(length, window, Windows("brainseg", overlap)) == starts


def test_gaussian_weight_has_the_published_width() -> None:
    weight = window_weight((17, 17, 17))
    assert weight[8, 8, 8] == 1.0
    # standard deviation 17/8 voxels: exp(-0.5 · (2 / 2.125)²) two voxels from the centre
    assert weight[10, 8, 8] == pytest.approx(np.exp(-0.5 * (2 / 2.125) ** 2), rel=1e-6)
    assert weight.min() == pytest.approx(1e-3)


def test_windows_and_weights_are_those_of_the_frameworks_that_are_met() -> None:
    """Worked out by hand from nnU-Net 2.8 (`compute_steps_for_sliding_window`) and MONAI 1.6 (`dense_patch_slices`)."""
    assert window_starts(30, 16, Windows("nnU-Net", 0.5)) == [0, 7, 14]
    assert window_starts(30, 16, Windows("MONAI gaussian", 0.5)) == [0, 8, 14]
    theirs, middle = (window_weight((16, 16, 16), Windows(like, 0.5)) for like in ("nnU-Net", "MONAI gaussian"))
    assert theirs[8, 8, 8] == 1.0  # the voxel behind the middle
    assert theirs[7, 8, 8] == theirs[9, 8, 8] == pytest.approx(np.exp(-0.5 / 4))
    assert middle[7, 8, 8] == middle[8, 8, 8]
    assert set(window_weight((4, 4, 4), Windows("MONAI constant", 0.5)).ravel()) == {1.0}

from __future__ import annotations

from typing import get_args

import numpy as np
import pytest

from brainseg_gui.errors import ModelError
from brainseg_gui.inference.models.steps import Windows, WindowsLike
from brainseg_gui.inference.sliding_window import NNUNET, slide_each, sliding_window, window_starts, window_weight
from brainseg_gui.progress import run_to_end


def identity(batch: np.ndarray) -> np.ndarray:
    return batch


@pytest.mark.parametrize("like", sorted(set(get_args(WindowsLike)) - {NNUNET}))
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
    np.testing.assert_allclose(result, batch, rtol=0, atol=5e-6)


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
    assert theirs[8, 8, 8] == 10.0  # the voxel behind the middle; it enlarges them
    assert theirs[7, 8, 8] == theirs[9, 8, 8] == pytest.approx(10 * np.exp(-0.5 / 4), rel=2**-11)
    assert (
        middle[7, 8, 8] == middle[8, 8, 8] == pytest.approx(np.exp(-0.5 * 3 * (0.5 / 2) ** 2), rel=1e-6)
    )  # no voxel is 1
    assert middle[0, 0, 0] == np.float32(1e-3)
    assert set(window_weight((4, 4, 4), Windows("MONAI constant", 0.5)).ravel()) == {1.0}


def test_windows_are_added_up_in_half_precision_as_nnunet_does_it() -> None:
    """Worked out by hand: in the corner the weight is 10 · e⁻²⁴, which half precision, whose numbers there are whole
    multiples of 2⁻²⁴, rounds to 0, so it becomes the smallest of the others: 10 · e⁻¹⁸ = 2.6 · 2⁻²⁴, rounded to 3 of
    them. 3.7 · 3 is rounded to 11, and 11 / 3 comes out. At the centre 10 · 3.7 = 37 is exact."""
    manner = Windows(NNUNET, 0.5)
    weight = window_weight((8, 8, 8), manner)
    assert weight.min() == weight[0, 0, 0] == 3 * 2.0**-24
    batch = np.full((1, 8, 8, 8, 1), 3.7, np.float32)
    found = run_to_end(sliding_window(batch, identity, (8, 8, 8), 1, manner))[0, ..., 0]
    assert found.dtype == np.float32
    assert found[0, 0, 0] == np.float16(11 / 3)
    assert found[4, 4, 4] == np.float32(np.float16(3.7))
    ones = run_to_end(sliding_window(np.ones((1, 13, 9, 8, 1), np.float32), identity, (8, 8, 8), 1, manner))
    assert (ones == 1.0).all()


def test_networks_are_averaged_after_their_windows() -> None:
    """In the corner 3.7 is 11 / 3 and 4.2 is 13 / 3, as above; averaged before, 4.03 would be 12 / 3."""

    def more(batch: np.ndarray) -> np.ndarray:
        return batch + np.float32(0.5)

    batch = np.full((1, 8, 8, 8, 1), 3.7, np.float32)
    steps = slide_each(batch, [identity, more, more], (8, 8, 8), 1, Windows(NNUNET, 0.5))
    assert run_to_end(steps)[0, 0, 0, 0, 0] == pytest.approx((11 + 13 + 13) / 9, abs=4e-3)
    found = run_to_end(slide_each(batch, [identity, more], (8, 8, 8), 1))
    np.testing.assert_allclose(found, 3.95, rtol=1e-6)


@pytest.mark.parametrize("answer", [np.nan, np.inf, 7000.0])
def test_answers_that_half_precision_does_not_hold_are_refused(answer: float) -> None:
    """10 · 7,000 is more than the 65,504 of half precision."""
    batch = np.full((1, 8, 8, 8, 1), answer, np.float32)
    with pytest.raises(ModelError, match="too large to be added up in half precision"):
        run_to_end(sliding_window(batch, identity, (8, 8, 8), 1, Windows(NNUNET, 0.5)))

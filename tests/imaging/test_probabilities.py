"""Kept probabilities: they sum to 1, the largest is the class, and what is drawn is what they say."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from brainseg_gui.imaging.grid import Grid
from brainseg_gui.imaging.plane import DisplayConvention, Plane, take_slice
from brainseg_gui.imaging.probabilities import TOP, ClassProbabilities, quantised

GRID = Grid((6, 7, 8), np.eye(4))


def random_probabilities(count: int, seed: int = 0, sharpness: float = 3.0) -> np.ndarray:
    scores = sharpness * np.random.default_rng(seed).standard_normal((4, count))
    found = np.exp(scores)
    return (found / found.sum(axis=0)).astype(np.float32)


@pytest.fixture
def kept() -> ClassProbabilities:
    """Random in a box of 3×4×5, background around it."""
    p = random_probabilities(60)
    levels = quantised(p, p.argmax(axis=0).astype(np.uint8)).reshape(4, 3, 4, 5)
    return ClassProbabilities(levels, (1, 2, 3), GRID)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from([0.01, 0.3, 1.0, 5.0]))
def test_levels_sum_to_one_and_the_largest_is_the_winner(seed: int, sharpness: float) -> None:
    p = random_probabilities(200, seed, sharpness)
    winners = p.argmax(axis=0).astype(np.uint8)
    levels = quantised(p, winners)
    assert (levels.sum(axis=0, dtype=int) == TOP).all()
    np.testing.assert_array_equal(levels.argmax(axis=0), winners)
    others = np.where(np.arange(4)[:, None] == winners, 0, levels).max(axis=0)
    assert (levels[winners, np.arange(200)] > others).all()
    assert np.abs(levels - TOP * p).max() < 2


def test_a_tie_goes_to_the_winner() -> None:
    p = np.array([[0.5, 0.5], [0.5, 0.5], [0, 0], [0, 0]], np.float32)
    assert quantised(p, np.array([0, 1], np.uint8)).T.tolist() == [[128, 127, 0, 0], [127, 128, 0, 0]]
    four = np.full((4, 4), 0.25, np.float32)
    assert quantised(four, np.arange(4, dtype=np.uint8)).argmax(axis=0).tolist() == [0, 1, 2, 3]


def test_certain_background_stays_certain() -> None:
    p = np.array([[0.9985], [0.0015], [0], [0]], np.float32)
    assert quantised(p, np.array([0], np.uint8)).ravel().tolist() == [255, 0, 0, 0]


def test_the_sum_of_all_classes_is_one(kept: ClassProbabilities) -> None:
    assert (kept.of_classes(("background", "NCR", "ED", "ET")) == TOP).all()


def test_beyond_the_box_the_background_is_certain(kept: ClassProbabilities) -> None:
    assert kept.at((0, 0, 0)) == ((1.0, 0.0, 0.0, 0.0), 0.0)
    assert kept.map_of("P(background)", ("background",)).value_at((0, 0, 0)) == 1
    assert kept.map_of("P(ED)", ("ED",)).value_at((0, 0, 0)) == 0
    assert kept.entropy_map().value_at((0, 0, 0)) == 0


def test_entropy_by_hand() -> None:
    levels = np.zeros((4, 3, 1, 1), np.uint8)
    levels[:, 0, 0, 0] = (255, 0, 0, 0)
    levels[:, 1, 0, 0] = (128, 127, 0, 0)
    levels[:, 2, 0, 0] = (64, 64, 64, 63)
    kept = ClassProbabilities(levels, (0, 0, 0), GRID)
    drawn = kept.entropy_map()
    for i, bits in enumerate((0, 1, 2)):
        assert drawn.value_at((i, 0, 0)) == pytest.approx(bits, abs=0.01)
        assert kept.at((i, 0, 0))[1] == pytest.approx(bits, abs=1e-3)


def test_rounded_as_in_the_article(kept: ClassProbabilities) -> None:
    """Where no class reaches one half, nothing is left."""
    maps = [kept.map_of(name, (name,), rounded=True).levels for name in ("background", "NCR", "ED", "ET")]
    total = np.sum(maps, axis=0)
    assert set(np.unique(total)) == {0, 1}
    np.testing.assert_array_equal(total == 0, kept.levels.max(axis=0) <= TOP // 2)


@pytest.mark.parametrize("plane", list(Plane))
@pytest.mark.parametrize("convention", list(DisplayConvention))
def test_a_slice_lies_where_that_of_a_whole_volume_would(
    kept: ClassProbabilities, plane: Plane, convention: DisplayConvention
) -> None:
    drawn = kept.map_of("P(bg)", ("background",))
    whole = np.full(GRID.shape, TOP, np.uint8)
    whole[kept.box] = kept.levels[0]
    for index in range(GRID.shape[plane.axis]):
        expected = take_slice(whole, plane, index, convention)
        np.testing.assert_array_equal(drawn.slice_of(plane, index, convention), expected)


def test_words() -> None:
    levels = np.zeros((4, 1, 1, 1), np.uint8)
    levels[:, 0, 0, 0] = (51, 0, 204, 0)
    kept = ClassProbabilities(levels, (0, 0, 0), GRID)
    assert kept.map_of("P(ED)", ("ED",)).words_at((0, 0, 0)) == "P(ED) 0.80"
    assert kept.entropy_map().words_at((0, 0, 0)).endswith(" bit")

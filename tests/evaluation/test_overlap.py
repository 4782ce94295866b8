"""Counts and ratios of two masks, worked out by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from brainseg_gui.evaluation.metrics.overlap import Counts, count, joint_table, union_box


def test_ratios_of_a_worked_example() -> None:
    # reference 1 1 1 1 0 0, prediction 0 0 1 1 1 0: both 2, missed 2, false 1
    reference = np.array([1, 1, 1, 1, 0, 0], dtype=bool)
    prediction = np.array([0, 0, 1, 1, 1, 0], dtype=bool)
    counts = count(reference, prediction)
    assert counts == Counts(both=2, only_reference=2, only_prediction=1)
    assert (counts.reference, counts.prediction) == (4, 3)
    assert counts.dice == pytest.approx(2 * 2 / (4 + 3))
    assert counts.iou == pytest.approx(2 / 5)
    assert counts.sensitivity == pytest.approx(2 / 4)
    assert counts.precision == pytest.approx(2 / 3)


def test_both_empty_agree_entirely() -> None:
    counts = Counts(0, 0, 0)
    assert (counts.dice, counts.iou, counts.sensitivity, counts.precision) == (1.0, 1.0, 1.0, 1.0)


def test_an_empty_prediction_scores_nothing_and_has_no_precision() -> None:
    counts = Counts(0, 7, 0)
    assert (counts.dice, counts.iou, counts.sensitivity) == (0.0, 0.0, 0.0)
    assert math.isnan(counts.precision)


def test_an_empty_reference_scores_nothing_and_has_no_sensitivity() -> None:
    counts = Counts(0, 0, 7)
    assert (counts.dice, counts.iou, counts.precision) == (0.0, 0.0, 0.0)
    assert math.isnan(counts.sensitivity)


def test_masks_of_different_shapes_are_refused() -> None:
    with pytest.raises(ValueError, match="different shapes"):
        count(np.zeros(3, dtype=bool), np.zeros((3, 1), dtype=bool))


def test_the_joint_table_counts_every_pair_of_numbers() -> None:
    reference = np.array([[[0, 1, 1], [4, 4, 0]]], dtype=np.uint8)
    prediction = np.array([[[0, 1, 2], [4, 0, 255]]], dtype=np.uint8)
    table = joint_table(reference, prediction)
    expected = {(0, 0): 1, (1, 1): 1, (1, 2): 1, (4, 4): 1, (4, 0): 1, (0, 255): 1}
    assert {tuple(pair): table[tuple(pair)] for pair in np.argwhere(table).tolist()} == expected


@pytest.mark.parametrize("turn", [(0, 1, 2), (2, 0, 1), (1, 2, 0)])
def test_the_joint_table_does_not_depend_on_the_order_in_memory(turn: tuple[int, int, int]) -> None:
    random = np.random.default_rng(3)
    reference = np.zeros((9, 8, 7), dtype=np.uint8)
    reference[2:6, 3:5, 1:7] = random.integers(0, 5, (4, 2, 6))
    prediction = np.roll(reference, 1, axis=1)
    plain = np.zeros((256, 256), dtype=np.int64)
    np.add.at(plain, (reference.ravel(), prediction.ravel()), 1)
    # the same voxels, laid out differently in memory and flipped
    other = np.ascontiguousarray(prediction.transpose(turn)).transpose(np.argsort(turn))[::-1]
    assert np.array_equal(joint_table(reference[::-1], other), plain)


def test_the_joint_table_of_empty_masks_is_all_background() -> None:
    table = joint_table(np.zeros((4, 3, 2), np.uint8), np.zeros((4, 3, 2), np.uint8))
    assert table[0, 0] == table.sum() == 24


def test_the_box_holds_both_masks_and_no_more() -> None:
    reference, prediction = np.zeros((2, 6, 6, 6), dtype=np.uint8)
    reference[1, 2, 3] = 1
    prediction[4, 2, 5] = 2
    assert union_box(reference, prediction) == (slice(1, 5), slice(2, 3), slice(3, 6))

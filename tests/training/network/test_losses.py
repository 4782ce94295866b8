"""Losses and metrics on numbers worked out by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from brainseg_gui.imaging.labels import regions

pytestmark = pytest.mark.engine

# Four voxels: truth background, NCR, ED, ET.
TRUTH = np.eye(4, dtype=np.uint8).reshape(1, 1, 1, 4, 4)
# Sure of background, half NCR and half ED, sure of ED, a quarter each.
PREDICTION = np.array([[1, 0, 0, 0], [0, 0.5, 0.5, 0], [0, 0, 1, 0], [0.25, 0.25, 0.25, 0.25]], np.float32).reshape(
    1, 1, 1, 4, 4
)


def value(tensor: Any) -> Any:
    return np.asarray(tensor)


def test_region_dice_and_crossentropy_by_hand() -> None:
    from training.network.losses import RegionDiceCrossentropy

    # WT: truth 0 1 1 1, p 0 1 1 .75; both 2.75, sums 3 + 2.75. TC: truth 0 1 0 1, p 0 .5 0 .5; both 1, sums 2 + 1.
    # ET: truth 0 0 0 1, p 0 0 0 .25; both .25, sums 1 + .25. Dice = (2 both + 1) / (sums + 1)
    dice = np.mean([6.5 / 6.75, 3 / 4, 1.5 / 2.25])
    crossentropy = (0 + np.log(2) + 0 + np.log(4)) / 4
    assert float(RegionDiceCrossentropy()(TRUTH, PREDICTION)) == pytest.approx(crossentropy + 1 - dice, abs=1e-5)
    half = RegionDiceCrossentropy(dice_weight=0.5)
    assert float(half(TRUTH, PREDICTION)) == pytest.approx(crossentropy + 0.5 * (1 - dice), abs=1e-5)


def test_batch_dice_counts_over_the_batch() -> None:
    from training.network.losses import region_matrix, soft_dice

    truth = np.concatenate([TRUTH, np.eye(4, dtype=np.uint8)[[0, 0, 0, 0]].reshape(1, 1, 1, 4, 4)]).astype(np.float32)
    prediction = np.concatenate([PREDICTION, np.eye(4, dtype=np.float32)[[0, 0, 3, 3]].reshape(1, 1, 1, 4, 4)])
    each = value(soft_dice(truth, prediction, region_matrix(), False))
    together = value(soft_dice(truth, prediction, region_matrix(), True))
    names = [region.key for region in regions()]
    assert each.shape == (2, 3)
    assert together.shape == (1, 3)
    et = names.index("ET")
    assert each[:, et] == pytest.approx([1.5 / 2.25, 1 / 3])  # nothing there, two voxels predicted: (0 + 1) / (2 + 1)
    assert together[0, et] == pytest.approx((0.5 + 1) / (1 + 0.25 + 2 + 1))


def test_two_parts_of_a_batch_have_the_loss_of_the_whole_where_their_sums_are_added_up() -> None:
    """As processes that share it: each sees its own half, and the sums of both."""
    from training.network.losses import RegionDiceCrossentropy

    truth = np.concatenate([TRUTH, np.roll(TRUTH, 1, axis=3)]).astype(np.float32)
    prediction = np.concatenate([PREDICTION, PREDICTION[..., ::-1]])
    halves, sums = [(truth[n : n + 1], prediction[n : n + 1]) for n in (0, 1)], []
    part = RegionDiceCrossentropy()
    part.over_processes = lambda own: sums.append(value(own)) or own
    for half in halves:
        part(*half)
    added = iter([sums[0] + sums[2], sums[1] + sums[3]] * 2)  # common and single voxels of one half, then of the other
    part.over_processes = lambda own: next(added)
    whole = float(RegionDiceCrossentropy()(truth, prediction))
    assert np.mean([float(part(*half)) for half in halves]) == pytest.approx(whole, abs=1e-6)
    apart = np.mean([float(RegionDiceCrossentropy()(*half)) for half in halves])
    assert abs(apart - whole) > 0.01


def test_the_loss_follows_the_order_of_the_channels() -> None:
    from training.network.losses import RegionDiceCrossentropy

    order = [3, 0, 2, 1]
    names = ["ET", "background", "ED", "NCR"]
    turned = RegionDiceCrossentropy(names)(TRUTH[..., order], PREDICTION[..., order])
    assert float(turned) == pytest.approx(float(RegionDiceCrossentropy()(TRUTH, PREDICTION)), abs=1e-6)


def test_a_perfect_prediction_costs_nothing_and_absence_is_no_fault() -> None:
    from training.network.losses import RegionDiceCrossentropy

    assert float(RegionDiceCrossentropy()(TRUTH, TRUTH.astype(np.float32))) == pytest.approx(0, abs=1e-4)
    nothing = np.zeros_like(TRUTH)
    nothing[..., 0] = 1
    assert float(RegionDiceCrossentropy()(nothing, nothing.astype(np.float32))) == pytest.approx(0, abs=1e-4)


def test_the_articles_metrics_by_hand_and_against_numpy() -> None:
    from training.network.metrics import dice_coeff, dice_loss, iou, mean_iou

    # both: 1 + .5 + 1 + .25 = 2.75; sums 4 and 4
    assert float(dice_coeff(TRUTH, PREDICTION)) == pytest.approx(5.5 / 8, abs=1e-6)
    assert float(dice_loss(TRUTH, PREDICTION)) == pytest.approx(1 - 5.5 / 8, abs=1e-6)
    assert float(iou(TRUTH, PREDICTION)) == pytest.approx(2.75 / 5.25, abs=1e-6)
    # per class both 1, .5, 1, .25; sums 2.25, 1.75, 2.75, 1.25
    by_hand = np.mean([1 / 1.25, 0.5 / 1.25, 1 / 1.75, 0.25 / 1.0])
    assert float(mean_iou(TRUTH, PREDICTION)) == pytest.approx(by_hand, abs=1e-6)
    random = np.random.default_rng(0)
    truth = np.eye(4)[random.integers(0, 4, (2, 5, 6, 7))]
    scores = random.random((2, 5, 6, 7, 4))
    scores /= scores.sum(axis=-1, keepdims=True)
    both, sums = (truth * scores).sum(), truth.sum() + scores.sum()
    both_of, sums_of = ((truth * scores).sum((0, 1, 2, 3)), (truth + scores).sum((0, 1, 2, 3)))
    single = truth.astype(np.uint8), scores.astype(np.float32)
    assert float(dice_coeff(*single)) == pytest.approx((2 * both + 1e-6) / (sums + 1e-6), rel=1e-5)
    assert float(iou(*single)) == pytest.approx((both + 1e-6) / (sums - both + 1e-6), rel=1e-5)
    expected = ((both_of + 1e-6) / (sums_of - both_of + 1e-6)).mean()
    assert float(mean_iou(*single)) == pytest.approx(expected, rel=1e-5)


def test_all_background_looks_excellent_by_the_pooled_metric_and_is_nothing_by_region() -> None:
    from training.network.metrics import RegionDice, dice_coeff

    truth = np.zeros((1, 10, 10, 10, 4), np.uint8)
    truth[..., 0] = 1
    truth[0, 0, 0, :8] = [0, 0, 0, 1]
    background = np.zeros((1, 10, 10, 10, 4), np.float32)
    background[..., 0] = 1
    assert float(dice_coeff(truth, background)) == pytest.approx(0.992, abs=1e-6)
    metric = RegionDice(regions()[0])
    metric.update_state(truth, background)
    assert float(metric.result()) == 0


def test_region_dice_adds_up_over_batches_and_forgets_on_reset() -> None:
    from training.network.metrics import RegionDice

    metric = RegionDice(next(region for region in regions() if region.key == "WT"))
    assert float(metric.result()) == 1  # nothing seen
    metric.update_state(TRUTH, PREDICTION)  # most probable: 0, NCR, ED, background; WT both 2 of 3 + 2
    assert float(metric.result()) == pytest.approx(4 / 5)
    metric.update_state(TRUTH, TRUTH.astype(np.float32))
    assert float(metric.result()) == pytest.approx((4 + 6) / (5 + 6))
    metric.reset_state()
    assert float(metric.result()) == 1


def test_the_learning_rate_rises_and_falls() -> None:
    from training.network.schedule import LearningRate

    cosine = LearningRate(0.01, "cosine", 10, 110)
    assert [float(cosine(step)) for step in (0, 4, 9)] == pytest.approx([0.001, 0.005, 0.01])
    assert float(cosine(10)) == pytest.approx(0.01)
    assert float(cosine(60)) == pytest.approx(0.005)  # half of the way down
    assert float(cosine(110)) == pytest.approx(0, abs=1e-9)
    polynomial = LearningRate(0.01, "polynomial", 0, 100)
    assert float(polynomial(50)) == pytest.approx(0.01 * 0.5**0.9)
    constant = LearningRate(0.01, "constant", 0, 100)
    assert [float(constant(step)) for step in (0, 99)] == pytest.approx([0.01, 0.01])
    endless = LearningRate(0.01, "cosine", 10, 0)
    assert float(endless(10**6)) == pytest.approx(0.01)
    assert float(LearningRate(0.01, "cosine", 100, 20)(19)) <= 0.01  # a warm-up longer than the run

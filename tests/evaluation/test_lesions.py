"""The lesion-wise rules of BraTS 2023 on constructed cases."""

from __future__ import annotations

import numpy as np
import pytest

from brainseg_gui.evaluation.metrics.lesions import dilated, lesion_score
from brainseg_gui.evaluation.metrics.rules import rules_named

RULES = rules_named("brats2023")
CUBIC = (1.0, 1.0, 1.0)
SHAPE = (60, 20, 20)


def cubes(*corners: tuple[int, int, int], edge: int = 5) -> np.ndarray:
    """A mask of cubes; 5×5×5 is 125 voxels, above the limit of 50."""
    mask = np.zeros(SHAPE, dtype=bool)
    for i, j, k in corners:
        mask[i : i + edge, j : j + edge, k : k + edge] = True
    return mask


def test_nothing_in_either_is_perfect() -> None:
    score = lesion_score(cubes(), cubes(), CUBIC, RULES)
    assert (score.dice, score.hd95_mm, score.found, score.missed) == (1.0, 0.0, 0, 0)


def test_a_perfect_lesion() -> None:
    score = lesion_score(cubes((5, 5, 5)), cubes((5, 5, 5)), CUBIC, RULES)
    assert (score.dice, score.hd95_mm, score.found) == (1.0, 0.0, 1)


def test_a_missed_lesion_halves_the_score() -> None:
    score = lesion_score(cubes((5, 5, 5), (40, 5, 5)), cubes((5, 5, 5)), CUBIC, RULES)
    assert (score.dice, score.found, score.missed) == (0.5, 1, 1)
    assert score.hd95_mm == 374 / 2


def test_a_false_component_counts_at_any_size() -> None:
    prediction = cubes((5, 5, 5))
    prediction[50, 10, 10] = True
    score = lesion_score(cubes((5, 5, 5)), prediction, CUBIC, RULES)
    assert score.false_voxels == (1,)
    assert (score.dice, score.hd95_mm) == (0.5, 187.0)


@pytest.mark.parametrize(("gap", "lesions"), [(6, 1), (7, 2)])
def test_dilation_merges_what_lies_within_six_voxels(gap: int, lesions: int) -> None:
    # each side grows by 3: a gap of 6 voxels closes so that the two touch, one of 7 leaves a voxel between them
    reference = cubes((5, 5, 5), (10 + gap, 5, 5))
    score = lesion_score(reference, reference, CUBIC, RULES)
    assert len(score.lesions) == lesions
    assert sum(lesion.voxels for lesion in score.lesions) == 250  # scored against the undilated lesion


@pytest.mark.parametrize(("apart", "lesions"), [(5, 1), (6, 2)])
def test_dilation_reaches_less_far_across_corners(apart: int, lesions: int) -> None:
    # The element has no corners, so three iterations reach (2, 2, 2) but not (3, 3, 3): from corner voxels that lie
    # (5, 5, 5) apart they come to touch, from (6, 6, 6) they do not. A full cube would merge both.
    reference = cubes((0, 0, 0), (4 + apart, 4 + apart, 4 + apart))
    assert len(lesion_score(reference, reference, CUBIC, RULES).lesions) == lesions


@pytest.mark.parametrize("seed", range(3))
def test_dilation_equals_that_of_the_challenge(seed: int) -> None:
    from scipy.ndimage import binary_dilation, generate_binary_structure

    mask = np.random.default_rng(seed).random((20, 17, 23)) > 0.99
    assert np.array_equal(dilated(mask, 3), binary_dilation(mask, generate_binary_structure(3, 2), 3))


def test_two_lesions_merged_by_dilation_are_scored_as_one() -> None:
    # 6 voxels apart: one lesion of 250 voxels, of which the prediction has 125: 2·125 / (250 + 125).
    # The near face of the missed cube is 7 mm from the found one, the far one 11: of the 98 + 98 surface voxels of
    # the reference (125 - 27 each), the missed cube has 25 at 11, 16 each at 10, 9 and 8, and 25 at 7.
    # The 95th percentile of 196 distances is at place 0.95 · 195 = 185.25 of 0 … 195: among the 25 at 11.
    both, one = cubes((5, 5, 5), (16, 5, 5)), cubes((5, 5, 5))
    score = lesion_score(both, one, CUBIC, RULES)
    assert score.dice == pytest.approx(2 / 3)
    assert score.hd95_mm == pytest.approx(11.0)
    assert (score.found, score.missed) == (1, 0)
    # one voxel further they are two, and one of them is missed: (1 + 0) / 2 and (0 + 374) / 2
    score = lesion_score(cubes((5, 5, 5), (17, 5, 5)), one, CUBIC, RULES)
    assert (score.dice, score.hd95_mm, score.found, score.missed) == (0.5, 187.0, 1, 1)


def test_two_parts_of_a_prediction_are_scored_together() -> None:
    reference = cubes((5, 5, 5))
    prediction = reference.copy()
    prediction[7, :, :] = False  # two halves of 50 voxels: 2·100 / (125 + 100)
    score = lesion_score(reference, prediction, CUBIC, RULES)
    assert score.dice == pytest.approx(200 / 225)
    assert score.false_voxels == ()


@pytest.mark.parametrize(("voxels", "kept"), [(50, 0), (51, 1)])
def test_reference_lesions_of_fifty_voxels_are_left_out(voxels: int, kept: int) -> None:
    reference = cubes()
    reference[5:10, 5:10, 5:7] = True  # 50
    if voxels == 51:
        reference[5, 5, 7] = True
    score = lesion_score(reference, reference, CUBIC, RULES)
    assert (len(score.lesions), score.left_out) == (kept, 1 - kept)
    # a prediction of a lesion that is left out is not false either
    assert (score.dice, score.false_voxels) == (1.0, ())


def test_a_lesion_of_fifty_voxels_that_nobody_predicts_costs_nothing() -> None:
    reference = cubes()
    reference[5:10, 5:10, 5:7] = True  # 50
    score = lesion_score(reference, cubes(), CUBIC, RULES)
    assert (score.dice, score.hd95_mm, score.missed, score.left_out) == (1.0, 0.0, 0, 1)
    # the same prediction beside a lesion that counts: 1 lesion of Dice 1, nothing else in the denominator
    both = reference | cubes((40, 5, 5))
    assert lesion_score(both, cubes((40, 5, 5)), CUBIC, RULES).dice == 1.0


def test_a_false_voxel_where_there_is_no_lesion_costs_everything() -> None:
    prediction = cubes()
    prediction[30, 10, 10] = True
    score = lesion_score(cubes(), prediction, CUBIC, RULES)
    assert (score.dice, score.hd95_mm, score.false_voxels) == (0.0, 374.0, (1,))


def test_one_component_over_two_lesions_is_scored_against_each() -> None:
    # a bar of 5×5×19 over two cubes of 125 voxels: it belongs to both, 2·125 / (125 + 475) each
    reference = cubes((5, 5, 5), (19, 5, 5))
    prediction = cubes()
    prediction[5:24, 5:10, 5:10] = True
    score = lesion_score(reference, prediction, CUBIC, RULES)
    assert [lesion.dice for lesion in score.lesions] == pytest.approx([250 / 600, 250 / 600])
    assert score.dice == pytest.approx(250 / 600)


def test_a_component_beside_a_lesion_belongs_to_it() -> None:
    # 2 voxels from the lesion: inside its dilation, so it is no false positive but worsens its Dice
    reference, prediction = cubes((5, 5, 5)), cubes((5, 5, 5))
    prediction[12, 5, 5] = True
    score = lesion_score(reference, prediction, CUBIC, RULES)
    assert score.false_voxels == ()
    assert score.dice == pytest.approx(250 / 251)


def test_cropping_does_not_change_the_score() -> None:
    reference, prediction = cubes((0, 0, 0), (6, 0, 0)), cubes((1, 0, 0), (40, 0, 0))
    whole = lesion_score(reference, prediction, CUBIC, RULES)
    cropped = lesion_score(reference[:45, :5, :5], prediction[:45, :5, :5], CUBIC, RULES)
    assert whole == cropped


def test_a_million_tiny_components() -> None:
    # every second voxel along each axis: 120·120·78 components of one voxel each
    prediction = np.zeros((240, 240, 155), dtype=bool)
    prediction[::2, ::2, ::2] = True
    score = lesion_score(np.zeros_like(prediction), prediction, CUBIC, RULES)
    assert score.dice == 0.0
    assert len(score.false_voxels) == 120 * 120 * 78
    assert set(score.false_voxels) == {1}

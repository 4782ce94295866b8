"""The lesion-wise rules of BraTS 2023 on constructed cases."""

from __future__ import annotations

import numpy as np
import pytest

from brainseg_gui.evaluation.lesions import lesion_score
from brainseg_gui.evaluation.rules import rules_named

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
    assert (score.dice, score.hausdorff95_mm, score.found, score.missed) == (1.0, 0.0, 0, 0)


def test_a_perfect_lesion() -> None:
    score = lesion_score(cubes((5, 5, 5)), cubes((5, 5, 5)), CUBIC, RULES)
    assert (score.dice, score.hausdorff95_mm, score.found) == (1.0, 0.0, 1)


def test_a_missed_lesion_halves_the_score() -> None:
    score = lesion_score(cubes((5, 5, 5), (40, 5, 5)), cubes((5, 5, 5)), CUBIC, RULES)
    assert (score.dice, score.found, score.missed) == (0.5, 1, 1)
    assert score.hausdorff95_mm == 374 / 2


def test_a_false_component_counts_at_any_size() -> None:
    prediction = cubes((5, 5, 5))
    prediction[50, 10, 10] = True
    score = lesion_score(cubes((5, 5, 5)), prediction, CUBIC, RULES)
    assert score.false_voxels == (1,)
    assert (score.dice, score.hausdorff95_mm) == (0.5, 187.0)


@pytest.mark.parametrize(("gap", "lesions"), [(6, 1), (7, 2)])
def test_dilation_merges_what_lies_within_six_voxels(gap: int, lesions: int) -> None:
    # each side grows by 3: a gap of 6 voxels closes so that the two touch, one of 7 leaves a voxel between them
    reference = cubes((5, 5, 5), (10 + gap, 5, 5))
    score = lesion_score(reference, reference, CUBIC, RULES)
    assert len(score.lesions) == lesions
    assert sum(lesion.voxels for lesion in score.lesions) == 250  # scored against the undilated lesion


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


def test_many_tiny_components() -> None:
    rng = np.random.default_rng(0)
    prediction = rng.random((60, 60, 60)) > 0.97
    score = lesion_score(np.zeros((60, 60, 60), dtype=bool), prediction, CUBIC, RULES)
    assert score.dice == 0.0
    assert len(score.false_voxels) > 1000

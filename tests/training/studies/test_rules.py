from __future__ import annotations

import itertools
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from brainseg_gui.imaging.grid import Grid
from brainseg_gui.imaging.labelling.known_schemes import scheme_named
from brainseg_gui.imaging.labels import LabelMap
from brainseg_gui.inference.models.json_fields import JsonFields
from brainseg_gui.inference.models.step_readers import read_post_step
from brainseg_gui.inference.postprocess import postprocess
from training.compare.methods import Prediction
from training.compare.scores import dice_scores
from training.studies.rules import Option, RuleThresholds, passport_entry, try_all
from training.studies.study import Study, measure_case, reference_parts
from training.studies.study_report import study_csv, study_markdown

FEW = RuleThresholds((0.0, 0.6), (0.0, 0.02, 0.05), (0.15,), (0.0, 0.004), (0.0, 0.7), (0.0, 0.01), (0.0, 0.006))
GRID = Grid((12, 12, 12), np.eye(4))


@pytest.fixture
def prediction() -> Prediction:
    random = np.random.default_rng(3)
    classes = random.choice(4, (12, 12, 12), p=(0.9, 0.03, 0.04, 0.03)).astype(np.uint8)
    classes[2:6, 2:6, 2:6] = 2
    classes[3:5, 3:5, 3:5] = 3
    confidence = np.asfortranarray(random.uniform(0.4, 1.0, classes.shape).astype(np.float32))
    return Prediction(classes, confidence, 1.0)


def test_a_passport_reads_what_is_written() -> None:
    options = {option for stage in FEW.stages() for option in stage if option.step is not None}
    assert len(options) == 1 + 2 + 3 + 1 + 1
    for option in options:
        entry = JsonFields(passport_entry(option.step), "a step", Path("model.json"))  # type: ignore[arg-type]
        assert read_post_step(entry) == option.step


def test_equal_options_are_tried_once() -> None:
    stages = RuleThresholds(whole_ml=(0.0, 1.0), fraction=(0.1, 0.2)).stages()
    assert [option.words for option in stages[1]] == ["all of WT", "WT ≥ 1 ml or 10%", "WT ≥ 1 ml or 20%"]


def test_every_combination_is_what_its_steps_give_one_after_the_other(prediction: Prediction) -> None:
    stages = FEW.stages()
    before = prediction.classes.copy()
    found = try_all(prediction.classes, prediction.confidence, GRID.voxel_ml, stages, np.ndarray.tobytes)
    assert np.array_equal(prediction.classes, before)
    combinations = list(itertools.product(*stages))
    assert len(found) == len(combinations) == 2 * 3 * 4 * 2 * 2
    for options, result in zip(combinations, found, strict=True):
        classes = before.copy()
        steps = [option.step for option in options if option.step is not None]
        postprocess(classes, steps, GRID.voxel_ml, prediction.confidence)
        assert result == classes.tobytes(), [option.words for option in options]
    assert len(set(found)) > 8  # the rules do something here


def test_a_study_counts_as_the_evaluation_does(prediction: Prediction) -> None:
    values = np.zeros(GRID.shape, np.uint8)
    values[1:6, 2:7, 2:6] = 2
    values[3:6, 3:5, 3:5] = 4
    values[11, 11, 11] = 1  # where the network claims nothing
    reference = LabelMap(values, GRID, scheme_named("brats2020"))
    stages = FEW.stages()
    measured = measure_case(reference, prediction, stages)
    for options, dice, enhancing in zip(itertools.product(*stages), measured.dice, measured.enhancing, strict=True):
        classes = prediction.classes.copy()
        steps = [option.step for option in options if option.step is not None]
        postprocess(classes, steps, GRID.voxel_ml, prediction.confidence)
        assert dice.tolist() == pytest.approx([row.dice for row in dice_scores(reference, classes).rows])
        assert enhancing == (classes == 3).any()
    assert measured.reference_enhancing


def test_nothing_in_either_is_agreement() -> None:
    empty = LabelMap(np.zeros(GRID.shape, np.uint8), GRID, scheme_named("brats2023"))
    nothing = Prediction(np.zeros(GRID.shape, np.uint8), np.zeros(GRID.shape, np.float32), 0.0)
    measured = measure_case(empty, nothing, FEW.stages())
    assert (measured.dice == 1.0).all()
    assert not measured.enhancing.any()
    assert not measured.reference_enhancing


def test_parts_of_a_reference_follow_its_scheme() -> None:
    values = np.arange(5, dtype=np.uint8).reshape(5, 1, 1)
    for name, expected in (("brats2020", [0, 2, 1, 0, 3]), ("msd", [0, 1, 2, 3, 0]), ("brats-ped", [0, 3, 2, 2, 1])):
        reference = LabelMap(values, Grid((5, 1, 1), np.eye(4)), scheme_named(name))
        assert reference_parts(reference).ravel().tolist() == expected, name


def _study() -> Study:
    """Three variants on two cases: none, one rule, two rules. The second has no ET in the reference."""
    one, two = FEW.stages()[1][1], FEW.stages()[3][1]
    nothing = Option("", None)
    dice = np.array([
        [[0.6, 0.6, 0.3], [0.6, 0.6, 0.0]],
        [[0.6, 0.6, 0.65], [0.6, 0.6, 0.9]],
        [[0.6, 0.6, 0.6], [0.6, 0.6, 1.0]],
    ])  # fmt: skip
    enhancing = np.array([[True, True], [True, False], [False, False]])
    options = [(nothing, nothing), (one, nothing), (one, two)]
    return Study(options, dice, enhancing, np.array([True, False]), ["a", "b"])


def test_the_simplest_of_the_near_is_preferred() -> None:
    study = _study()
    assert study.best == 2
    assert study.false_cases.tolist() == [1, 0, 0]
    assert study.missed_cases.tolist() == [0, 0, 1]
    gap, error = study.behind
    # the cases' mean Dice is behind by .1 and .3333, by -.01667 and .03333: their mean, and half of their distance
    assert gap.tolist() == pytest.approx([0.65 / 3, 0.025 / 3, 0.0])
    assert error.tolist() == pytest.approx([0.35 / 3, 0.025, 0.0])
    assert study.simplest == 1
    assert study.bare == 0


def test_visits_of_one_patient_tell_as_much_as_one_of_them() -> None:
    """Four patients, once with a visit each and once with the same visit three times: the error stays."""
    random = np.random.default_rng(0)
    dice = random.uniform(0.4, 0.9, (3, 4, 3))
    one = replace(_study(), dice=dice, patients=list("abcd"))
    three = replace(_study(), dice=np.repeat(dice, 3, axis=1), patients=[name for name in "abcd" for _ in range(3)])
    for found, wanted in zip(three.behind, one.behind, strict=True):
        np.testing.assert_allclose(found, wanted)
    differences = dice.mean(axis=2)[one.best] - dice.mean(axis=2)
    np.testing.assert_allclose(one.behind[1], differences.std(axis=1, ddof=1) / 2)  # of four cases
    alone = replace(one, patients=["a"] * 4)
    assert alone.behind[1].tolist() == [0, 0, 0]


def test_a_study_is_told() -> None:
    study = _study()
    stages = ((study.options[0][0], study.options[1][0]), (study.options[0][1], study.options[2][1]))
    table = study_markdown(study, stages, "net")
    assert "3 combinations, n = 2, 1 without ET" in table
    assert "(best) | .600 / .600 / .800 | .667 | .000 ± .000 | 0 | 1 |" in table
    assert '"keep_at_least_ml": 0.02' in table
    assert len(study_csv(study).splitlines()) == 4

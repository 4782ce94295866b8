"""A cross-validation as one method: nobody is scored by a network that was trained on them."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from brainseg_gui.errors import BrainsegError
from brainseg_gui.evaluation.metrics.rules import rules_named
from brainseg_gui.inference.models.model_folder import default_model, read_model_folder, verify_weights
from brainseg_gui.inference.options import SegmentOptions
from brainseg_gui.runs.config import TrainingConfig
from brainseg_gui.runs.events import EventWriter
from brainseg_gui.runs.run_folder import RunFolder
from training.compare.baselines import BASELINES
from training.compare.cases import Asked, find_cases
from training.compare.chosen_methods import models_named
from training.compare.cross_validation import CrossValidation, cross_validation, held_back
from training.compare.methods import BaselineMethod, Prediction
from training.compare.run import MethodComparison
from training.compare.store import Store
from training.errors import TrainingError

RESOURCES = Path(__file__).parents[3] / "resources"


def make_run(place: Path, *checks: Mapping[str, list[str]], model: bool = True) -> RunFolder:
    run = RunFolder.create(place, TrainingConfig())
    events = EventWriter(run.events_file)
    for check in checks:
        events.write("checked", **check)
    events.close()
    if model:
        shutil.copytree(default_model().path, run.model)
    return run


def test_each_case_has_the_network_that_held_it_back(tmp_path: Path) -> None:
    make_run(tmp_path / "mine" / "fold0", {"training": ["B", "C"], "validation": ["A"]})
    make_run(tmp_path / "mine" / "fold1", {"training": ["A", "C"], "validation": ["B"]})
    make_run(tmp_path / "mine" / "fold2", {"training": ["A", "B"], "validation": ["C"]}, model=False)
    (method,) = models_named([str(tmp_path / "mine")], SegmentOptions())
    assert method.name == "mine"
    assert [method.of_case(name).name for name in "AB"] == ["fold0", "fold1"]
    with pytest.raises(TrainingError, match="no run of the cross-validation held it back"):
        method.of_case("C")  # its run has no model yet


def test_two_runs_that_hold_back_one_case_are_refused(tmp_path: Path) -> None:
    for name in ("old", "new"):
        make_run(tmp_path / name, {"training": ["B"], "validation": ["A"]})
    with pytest.raises(BrainsegError, match="A is held back by new and by old"):
        cross_validation(tmp_path, SegmentOptions())


def test_a_case_that_was_trained_on_before_is_not_held_back(tmp_path: Path) -> None:
    checks = [{"training": ["A", "B"], "validation": []}, {"training": ["B"], "validation": ["A"]}]
    make_run(tmp_path / "fold0", *checks)
    with pytest.raises(TrainingError, match="A was trained on before it was held back"):
        cross_validation(tmp_path, SegmentOptions())


def test_runs_without_a_model_are_no_cross_validation_yet(tmp_path: Path) -> None:
    make_run(tmp_path / "fold0", {"training": ["B"], "validation": ["A"]}, model=False)
    with pytest.raises(BrainsegError, match="none of its runs has a model"):
        cross_validation(tmp_path, SegmentOptions())


def test_a_comparison_scores_by_the_right_part_and_leaves_the_others_out(
    tmp_path: Path, toy_case: Callable[..., Path]
) -> None:
    for number in range(3):
        toy_case(tmp_path / "cases", case_id=f"Toy_{number}", seed=number)
    asked: dict[str, list[str]] = {"first": [], "second": []}

    class Part(BaselineMethod):
        def predict(self, case: object) -> Prediction:
            asked[self.name].append(case.source.case_id)  # type: ignore[attr-defined]
            return Prediction(np.zeros(case.grid.shape, np.uint8), np.zeros(case.grid.shape, np.float32), 1.0)  # type: ignore[attr-defined]

    first, second = (Part(replace(BASELINES[0], name=name)) for name in asked)
    method = CrossValidation("both", {"Toy_0": first, "Toy_2": second})
    told: list[str] = []
    cases = find_cases([tmp_path / "cases"], Asked({}, {}), told.append)
    comparison = MethodComparison(
        cases, [method], Store(tmp_path / "store"), rules_named("brats2023"), None, told.append
    )
    scores = [score for of_case in comparison.run() for score in of_case]
    assert [(score.case_id, score.method) for score in scores] == [("Toy_0", "both"), ("Toy_2", "both")]
    assert asked == {"first": ["Toy_0"], "second": ["Toy_2"]}
    assert told == ["both cannot do Toy_1: no run of the cross-validation held it back. Train the fold that does."]


def test_the_folds_that_are_kept_hold_back_whom_their_file_names() -> None:
    """Numbers of a card are measured with them: each is whole, of the default's kind, and of its own patients."""
    folds, kept = RESOURCES / "folds", sorted((RESOURCES / "folds" / "glioma-2mm-1.2").iterdir())
    listed = json.loads((folds / "gliomas-26.json").read_text("utf-8"))
    default = default_model().passport
    assert kept
    for place in kept:
        fold, run = listed[int(place.name.removeprefix("fold-"))], RunFolder(place)
        assert sorted(held_back(run)) == sorted(fold["val"])
        verify_weights(read_model_folder(run.model))
        passport = read_model_folder(run.model).passport
        assert (passport.postprocess, passport.preprocess) == (default.postprocess, default.preprocess)
        assert passport.sha256 != default.sha256
    assert set(cross_validation(kept[0].parent, SegmentOptions()).parts) >= set(listed[0]["val"])

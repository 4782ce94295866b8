"""Learning from corrected cases without a network: what lies in the run folder, who is scored, what is promoted."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest

from brainseg_gui.errors import BrainsegError, CaseError, ModelError
from brainseg_gui.imaging.cases.case_folder import find_cohort
from brainseg_gui.inference.models.model_folder import ModelFolder, read_model_folder
from brainseg_gui.learning.comparing import comparison_folder, known_verdict, trained_model
from brainseg_gui.learning.gate import AFTER, BEFORE
from brainseg_gui.learning.learning_set import (
    HELD_BACK,
    TRAINED,
    LearningRequest,
    learning_config,
    prepare_learning,
    set_folder,
)
from brainseg_gui.learning.plan import read_plan
from brainseg_gui.learning.promotion import Promotion, promote, promotions, take_back
from brainseg_gui.progress import run_to_end
from brainseg_gui.runs.run_folder import RunFolder
from tests.learning.conftest import StandInEngine, end_training, finish, prepare, write_model
from training.data.cases import check_data


def test_the_run_folder_holds_all_that_is_learned_from(
    folder: RunFolder, parent: ModelFolder, prepared_once: RunFolder
) -> None:
    plan = read_plan(folder)
    assert (len(plan.trained_on), len(plan.held_back), plan.left_out) == (4, 6, ())
    assert not set(plan.trained_on.values()) & set(plan.held_back.values())
    assert "Case10x" not in str([*plan.trained_on, *plan.held_back])  # in work
    config = folder.config()
    assert config.network.start_from == str(parent.path)
    assert config.length.keep == "last"
    assert config.data.train == (str(set_folder(prepared_once, TRAINED)),)
    data = check_data(config.data, parent.passport.modalities, seed=0)
    assert (len(data.training), len(data.validation), data.problems) == (4, 6, ())
    assert {case.scheme.name for case in data.training} == {"brats2023"}


def test_masks_go_in_the_numbers_that_are_learned_and_images_as_they_are(corrected: Path, folder: RunFolder) -> None:
    name = next(iter(read_plan(folder).trained_on))
    own = name.partition("-")[2]
    ours, theirs = set_folder(folder, TRAINED) / name, corrected / own
    mask, annotation = (
        np.asarray(nib.load(path).dataobj)
        for path in (ours / f"{name}_seg.nii.gz", theirs / f"{own}_annotation.nii.gz")
    )
    assert np.array_equal(mask, np.where(annotation == 4, 3, annotation))
    assert (ours / f"{name}_t1.nii.gz").read_bytes() == (theirs / f"{own}_t1.nii.gz").read_bytes()


def test_an_onnx_network_is_refused_before_anything_is_written(corrected: Path, tmp_path: Path) -> None:
    model = write_model(tmp_path / "parent", "parent")
    passport = json.loads((model.path / "model.json").read_text()) | {"weights": "model.onnx"}
    (model.path / "model.json").write_text(json.dumps(passport))
    (model.path / "model.keras").rename(model.path / "model.onnx")
    with pytest.raises(ModelError, match=r"it is in ONNX, which the trainer cannot go on from\. Choose a Keras"):
        prepare(corrected, read_model_folder(model.path), tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_a_better_network_is_promoted_with_its_ancestry_and_taken_back(
    compared: RunFolder, parent: ModelFolder, tmp_path: Path
) -> None:
    models = tmp_path / "models"
    verdict, plan = known_verdict(compared), read_plan(compared)
    assert verdict is not None
    assert verdict.passed
    kept = promote(compared, models, parent.path)
    passport = read_model_folder(kept).passport
    ancestry = passport.ancestry
    assert ancestry is not None
    assert (ancestry.parent, ancestry.cases, ancestry.held_back) == ("parent 1", 4, 6)
    assert ancestry.parent_sha256 == parent.passport.sha256
    assert ancestry.p == pytest.approx(2 / 2**6, abs=1e-4)
    assert ancestry.trained_on == (*plan.trained_on.values(), *plan.further)
    assert len(plan.further) == 4 * 4  # each image by itself, too
    assert passport.results.startswith("parent 1, fine-tuned on 4 corrected cases; on 6 others mean Dice 0.")
    assert promotions(models) == (Promotion(kept, parent.path, compared.path),)
    assert take_back(models) == Promotion(kept, parent.path, compared.path)
    assert promotions(models) == ()
    assert (kept / "model.keras").is_file()  # nothing is lost
    with pytest.raises(BrainsegError, match="no network was promoted"):
        take_back(models)


def test_a_worse_network_is_not_promoted(compared: RunFolder, parent: ModelFolder, tmp_path: Path) -> None:
    path = comparison_folder(compared, trained_model(compared)) / "comparison.json"
    text = path.read_text().replace(f'"{BEFORE}"', '"?"').replace(f'"{AFTER}"', f'"{BEFORE}"')
    path.write_text(text.replace('"?"', f'"{AFTER}"'))  # as if the two had been the other way round
    with pytest.raises(BrainsegError, match="The new network is not offered: it is worse than the one before; mean"):
        promote(compared, tmp_path / "models", parent.path)
    assert not (tmp_path / "models").exists()


def test_a_network_that_was_trained_on_since_has_to_be_compared_again(
    compared: RunFolder, parent: ModelFolder, tmp_path: Path
) -> None:
    shutil.rmtree(compared.model)
    end_training(compared, "further")
    assert known_verdict(compared) is None
    with pytest.raises(BrainsegError, match="it was not compared with the one before"):
        promote(compared, tmp_path / "models", parent.path)


def test_a_network_that_was_compared_with_another_than_the_usual_is_not_promoted(
    compared: RunFolder, tmp_path: Path
) -> None:
    """Two rounds began from one network: what the first one made may be better than what the second one makes."""
    usual = write_model(tmp_path / "usual", "usual")
    (usual.path / "model.keras").write_bytes(b"other weights")
    passport = json.loads((usual.path / "model.json").read_text())
    passport["sha256"] = hashlib.sha256(b"other weights").hexdigest()
    (usual.path / "model.json").write_text(json.dumps(passport))
    with pytest.raises(BrainsegError, match="it was compared with parent 1, and usual 1 is in use"):
        promote(compared, tmp_path / "models", usual.path)
    assert not (tmp_path / "models").exists()


def test_a_case_that_changed_sides_meanwhile_is_not_scored(folder: RunFolder) -> None:
    end_training(folder, "better")
    name = next(iter(read_plan(folder).trained_on))
    (set_folder(folder, TRAINED) / name).rename(set_folder(folder, HELD_BACK) / name)
    with pytest.raises(BrainsegError, match="does not hold the cases that the plan holds back"):
        finish(folder, StandInEngine())


def test_the_next_round_scores_nobody_whom_the_first_one_knew(
    compared: RunFolder, corrected: Path, parent: ModelFolder, tmp_path: Path
) -> None:
    promoted = read_model_folder(promote(compared, tmp_path / "models", parent.path))
    again = read_plan(prepare(corrected, promoted, tmp_path / "again"))
    assert not set(again.held_back.values()) & set(read_plan(compared).trained_on.values())


@pytest.mark.parametrize("content", ["{", "[]", '{"format": 1}', '{"format": 2}'])
def test_a_damaged_plan_is_said(content: str, folder: RunFolder) -> None:
    (folder.path / "learning.json").write_text(content)
    with pytest.raises(BrainsegError, match=r"learning\.json: it is damaged"):
        read_plan(folder)


def test_cases_whose_masks_tell_nothing_are_named(corrected: Path, parent: ModelFolder, tmp_path: Path) -> None:
    sources = [s for s in find_cohort(corrected) if s.case_id != "Case10x"]
    (tmp_path / "elsewhere").mkdir()
    homes = lambda source: (tmp_path / "elsewhere",)  # noqa: E731  no annotation lies there
    request = LearningRequest(sources, parent, learning_config("x"), homes)
    with pytest.raises(CaseError, match=r"the first that cannot: Case\d\dx is left out: .*it is done, but has no mask"):
        run_to_end(prepare_learning(tmp_path / "run", request))

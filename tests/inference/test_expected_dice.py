"""What Dice is to be expected: the overlap on hand-worked figures, a passport's line, and the way of the button."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from brainseg_gui.errors import ModelError
from brainseg_gui.imaging.grid import Grid
from brainseg_gui.imaging.volume import Volume
from brainseg_gui.inference import postprocess
from brainseg_gui.inference.expected_dice import expectation, expected_dice, own_overlap
from brainseg_gui.inference.models.dice_line import DiceLine, ExpectedDice, lines_as_json
from brainseg_gui.inference.models.model_folder import default_model, read_model_folder
from brainseg_gui.inference.models.steps import SmallRegion
from brainseg_gui.inference.segment import Outcome, segment_volumes
from brainseg_gui.progress import run_to_end

LINE = DiceLine((0.5, 0.9), (0.2, 0.8), 0.05)


def test_the_overlap_is_the_dice_if_the_probabilities_were_true() -> None:
    winner = np.array([3, 1, 2, 0], np.uint8)
    ncr, ed, et = np.array([0.1, 0.6, 0.2, 0.1]), np.array([0.1, 0.2, 0.7, 0.2]), np.array([0.7, 0.1, 0.0, 0.1])
    found = own_overlap(winner, {1: ncr, 2: ed, 3: et})
    assert found["ET"] == pytest.approx(2 * 0.7 / (0.9 + 1))
    assert found["TC"] == pytest.approx(2 * (0.8 + 0.7) / (1.9 + 2))
    assert found["WT"] == pytest.approx(2 * (0.9 + 0.9 + 0.9) / (3.1 + 3))


def test_a_region_that_the_mask_has_not_promises_nothing() -> None:
    half = np.full(2, 0.4)
    assert own_overlap(np.array([2, 0], np.uint8), {2: half, 3: half}).keys() == {"WT"}
    assert own_overlap(np.zeros(2, np.uint8), {2: half}) == {}


def test_a_certain_mask_promises_everything() -> None:
    winner = np.array([3, 3, 0], np.uint8)
    assert own_overlap(winner, {3: np.array([1.0, 1.0, 0.0])}) == dict.fromkeys(("WT", "TC", "ET"), 1.0)


@pytest.mark.parametrize(("overlap", "dice"), [(0.5, 0.2), (0.7, 0.5), (0.9, 0.8), (0.0, 0.2), (1.0, 0.8)])
def test_the_line_ends_where_the_patients_do(overlap: float, dice: float) -> None:
    assert LINE.at(overlap).dice == pytest.approx(dice)
    assert LINE.at(overlap).error == 0.05


def test_only_what_is_there_and_was_measured_is_expected() -> None:
    assert expected_dice({"WT": 0.7, "ET": 0.8}, {"WT": LINE, "TC": LINE}).keys() == {"WT"}
    assert expected_dice({"WT": 0.7}, {}) == {}


def test_what_is_poor_is_said() -> None:
    good, poor = ExpectedDice(0.9, 0.04), ExpectedDice(0.5, 0.1)
    assert expectation({}) == ""
    assert expectation({"WT": good}) == "Expected Dice WT .90 ± .04"
    assert expectation({"WT": good, "TC": poor, "ET": poor}).endswith("TC and ET are probably poor, look there")


class Unsure:
    """Sees ET with a probability of .6 in one corner of the brain, and is sure of the rest."""

    bytes_per_voxel = 1.0
    fixed_shape = None

    def predict(self, batch: np.ndarray) -> np.ndarray:
        result = np.zeros_like(batch)
        result[..., 0] = 1.0
        result[:, 4:8, 4:8, 4:8] = (0.2, 0.2, 0.0, 0.6)  # background, NCR, ED, ET
        return result

    def free_bytes(self) -> float:
        return np.inf

    def move_to_cpu(self) -> bool:
        return False


def _segmented(**changes: object) -> tuple[np.ndarray, Outcome]:
    passport = replace(default_model().passport, **changes)  # type: ignore[arg-type]
    grid = Grid((40, 40, 40), np.diag([2.0, 2.0, 2.0, 1.0]))
    stored = np.zeros(grid.shape, np.int16, order="F")
    stored[2:38, 2:38, 2:38] = np.random.default_rng(0).integers(100, 200, (36, 36, 36))
    volumes = {modality: Volume(stored, grid, 1.0, 0.0, Path("x.nii")) for modality in passport.modalities}
    classes = np.zeros(grid.shape, np.uint8, order="F")
    return classes, run_to_end(segment_volumes(volumes, passport, Unsure(), classes))


def test_the_button_tells_how_sure_it_was() -> None:
    classes, outcome = _segmented(postprocess=())
    assert np.count_nonzero(classes == 3) == 64
    assert outcome.overlap == pytest.approx({"WT": 2 * 0.8 / 1.8, "TC": 2 * 0.8 / 1.8, "ET": 2 * 0.6 / 1.6}, abs=1e-6)


def test_of_a_large_box_some_voxels_are_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = _segmented(postprocess=())[1].overlap
    monkeypatch.setattr(postprocess, "_MOST_SAMPLED", 50)
    assert _segmented(postprocess=())[1].overlap == pytest.approx(whole, abs=0.1)


def test_a_region_that_the_rules_took_away_is_not_promised() -> None:
    classes, outcome = _segmented(postprocess=(SmallRegion(3, 10.0, 1, "ml"),))
    assert set(np.unique(classes)) == {0, 1}
    assert outcome.overlap.keys() == {"WT", "TC"}
    assert outcome.overlap["TC"] == pytest.approx(2 * 0.8 / 1.8, abs=1e-6)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return shutil.copytree(default_model().path, tmp_path / "model")


def _with_lines(folder: Path, lines: object) -> Path:
    content = json.loads((folder / "model.json").read_text("utf-8"))
    content["expected_dice"] = lines
    (folder / "model.json").write_text(json.dumps(content), "utf-8")
    return folder


def test_a_passport_keeps_its_lines(folder: Path) -> None:
    lines = {"WT": LINE, "ET": DiceLine((0.1, 0.2), (0.9, 0.1), 0.0)}
    assert read_model_folder(_with_lines(folder, lines_as_json(lines))).passport.expected_dice == lines
    assert read_model_folder(_with_lines(folder, None)).passport.expected_dice == {}


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        (["WT"], "expected_dice"),
        ({"NCR": {}}, "NCR"),
        ({"WT": {"overlap": [0.5, 0.9], "dice": [0.2, 0.8]}}, "error"),
        ({"WT": {"overlap": [0.9, 0.5], "dice": [0.2, 0.8], "error": 0}}, "rising"),
        ({"WT": {"overlap": [0.5, 0.5], "dice": [0.2, 0.8], "error": 0}}, "rising"),
        ({"WT": {"overlap": [0.5, 0.9], "dice": [0.2, 1.8], "error": 0}}, "from 0 to 1"),
        ({"WT": {"overlap": [0.5, 0.9], "dice": [0.2, 0.8], "error": 0, "more": 1}}, "more"),
        ({"WT": {"overlap": [0.5, float("nan")], "dice": [0.2, 0.8], "error": 0}}, "overlap"),
    ],
)
def test_lines_that_make_no_sense_are_refused(lines: object, words: str, folder: Path) -> None:
    with pytest.raises(ModelError, match=words):
        read_model_folder(_with_lines(folder, lines))

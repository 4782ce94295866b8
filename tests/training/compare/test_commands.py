"""The commands as they are run: on toy cases, with thresholds alone, and once with the shipped network."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from matplotlib.image import imread

from brainseg_gui.imaging.cases.case_folder import find_case
from brainseg_gui.imaging.cases.read_case import read_case
from brainseg_gui.inference.models.model_folder import default_model
from brainseg_gui.inference.options import SegmentOptions
from brainseg_gui.inference.postprocess import postprocess
from brainseg_gui.inference.segment import segment_volumes
from brainseg_gui.progress import run_to_end
from training.compare import baselines
from training.compare.__main__ import main as compare
from training.compare.chosen_methods import models_named
from training.compare.methods import BaselineMethod
from training.studies.changes import CHANGE_SETS, CHANGES
from training.studies.robustness import main as robustness
from training.studies.rules_study import main as study


@pytest.fixture
def cases(tmp_path: Path, toy_case: Callable[..., Path]) -> Path:
    for number in range(2):
        toy_case(tmp_path / "cases", case_id=f"Toy_{number}", seed=number, spacing=(3.0, 3.0, 3.0))
    return tmp_path / "cases"


def test_baselines_are_compared_and_drawn(cases: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "out"
    arguments = ["--cases", str(cases), "--scheme", "brats2020", "--baselines", "--pictures", "-o", str(out)]
    assert compare(arguments) == 0
    table = (out / "comparison.md").read_text("utf-8")
    assert table == capsys.readouterr().out
    assert "## cases, n = 2" in table
    assert "| three classes | 2 |" in table
    content = json.loads((out / "comparison.json").read_text("utf-8"))
    assert len(content["cases"]) == 4
    assert set(content["methods"]) == {"otsu", "three classes"}
    assert len((out / "comparison.csv").read_text("utf-8").splitlines()) == 1 + 4 * 3
    for number in range(2):
        picture = imread(out / "pictures" / f"Toy_{number}.png")[..., :3]
        colourful = (picture.max(axis=2) - picture.min(axis=2)) > 0.4
        first, reference, *_ = np.array_split(colourful[30:-40], 4, axis=1)
        assert not first.any()  # the images alone
        assert reference.any()


def test_a_picture_names_a_method_as_it_was_asked_for(
    cases: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A network that was scored under another name is the same network, and its scores are kept."""
    drawn: list[list[str]] = []
    draw = lambda _case, _reference, columns, _path: drawn.append([c.score.method for c in columns])  # noqa: E731
    monkeypatch.setattr("training.compare.run.draw_case", draw)
    arguments = [
        "--cases",
        str(cases),
        "--scheme",
        "brats2020",
        "--baselines",
        "--pictures",
        "-o",
        str(tmp_path / "out"),
    ]
    assert compare(arguments) == 0
    monkeypatch.setattr(BaselineMethod, "name", property(lambda self: f"my {self.baseline.name}"))
    assert compare(arguments) == 0
    assert drawn == 2 * [["otsu", "three classes"]] + 2 * [["my otsu", "my three classes"]]


def test_a_second_run_computes_nothing(cases: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    arguments = ["--cases", str(cases), "--scheme", "brats2020", "--baselines", "-o", str(tmp_path / "out")]
    assert compare(arguments) == 0
    first = (tmp_path / "out" / "comparison.json").read_text("utf-8")

    def fail(*_: object) -> None:
        raise AssertionError("it was computed already")

    monkeypatch.setattr("training.compare.methods.segment_by_thresholds", fail)
    monkeypatch.setattr("training.compare.run.region_numbers", fail)
    assert baselines.segment_by_thresholds is not fail
    assert compare(arguments) == 0
    assert (tmp_path / "out" / "comparison.json").read_text("utf-8") == first


def test_a_bad_case_costs_no_other(cases: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (cases / "Toy_0" / "Toy_0_t1ce.nii.gz").unlink()
    out = tmp_path / "out"
    assert compare(["--cases", str(cases), "--scheme", "brats2020", "--baselines", "-o", str(out)]) == 2
    told = capsys.readouterr().err
    assert "otsu cannot do Toy_0" in told
    assert "T1ce is missing" in told
    content = json.loads((out / "comparison.json").read_text("utf-8"))
    assert {case["case_id"] for case in content["cases"]} == {"Toy_1"}
    assert len(content["left_out"]) == 2


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "nothing is to be compared"),
        (["--model", "nowhere"], "no model.json"),
        (["--baselines", "--scheme", "brats1999"], "no label scheme named brats1999"),
        (["--baselines", "--reference", "Toy_0=nowhere.nii"], "no such file"),
        (["--baselines", "--reference", "nowhere.nii"], "of which case"),
        (["--baselines", "--rules", "mine"], "no rule set named mine"),
    ],
)
def test_mistakes_are_told_in_words(
    arguments: list[str], words: str, cases: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert compare(["--cases", str(cases), "-o", str(tmp_path / "out"), *arguments]) == 2
    assert words in capsys.readouterr().err
    assert not (tmp_path / "out" / "comparison.md").exists()


def test_a_study_needs_a_model(cases: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert study(["--cases", str(cases), "--model", "nowhere", "-o", str(tmp_path / "out")]) == 2
    assert "no model.json" in capsys.readouterr().err


@pytest.mark.slow
@pytest.mark.engine
def test_a_model_is_compared_as_the_button_segments(cases: Path, tmp_path: Path) -> None:
    from brainseg_gui.inference.network.network import load_network

    folder = default_model()
    name = folder.path.name
    (model,) = models_named([name], SegmentOptions("cpu", "float32"))
    case = run_to_end(read_case(find_case(cases / "Toy_0")))
    found = model.predict(case)
    classes = found.classes.copy(order="K")
    postprocess(classes, model.rules, case.grid.voxel_ml, found.confidence)

    expected = np.zeros(case.grid.shape, np.uint8, order="F")
    network = run_to_end(load_network(folder, SegmentOptions("cpu", "float32")))
    run_to_end(segment_volumes(case.volumes, folder.passport, network, expected))
    assert np.array_equal(classes, expected)
    assert (found.confidence[found.classes > 0] >= 0.25).all()

    out, cache = tmp_path / "out", tmp_path / "cache"
    here = ["--cases", str(cases), "--scheme", "brats2020", "--device", "cpu", "--cache", str(cache), "-o", str(out)]
    assert compare([*here, "--model", name, str(folder.path)]) == 0
    assert set(json.loads((out / "comparison.json").read_text("utf-8"))["methods"]) == {
        name,
        f"{name} (2)",
    }
    assert len(list((cache / "predictions").glob("*/*.npz"))) == 2  # two cases; the same network twice is one
    assert study([*here, "--model", name, "--probability", "0", "0.6"]) == 0
    assert "n = 2, 0 without ET" in (out / "study.md").read_text("utf-8")
    assert (out / "study.csv").is_file()


@pytest.mark.slow
@pytest.mark.engine
def test_robustness_is_measured_change_by_change(
    cases: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    few = (CHANGES[0], next(change for change in CHANGES if change.name == "cut above"))
    monkeypatch.setitem(CHANGE_SETS, "scans", few)
    out = tmp_path / "out"
    arguments = ["--cases", str(cases), "--scheme", "brats2020", "--model", "synthetic-2mm", "-o", str(out)]
    assert robustness([*arguments, "--precision", "float32"]) == 0
    table = (out / "robustness.md").read_text("utf-8")
    assert table == capsys.readouterr().out
    rows = {row.split("|")[1].strip(): row.split("|")[3:] for row in table.splitlines() if row.startswith("|")}
    assert list(rows) == ["change", "---", "unchanged", few[0].name, few[1].name]
    assert rows[few[0].name][1].strip() == "none"  # a gain is divided away
    assert rows[few[0].name][0] == rows["unchanged"][0]
    assert len((out / "robustness.csv").read_text("utf-8").splitlines()) == 1 + 2 * 3 * 3

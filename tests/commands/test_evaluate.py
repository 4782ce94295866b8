"""`brainseg evaluate`: what it prints, what it writes, and how it ends."""

from __future__ import annotations

import argparse
import contextlib
import csv
import io
import json
import re
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest

from brainseg_gui.commands import evaluate
from brainseg_gui.errors import BrainsegError, GridMismatchError, ImageError, SaveError
from brainseg_gui.evaluation.cohorts import run
from brainseg_gui.evaluation.records.measures import LISTED_SCORES, LISTED_VOLUMES, MEASURES
from brainseg_gui.evaluation.reports.files import CSV_COLUMNS
from brainseg_gui.execution.clusters import Workers

# Ten voxels of 2×1×0.5 mm = 0.001 ml. WT: 7, 6, both 5; TC: 4, 3, both 3; ET: 2, 2, both 1.
REFERENCE = [0, 1, 1, 2, 2, 2, 4, 4, 0, 0]
PREDICTION = [0, 1, 4, 2, 2, 0, 4, 0, 2, 0]


def _mask(path: Path, numbers: Sequence[int], spacing: float = 0.5) -> Path:
    """A mask of a row of numbers, two voxels thick where NIfTI must be 3-D: the second row is empty."""
    values = np.zeros((len(numbers), 2, 2), dtype=np.uint8)
    values[:, 0, 0] = numbers
    path.parent.mkdir(parents=True, exist_ok=True)
    nib.save(nib.Nifti1Image(values, np.diag([2.0, 1.0, spacing, 1.0])), path)
    return path


def _run(reference: Path, prediction: Path | str, *options: object) -> int:
    parser = argparse.ArgumentParser()
    evaluate.add_parser(parser.add_subparsers())
    quick = ("--processes", "1")  # each takes a second to start
    arguments = ["evaluate", "--reference", reference, "--prediction", prediction, *quick, *options]
    return evaluate.run(parser.parse_args([str(argument) for argument in arguments]))


@pytest.fixture
def pair(tmp_path: Path) -> tuple[Path, Path]:
    return _mask(tmp_path / "A_seg.nii.gz", REFERENCE), _mask(tmp_path / "A_pred.nii.gz", PREDICTION)


def _cohort(folder: Path, count: int) -> tuple[Path, Path]:
    for number in range(count):
        _mask(folder / "r" / f"P{number:02}_seg.nii.gz", REFERENCE)
        _mask(folder / "p" / f"P{number:02}_pred.nii.gz", PREDICTION)
    return folder / "r", folder / "p"


def test_the_table_of_one_pair(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    thick = 625.0  # mm, so that a voxel of 2×1×625 mm holds 1.25 ml
    reference = _mask(tmp_path / "A_seg.nii.gz", REFERENCE, thick)
    prediction = _mask(tmp_path / "A_pred.nii.gz", PREDICTION, thick)
    assert _run(reference, prediction, "--scheme", "brats2020") == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "reference: The labels are read as BraTS 2017–2021, as asked"
    table = lines[next(n for n, line in enumerate(lines) if line.startswith("case  region")) :]
    assert len({len(line) for line in table[:6]}) == 1  # numbers end below their headings
    heads, *rows = ([cell.strip() for cell in re.split(" {2,}", line)] for line in table[:6])
    assert heads == ["case", "region", *(measure.words for measure in (*LISTED_SCORES, *LISTED_VOLUMES))]
    known = ("region", "Dice", "HD95 mm", "lesion Dice", "reference ml", "prediction ml")
    # no lesion has more than 50 voxels, so none counts; distances along the row in steps of 2 mm
    assert [" ".join(row[heads.index(head)] for head in known) for row in rows] == [
        "WT 0.769 2.00 1.000 8.75 7.50",  # 10/13, 7 and 6 voxels
        "TC 0.857 1.70 1.000 5.00 3.75",  # 6/7; 3 of 4 at 0 mm, one at 2 mm
        "ET 0.500 7.60 0.000 2.50 2.50",  # 0 and 8 mm; one false lesion
        "NCR 0.667 1.90 1.000 2.50 1.25",
        "ED 0.667 5.40 1.000 3.75 3.75",  # 0, 0 and 6 mm
    ]
    assert [row[0] for row in rows] == ["A", "", "", "", ""]
    assert table[7] == (
        "HD95: larger of the two directed 95th percentiles between surface voxels. "
        "Empty masks and lesions: BraTS 2023 glioma"
    )


def test_json_holds_the_worked_numbers(pair: tuple[Path, Path], capsys: pytest.CaptureFixture[str]) -> None:
    assert _run(*pair, "--scheme", "brats2020", "--json", "-") == 0
    report = json.loads(capsys.readouterr().out)  # nothing but JSON is on the standard output
    (case,) = report["cases"]
    assert (case["case_id"], case["reference_scheme"]) == ("A", "brats2020")
    tumour = case["regions"]["WT"]
    assert set(tumour) == {"title", *MEASURES}
    worked = {
        "title": "whole tumour",
        "dice": 10 / 13,
        "sensitivity": 5 / 7,
        "precision": 5 / 6,
        "iou": 5 / 8,
        "hd95_mm": 2.0,
        "nsd_1mm": 10 / 13,  # every voxel is surface; 5 of 7 and 5 of 6 meet exactly
        "nsd_2mm": 1.0,
        "lesion_dice": 1.0,  # 7 voxels are too few for a lesion
        "lesion_hd95_mm": 0.0,
        "lesions_found": 0,
        "lesions_missed": 0,
        "lesions_false": 0,
        "reference_ml": 0.007,
        "prediction_ml": 0.006,
        "difference_ml": -0.001,
    }
    assert {key: tumour[key] for key in worked} == pytest.approx(worked)
    # 40 voxels, 33 background in the reference; equal in both masks: 30 empty ones and 0 1 3 4 6 9
    scores = case["pooled"]["whole_volume"]
    assert scores["dice_coeff"] == pytest.approx(36 / 40, abs=1e-6)
    assert scores["iou"] == pytest.approx(36 / 44, abs=1e-6)
    assert scores["all_background"]["dice_coeff"] == pytest.approx(33 / 40, abs=1e-6)
    assert "recipe_crop" not in case["pooled"]
    assert report["mean_dice"] is None


def test_undefined_ratios_are_null_and_empty(tmp_path: Path) -> None:
    reference, prediction = _mask(tmp_path / "r.nii", [2, 2]), _mask(tmp_path / "p.nii", [0, 0])
    options = ("--scheme", "brats2020", "--json", tmp_path / "o.json", "--csv", tmp_path / "o.csv")
    assert _run(reference, prediction, *options) == 0
    (case,) = json.loads((tmp_path / "o.json").read_text("utf-8"))["cases"]
    assert case["regions"]["WT"]["precision"] is None
    assert case["regions"]["WT"]["dice"] == 0.0
    assert case["regions"]["ET"]["dice"] == 1.0
    rows = {row["region"]: row for row in csv.DictReader(io.StringIO((tmp_path / "o.csv").read_text("utf-8")))}
    assert rows["WT"]["precision"] == ""


def test_csv_has_one_row_per_case_and_region(pair: tuple[Path, Path], tmp_path: Path) -> None:
    assert _run(*pair, "--scheme", "brats2020", "--csv", tmp_path / "o.csv") == 0
    rows = list(csv.DictReader(io.StringIO((tmp_path / "o.csv").read_text("utf-8"))))
    assert tuple(rows[0]) == CSV_COLUMNS
    assert [row["region"] for row in rows] == ["WT", "TC", "ET", "NCR", "ED"]
    assert float(rows[1]["dice"]) == pytest.approx(6 / 7)
    assert float(rows[2]["reference_ml"]) == pytest.approx(0.002)


@pytest.mark.parametrize("start", ["=", "+", "-", "@"])
def test_case_names_are_no_formulas_in_a_spreadsheet(start: str, tmp_path: Path) -> None:
    name = f"{start}SUM(A1)"
    reference = _mask(tmp_path / f"{name}_seg.nii", REFERENCE)
    assert _run(reference, reference, "--scheme", "brats2020", "--csv", tmp_path / "o.csv") == 0
    rows = list(csv.DictReader(io.StringIO((tmp_path / "o.csv").read_text("utf-8"))))
    assert {row["case_id"] for row in rows} == {f"'{name}"}


def test_fewer_than_ten_cases_have_no_headline(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert _run(*_cohort(tmp_path, 9), "--scheme", "brats2020") == 0
    assert "mean" not in capsys.readouterr().out.replace("mean_iou", "")


def test_ten_cases_have_a_mean(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    references, predictions = _cohort(tmp_path, 10)
    _mask(predictions / "P03_pred.nii.gz", REFERENCE)  # one case is perfect
    assert _run(references, predictions, "--scheme", "brats2020") == 0
    expected = (9 * 10 / 13 + 1) / 10
    last = capsys.readouterr().out.splitlines()[-1]
    assert last.startswith(f"mean Dice over 10 cases   WT {expected:.3f}   TC {(9 * 6 / 7 + 1) / 10:.3f}")


def test_a_cluster_without_workers_is_said_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    asked: list[int] = []
    held = threading.Event()

    def present() -> int:
        asked.append(1)
        if len(asked) == 3:
            held.set()  # one has come
        return int(held.is_set())

    @contextlib.contextmanager
    def cluster(_where: str, _processes: int) -> Iterator[Workers]:
        with ThreadPoolExecutor(1) as pool:
            pool.submit(held.wait)
            yield Workers(pool, 10, present)

    monkeypatch.setattr(run, "cluster_workers", cluster)
    assert _run(*_cohort(tmp_path, 2), "--scheme", "brats2020", "--cluster", "local") == 0
    said = capsys.readouterr().err
    assert said.count("no worker is there yet") == 1
    assert len(asked) >= 3


def test_unpaired_and_broken_cases_do_not_stop_the_others(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    references, predictions = _cohort(tmp_path, 4)
    (predictions / "P00_pred.nii.gz").unlink()
    (predictions / "P01_pred.nii.gz").write_text("no mask")
    _mask(predictions / "P02_pred.nii.gz", PREDICTION[:-1])
    assert _run(references, predictions, "--scheme", "brats2020", "--json", tmp_path / "o.json") == 2
    errors = capsys.readouterr().err.splitlines()
    assert [line.split(" was")[0] for line in errors] == ["brainseg: P00", "brainseg: P01", "brainseg: P02"]
    assert "has no prediction" in errors[0]
    assert "9×2×2 voxels instead of 10×2×2" in errors[2]
    report = json.loads((tmp_path / "o.json").read_text("utf-8"))
    assert [case["case_id"] for case in report["cases"]] == ["P03"]
    assert [entry["case_id"] for entry in report["unpaired"]] == ["P00"]
    assert [entry["case_id"] for entry in report["failed"]] == ["P01", "P02"]


def test_a_single_bad_pair_is_an_error_that_names_its_file(tmp_path: Path, pair: tuple[Path, Path]) -> None:
    reference, _ = pair
    with pytest.raises(GridMismatchError, match="does not lie on the grid of the reference") as caught:
        _run(reference, _mask(tmp_path / "small.nii", [1, 2]))
    assert caught.value.path == tmp_path / "small.nii"
    (tmp_path / "text.nii").write_text("no mask")
    with pytest.raises(ImageError):
        _run(reference, tmp_path / "text.nii")


def test_wrong_options_are_sentences(tmp_path: Path, pair: tuple[Path, Path]) -> None:
    with pytest.raises(BrainsegError, match="no label scheme named brats1999"):
        _run(*pair, "--scheme", "brats1999")
    with pytest.raises(BrainsegError, match="cannot both"):
        _run(*pair, "--json", "-", "--csv", "-")
    with pytest.raises(SaveError, match="was not written"):
        _run(*pair, "--json", tmp_path / "missing" / "o.json")


def test_a_report_replaces_the_old_one_whole(tmp_path: Path, pair: tuple[Path, Path]) -> None:
    target = tmp_path / "o.json"
    target.write_text("x" * 100_000)
    assert _run(*pair, "--json", target) == 0
    json.loads(target.read_text("utf-8"))
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def test_a_real_case_against_itself(shared_folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = shared_folder / "cases" / "BraTS-GLI-00000-000" / "BraTS-GLI-00000-000-seg.nii.gz"
    assert _run(path, path, "--json", "-") == 0
    (case,) = json.loads(capsys.readouterr().out)["cases"]
    assert case["reference_scheme"] == "brats2023"
    assert {entry["dice"] for entry in case["regions"].values()} == {1.0}
    assert case["regions"]["ET"]["reference_ml"] == pytest.approx(32.731)
    background = case["pooled"]["recipe_crop"]["all_background"]
    assert (round(background["dice_coeff"], 3), round(background["iou"], 3)) == (0.992, 0.984)


def test_two_models_are_told_apart_in_every_output(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    references, predictions = _cohort(tmp_path, 3)
    words = (f"B={predictions}", "--scheme", "brats2020", "-o", tmp_path / "out")
    assert _run(references, f"A={predictions}", "--prediction", *words) == 0
    assert re.split(" {2,}", capsys.readouterr().out.splitlines()[3]) == (
        ["case", "model", "region", *(measure.words for measure in (*LISTED_SCORES, *LISTED_VOLUMES))]
    )
    names = sorted(path.name for path in (tmp_path / "out").iterdir())
    assert names == ["evaluation.cases.jsonl", "evaluation.csv", "evaluation.json", "report.html"]
    rows = list(csv.DictReader(io.StringIO((tmp_path / "out" / "evaluation.csv").read_text("utf-8"))))
    assert [(row["case_id"], row["model"]) for row in rows[:10:5]] == [("P00", "A"), ("P00", "B")]
    assert json.loads((tmp_path / "out" / "evaluation.json").read_text("utf-8"))["models"] == ["A", "B"]
    assert "Segmentation results of A and B" in (tmp_path / "out" / "report.html").read_text("utf-8")


def test_models_need_names_of_their_own(tmp_path: Path) -> None:
    references, predictions = _cohort(tmp_path, 2)
    with pytest.raises(BrainsegError, match="two models are named p"):
        _run(references, predictions, "--prediction", predictions)


def test_numbers_that_nobody_knows_are_said_and_make_the_exit_code_two(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    references, predictions = _cohort(tmp_path, 2)
    _mask(predictions / "P01_pred.nii.gz", [9, *PREDICTION[1:]])
    assert _run(references, predictions, "--scheme", "brats2020") == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("brainseg: P01 (p): 0.001 ml carry numbers that the label scheme does not know")


@pytest.mark.parametrize("words", [("--processes", "0"), ("--processes", "many")])
def test_a_wrong_number_of_processes_is_refused(pair: tuple[Path, Path], words: tuple[str, str]) -> None:
    with pytest.raises(SystemExit):
        _run(*pair, *words)

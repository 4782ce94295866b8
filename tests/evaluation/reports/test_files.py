"""CSV and JSON of a report: the columns, the way there and back, and what a spreadsheet must not run."""

from __future__ import annotations

import csv
import io
import json
import math
from dataclasses import replace
from pathlib import Path

import pytest

from brainseg_gui.errors import BrainsegError
from brainseg_gui.evaluation.cohorts.score import score_pair
from brainseg_gui.evaluation.masks import ChosenSchemes
from brainseg_gui.evaluation.metrics.rules import rules_named
from brainseg_gui.evaluation.records.from_json import case_of
from brainseg_gui.evaluation.records.measures import MEASURES
from brainseg_gui.evaluation.records.pair import Pair, Unpaired
from brainseg_gui.evaluation.records.report import CohortReport
from brainseg_gui.evaluation.reports.files import CSV_COLUMNS, as_csv, as_json, read_json
from brainseg_gui.imaging.labelling.known_schemes import scheme_named
from brainseg_gui.storage.chosen_file import write_text
from tests.evaluation.cohort_files import PREDICTION, REFERENCE, write_mask

RULES = rules_named("brats2020")
SCHEMES = ChosenSchemes(scheme_named("brats2020"), scheme_named("brats2020"))


@pytest.fixture
def report(tmp_path: Path) -> CohortReport:
    pair = Pair("A", write_mask(tmp_path / "r.nii", REFERENCE), write_mask(tmp_path / "p.nii", PREDICTION), tmp_path)
    empty = Pair("B", write_mask(tmp_path / "e.nii", [0] * 10), write_mask(tmp_path / "q.nii", [0, 2, 2, *[0] * 7]))
    cases = tuple(score_pair(each, SCHEMES, RULES, "m") for each in (pair, empty))
    bad = (Unpaired("C", tmp_path / "c.nii", "it has no prediction", "m"),)
    return CohortReport(cases, ("m",), RULES, bad, bad, "2025-01-31 12:00", {"brainseg": "1"})


def test_the_columns_are_the_documented_ones() -> None:
    documented = [
        *("case_id", "model", "region", "dice", "sensitivity", "precision", "iou", "hd95_mm", "nsd_1mm", "nsd_2mm"),
        *("lesion_dice", "lesion_hd95_mm", "lesions_found", "lesions_missed", "lesions_false"),
        *("reference_ml", "prediction_ml", "difference_ml"),
        *("reference_scheme", "prediction_scheme", "rules", "reference", "prediction", "patient"),
    ]
    added = [column for column in CSV_COLUMNS if column not in documented]
    assert [column for column in CSV_COLUMNS if column not in added] == documented
    assert set(added) <= set(MEASURES)  # what comes besides are measures, between the first columns and the last
    assert (CSV_COLUMNS[:3], CSV_COLUMNS[-6:]) == (tuple(documented[:3]), tuple(documented[-6:]))


def test_csv_has_the_numbers_of_each_region(report: CohortReport) -> None:
    rows = list(csv.DictReader(io.StringIO(as_csv(report))))
    assert [(row["case_id"], row["region"]) for row in rows[:5]] == [
        ("A", key) for key in ("WT", "TC", "ET", "NCR", "ED")
    ]
    assert float(rows[0]["dice"]) == pytest.approx(10 / 13)
    assert float(rows[0]["difference_ml"]) == pytest.approx(-0.001)
    assert (rows[0]["rules"], rows[0]["model"]) == ("BraTS 2020", "m")
    empty = next(row for row in rows if row["case_id"] == "B")
    assert (empty["sensitivity"], empty["hd95_mm"]) == ("", "373.13")


def test_json_comes_back_as_it_went(report: CohortReport, tmp_path: Path) -> None:
    path = tmp_path / "o.json"
    write_text(path, as_json(report))
    back = read_json(path)
    assert as_json(back) == as_json(report)
    assert back.cases[0].worst == report.cases[0].worst
    assert back.cases[0].images == tmp_path
    assert math.isnan(back.cases[1].number("WT", "sensitivity"))
    assert (back.rules, back.unpaired, back.made) == (RULES, report.unpaired, report.made)


def test_the_worst_place_is_the_piece_that_costs_most(report: CohortReport) -> None:
    worst = report.cases[0].worst
    assert worst is not None
    # ET: one voxel of two missed and one false, Dice ½; with the missed one found it is 2·2/5 = .8
    assert (worst.region, worst.kind) == ("ET", "missed rim")
    assert worst.cost == pytest.approx(0.3)
    assert report.cases[0].reference.exists()
    everything = report.cases[1].worst
    assert everything is not None
    assert everything.cost == 1.0  # without the false lesion both masks are empty


@pytest.mark.parametrize("text", ["=1+1", "+cmd", "-2", "@SUM(A1)", "\tx", "\rx", "\nx", "  =1+1"])
def test_no_text_is_a_formula(report: CohortReport, text: str) -> None:
    case = replace(report.cases[0], case_id=text, model=text, reference=Path(text))
    rows = list(csv.DictReader(io.StringIO(as_csv(replace(report, cases=(case,))), newline="")))
    assert {row[name] for row in rows for name in ("case_id", "model", "reference")} == {f"'{text}".replace("\r", " ")}


def test_names_that_are_no_text_are_written_with_escapes(report: CohortReport, tmp_path: Path) -> None:
    case = replace(report.cases[0], case_id="caf\udce9")
    write_text(tmp_path / "o.json", as_json(replace(report, cases=(case,))))
    assert read_json(tmp_path / "o.json").cases[0].case_id == "caf\udce9"
    write_text(tmp_path / "o.csv", as_csv(replace(report, cases=(case,))))
    assert "caf\\udce9" in (tmp_path / "o.csv").read_text("utf-8")


@pytest.mark.parametrize("text", ["no json", "[]", "{}", '{"format": "brainseg evaluation 9"}', '"x"', "null"])
def test_other_files_are_refused_with_a_sentence(tmp_path: Path, text: str) -> None:
    (tmp_path / "x.json").write_text(text)
    with pytest.raises(BrainsegError, match=r"it is no (JSON file|result of brainseg evaluate)"):
        read_json(tmp_path / "x.json")
    with pytest.raises(BrainsegError, match="cannot be read"):
        read_json(tmp_path / "missing.json")


def test_results_of_a_time_without_a_measure_open_all_the_same(report: CohortReport, tmp_path: Path) -> None:
    content = json.loads(as_json(report))
    for region in content["cases"][0]["regions"].values():
        del region["iou"]
    write_text(tmp_path / "older.json", json.dumps(content))
    older, newer = read_json(tmp_path / "older.json").cases
    assert math.isnan(older.number("WT", "iou"))
    assert (older.number("WT", "dice"), newer.number("WT", "iou")) == (pytest.approx(10 / 13), 0.0)
    with pytest.raises(KeyError, match="iou"):  # what is half done is scored again
        case_of(content["cases"][0])


def test_a_damaged_result_is_refused(report: CohortReport, tmp_path: Path) -> None:
    content = json.loads(as_json(report))
    del content["cases"][0]["regions"]["WT"]["dice"]
    (tmp_path / "x.json").write_text(json.dumps(content))
    with pytest.raises(BrainsegError, match="no result"):
        read_json(tmp_path / "x.json")

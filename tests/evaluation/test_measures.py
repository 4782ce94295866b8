"""One record per measure: what it computes, and that every table and file reads it."""

from __future__ import annotations

import math
import tomllib
from importlib.resources import files
from pathlib import Path

import pytest

from brainseg_gui.evaluation.metrics.comparison import RegionScore
from brainseg_gui.evaluation.metrics.lesions import Lesion, LesionScore
from brainseg_gui.evaluation.metrics.overlap import Counts
from brainseg_gui.evaluation.records import measures, to_json
from brainseg_gui.evaluation.records.measure import Better, Measure, MeasureOutlet
from brainseg_gui.evaluation.records.measures import MEASURES, measures_shown
from brainseg_gui.evaluation.records.report import CaseReport, RegionEntry
from brainseg_gui.evaluation.reports.case_tables import region_table
from brainseg_gui.evaluation.reports.files import CSV_COLUMNS
from brainseg_gui.imaging.labels import regions

WT = regions()[0]
# 6 voxels in both, 2 only in the reference, 4 only in the prediction
BARE = RegionScore(WT, Counts(6, 2, 4), 0.8, 1.0)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("dice", 12 / 18),
        ("sensitivity", 6 / 8),
        ("precision", 6 / 10),
        ("iou", 6 / 12),
        ("reference_ml", 0.8),
        ("prediction_ml", 1.0),
        ("difference_ml", 0.2),
    ],
)
def test_a_record_computes_its_measure(key: str, value: float) -> None:
    assert MEASURES[key].value(BARE) == pytest.approx(value)


@pytest.mark.parametrize("key", ["hd95_mm", "nsd_1mm", "nsd_2mm", "lesion_dice", "lesion_hd95_mm", "lesions_found"])
def test_what_was_not_measured_is_not_a_number(key: str) -> None:
    assert math.isnan(MEASURES[key].value(BARE))
    assert MEASURES[key].text(math.nan) == MEASURES[key].list_text(math.nan) == ""


def test_distances_surfaces_and_lesions_come_from_their_own_scores() -> None:
    # one lesion of 100 voxels, found with Dice .75 at 3 mm; two false ones count 0 and 300 mm: .75 / 3 and 603 / 3
    lesions = LesionScore((Lesion(100, True, 0.75, 3.0),), (12, 3), 1, missing_mm=300.0)
    row = RegionScore(WT, Counts(6, 2, 4), 0.8, 1.0, 3.5, (0.5, 0.75), lesions)
    found = {key: MEASURES[key].value(row) for key in ("hd95_mm", "nsd_1mm", "nsd_2mm", "lesion_dice")}
    assert found == {"hd95_mm": 3.5, "nsd_1mm": 0.5, "nsd_2mm": 0.75, "lesion_dice": 0.25}
    assert (MEASURES["lesion_hd95_mm"].value(row), MEASURES["lesions_false"].value(row)) == (201.0, 2)


def test_every_measure_has_a_definition_and_a_column() -> None:
    text = files("brainseg_gui.resources").joinpath("report", "definitions.toml").read_text("utf-8")
    terms = {entry["term"] for entry in tomllib.loads(text)["case"]}
    assert {measure.term for measure in MEASURES.values()} <= terms
    assert [column for column in CSV_COLUMNS if column in MEASURES] == list(MEASURES)
    assert all(measure.tip and measure.title and measure.column for measure in MEASURES.values())


@pytest.mark.parametrize("measure", MEASURES.values(), ids=list(MEASURES))
def test_only_distances_and_faults_are_better_when_lower(measure: Measure) -> None:
    lower = measure.unit == "mm" or measure.key.endswith(("missed", "false"))
    assert (measure.better is Better.LOWER) == lower
    assert (measure.better is Better.NEITHER) == (measure.unit == "ml")


def test_a_new_record_reaches_the_files(monkeypatch: pytest.MonkeyPatch) -> None:
    kappa = Measure(
        key="kappa",
        title="Kappa",
        tip="Agreement",
        term="Dice",
        value=lambda row: row.dice / 2,
        shown=MeasureOutlet.CASE,
    )
    for module in (measures, to_json):
        monkeypatch.setattr(module, "MEASURES", {**MEASURES, "kappa": kappa})
    entry = RegionEntry("WT", "whole tumour", {key: m.value(BARE) for key, m in measures.MEASURES.items()})
    assert to_json.region_numbers(entry)["kappa"] == pytest.approx(1 / 3)
    case = CaseReport("m", "c", Path("r"), Path("p"), None, "", "", "", "", "", 0.1, (entry,), {})
    assert region_table(case).heads[-1] == "Kappa"
    assert region_table(case).rows[0][-1] == "0.333"


@pytest.mark.parametrize(
    ("outlet", "keys"),
    [
        (MeasureOutlet.MODELS, ["dice", "hd95_mm", "lesion_dice"]),
        (MeasureOutlet.LISTS, ["dice", "hd95_mm", "lesion_dice", "reference_ml", "prediction_ml"]),
    ],
)
def test_no_table_loses_a_measure_that_it_showed(outlet: MeasureOutlet, keys: list[str]) -> None:
    assert [measure.key for measure in measures_shown(outlet) if measure.key in keys] == keys

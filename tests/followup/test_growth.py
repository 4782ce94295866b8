"""Growth of a patient's regions, worked out by hand from the radii of four balls, and in what is written of it."""

from __future__ import annotations

import csv
import io
import math
from pathlib import Path

import pytest

from brainseg_gui.followup.criteria import criteria_named
from brainseg_gui.followup.documents.csv_table import as_csv
from brainseg_gui.followup.documents.growth import growth_of, overall_rates
from brainseg_gui.followup.documents.page import follow_up_page
from brainseg_gui.followup.documents.tables import definition_lines, growth_table
from brainseg_gui.followup.edits import BaselineChosen
from brainseg_gui.followup.measure import FollowUpRequest, measure_patient
from brainseg_gui.followup.record import FollowUp
from brainseg_gui.followup.visits import time_line_of
from brainseg_gui.progress import run_to_end


@pytest.fixture(scope="module")
def record(patient_folder: Path) -> FollowUp:
    return run_to_end(measure_patient(time_line_of(patient_folder), FollowUpRequest(criteria_named("rano2"))))


def test_growth_from_visit_to_visit(record: FollowUp) -> None:
    core = [one for one in growth_of(record) if one.region == "TC"]
    assert [(one.since, one.visit) for one in core] == [(0, 1), (1, 2), (2, 3)]
    # balls of radius 12 and 8 mm, 64 days apart: ln(8³ / 12³) / 64 = -1.90 % a day, halved in 36.5 days;
    # 16 mm instead of 24 mm across, of balls of radius ∛(3 V / 4π) and D = ∛(2 V): by ∛(π / 6 · 2) = 1.016 more
    assert core[0].rate.value == pytest.approx(-1.90, rel=0.02)
    assert core[0].doubling.value == pytest.approx(-36.5, rel=0.02)
    assert core[0].diametric.value == pytest.approx(-8 * 1.016 * 365.25 / 64, rel=0.02)


def test_the_line_through_all_visits_begins_with_the_baseline(record: FollowUp) -> None:
    rates = overall_rates(record)
    assert rates["TC"].low < rates["TC"].value < rates["TC"].high
    later = overall_rates(record.with_edit(BaselineChosen(1)))
    assert later["TC"].value > max(rates["TC"].value, 0)  # it grows from the second visit on
    assert overall_rates(record.with_edit(BaselineChosen(2))) == {}


def test_table_page_and_csv_hold_growth(record: FollowUp) -> None:
    table = growth_table(record)
    assert len(table.rows) == 4 * 3 + 3
    assert table.rows[0][4:] == ("", "", "")
    assert table.rows[4][:2] == ("visit2_2021-03-15", "TC")
    assert table.rows[4][5] == f"halves in {-growth_of(record)[1].doubling.value:.0f}"
    rates = overall_rates(record)
    told = [rates[row[1]].low * rates[row[1]].high > 0 for row in table.rows[-3:]]
    assert [bool(row[5]) for row in table.rows[-3:]] == told  # 1,500 days of a rate that may be none say nothing
    assert table.rows[-1][0] == "all, fitted"
    assert "Volumes and growth" in follow_up_page(record)
    assert any("Mehrara" in line for line in definition_lines(record))
    rows = list(csv.DictReader(io.StringIO(as_csv(record))))
    assert rows[0]["TC_percent_a_day"] == ""
    assert float(rows[1]["TC_percent_a_day"]) == pytest.approx(growth_of(record)[1].rate.value, rel=1e-5)
    assert float(rows[1]["TC_ml_low"]) < float(rows[1]["TC_ml"]) < float(rows[1]["TC_ml_high"])
    assert all(math.isfinite(float(row["WT_mm_a_year"])) for row in rows[1:])

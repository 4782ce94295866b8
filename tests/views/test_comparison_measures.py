"""The table of the two compared layers reads the records of the measures."""

from __future__ import annotations

import math
from itertools import groupby

from brainseg_gui.evaluation.metrics.comparison import RegionScore
from brainseg_gui.evaluation.metrics.lesions import Lesion, LesionScore
from brainseg_gui.evaluation.metrics.overlap import Counts
from brainseg_gui.evaluation.records.measure import MeasureOutlet
from brainseg_gui.evaluation.records.measures import MEASURES, measures_shown
from brainseg_gui.imaging.labels import regions
from brainseg_gui.views.comparing import score_table

WT = regions()[0]
# one lesion, found with Dice .75 at 3 mm; two false ones count 0 and 300 mm: .75 / 3 and 603 / 3
LESIONS = LesionScore((Lesion(100, True, 0.75, 3.0),), (12, 3), 1, missing_mm=300.0)


def test_the_columns_are_those_of_the_records() -> None:
    shown = measures_shown(MeasureOutlet.WINDOW)
    assert sorted(score_table.COLUMNS[1:-2]) == sorted(measure.short_column for measure in shown)
    known = ("Region", "Dice", "HD95", "Ref.", "Pred.", "Missed", "False")
    assert tuple(column for column in score_table.COLUMNS if column in known) == known
    tips = dict(zip(score_table.COLUMNS, score_table.TIPS, strict=True))
    assert all(tips[measure.short_column] == measure.tip for measure in shown)


def test_a_row_tells_every_measure() -> None:
    score = RegionScore(WT, Counts(6, 2, 4), 0.8, 1.0, 3.5, (0.5, 0.75), LESIONS)
    title, *lines = score_table.row_tip(score).split("\n")
    assert title == WT.title
    assert lines[:-1] == [
        ", ".join(measure.sentence(measure.value(score)) for measure in of_term)
        for _, of_term in groupby(MEASURES.values(), lambda measure: measure.term)
    ]
    assert {
        "Dice 0.667",
        "Sensitivity 0.750, Precision 0.600",
        "IoU 0.500",
        "HD95 3.50 mm",
        "NSD at 1 mm 0.500, NSD at 2 mm 0.750",
        "Lesion-wise Dice 0.250, Lesion-wise HD95 201.00 mm, Lesions found 1, Lesions missed 0, False lesions 2",
        "Reference 0.80 ml, Prediction 1.00 ml, Difference 0.20 ml",
    } <= set(lines)


def test_a_penalty_is_told_and_what_is_not_defined_is_a_dash() -> None:
    score = RegionScore(WT, Counts(0, 0, 4), 0.0, 1.0, 374.0, (0.0, 0.0), LESIONS)
    assert math.isnan(MEASURES["sensitivity"].value(score))
    title, *lines = score_table.row_tip(score).split("\n")
    assert title == f"{WT.title}: empty in the reference; HD95 is the penalty that the rules set, no distance"
    assert "Sensitivity –, Precision 0.000" in lines

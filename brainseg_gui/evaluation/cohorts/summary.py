"""A number of a model over the cases of a report, with an interval that knows whose the cases are."""

from __future__ import annotations

from brainseg_gui.evaluation.cohorts.statistics import CohortSummary, summarise
from brainseg_gui.evaluation.records.report import CohortReport


def summary_of(report: CohortReport, model: str, region: str, name: str) -> CohortSummary:
    """Summary of a number, by its key in `MEASURES`, of a region of a model's masks."""
    return summarise(report.values(model, region, name), patients=report.patients(model))

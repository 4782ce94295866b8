"""A report as JSON and as CSV, reading it back, and files that are written whole or not at all."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from brainseg_gui.errors import BrainsegError
from brainseg_gui.evaluation.cohorts.statistics import CohortSummary
from brainseg_gui.evaluation.cohorts.summary import summary_of
from brainseg_gui.evaluation.records.from_json import report_of
from brainseg_gui.evaluation.records.measure import MeasureOutlet
from brainseg_gui.evaluation.records.measures import MEASURES, measures_shown
from brainseg_gui.evaluation.records.pair import Unpaired
from brainseg_gui.evaluation.records.report import REGION_KEYS, CohortReport
from brainseg_gui.evaluation.records.to_json import case_entry, or_none, region_numbers
from brainseg_gui.plain_files import read_json as json_file
from brainseg_gui.storage.cells import to_cell

FORMAT = "brainseg evaluation 1"
_LARGEST_BYTES = 2**26
CSV_COLUMNS = (
    "case_id",
    "model",
    "region",
    *MEASURES,
    "reference_scheme",
    "prediction_scheme",
    "rules",
    "reference",
    "prediction",
    "patient",
)


def as_json(report: CohortReport) -> str:
    """The report as JSON; ratios that are not defined are null."""
    content = {
        "format": FORMAT,
        "made": report.made,
        "versions": dict(report.versions),
        "rules": asdict(report.rules),
        "models": list(report.models),
        "cases": [case_entry(case) for case in report.cases],
        "mean_dice": _mean_dice(report),
        "summary": {model: _summary(report, model) for model in report.models},
        "unpaired": [_unscored_entry(entry) for entry in report.unpaired],
        "failed": [_unscored_entry(entry) for entry in report.failed],
    }
    return json.dumps(content, indent=2, allow_nan=False) + "\n"


def _mean_dice(report: CohortReport) -> dict[str, dict[str, float]] | None:
    """Mean Dice of WT, TC and ET by model; None when no model has cases enough for a headline."""
    means = {
        model: {key: summary_of(report, model, key, "dice").mean for key in REGION_KEYS}
        for model in report.models
        if report.has_headline(model)
    }
    return means or None


def _summary(report: CohortReport, model: str) -> dict[str, dict[str, dict[str, Any]]]:
    summarised = [measure.key for measure in measures_shown(MeasureOutlet.SUMMARY_FILE)]
    return {
        key: {name: _summary_entry(summary_of(report, model, key, name)) for name in summarised} for key in REGION_KEYS
    }


def _summary_entry(summary: CohortSummary) -> dict[str, Any]:
    numbers = {name: or_none(value) for name, value in asdict(summary).items() if name != "interval"}
    return numbers | {"interval": [or_none(end) for end in summary.interval]}


def _unscored_entry(entry: Unpaired) -> dict[str, str]:
    return {"case_id": entry.case_id, "model": entry.model, "path": str(entry.path), "reason": entry.reason}


def read_json(path: Path) -> CohortReport:
    """Read a report that `as_json` wrote.

    Raises
    ------
    BrainsegError
        If it cannot be read, or is something else.
    """
    try:
        content = json_file(path, _LARGEST_BYTES)
    except OSError as error:
        raise BrainsegError(f"it cannot be read ({error.strerror})", "Choose another file", path) from error
    except ValueError as error:
        raise BrainsegError("it is no JSON file", "Choose a result of brainseg evaluate --json", path) from error
    try:
        if content["format"] != FORMAT:
            raise ValueError(content["format"])
        return report_of(content)
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise BrainsegError(
            "it is no result of brainseg evaluate", "Choose a file that brainseg evaluate --json wrote", path
        ) from error


def as_csv(report: CohortReport) -> str:
    """The report as CSV, one row per case, model and region, with the columns of `CSV_COLUMNS`.

    Ratios that are not defined are left empty. Text that a spreadsheet would take for a formula gets a leading
    apostrophe.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(CSV_COLUMNS)
    for case in report.cases:
        schemes, masks = (case.reference_scheme, case.prediction_scheme), (case.reference, case.prediction)
        ends = (*schemes, case.rules, *map(str, masks), case.whose)
        for entry in case.regions:
            numbers = ["" if value is None else repr(value) for value in region_numbers(entry).values()]
            names = (case.case_id, case.model, entry.key)
            writer.writerow([*map(harmless, names), *numbers, *map(harmless, ends)])
    return text.getvalue()


def harmless(text: str) -> str:
    """A text for a cell of a table, that no spreadsheet takes for a formula or for more than one row."""
    return to_cell(text).replace("\r", " ")  # the csv module leaves it bare, and a spreadsheet begins a new row

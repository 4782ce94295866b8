"""A report as JSON and as CSV, and files that are written whole or not at all."""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from brainseg_gui.errors import SaveError
from brainseg_gui.evaluation.comparison import RegionScore
from brainseg_gui.evaluation.pairing import Unpaired
from brainseg_gui.evaluation.pooled import Pooled
from brainseg_gui.evaluation.report import CaseReport, CohortReport

DISTANCE_COLUMNS = (
    "hd95_mm",
    "nsd_1mm",
    "nsd_2mm",
    "lesion_dice",
    "lesion_hd95_mm",
    "lesions_found",
    "lesions_missed",
    "lesions_false",
)
CSV_COLUMNS = (
    "case_id",
    "region",
    "dice",
    "sensitivity",
    "precision",
    "iou",
    *DISTANCE_COLUMNS,
    "reference_ml",
    "prediction_ml",
    "reference_scheme",
    "prediction_scheme",
    "reference",
    "prediction",
)


def as_json(report: CohortReport) -> str:
    """The report as JSON; ratios that are not defined are null."""
    content = {
        "cases": [_case_entry(case) for case in report.cases],
        "mean_dice": report.mean_dice,
        "unpaired": [_unscored_entry(entry) for entry in report.unpaired],
        "failed": [_unscored_entry(entry) for entry in report.failed],
    }
    return json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def _case_entry(case: CaseReport) -> dict[str, Any]:
    return {
        "case_id": case.pair.case_id,
        "reference": str(case.pair.reference),
        "prediction": str(case.pair.prediction),
        "reference_scheme": case.reference_scheme,
        "prediction_scheme": case.prediction_scheme,
        "rules": case.comparison.rules.name if case.comparison.rules is not None else None,
        "reference_note": case.reference_note,
        "prediction_note": case.prediction_note,
        "regions": {row.region.key: _row_entry(row) for row in case.comparison.rows},
        "pooled": {extent.value: _pooled_entry(score) for extent, score in case.pooled.items()},
    }


def _row_entry(row: RegionScore) -> dict[str, Any]:
    return {"title": row.region.title} | {name: _or_none(value) for name, value in _numbers(row).items()}


def _numbers(row: RegionScore) -> dict[str, float]:
    """The numbers of a row under the names that JSON and CSV share."""
    return {
        "dice": row.dice,
        "sensitivity": row.counts.sensitivity,
        "precision": row.counts.precision,
        "iou": row.counts.iou,
        **_distance_numbers(row),
        "reference_ml": row.reference_ml,
        "prediction_ml": row.prediction_ml,
    }


def _distance_numbers(row: RegionScore) -> dict[str, float]:
    if row.hausdorff95_mm is None or row.surface_dice is None or row.lesions is None:
        return dict.fromkeys(DISTANCE_COLUMNS, math.nan)
    lesions = row.lesions
    counts = (lesions.found, lesions.missed, len(lesions.false_voxels))
    numbers = (row.hausdorff95_mm, *row.surface_dice, lesions.dice, lesions.hausdorff95_mm, *counts)
    return dict(zip(DISTANCE_COLUMNS, numbers, strict=True))


def _or_none(value: float) -> float | None:
    return None if math.isnan(value) else value


def _pooled_entry(score: Pooled) -> dict[str, Any]:
    return asdict(score.prediction) | {"all_background": asdict(score.all_background)}


def _unscored_entry(entry: Unpaired) -> dict[str, str]:
    return {"case_id": entry.case_id, "path": str(entry.path), "reason": entry.reason}


def as_csv(report: CohortReport) -> str:
    """The report as CSV, one row per case and region, with the columns of `CSV_COLUMNS`.

    Ratios that are not defined are left empty. Text that a spreadsheet would take for a formula gets a leading
    apostrophe.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(CSV_COLUMNS)
    for case in report.cases:
        ends = (case.reference_scheme, case.prediction_scheme, case.pair.reference, case.pair.prediction)
        for row in case.comparison.rows:
            numbers = ["" if math.isnan(value) else repr(value) for value in _numbers(row).values()]
            names = [_harmless(case.pair.case_id), _harmless(row.region.key)]
            writer.writerow([*names, *numbers, *(_harmless(str(end)) for end in ends)])
    return text.getvalue()


def _harmless(text: str) -> str:
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text


def write_file(path: Path, write: Callable[[Path], None]) -> None:
    """Write a file without ever leaving half of it: beside `path` first, then renamed over it.

    Raises
    ------
    SaveError
        If it could not be written. The file that was there is untouched.
    """
    from brainseg_gui.imaging.save import replace_verified

    try:
        replace_verified(path, write, lambda _: None)
    except OSError as error:
        reason = error.strerror or str(error)
        raise SaveError(f"it was not written ({reason})", "Choose another file or folder", path) from error

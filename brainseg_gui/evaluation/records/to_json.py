"""Scored cases as JSON objects; `from_json` reads them back."""

from __future__ import annotations

import math
from dataclasses import asdict
from typing import Any

from brainseg_gui.evaluation.records.measures import MEASURES
from brainseg_gui.evaluation.records.report import CaseReport, RegionEntry, WorstPoint
from brainseg_gui.imaging.numbering import number_of


def case_entry(case: CaseReport) -> dict[str, Any]:
    """One case as a JSON object."""
    return {
        "case_id": case.case_id,
        "patient": case.patient,
        "model": case.model,
        "reference": str(case.reference),
        "prediction": str(case.prediction),
        "images": str(case.images) if case.images is not None else None,
        "reference_scheme": case.reference_scheme,
        "prediction_scheme": case.prediction_scheme,
        "rules": case.rules,
        "reference_note": case.reference_note,
        "prediction_note": case.prediction_note,
        "voxel_ml": case.voxel_ml,
        "regions": {entry.key: {"title": entry.title} | region_numbers(entry) for entry in case.regions},
        "lesions": {entry.key: _lesions_entry(entry) for entry in case.regions},
        "pooled": case.pooled,
        "worst": _worst_entry(case.worst) if case.worst is not None else None,
        "seconds": round(case.seconds, 3),
        "doubts": list(case.doubts),
        "suggested": case.suggested,
        "stated": case.stated,
        "labels": list(case.labels),
    }


def _worst_entry(worst: WorstPoint) -> dict[str, Any]:
    """The voxel as people number it."""
    entry = asdict(worst)
    return {"voxel": [number_of(n) for n in entry.pop("voxel_ijk")]} | entry


def region_numbers(entry: RegionEntry) -> dict[str, float | None]:
    """Every measure of a region by key; None where it is not defined."""
    return {name: or_none(entry[name]) for name in MEASURES}


def _lesions_entry(entry: RegionEntry) -> dict[str, Any]:
    sizes = {str(size): count for size, count in entry.false_sizes.items()}
    return {"found": [asdict(lesion) for lesion in entry.lesions], "false_sizes": sizes, "left_out": entry.left_out}


def or_none(value: float) -> float | None:
    """A number as JSON can hold it."""
    return None if math.isnan(value) else value

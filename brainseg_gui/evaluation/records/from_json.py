"""A report out of the JSON that it was written as. The file may come from anywhere: every value is looked at."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from brainseg_gui.evaluation.metrics.rules import RuleSet
from brainseg_gui.evaluation.records.measures import MEASURES, Measure
from brainseg_gui.evaluation.records.pair import Unpaired
from brainseg_gui.evaluation.records.report import (
    CaseReport,
    CohortReport,
    LesionEntry,
    RegionEntry,
    WorstPoint,
)
from brainseg_gui.imaging.numbering import index_of

_LARGEST = 1e12  # of any number in a report: voxels, ml, mm, seconds
_LONGEST = 4000
_POOLED = ("dice_coeff", "iou", "mean_iou")


def report_of(content: Mapping[str, Any]) -> CohortReport:
    """The report that `reports.files.as_json` made a JSON object of.

    Raises
    ------
    KeyError, TypeError, ValueError, AttributeError
        If it is not such an object.
    """
    models = tuple(_text(name) for name in content["models"])
    cases = tuple(case_of(entry) for entry in content["cases"])
    if not {case.model for case in cases} <= set(models):
        raise ValueError("a case of a model that is not named")
    return CohortReport(
        cases=cases,
        models=models,
        rules=_rules_of(content["rules"]),
        unpaired=tuple(_unscored_of(entry) for entry in content["unpaired"]),
        failed=tuple(_unscored_of(entry) for entry in content["failed"]),
        made=_text(content["made"]),
        versions={_text(name): _text(version) for name, version in content["versions"].items()},
    )


def case_of(entry: Mapping[str, Any]) -> CaseReport:
    """The case that `to_json.case_entry` made a JSON object of.

    Raises
    ------
    KeyError, TypeError, ValueError, AttributeError
        If it is not such an object.
    """
    return CaseReport(
        model=_text(entry["model"]),
        case_id=_text(entry["case_id"]),
        reference=_path(entry["reference"]),
        prediction=_path(entry["prediction"]),
        reference_scheme=_text(entry["reference_scheme"]),
        prediction_scheme=_text(entry["prediction_scheme"]),
        reference_note=_text(entry["reference_note"]),
        prediction_note=_text(entry["prediction_note"]),
        rules=_text(entry["rules"]),
        images=_path(entry["images"]) if entry["images"] is not None else None,
        voxel_ml=_number(entry["voxel_ml"]),
        regions=tuple(_region_of(key, entry) for key in entry["regions"]),
        pooled=_pooled_by_extent(entry["pooled"]),
        worst=_worst_of(entry["worst"]) if entry["worst"] is not None else None,
        seconds=_number(entry["seconds"]),
        doubts=tuple(_text(doubt) for doubt in entry.get("doubts", ())),
        suggested=_text(entry.get("suggested", "")),
        stated=entry.get("stated", False) is True,
        labels=tuple(_whole(value) for value in entry.get("labels", ())),
    )


def _rules_of(entry: Mapping[str, Any]) -> RuleSet:
    names = (_text(entry["name"]), _text(entry["title"]))
    whole = (_whole(entry["lesion_dilation"]), _whole(entry["lesion_smallest_voxels"]))
    return RuleSet(*names, _number(entry["missing_mm"]), *whole)


def _region_of(key: str, case: Mapping[str, Any]) -> RegionEntry:
    numbers, lesions = case["regions"][key], case["lesions"][key]
    return RegionEntry(
        key=_text(key),
        title=_text(numbers["title"]),
        numbers={key: _region_number(measure, numbers[key]) for key, measure in MEASURES.items()},
        lesions=tuple(_lesion_of(lesion) for lesion in lesions["found"]),
        false_sizes={int(size): _whole(count) for size, count in lesions["false_sizes"].items()},
        left_out=_whole(lesions["left_out"]),
    )


def _region_number(measure: Measure, value: Any) -> float:
    if value is None:
        return math.nan
    if _number(value) < 0 and not measure.signed:
        raise ValueError("a measure is below zero")
    return _number(value)


def _lesion_of(entry: Mapping[str, Any]) -> LesionEntry:
    if not isinstance(entry["found"], bool):
        raise TypeError("found is neither true nor false")
    return LesionEntry(_whole(entry["voxels"]), entry["found"], _number(entry["dice"]), _number(entry["hd95_mm"]))


def _pooled_by_extent(pooled: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    if pooled and "whole_volume" not in pooled:
        raise KeyError("whole_volume")
    return {_text(extent): _pooled_of(scores) for extent, scores in pooled.items()}


def _pooled_of(scores: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {name: _number(scores[name]) for name in _POOLED}
    nothing = scores["all_background"]
    return found | {"all_background": {name: _number(nothing[name]) for name in _POOLED}}


def _worst_of(entry: Mapping[str, Any]) -> WorstPoint:
    i, j, k = (index_of(_whole(number)) for number in entry["voxel"])
    if min(i, j, k) < 0:
        raise ValueError("voxels are counted from 1")
    return WorstPoint(
        (i, j, k), _text(entry["region"]), _text(entry["kind"]), _number(entry["volume_ml"]), _number(entry["cost"])
    )


def _unscored_of(entry: Mapping[str, Any]) -> Unpaired:
    return Unpaired(_text(entry["case_id"]), _path(entry["path"]), _text(entry["reason"]), _text(entry["model"]))


def _text(value: Any) -> str:
    """A text as it is: names come back as they went; whoever shows one makes it printable."""
    if not isinstance(value, str) or len(value) > _LONGEST:
        raise TypeError("it is no text of bearable length")
    return value


def _path(value: Any) -> Path:
    if not isinstance(value, str) or len(value) > _LONGEST or "\0" in value:
        raise TypeError("it is no path")
    os.fsencode(value)  # some texts are the name of no file
    return Path(value)


def _number(value: Any) -> float:
    """A number as it is, whole or not."""
    if not isinstance(value, (int, float)) or isinstance(value, bool) or not abs(value) <= _LARGEST:
        raise TypeError("it is no number of bearable size")
    return value


def _whole(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= _LARGEST:
        raise TypeError("it is no count")
    return value

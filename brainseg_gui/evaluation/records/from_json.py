"""A report out of the JSON that it was written as. The file may come from anywhere: every value is looked at."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from brainseg_gui.evaluation.metrics.rules import RuleSet
from brainseg_gui.evaluation.records.measure import Measure
from brainseg_gui.evaluation.records.measures import MEASURES
from brainseg_gui.evaluation.records.pair import Unpaired
from brainseg_gui.evaluation.records.report import (
    CaseReport,
    CohortReport,
    LesionEntry,
    RegionEntry,
    WorstPoint,
)
from brainseg_gui.imaging.numbering import index_of
from brainseg_gui.plain_values import number_in, path_in, text_in, whole_in

POOLED = ("dice_coeff", "iou", "mean_iou")


def report_of(content: Mapping[str, Any]) -> CohortReport:
    """The report that `reports.files.as_json` made a JSON object of; measures that are newer than the file are NaN.

    Raises
    ------
    KeyError, TypeError, ValueError, AttributeError
        If it is not such an object.
    """
    models = tuple(text_in(name) for name in content["models"])
    cases = tuple(case_of(entry, may_be_older=True) for entry in content["cases"])
    if not {case.model for case in cases} <= set(models):
        raise ValueError("a case of a model that is not named")
    return CohortReport(
        cases=cases,
        models=models,
        rules=_rules_of(content["rules"]),
        unpaired=tuple(_unscored_of(entry) for entry in content["unpaired"]),
        failed=tuple(_unscored_of(entry) for entry in content["failed"]),
        made=text_in(content["made"]),
        versions={text_in(name): text_in(version) for name, version in content["versions"].items()},
    )


def case_of(entry: Mapping[str, Any], *, may_be_older: bool = False) -> CaseReport:
    """The case that `to_json.case_entry` made a JSON object of.

    Parameters
    ----------
    may_be_older
        Measures but the Dice may be missing, since they came after the object was written.

    Raises
    ------
    KeyError, TypeError, ValueError, AttributeError
        If it is not such an object.
    """
    return CaseReport(
        model=text_in(entry["model"]),
        case_id=text_in(entry["case_id"]),
        reference=path_in(entry["reference"]),
        prediction=path_in(entry["prediction"]),
        reference_scheme=text_in(entry["reference_scheme"]),
        prediction_scheme=text_in(entry["prediction_scheme"]),
        reference_note=text_in(entry["reference_note"]),
        prediction_note=text_in(entry["prediction_note"]),
        rules=text_in(entry["rules"]),
        images=path_in(entry["images"]) if entry["images"] is not None else None,
        voxel_ml=number_in(entry["voxel_ml"]),
        regions=tuple(_region_of(key, entry, may_be_older) for key in entry["regions"]),
        pooled=_pooled_by_extent(entry["pooled"]),
        worst=_worst_of(entry["worst"]) if entry["worst"] is not None else None,
        seconds=number_in(entry["seconds"]),
        doubts=tuple(text_in(doubt) for doubt in entry.get("doubts", ())),
        suggested=text_in(entry.get("suggested", "")),
        stated=entry.get("stated", False) is True,
        labels=tuple(whole_in(value) for value in entry.get("labels", ())),
        patient=text_in(entry.get("patient", "")),
    )


def _rules_of(entry: Mapping[str, Any]) -> RuleSet:
    names = (text_in(entry["name"]), text_in(entry["title"]))
    whole = (whole_in(entry["lesion_dilation"]), whole_in(entry["lesion_smallest_voxels"]))
    return RuleSet(*names, number_in(entry["missing_mm"]), *whole)


def _region_of(key: str, case: Mapping[str, Any], may_be_older: bool) -> RegionEntry:
    numbers, lesions = case["regions"][key], case["lesions"][key]
    return RegionEntry(
        key=text_in(key),
        title=text_in(numbers["title"]),
        numbers={name: _region_number(measure, numbers, may_be_older) for name, measure in MEASURES.items()},
        lesions=tuple(_lesion_of(lesion) for lesion in lesions["found"]),
        false_sizes={int(size): whole_in(count) for size, count in lesions["false_sizes"].items()},
        left_out=whole_in(lesions["left_out"]),
    )


def _region_number(measure: Measure, numbers: Mapping[str, Any], may_be_older: bool) -> float:
    may_be_missing = measure.is_plug_in or (may_be_older and measure.key != "dice")
    value = numbers.get(measure.key) if may_be_missing else numbers[measure.key]
    if value is None:
        return math.nan
    if number_in(value) < 0 and not measure.signed:
        raise ValueError("a measure is below zero")
    return number_in(value)


def _lesion_of(entry: Mapping[str, Any]) -> LesionEntry:
    if not isinstance(entry["found"], bool):
        raise TypeError("found is neither true nor false")
    return LesionEntry(whole_in(entry["voxels"]), entry["found"], number_in(entry["dice"]), number_in(entry["hd95_mm"]))


def _pooled_by_extent(pooled: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    if pooled and "whole_volume" not in pooled:
        raise KeyError("whole_volume")
    return {text_in(extent): _pooled_of(scores) for extent, scores in pooled.items()}


def _pooled_of(scores: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {name: number_in(scores[name]) for name in POOLED}
    nothing = scores["all_background"]
    return found | {"all_background": {name: number_in(nothing[name]) for name in POOLED}}


def _worst_of(entry: Mapping[str, Any]) -> WorstPoint:
    i, j, k = (index_of(whole_in(number)) for number in entry["voxel"])
    if min(i, j, k) < 0:
        raise ValueError("voxels are counted from 1")
    return WorstPoint(
        (i, j, k),
        text_in(entry["region"]),
        text_in(entry["kind"]),
        number_in(entry["volume_ml"]),
        number_in(entry["cost"]),
    )


def _unscored_of(entry: Mapping[str, Any]) -> Unpaired:
    return Unpaired(
        text_in(entry["case_id"]), path_in(entry["path"]), text_in(entry["reason"]), text_in(entry["model"])
    )

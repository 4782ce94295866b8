"""A follow-up as JSON; `from_json` reads it back. Slices and voxels are counted from 1, as people count them."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from typing import Any

from brainseg_gui.anatomy.location import Location
from brainseg_gui.followup.diameters import Line
from brainseg_gui.followup.edits import BaselineChosen, Edit, TargetsChosen, TreatmentNoted, VisitRemark
from brainseg_gui.followup.identity import LesionEvent
from brainseg_gui.followup.lesions import MeasuredLesion
from brainseg_gui.followup.moments import Moment
from brainseg_gui.followup.record import FollowUp, VisitMeasures
from brainseg_gui.followup.response import CAUTION, Assessment
from brainseg_gui.followup.results import VisitResult, results_of
from brainseg_gui.followup.volumes import VolumeRange
from brainseg_gui.imaging.grid import Grid
from brainseg_gui.imaging.numbering import number_of

FORMAT = "brainseg follow-up 1"


def as_json(record: FollowUp) -> str:
    """The follow-up as JSON, with what it comes to; numbers that are not defined are null."""
    content = {
        "format": FORMAT,
        "patient": record.patient,
        "criteria": record.criteria.name,
        "criteria_title": record.criteria.title,
        "source": record.criteria.source,
        "caution": CAUTION,
        "counted": "visits, slices and voxels from 1",
        "unit": record.criteria.unit,
        "versions": dict(record.versions),
        "notes": list(record.notes),
        "visits": [_visit(visit) for visit in record.visits],
        "events": [_event(event) for event in record.events],
        "edits": [edit_entry(edit) for edit in record.edits],
        "targets": list(record.targets),
        "results": [_result(result) for result in results_of(record)],
    }
    return json.dumps(content, indent=2, allow_nan=False) + "\n"


def edit_entry(edit: Edit) -> dict[str, Any]:
    """One change as an object of JSON, as a line of a journal may hold it."""
    if isinstance(edit, TargetsChosen):
        return {"edit": "targets", "lesions": list(edit.lesions)}
    if isinstance(edit, TreatmentNoted):
        return {"edit": "treatment", "day": edit.day.isoformat(), "text": edit.text}
    about = {"visit": number_of(edit.visit)}
    if isinstance(edit, BaselineChosen):
        return {"edit": "baseline"} | about
    if isinstance(edit, VisitRemark):
        return {"edit": "remark"} | about | {"lesion": edit.lesion, "text": edit.text}
    return {"edit": "line"} | about | {"lesion": edit.lesion, "which": edit.which, "line": _line(edit.line)}


def _visit(visit: VisitMeasures) -> dict[str, Any]:
    return {
        "name": visit.name,
        **_moment(visit.moment),
        "mask": str(visit.mask) if visit.mask is not None else None,
        "grid": _grid(visit.grid) if visit.grid is not None else None,
        "volumes_ml": {key: _range(volume) for key, volume in visit.volumes.items()},
        "volumes_by_network_ml": {key: list(ends) for key, ends in visit.by_network.items()},
        "lesions": [_lesion(number, lesion) for number, lesion in visit.lesions.items()],
        "notes": list(visit.notes),
        "to_first": visit.to_first.tolist() if visit.to_first is not None else None,
        "not_evaluable": visit.not_evaluable,
    }


def _moment(moment: Moment) -> dict[str, Any]:
    dates = {"earliest": moment.earliest, "latest": moment.latest}
    since = moment.since_start
    return {
        **{name: day.isoformat() if day is not None else None for name, day in dates.items()},
        "days_since_start": [since.least, since.most] if since is not None else None,
        "stage": moment.stage,
        "numbers": list(moment.numbers),
    }


def _grid(grid: Grid) -> dict[str, Any]:
    return {"shape": list(grid.shape), "affine": grid.affine.tolist()}


def _lesion(number: int, lesion: MeasuredLesion) -> dict[str, Any]:
    cross = lesion.cross
    return {
        "lesion": number,
        "plane": cross.plane.name.lower(),
        "slice": number_of(cross.slice_index),
        "longest": _line(cross.longest),
        "across": _line(cross.across),
        "longest_mm": cross.longest_mm,
        "across_mm": cross.across_mm,
        "slices": lesion.slices,
        "volume_ml": lesion.volume_ml,
        "why_not_measurable": lesion.why_not,
        "location": _location(lesion.location) if lesion.location is not None else None,
    }


def _location(location: Location) -> dict[str, Any]:
    return {
        "side": location.side,
        "left": location.left,
        "lobes": dict(location.lobes),
        "structures": dict(location.structures),
        "outside": location.outside,
        "near_mm": dict(location.near_mm),
    }


def _line(line: Line) -> list[list[float]]:
    return [[index + 1 for index in end] for end in (line.start_ijk, line.end_ijk)]


def _event(event: LesionEvent) -> dict[str, Any]:
    return {
        "visit": number_of(event.visit),
        "change": event.change.value,
        "before": list(event.before),
        "after": list(event.after),
        "words": event.words,
    }


def _result(result: VisitResult) -> dict[str, Any]:
    return {
        "visit": number_of(result.visit),
        "days": [result.days.least, result.days.most] if result.days is not None else None,
        "lesions_summed": list(result.targets),
        "diameters": _assessment(result.diameters),
        "volumes": _assessment(result.volumes) if result.volumes is not None else None,
    }


def _assessment(found: Assessment) -> dict[str, Any]:
    numbers = {
        "sum": found.total,
        "nadir": found.nadir,
        "percent_from_baseline": found.from_baseline,
        "percent_from_nadir": found.from_nadir,
    }
    return {**dict(_defined(numbers)), "category": found.category.value, "reasons": list(found.reasons)}


def _defined(numbers: dict[str, float]) -> Iterator[tuple[str, float | None]]:
    for key, value in numbers.items():
        yield key, value if math.isfinite(value) else None


def _range(volume: VolumeRange) -> list[float | None]:
    return [value if math.isfinite(value) else None for value in (volume.value, volume.low, volume.high)]

"""A follow-up out of the JSON that it was written as. The file may come from anywhere: every value is looked at."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np

from brainseg_gui.anatomy.location import Location
from brainseg_gui.errors import BrainsegError
from brainseg_gui.followup.criteria import Criteria, criteria_named
from brainseg_gui.followup.diameters import Cross, Line, Point
from brainseg_gui.followup.edits import BaselineChosen, Edit, LineMoved, TargetsChosen, TreatmentNoted, VisitRemark
from brainseg_gui.followup.identity import Change, LesionEvent
from brainseg_gui.followup.lesions import MeasuredLesion
from brainseg_gui.followup.moments import Moment, Span
from brainseg_gui.followup.record import FollowUp, VisitMeasures
from brainseg_gui.followup.to_json import FORMAT
from brainseg_gui.followup.volumes import VolumeRange
from brainseg_gui.imaging.grid import Affine, Grid, is_singular
from brainseg_gui.imaging.numbering import index_of
from brainseg_gui.imaging.plane import Plane
from brainseg_gui.plain_files import read_json
from brainseg_gui.plain_values import listed_in, number_in, object_in, path_in, text_in, whole_in

_LARGEST_BYTES = 2**26
_MOST_VISITS, _MOST_LESIONS, _MOST_EDITS, _MOST_NOTES = 1000, 10_000, 100_000, 1000
_LONGEST_AXIS = 10_000
_LARGEST_MM = 1e6


def read_follow_up(path: Path) -> FollowUp:
    """A follow-up that was saved.

    Raises
    ------
    BrainsegError
        If it cannot be read, or is no such file.
    """
    try:
        return follow_up_of(object_in(read_json(path, _LARGEST_BYTES)))
    except OSError as error:
        raise BrainsegError(f"it cannot be read ({error.strerror})", "Choose another file", path) from error
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        what = "it is no follow-up, or it is damaged"
        raise BrainsegError(what, "Choose a file that brainseg follow --json wrote", path) from error


def follow_up_of(content: Mapping[str, Any]) -> FollowUp:
    """The follow-up that `to_json.as_json` made a JSON object of.

    Raises
    ------
    KeyError, TypeError, ValueError, AttributeError
        If it is not such an object.
    """
    if content["format"] != FORMAT:
        raise ValueError("it is of another format")
    criteria = _criteria(content["criteria"])
    visits = tuple(_visit(object_in(entry)) for entry in listed_in(content["visits"], _MOST_VISITS))
    if not visits:
        raise ValueError("it has no visit")
    events = tuple(_event(object_in(entry), len(visits)) for entry in listed_in(content["events"], _MOST_LESIONS))
    versions = {text_in(key): text_in(value) for key, value in object_in(content["versions"]).items()}
    record = FollowUp(text_in(content["patient"]), criteria, visits, events, _notes(content), versions=versions)
    for entry in listed_in(content["edits"], _MOST_EDITS):
        record = record.with_edit(edit_of(object_in(entry)))
    return record


def edit_of(entry: Mapping[str, Any]) -> Edit:
    """The change that `to_json.edit_entry` made an object of.

    Raises
    ------
    KeyError, TypeError, ValueError
        If it is not such an object.
    """
    kind = entry["edit"]
    if kind == "targets":
        return TargetsChosen(_numbers(entry["lesions"]))
    if kind == "treatment":
        return TreatmentNoted(date.fromisoformat(text_in(entry["day"])), text_in(entry["text"]))
    visit = _index(entry["visit"])
    if kind == "baseline":
        return BaselineChosen(visit)
    if kind == "remark":
        lesion = entry["lesion"]
        return VisitRemark(visit, text_in(entry["text"]), whole_in(lesion) if lesion is not None else None)
    if kind != "line" or entry["which"] not in ("longest", "across"):
        raise ValueError("nobody knows this change")
    return LineMoved(visit, whole_in(entry["lesion"]), entry["which"], _line(entry["line"]))


def _criteria(name: Any) -> Criteria:
    try:
        return criteria_named(text_in(name))
    except BrainsegError as error:
        raise ValueError("nobody knows these criteria") from error


def _notes(entry: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(text_in(note) for note in listed_in(entry["notes"], _MOST_NOTES))


def _visit(entry: Mapping[str, Any]) -> VisitMeasures:
    grid = _grid(object_in(entry["grid"])) if entry["grid"] is not None else None
    mask = path_in(entry["mask"]) if entry["mask"] is not None else None
    lesions = [_lesion(object_in(lesion), grid) for lesion in listed_in(entry["lesions"], _MOST_LESIONS)]
    if len(dict(lesions)) < len(lesions) or (mask is None) != (grid is None):
        raise ValueError("a lesion is listed twice, or a mask has no grid")
    volumes = {text_in(key): _range(value) for key, value in object_in(entry["volumes_ml"]).items()}
    seen = object_in(entry.get("volumes_by_network_ml", {}))  # older files have none
    by_network = {text_in(key): _ends(value) for key, value in seen.items()}
    moment = _moment(entry)
    place = entry.get("to_first")
    to_first = _affine(place) if place is not None else None
    measures = (dict(lesions), volumes, by_network, _notes(entry), to_first, text_in(entry.get("not_evaluable", "")))
    return VisitMeasures(text_in(entry["name"]), moment, grid, mask, *measures)


def _moment(entry: Mapping[str, Any]) -> Moment:
    earliest, latest = (_day(entry[key]) for key in ("earliest", "latest"))
    if (earliest is None) != (latest is None) or (earliest is not None and latest is not None and earliest > latest):
        raise ValueError("a date has one end only, or ends before it begins")
    since = entry["days_since_start"]
    stage = entry["stage"]
    if not isinstance(stage, int) or isinstance(stage, bool) or not -1 <= stage < 100:
        raise TypeError("it is no stage")
    return Moment(earliest, latest, _span(since) if since is not None else None, stage, _numbers(entry["numbers"]))


def _day(value: Any) -> date | None:
    return date.fromisoformat(text_in(value)) if value is not None else None


def _span(value: Any) -> Span:
    least, most = (number_in(number) for number in listed_in(value, 2))
    if least > most:
        raise ValueError("a time ends before it begins")
    return Span(least, most)


def _grid(entry: Mapping[str, Any]) -> Grid:
    i, j, k = (whole_in(count) for count in listed_in(entry["shape"], 3))
    if not 0 < min(i, j, k) <= max(i, j, k) <= _LONGEST_AXIS:
        raise ValueError("it is no grid")
    return Grid((i, j, k), _affine(entry["affine"]))


def _affine(value: Any) -> Affine:
    rows = [[_length(number) for number in listed_in(row, 4)] for row in listed_in(value, 4)]
    affine = np.array(rows, dtype=np.float64)
    if affine.shape != (4, 4) or is_singular(affine):
        raise ValueError("it is no affine, or a singular one")
    return affine


def _length(value: Any) -> float:
    if abs(number_in(value)) > _LARGEST_MM:
        raise ValueError("it is far outside of a scanner")
    return float(value)


def _lesion(entry: Mapping[str, Any], grid: Grid | None) -> tuple[int, MeasuredLesion]:
    """A lesion; its lengths are worked out of its lines."""
    if grid is None:
        raise ValueError("a lesion without a grid")
    longest, across = _line(entry["longest"]), _line(entry["across"])
    plane = Plane[text_in(entry["plane"]).upper()]
    lengths = longest.length_mm(grid), across.length_mm(grid)
    cross = Cross(plane, _index(entry["slice"]), longest, across, *lengths)
    volume = number_in(entry["volume_ml"])
    if volume < 0:
        raise ValueError("a volume is below zero")
    said = entry.get("location")  # older files have none
    location = _location(object_in(said)) if said is not None else None
    return _number(entry["lesion"]), MeasuredLesion(
        cross, whole_in(entry["slices"]), volume, text_in(entry["why_not_measurable"]), location
    )


def _location(entry: Mapping[str, Any]) -> Location:
    lobes, structures, near = (
        {text_in(name): _length(value) for name, value in object_in(entry[key]).items()}
        for key in ("lobes", "structures", "near_mm")
    )
    return Location(_length(entry["left"]), lobes, structures, _length(entry["outside"]), near)


def _line(value: Any) -> Line:
    start, end = (_point(point) for point in listed_in(value, 2))
    return Line(start, end)


def _point(value: Any) -> Point:
    i, j, k = (_length(index) - 1 for index in listed_in(value, 3))
    return i, j, k


def _event(entry: Mapping[str, Any], visits: int) -> LesionEvent:
    visit = _index(entry["visit"])
    if visit >= visits:
        raise ValueError("there is no such visit")
    return LesionEvent(visit, Change(entry["change"]), _numbers(entry["before"]), _numbers(entry["after"]))


def _range(value: Any) -> VolumeRange:
    numbers = [number_in(number) if number is not None else math.nan for number in listed_in(value, 3)]
    return VolumeRange(*numbers)


def _ends(value: Any) -> tuple[float, float]:
    least, most = (float(number_in(number)) for number in listed_in(value, 2))
    if not 0 <= least <= most:
        raise ValueError("they are no limits of a volume")
    return least, most


def _numbers(value: Any) -> tuple[int, ...]:
    return tuple(whole_in(number) for number in listed_in(value, _MOST_LESIONS))


def _number(value: Any) -> int:
    if not 1 <= whole_in(value) <= 10**6:
        raise ValueError("lesions are counted from 1")
    return int(value)


def _index(value: Any) -> int:
    if whole_in(value) < 1:
        raise ValueError("it is counted from 1")
    return index_of(int(value))

"""A follow-up as CSV: a row for each lesion of each visit, and for each visit without one."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterator

from brainseg_gui.anatomy.words import location_cells
from brainseg_gui.evaluation.reports.files import harmless
from brainseg_gui.followup.documents.growth import REGIONS, growth_of
from brainseg_gui.followup.lesions import MeasuredLesion
from brainseg_gui.followup.record import FollowUp
from brainseg_gui.followup.response import CAUTION
from brainseg_gui.followup.results import VisitResult, results_of
from brainseg_gui.followup.volumes import UNKNOWN
from brainseg_gui.imaging.numbering import number_of

_REGIONS = ("WT", "TC", "ET", "RC")
_GROWTH = ("ml_low", "ml_high", "network_ml_low", "network_ml_high", "percent_a_day", "doubling_days", "mm_a_year")
COLUMNS = (
    *("patient", "criteria", "visit", "earliest", "latest", "days_least", "days_most"),
    *(f"{key}_ml" for key in _REGIONS),
    *(f"{key}_{what}" for key in REGIONS for what in _GROWTH),
    *("sum", "unit", "percent_from_baseline", "percent_from_nadir", "category", "reasons", "category_of_volumes"),
    *("lesion", "target", "measurable", "plane", "slice", "longest_mm", "across_mm", "lesion_ml", "edited", "remarks"),
    *("side", "lobes_and_structures", "touches", "within_a_centimetre"),
    "caution",
)


def as_csv(record: FollowUp) -> str:
    """The follow-up with the columns of `COLUMNS`; what is not defined is left empty.

    Text that a spreadsheet would take for a formula gets a leading apostrophe.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    results = {result.visit: result for result in results_of(record)}
    for index in range(len(record.visits)):
        start = [*_visit_cells(record, index), *_result_cells(record, results.get(index))]
        for lesion in _lesion_rows(record, index, results.get(index)):
            writer.writerow([*start, *lesion, CAUTION])
    return text.getvalue()


def _visit_cells(record: FollowUp, index: int) -> list[str]:
    visit, days = record.visits[index], record.days(index)
    dates = [day.isoformat() if day is not None else "" for day in (visit.moment.earliest, visit.moment.latest)]
    span = [_number(days.least), _number(days.most)] if days is not None else ["", ""]
    volumes = [_number(visit.volumes[key].value) if key in visit.volumes else "" for key in _REGIONS]
    growth = [cell for key in REGIONS for cell in _growth_cells(record, index, key)]
    return [harmless(record.patient), record.criteria.title, harmless(visit.name), *dates, *span, *volumes, *growth]


def _growth_cells(record: FollowUp, index: int, region: str) -> list[str]:
    volume = record.visits[index].volumes.get(region, UNKNOWN)
    found = [one for one in growth_of(record) if (one.visit, one.region) == (index, region)]
    rates = [(one.rate.value, one.doubling.value, one.diametric.value) for one in found] or [(math.nan,) * 3]
    seen = record.visits[index].by_network.get(region, (math.nan, math.nan))
    return [_number(value) for value in (volume.low, volume.high, *seen, *rates[0])]


def _result_cells(record: FollowUp, result: VisitResult | None) -> list[str]:
    unit = record.criteria.unit
    if result is None:
        return ["", unit, "", "", "", "", ""]
    found, volumes = result.diameters, result.volumes
    numbers = [_number(found.total), unit, _number(found.from_baseline), _number(found.from_nadir)]
    by_volume = volumes.category.value if volumes is not None else ""
    return [*numbers, found.category.value, harmless("; ".join(found.reasons)), by_volume]


def _lesion_rows(record: FollowUp, index: int, result: VisitResult | None) -> Iterator[list[str]]:
    lesions = record.lesions(index)
    if not lesions:
        yield ["", "", "", "", "", "", "", "", "", harmless("; ".join(record.remarks(index))), "", "", "", ""]
    for number, lesion in lesions.items():
        target = "yes" if result is not None and number in result.targets else "no"
        remarks = "; ".join((*record.remarks(index), *record.remarks(index, number)))
        edited = "yes" if record.is_edited(index, number) else "no"
        where = location_cells(lesion.location) if lesion.location is not None else ("", "", "", "")
        yield [str(number), target, *_size_cells(lesion), edited, harmless(remarks), *map(harmless, where)]


def _size_cells(lesion: MeasuredLesion) -> list[str]:
    cross = lesion.cross
    sizes = [_number(cross.longest_mm), _number(cross.across_mm), _number(lesion.volume_ml)]
    return [lesion.why_not or "yes", cross.plane.name.lower(), str(number_of(cross.slice_index)), *sizes]


def _number(value: float) -> str:
    return f"{value:.6g}" if math.isfinite(value) else ""

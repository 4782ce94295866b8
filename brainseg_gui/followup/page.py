"""A follow-up as one page of HTML that opens offline."""

from __future__ import annotations

import math

from brainseg_gui.evaluation.html.case import table_of
from brainseg_gui.evaluation.html.charts import curve_chart
from brainseg_gui.evaluation.html.page import Html, PageSection, element, joined, page, paragraph
from brainseg_gui.evaluation.reports.case_content import FOOTER
from brainseg_gui.followup.record import FollowUp
from brainseg_gui.followup.response import CAUTION
from brainseg_gui.followup.results import results_of
from brainseg_gui.followup.tables import (
    definition_lines,
    event_lines,
    heading,
    lesion_table,
    note_lines,
    visit_table,
)

_REGIONS = ("WT", "TC", "ET", "RC")


def follow_up_page(record: FollowUp) -> str:
    """One self-contained page about a patient; nothing in it is fetched from anywhere."""
    versions = ", ".join(f"{name} {version}" for name, version in record.versions.items())
    methods = [_list(definition_lines(record)), element("h3", "Versions"), paragraph(versions)]
    parts = {
        "visits": (
            "Visits",
            joined([paragraph(CAUTION, "note"), table_of(visit_table(record)), _list(note_lines(record))]),
        ),
        "curves": ("Curves", joined(_curves(record))),
        "lesions": ("Lesions", joined([_list(event_lines(record)), table_of(lesion_table(record))])),
        "remarks": ("Remarks and changes", _list(_remarks(record))),
        "methods": ("Methods", joined(methods)),
    }
    sections = [PageSection(key, title, body) for key, (title, body) in parts.items() if body]
    return page(record.patient, heading(record), sections, FOOTER)


def _list(lines: list[str]) -> Html:
    return element("ul", joined(element("li", line) for line in lines)) if lines else Html("")


def _curves(record: FollowUp) -> list[Html]:
    """Sums over targets, and volumes of the regions, over days where they are known and over visits where not."""
    visits = list(record.measured_visits())
    if len(visits) < 2:
        return [paragraph("One visit has no curve.", "quiet")]
    names = [record.visits[visit].name for visit in visits]
    days = [record.days(visit) for visit in visits]
    known = [span.middle for span in days if span is not None]
    places = known if len(known) == len(visits) else [float(visit) for visit in visits]
    volumes = [(key, [_volume(record, visit, key) for visit in visits]) for key in _REGIONS]
    volumes = [(key, values) for key, values in volumes if not all(math.isnan(value) for value in values)]
    unit = record.criteria.unit
    sums = [("sum", [result.diameters.total for result in results_of(record)])]
    return [
        curve_chart(f"Sum over targets, {unit}", sums, places, names, unit),
        curve_chart("Volumes, ml", volumes, places, names, "ml"),
    ]


def _volume(record: FollowUp, visit: int, key: str) -> float:
    volumes = record.visits[visit].volumes
    return volumes[key].value if key in volumes else math.nan


def _remarks(record: FollowUp) -> list[str]:
    """What people wrote, and which lines they moved."""
    found = []
    for index, visit in enumerate(record.visits):
        found += [f"{visit.name}: {text}" for text in record.remarks(index)]
        for lesion in visit.lesions:
            found += [f"{visit.name}, lesion {lesion}: {text}" for text in record.remarks(index, lesion)]
            if record.is_edited(index, lesion):
                found.append(f"{visit.name}, lesion {lesion}: its lines were moved by hand")
    return found

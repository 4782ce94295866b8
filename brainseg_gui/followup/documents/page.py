"""A follow-up as one page of HTML that opens offline."""

from __future__ import annotations

from brainseg_gui.evaluation.html.case import table_of
from brainseg_gui.evaluation.html.curves import curve_chart
from brainseg_gui.evaluation.html.page import Html, PageSection, element, joined, page, paragraph, picture
from brainseg_gui.evaluation.reports.case_content import FOOTER
from brainseg_gui.evaluation.reports.case_tables import TextTable
from brainseg_gui.followup.documents.curves import curves_of
from brainseg_gui.followup.documents.tables import (
    definition_lines,
    doubt_lines,
    event_lines,
    growth_table,
    key_images_caption,
    lead,
    lesion_table,
    location_table,
    note_lines,
    remark_lines,
    visit_table,
)
from brainseg_gui.followup.record import FollowUp
from brainseg_gui.followup.response import CAUTION


def follow_up_page(record: FollowUp, key_images: bytes = b"") -> str:
    """One self-contained page about a patient; nothing in it is fetched from anywhere.

    Parameters
    ----------
    key_images
        PNG of the slices that were measured; left out where empty.
    """
    caption = key_images_caption(record)
    versions = ", ".join(f"{name} {version}" for name, version in record.versions.items())
    methods = [_list(definition_lines(record)), element("h3", "Versions"), paragraph(versions)]
    lines = [*doubt_lines(record), *note_lines(record)]
    parts = {
        "visits": (
            "Visits",
            joined([paragraph(CAUTION, "note"), table_of(visit_table(record)), _list(lines)]),
        ),
        "curves": ("Curves", joined([*_curves(record), *_titled(growth_table(record))])),
        "images": ("Key images", picture(key_images, caption, caption) if key_images else Html("")),
        "lesions": (
            "Lesions",
            joined([_list(event_lines(record)), table_of(lesion_table(record)), *_titled(location_table(record))]),
        ),
        "remarks": ("Remarks and changes", _list(remark_lines(record))),
        "methods": ("Methods", joined(methods)),
    }
    sections = [PageSection(key, title, body) for key, (title, body) in parts.items() if body]
    return page(record.patient, lead(record), sections, FOOTER)


def _titled(table: TextTable) -> list[Html]:
    return [element("h3", table.title), table_of(table)] if table.rows else []


def _list(lines: list[str]) -> Html:
    return element("ul", joined(element("li", line) for line in lines)) if lines else Html("")


def _curves(record: FollowUp) -> list[Html]:
    """Sums over targets, and volumes of the regions."""
    found = curves_of(record)
    if not found:
        return [paragraph("One visit has no curve.", "quiet")]
    charts = [
        curve_chart(one.title, one.curves, one.places, one.names, one.unit, one.treatments, one.limits) for one in found
    ]
    return [element("div", joined(charts), class_="charts")]

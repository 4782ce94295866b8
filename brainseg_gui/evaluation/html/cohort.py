"""The page of a cohort: what a reader of a paper's supplement looks for, in this order."""

from __future__ import annotations

from brainseg_gui.evaluation.html.cases import cases_section, unscored_section
from brainseg_gui.evaluation.html.numbers import (
    agreement_section,
    distribution_section,
    headline,
    lesion_section,
    summary_section,
)
from brainseg_gui.evaluation.html.page import Html, PageSection, element, joined, page, paragraph
from brainseg_gui.evaluation.html.pairs import pairs_section
from brainseg_gui.evaluation.html.worst import worst_section
from brainseg_gui.evaluation.records.report import CohortReport
from brainseg_gui.evaluation.reports.definitions import cohort_definitions, definitions, methods_paragraph


def cohort_page(report: CohortReport) -> str:
    """One self-contained page of HTML; nothing in it is fetched from anywhere.

    The images of the worst cases are read for their pictures, where they can be.
    """
    sections = [PageSection("result", "Result", headline(report))]
    if report.cases:
        sections += [
            PageSection("summary", "Summary", summary_section(report)),
            PageSection("distribution", "Distribution", distribution_section(report)),
            PageSection("volumes", "Volumes", agreement_section(report)),
            PageSection("lesions", "Lesions", lesion_section(report)),
        ]
    if report.cases and len(report.models) > 1:
        sections.append(PageSection("models", "Models compared", pairs_section(report)))
    if report.cases:
        sections.append(PageSection("worst", "Worst cases", worst_section(report)))
    sections.append(PageSection("unscored", "Not scored", unscored_section(report)))
    if report.cases:
        sections.append(PageSection("cases", "All cases", cases_section(report)))
    sections.append(PageSection("methods", "Methods", methods_section(report)))
    return page(_title(report), _lead(report), sections, _FOOTER)


_FOOTER = "Made with brainseg. For research; not a medical device. This page needs no network: everything is in it."


def _title(report: CohortReport) -> str:
    if len(report.models) == 1:
        return f"Segmentation results of {report.models[0]}"
    return f"Segmentation results of {' and '.join(report.models)}"


def _lead(report: CohortReport) -> str:
    words = f"{report.count_words()} scored by the rules of {report.rules.title}"
    return f"{words}, {report.made}" if report.made else words


def methods_section(report: CohortReport) -> Html:
    """A paragraph to take over, how the masks were read, and every definition."""
    versions = ", ".join(f"{name} {version}" for name, version in report.versions.items())
    counts = {"cases": len(report.cases), "models": len(report.models)}
    return joined(
        [
            paragraph(methods_paragraph(report.rules, report.versions, **counts, visits=report.has_visits), "note"),
            element("h3", "How the masks were read"),
            _readings(report),
            element("h3", "Definitions"),
            definition_list([*definitions(report.rules), *cohort_definitions(report.rules)]),
            element("h3", "Versions"),
            paragraph(versions),
        ]
    )


def definition_list(entries: list[tuple[str, str]]) -> Html:
    """Terms and their meanings."""
    return element("dl", joined(part for term, text in entries for part in (element("dt", term), element("dd", text))))


def _readings(report: CohortReport) -> Html:
    """Each sentence on how masks were read once, with how many cases it holds for."""
    counts: dict[tuple[str, str], list[str]] = {}
    for case in report.cases:
        for role, note in (("Reference", case.reference_note), ("Prediction", case.prediction_note)):
            counts.setdefault((role, note), []).append(case.case_id)
    items = []
    for (role, note), ids in sorted(counts.items(), key=lambda item: (item[0][0] != "Reference", -len(item[1]))):
        some = ", ".join(ids[:5]) + (", …" if len(ids) > 5 else "")
        where = "all" if len(ids) == len(report.cases) else f"{len(ids)} of {len(report.cases)}: {some}"
        items.append(element("li", f"{role} ({where}): {note}."))
    return element("ul", joined(items))

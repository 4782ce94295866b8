"""The parts of the page that list cases: all of them, and those that could not be scored."""

from __future__ import annotations

from brainseg_gui.evaluation.html.page import Html, TableCell, element, joined, number_cell, paragraph, table, text_cell
from brainseg_gui.evaluation.records.measures import LISTED_SCORES, LISTED_VOLUMES
from brainseg_gui.evaluation.records.pair import Unpaired
from brainseg_gui.evaluation.records.report import REGION_KEYS, CaseReport, CohortReport


def cases_section(report: CohortReport) -> Html:
    """One row per case and model; everything else is in the CSV."""
    several, has_visits = len(report.models) > 1, report.has_visits
    heads: list[TableCell | str] = [text_cell("Case"), *([text_cell("Patient")] if has_visits else [])]
    heads += [text_cell("Model")] if several else []
    heads += [f"{measure.short_column} {key}" for measure in LISTED_SCORES for key in REGION_KEYS]
    heads += [*(f"WT {measure.words}" for measure in LISTED_VOLUMES), text_cell("Worst place")]
    rows = [_row(case, several, has_visits) for case in report.cases]
    note = "HD95 in mm; Lesion: lesion-wise Dice. A click on a heading sorts."
    return joined([paragraph(note, "quiet"), table(heads, rows, sortable=True, tall=True)])


def _row(case: CaseReport, several: bool, has_visits: bool) -> list[TableCell]:
    cells = [text_cell(case.case_id, "id"), *([text_cell(case.whose, "id")] if has_visits else [])]
    cells += [text_cell(case.model)] if several else []
    scores = ((measure, key) for measure in LISTED_SCORES for key in REGION_KEYS)
    columns = [*scores, *((measure, "WT") for measure in LISTED_VOLUMES)]
    cells += [number_cell(case.number(key, measure.key), measure.list_decimals) for measure, key in columns]
    return [*cells, text_cell(worst_words(case))]


def worst_words(case: CaseReport) -> str:
    """Where a case is worst, in a few words."""
    worst = case.worst
    return f"{worst.kind} in {worst.region}, {worst.volume_ml:.3g} ml" if worst is not None else "none"


def unscored_section(report: CohortReport) -> Html:
    """Cases without a partner, cases that failed, and scored ones whose numbers are doubtful."""
    doubtful = [
        Unpaired(case.case_id, case.prediction, case.warning, case.model) for case in report.cases if case.warning
    ]
    parts = []
    for title, entries in (
        ("Without a partner", report.unpaired),
        ("Could not be read or compared", report.failed),
        ("Scored, but to be looked at", doubtful),
    ):
        if entries:
            rows = [
                [text_cell(entry.case_id, "id"), text_cell(entry.model), text_cell(_reason(entry), "words")]
                for entry in entries
            ]
            heads = (text_cell("Case"), text_cell("Model"), text_cell("Reason"))
            parts += [element("h3", f"{title}: {len(entries):,}"), table(heads, rows)]
    return joined(parts) if parts else paragraph("Every case was paired and scored.")


def _reason(entry: Unpaired) -> str:
    """The sentence with the file's name instead of where it lies on somebody's machine."""
    return entry.reason.replace(str(entry.path), entry.path.name)

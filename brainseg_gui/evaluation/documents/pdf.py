"""The report of one case as PDF: the same pictures, tables and definitions as the page of HTML."""

from __future__ import annotations

from pathlib import Path

from brainseg_gui.evaluation.documents.pages import SMALL, Pages
from brainseg_gui.evaluation.reports.case_content import FOOTER, CaseContent
from brainseg_gui.evaluation.reports.case_figures import case_figures
from brainseg_gui.evaluation.reports.case_tables import facts, tables_of
from brainseg_gui.evaluation.reports.definitions import definitions


def write_pdf(content: CaseContent, path: Path) -> None:
    """Write the report of a case as PDF.

    Raises
    ------
    SaveError
        If it cannot be written. The file that was there is untouched.
    """
    pages = Pages(content.case.case_id, f"By the rules of {content.rules.title}, {content.made}", FOOTER)
    for sentence in facts(content):
        pages.words(f"{sentence}.", SMALL)
    if content.scores is not None and content.scores.warning:
        pages.words(f"{content.scores.warning}.", SMALL)
    pages.gap(0.12)
    for caption, figure in case_figures(content):
        pages.picture(figure, caption)
    for text_table in tables_of(content):
        pages.table(text_table)
    pages.heading("Definitions")
    for term, text in definitions(content.rules):
        pages.words(f"{term}. {text}", SMALL, bold_start=len(term) + 1)
        pages.gap(0.05)
    pages.words("Versions. " + ", ".join(f"{n} {v}" for n, v in content.versions.items()), SMALL)
    pages.write(path)

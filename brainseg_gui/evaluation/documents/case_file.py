"""The report of one case as a file: HTML or PDF, by its name."""

from __future__ import annotations

from pathlib import Path

from brainseg_gui.errors import SaveError
from brainseg_gui.evaluation.reports.case_content import CaseContent

_PAGE, _PDF = (".html", ".htm"), ".pdf"


def check_report_file(path: Path) -> None:
    """Make sure that a report can have this name.

    Raises
    ------
    SaveError
        If reports are not written so.
    """
    if path.suffix.lower() not in (*_PAGE, _PDF):
        raise SaveError("a report is written as HTML or PDF", "End the name in .html or .pdf", path)


def write_report(content: CaseContent, path: Path) -> None:
    """Write the report of a case, whole or not at all.

    Raises
    ------
    SaveError
        If it cannot be written. The file that was there is untouched.
    """
    check_report_file(path)
    if path.suffix.lower() == _PDF:
        from brainseg_gui.evaluation.documents.pdf import write_pdf

        write_pdf(content, path)
    else:
        from brainseg_gui.evaluation.html.case import case_page
        from brainseg_gui.storage.chosen_file import write_text

        write_text(path, case_page(content))

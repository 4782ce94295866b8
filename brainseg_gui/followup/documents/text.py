"""A follow-up as aligned text for the terminal."""

from __future__ import annotations

from brainseg_gui.evaluation.reports.case_tables import TextTable
from brainseg_gui.evaluation.reports.text import aligned
from brainseg_gui.followup.documents.tables import (
    definition_lines,
    doubt_lines,
    event_lines,
    growth_table,
    heading,
    lesion_table,
    location_table,
    note_lines,
    visit_table,
)
from brainseg_gui.followup.record import FollowUp


def as_text(record: FollowUp) -> str:
    """The visits, their lesions, what became of them, how they were read, and the definitions."""
    tables = [_aligned(table(record)) for table in (visit_table, growth_table, lesion_table, location_table)]
    lines = ["\n".join(words(record)) for words in (doubt_lines, event_lines, note_lines, definition_lines)]
    return "\n\n".join(part for part in (heading(record), *tables, *lines) if part) + "\n"


def _aligned(table: TextTable) -> str:
    return aligned([table.heads, *table.rows], table.words) if table.rows else ""

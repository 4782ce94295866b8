"""Tables of a case as a page shows them."""

from __future__ import annotations

from brainseg_gui.evaluation.html.case import table_of
from brainseg_gui.evaluation.reports.case_tables import TextTable


def test_numbers_have_minus_signs_and_names_keep_their_hyphens() -> None:
    rows = (("-01", "2024-05-01", "-5.0 (-7.5 to -1)", "-2.50 (-25.0 %)", "ses-3"),)
    table = TextTable("Visits", ("visit", "when", "rate", "change", "since"), rows, words=2)
    assert table.in_print().rows == (("-01", "2024-05-01", "−5.0 (−7.5 to −1)", "−2.50 (−25.0 %)", "ses-3"),)
    assert "−7.5" in table_of(table)
    assert "-7.5" not in table_of(table)

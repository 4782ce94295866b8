"""Headings of tables."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QTableWidget, QTableWidgetItem


def heading_of(table: QTableWidget, column: int) -> QTableWidgetItem:
    """The heading of a column; made where there is none."""
    item = table.horizontalHeaderItem(column)
    if item is None:
        item = QTableWidgetItem()
        table.setHorizontalHeaderItem(column, item)
    return item


def describe_columns(table: QTableWidget, tips: Sequence[str], alignments: Sequence[Qt.AlignmentFlag]) -> None:
    """Give every heading its tip, and align it as its column."""
    for column, (tip, alignment) in enumerate(zip(tips, alignments, strict=True)):
        heading_of(table, column).setToolTip(tip)
        heading_of(table, column).setTextAlignment(alignment)

"""A line between the parts of a panel."""

from __future__ import annotations

from PySide6.QtWidgets import QFrame


def rule() -> QFrame:
    """One line, as wide as its panel."""
    line = QFrame()
    line.setObjectName("rule")
    return line

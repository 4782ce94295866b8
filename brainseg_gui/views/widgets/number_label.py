"""Numbers in a table of labels."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel


def number_label(text: str = "", tip: str = "", *, name: str = "", least_width: int = 0) -> QLabel:
    """A label whose text ends where those above and below it end.

    Parameters
    ----------
    name
        Its role in the style sheet: "faint" for headings.
    least_width
        In pixels.
    """
    label = QLabel(text)
    label.setObjectName(name)
    label.setToolTip(tip)
    label.setMinimumWidth(least_width)
    label.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
    return label

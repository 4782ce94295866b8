"""A number with a decimal point, whether it is typed with a point or a comma."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDoubleSpinBox


class NumberBox(QDoubleSpinBox):
    """A spin box that shows numbers as files hold them, at the right, and lets people type them as they write them."""

    def __init__(self) -> None:
        super().__init__()
        self.setAlignment(Qt.AlignmentFlag.AlignRight)

    def validate(self, text: str, position: int) -> Any:
        # a comma becomes a point while it is typed: nowhere in the program does it part thousands
        return super().validate(text.replace(",", "."), position)

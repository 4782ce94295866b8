"""A label that shortens long names in the middle.

Ours, not superqt: importing that takes 0.5 s, for a page of code.
"""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QLabel, QSizePolicy

from brainseg_gui.errors import printable
from brainseg_gui.views.widgets.plain_text import plain_tip


class ElidedLabel(QLabel):
    """One line of text, elided in the middle; the whole text is the tool tip unless one is set."""

    _tip = ""  # one that was set

    def __init__(self, text: str = "") -> None:
        super().__init__(printable(text))
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.setToolTip("")

    def setText(self, text: str) -> None:
        super().setText(printable(text))
        self.setToolTip(self._tip)

    def setToolTip(self, text: str) -> None:
        self._tip = text
        super().setToolTip(plain_tip(text or self.text()))

    def minimumSizeHint(self) -> QSize:
        return QSize(32, super().minimumSizeHint().height())

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setPen(self.palette().color(self.foregroundRole()))
        text = self.fontMetrics().elidedText(self.text(), Qt.TextElideMode.ElideMiddle, self.width())
        painter.drawText(self.rect(), int(self.alignment() | Qt.AlignmentFlag.AlignVCenter), text)

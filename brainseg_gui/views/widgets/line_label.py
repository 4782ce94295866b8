"""A label whose text changes many times in a second."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QLabel, QSizePolicy, QWidget

from brainseg_gui.errors import printable


class LineLabel(QLabel):
    """One line of text; a new text paints this label again and nothing else.

    A plain label asks its window for a new layout with every text, and a window with docks that is laid out is painted
    whole: longer than three slices take.

    Parameters
    ----------
    least
        Width in pixels that it has at least. It grows with the text, and does not shrink, so that what stands beside
        it stays in its place.
    elided
        Takes the room that is left instead, and shortens its text in the middle.
    """

    def __init__(self, parent: QWidget | None = None, *, least: int = 32, elided: bool = False) -> None:
        super().__init__(parent)
        self._line = ""
        self._least, self._elided = least, elided
        across = QSizePolicy.Policy.Expanding if elided else QSizePolicy.Policy.Fixed
        self.setSizePolicy(across, QSizePolicy.Policy.Preferred)

    def text(self) -> str:
        return self._line

    def setText(self, text: str) -> None:
        text = printable(text)
        if text == self._line:
            return
        self._line = text
        self.setAccessibleName(text)
        needed = self.fontMetrics().horizontalAdvance(text) + 2
        if not self._elided and needed > self._least:
            self._least = needed
            self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(self._least, self.fontMetrics().height())

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setPen(self.palette().color(self.foregroundRole()))
        text = self._line
        if self._elided:
            text = self.fontMetrics().elidedText(text, Qt.TextElideMode.ElideMiddle, self.width())
        painter.drawText(self.rect(), int(self.alignment() | Qt.AlignmentFlag.AlignVCenter), text)
        painter.end()

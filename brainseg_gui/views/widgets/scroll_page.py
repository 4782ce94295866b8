"""A panel that scrolls when it is higher than its dock."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QScrollArea, QVBoxLayout, QWidget


class ScrollPage(QScrollArea):
    """Scrolls up and down only; what it shows goes into `column` of `page`.

    Parameters
    ----------
    spacing
        Pixels between the rows.
    above
        Pixels over the first row.
    """

    seen = Signal()
    """It is on the screen now: what is measured only for those who look may be measured."""

    def __init__(self, *, spacing: int, above: int = 4) -> None:
        super().__init__()
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        page = self.page = QWidget()
        page.setObjectName("centre")
        self.column = QVBoxLayout(page)
        self.column.setContentsMargins(8, above, 8, 8)
        self.column.setSpacing(spacing)
        self.setWidget(page)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.seen.emit()


class FootedPage(QWidget):
    """A page that scrolls above a foot that is always in sight; neither moves the other.

    Parameters
    ----------
    spacing
        Pixels between the rows of the page.
    """

    def __init__(self, *, spacing: int) -> None:
        super().__init__()
        self.page = ScrollPage(spacing=spacing, above=0)
        self.column = self.page.column
        self.foot = QVBoxLayout()
        self.foot.setContentsMargins(8, 4, 8, 8)
        self.foot.setSpacing(6)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        whole.addWidget(self.page, 1)
        whole.addLayout(self.foot)

"""A button per region, one of them pressed."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QLabel, QToolButton, QWidget

from brainseg_gui.imaging.labels import regions


class RegionButtons(QWidget):
    """WT, TC and ET at the right, what they choose at the left.

    Parameters
    ----------
    title, tip
        What is shown of the region.
    """

    chosen = Signal(str)
    """Key of the region."""

    def __init__(self, title: str, tip: str = "") -> None:
        super().__init__()
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(2)
        name = QLabel(title)
        name.setObjectName("section")
        name.setToolTip(tip)
        row.addWidget(name)
        row.addStretch(1)
        self._group = QButtonGroup(self)
        for region in regions():
            button = QToolButton()
            button.setText(region.key)
            button.setToolTip(region.title.capitalize())
            button.setCheckable(True)
            self._group.addButton(button)
            row.addWidget(button)
        self._group.buttonClicked.connect(lambda button: self.chosen.emit(button.text()))

    def show_region(self, key: str) -> None:
        """Press the button of a region."""
        for button in self._group.buttons():
            button.setChecked(button.text() == key)

"""A box of choices that shortens long names in the middle, where names of cases, models and layers are alike least."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QSize, Qt
from PySide6.QtGui import QHelpEvent, QPaintEvent
from PySide6.QtWidgets import QComboBox, QStyle, QStyleOptionComboBox, QStylePainter, QToolTip

from brainseg_gui.views.widgets.plain_text import plain_tip

_LEAST, _WIDEST = 72, 480  # pixels; the list of choices may be wider than the box
_BESIDE_NAMES = 24  # a scroll bar, and some air


class ElidedComboBox(QComboBox):
    """Shows the chosen name as far as there is room; a shortened one is told whole by the tool tip."""

    def __init__(self) -> None:
        super().__init__()
        self.view().setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.currentIndexChanged.connect(self.updateGeometry)

    @property
    def shown_text(self) -> str:
        """What is written in the box."""
        option = QStyleOptionComboBox()
        self.initStyleOption(option)
        room = self.style().subControlRect(
            QStyle.ComplexControl.CC_ComboBox, option, QStyle.SubControl.SC_ComboBoxEditField, self
        )
        return self.fontMetrics().elidedText(self._name, Qt.TextElideMode.ElideMiddle, room.width())

    @property
    def _name(self) -> str:
        return self.currentText() or self.placeholderText()

    def sizeHint(self) -> QSize:
        """What the chosen name needs: where several boxes share a row, a short name leaves its room to a long one."""
        hint, width = super().sizeHint(), self.fontMetrics().horizontalAdvance
        widest = max((width(self.itemText(n)) for n in range(self.count())), default=0)
        return QSize(hint.width() - max(widest - width(self._name), 0), hint.height())

    def minimumSizeHint(self) -> QSize:
        return QSize(_LEAST, super().minimumSizeHint().height())

    def showPopup(self) -> None:
        self.view().setMinimumWidth(min(self.view().sizeHintForColumn(0) + _BESIDE_NAMES, _WIDEST))
        super().showPopup()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, option = QStylePainter(self), QStyleOptionComboBox()
        self.initStyleOption(option)
        option.currentText = self.shown_text
        painter.drawComplexControl(QStyle.ComplexControl.CC_ComboBox, option)
        painter.drawControl(QStyle.ControlElement.CE_ComboBoxLabel, option)

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            whole = self.currentText() if self.shown_text != self.currentText() else ""
            QToolTip.showText(event.globalPos(), "\n".join(filter(None, (plain_tip(whole), self.toolTip()))), self)
            return True
        return bool(super().event(event))

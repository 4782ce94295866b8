"""The wheel scrolls what lies under it; it changes a number or a choice only where somebody is at it."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtWidgets import QAbstractSpinBox, QComboBox, QWidget


class WheelGuard(QObject):
    """Keeps the wheel from the fields of a panel that do not have the focus, and the focus from the wheel."""

    def __init__(self, panel: QWidget) -> None:
        super().__init__(panel)
        for field in (*panel.findChildren(QAbstractSpinBox), *panel.findChildren(QComboBox)):
            if field.focusPolicy() == Qt.FocusPolicy.WheelFocus:
                field.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
            field.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Wheel and isinstance(watched, QWidget) and not watched.hasFocus():
            event.ignore()  # for the page that scrolls
            return True
        return False

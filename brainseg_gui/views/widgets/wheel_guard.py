"""The wheel scrolls what lies under it; it changes a number or a choice only where somebody is at it."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtWidgets import QAbstractSpinBox, QComboBox, QSlider, QWidget


class WheelGuard(QObject):
    """Keeps the wheel from the fields of a panel that do not have the focus, and the focus from the wheel.

    A slider that takes no focus, as that of the slices, has the wheel for its own.
    """

    def __init__(self, panel: QWidget) -> None:
        super().__init__(panel)
        sliders = [slider for slider in panel.findChildren(QSlider) if slider.focusPolicy() != Qt.FocusPolicy.NoFocus]
        for field in (*panel.findChildren(QAbstractSpinBox), *panel.findChildren(QComboBox), *sliders):
            if field.focusPolicy() == Qt.FocusPolicy.WheelFocus:
                field.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
            field.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Wheel and isinstance(watched, QWidget) and not watched.hasFocus():
            event.ignore()  # for the page that scrolls
            return True
        return False

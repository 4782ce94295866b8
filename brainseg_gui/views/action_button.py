"""Buttons that tell about an action of the table what its menu tells, its keys among it."""

from __future__ import annotations

from PySide6.QtCore import QObject
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QPushButton, QWidget

from brainseg_gui.views.actions import Actions


class ActionButton(QPushButton):
    """Does what the action does, and is enabled when the action is."""

    def __init__(self, actions: Actions, key: str) -> None:
        super().__init__(actions[key].text())
        self._action = actions[key]
        ActionTip(self, self._action)
        self.clicked.connect(self._action.trigger)
        self._action.changed.connect(self._synchronize)
        self._synchronize()

    def _synchronize(self) -> None:
        self.setEnabled(self._action.isEnabled())


class ActionTip(QObject):
    """Keeps the tool tip of a widget that of an action, whose keys may change; lives as long as the widget."""

    def __init__(self, widget: QWidget, action: QAction) -> None:
        super().__init__(widget)
        self._widget, self._action = widget, action
        action.changed.connect(self._tell)
        self._tell()

    def _tell(self) -> None:
        self._widget.setToolTip(self._action.toolTip())

"""A push button for an action of the table."""

from __future__ import annotations

from PySide6.QtWidgets import QPushButton

from brainseg_gui.views.actions.actions import Actions, ActionTip
from brainseg_gui.views.actions.letters import without_letter


class ActionButton(QPushButton):
    """Does what the action does, and is enabled and checked when the action is."""

    def __init__(self, actions: Actions, key: str) -> None:
        super().__init__(without_letter(actions[key].text()))
        self._action = actions[key]
        self.setCheckable(self._action.isCheckable())
        ActionTip(self, self._action)
        self.clicked.connect(self._action.trigger)
        self._action.changed.connect(self._synchronize)
        self._synchronize()

    def _synchronize(self) -> None:
        self.setEnabled(self._action.isEnabled())
        self.setChecked(self._action.isChecked())

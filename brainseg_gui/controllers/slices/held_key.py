"""Keys that do something only while they are held."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QKeyCombination, Qt
from PySide6.QtGui import QAction, QKeyEvent, QKeySequence


def lets_go(event: QEvent, action: QAction) -> bool:
    """Whether an action's key is held no longer, or another program took the keys, by an event of the application."""
    if event.type() in (QEvent.Type.ApplicationStateChange, QEvent.Type.WindowDeactivate):
        return True
    if not isinstance(event, QKeyEvent) or event.type() != QEvent.Type.KeyRelease or event.isAutoRepeat():
        return False
    return any(_first_key(sequence) == event.key() for sequence in action.shortcuts() if not sequence.isEmpty())


def _first_key(sequence: QKeySequence) -> Qt.Key:
    combination: QKeyCombination = sequence[0]  # type: ignore[index]  # the stubs do not know it
    return combination.key()

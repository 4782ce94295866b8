"""A window beside the main one: made when it is first asked for, and remembered where it was."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QWidget

from brainseg_gui.controllers.settings.preferences import Preferences

Window = TypeVar("Window", bound=QWidget)

_CLOSING = ("Esc", "Ctrl+W", "Ctrl+F4")  # Qt knows no standard keys for it on a desktop that it does not know


class SideWindow(Generic[Window]):
    """One such window; Esc and the usual keys close it, and no other.

    Parameters
    ----------
    make
        Makes it; the start of the program need not wait for what it imports.
    name
        Under which its place on the screen is remembered.
    """

    def __init__(self, make: Callable[[], Window], preferences: Preferences, name: str) -> None:
        self._make, self._preferences, self._key = make, preferences, f"{name} geometry"
        self._window: Window | None = None

    @property
    def window(self) -> Window | None:
        """The window; None before it is first shown."""
        return self._window

    def show(self) -> None:
        """Open it, or bring it to the front."""
        if self._window is None:
            self._window = window = self._make()
            for keys in _CLOSING:
                QShortcut(QKeySequence(keys), window, window.close)
            window.restoreGeometry(self._preferences.bytes(self._key))
        self._window.show()
        self._window.raise_()
        self._window.activateWindow()

    def close(self) -> None:
        """Remember its place and put it away, when the program ends."""
        if self._window is not None:
            self._preferences.set(self._key, self._window.saveGeometry())
            self._window.close()
            self._window.deleteLater()
            self._window = None

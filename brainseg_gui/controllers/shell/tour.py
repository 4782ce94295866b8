"""The tour of the first start, which comes back under Help."""

from __future__ import annotations

from PySide6.QtCore import QObject

from brainseg_gui.controllers.settings.preferences import Preferences
from brainseg_gui.views.shell.main_window import MainWindow
from brainseg_gui.views.shell.tour import Tour

TOUR_SEEN = "tour seen"


class TourController(QObject):
    """Shows it, and remembers that it was seen or skipped."""

    def __init__(self, window: MainWindow, preferences: Preferences) -> None:
        super().__init__(window)
        self._window, self._preferences = window, preferences
        self.tour: Tour | None = None

    def show(self) -> None:
        """Begin, if it is not on the screen."""
        if self.tour is None:
            self.tour = Tour(self._window)
            self.tour.ended.connect(self._on_ended)

    def _on_ended(self) -> None:
        self.tour = None
        self._preferences.set(TOUR_SEEN, True)

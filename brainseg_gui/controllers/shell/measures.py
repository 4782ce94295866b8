"""Raters, probabilities and histograms: each controller is made with its panel, or when its action is asked for."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property, partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from brainseg_gui.controllers.settings.preferences import Preferences
from brainseg_gui.state.session import Session
from brainseg_gui.views.shell.main_window import MainWindow

if TYPE_CHECKING:
    from brainseg_gui.controllers.comparing.intensities import IntensitiesController
    from brainseg_gui.controllers.comparing.rating import RatingController
    from brainseg_gui.controllers.segmenting.certainty import CertaintyController


class MeasuresController(QObject):
    """Until one of them is made, nothing of what it keeps can have been chosen: it misses nothing."""

    def __init__(self, session: Session, window: MainWindow, preferences: Preferences) -> None:
        super().__init__(window)
        self._window = window
        self._parts = (session, window, preferences)
        window.lazy_panels.raters.when_made(lambda _: self.rating)
        window.lazy_panels.probabilities.when_made(lambda _: self.certainty)
        window.lazy_panels.histograms.when_made(lambda _: self.intensities)

    @cached_property
    def rating(self) -> RatingController:
        """Several masks of one case."""
        from brainseg_gui.controllers.comparing.rating import RatingController

        return RatingController(*self._parts)

    @cached_property
    def certainty(self) -> CertaintyController:
        """How sure the network was."""
        from brainseg_gui.controllers.segmenting.certainty import CertaintyController

        return CertaintyController(*self._parts)

    @cached_property
    def intensities(self) -> IntensitiesController:
        """Histograms of the chosen layer."""
        from brainseg_gui.controllers.comparing.intensities import IntensitiesController

        return IntensitiesController(*self._parts)

    @property
    def commands(self) -> dict[str, Callable[[], object]]:
        """What each action does."""
        return {
            "layers.raters": partial(self._window.show_panel, "Raters"),
            "layers.majority": lambda: self.rating.add_majority(),
            "layers.staple": lambda: self.rating.add_staple(),
            "layers.heat_map": lambda: self.rating.toggle_heat_map(),
            "layers.probabilities": partial(self._window.show_panel, "Probabilities"),
            "layers.histograms": partial(self._window.show_panel, "Histograms"),
        }

    def close(self) -> None:
        """End the threads of those that were made, when the program ends."""
        for name in ("rating", "certainty", "intensities"):
            if name in self.__dict__:
                getattr(self, name).close()

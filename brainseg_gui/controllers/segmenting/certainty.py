"""How sure the network was: what is drawn of its probabilities, and how well they are calibrated."""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QWidget

from brainseg_gui.controllers.jobs.latest_job import LatestJob
from brainseg_gui.controllers.settings.preferences import Preferences
from brainseg_gui.evaluation.metrics.calibration import Calibration, calibration_of
from brainseg_gui.evaluation.metrics.comparison import tells
from brainseg_gui.imaging.labels import LabelMap, regions
from brainseg_gui.imaging.probabilities import ClassProbabilities
from brainseg_gui.imaging.scalar_map import ScalarMap
from brainseg_gui.progress import Progress
from brainseg_gui.state.segmenting.certainty import ENTROPY, NOTHING, QUANTITIES
from brainseg_gui.state.session import Session
from brainseg_gui.views.widgets.lazy_panel import LazyPanel

if TYPE_CHECKING:
    from brainseg_gui.views.segmenting.probabilities_panel import ProbabilitiesPanel

_PAUSE_MS = 120  # strokes of an annotation follow one another


class CertaintyController(QObject):
    """Keeps the overlay and the calibration as the choice and the layers are."""

    def __init__(
        self,
        session: Session,
        window: QWidget,
        preferences: Preferences,
        probabilities: LazyPanel[ProbabilitiesPanel],
    ) -> None:
        super().__init__(window)
        self._session, self._state = session, session.certainty
        self._panel: ProbabilitiesPanel | None = None
        self._map, self._reliability = LatestJob(session, self), LatestJob(session, self, _PAUSE_MS)
        self._drawn: tuple[object, ...] = ()
        self._measured: tuple[object, ...] = ()
        self._own_map: ScalarMap | None = None
        probabilities.when_made(self._listen)
        session.layers.changed.connect(self._on_changed)
        session.overlay_changed.connect(self._on_overlay_changed)
        for field in (self._state.events.shown, self._state.events.rounded):
            field.connect(self._draw)

    def _listen(self, panel: ProbabilitiesPanel) -> None:
        self._panel = panel
        panel.seen.connect(self._measure)
        self._measure()  # it may be seen already

    def _on_changed(self) -> None:
        self._draw()
        self._measure()

    def _draw(self) -> None:
        """Keep the overlay as it was chosen."""
        layer, shown, rounded = self._session.with_probabilities, self._state.shown, self._state.rounded
        if layer is None or layer.probabilities is None or shown == NOTHING:
            self._map.stop()
            self._drawn = ()
            self._state.shown = NOTHING
            if self._own_map is not None and self._session.overlay is self._own_map:
                self._session.set_overlay(None)
            return
        wanted = (layer.probabilities, shown, rounded)
        if wanted != self._drawn:
            self._drawn = wanted
            self._map.start(_map_of(layer.probabilities, shown, rounded), self._on_drawn)

    def _on_drawn(self, overlay: ScalarMap) -> None:
        self._own_map = overlay
        self._session.set_overlay(overlay)

    def _on_overlay_changed(self) -> None:
        """Something else is drawn: the panel must not say that a probability is."""
        if self._state.shown != NOTHING and not self._map.running and self._session.overlay is not self._own_map:
            self._drawn = ()
            self._state.shown = NOTHING

    def _measure(self) -> None:
        """Calibrate, when somebody looks at the panel and there is a reference."""
        layer, reference = self._session.with_probabilities, self._session.layers.reference
        if layer is None or layer.probabilities is None or reference is None or reference is layer:
            self._reliability.stop()
            self._measured, self._state.calibrations = (), ()
            return
        wanted = (layer.probabilities, reference.labels)
        if self._panel is not None and self._panel.isVisible() and wanted != self._measured:
            self._measured = wanted
            at_rest = self._session.annotating.at_rest(reference.labels)
            self._reliability.start(_calibrate(layer.probabilities, at_rest), self._on_measured)

    def _on_measured(self, found: tuple[tuple[str, Calibration], ...]) -> None:
        self._state.calibrations = found

    def close(self) -> None:
        """End the threads, when the program ends."""
        self._map.close()
        self._reliability.close()


def _map_of(probabilities: ClassProbabilities, shown: str, rounded: bool) -> Generator[Progress, None, ScalarMap]:
    title, classes = QUANTITIES[shown]
    yield Progress("drawing probabilities", 0.0, title)
    if shown == ENTROPY:
        return probabilities.entropy_map()
    return probabilities.map_of(title, classes, rounded=rounded)


def _calibrate(
    probabilities: ClassProbabilities, reference: LabelMap
) -> Generator[Progress, None, tuple[tuple[str, Calibration], ...]]:
    found = []
    for number, region in enumerate(region for region in regions() if tells(reference.scheme, region)):
        yield Progress("calibrating", number / 3, region.key)
        found.append((region.key, calibration_of(probabilities, reference, region)))
    return tuple(found)

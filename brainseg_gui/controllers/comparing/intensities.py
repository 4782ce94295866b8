"""Histograms of the chosen layer, measured while somebody looks at them."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QWidget

from brainseg_gui.controllers.jobs.latest_job import LatestJob
from brainseg_gui.controllers.settings.preferences import Preferences
from brainseg_gui.evaluation.metrics.histograms import label_histograms
from brainseg_gui.state.layers.layers import Layer
from brainseg_gui.state.session import Session
from brainseg_gui.views.widgets.lazy_panel import LazyPanel

if TYPE_CHECKING:
    from brainseg_gui.views.comparing.histograms_panel import HistogramsPanel

_PAUSE_MS = 120  # strokes of an annotation follow one another


class IntensitiesController(QObject):
    """Keeps `session.intensities` as the case and the layer are."""

    def __init__(
        self,
        session: Session,
        window: QWidget,
        preferences: Preferences,
        histograms: LazyPanel[HistogramsPanel],
    ) -> None:
        super().__init__(window)
        self._session = session
        self._panel: HistogramsPanel | None = None
        self._work = LatestJob(session, self, _PAUSE_MS)
        self._measured: tuple[object, ...] = ()
        histograms.when_made(self._listen)
        session.layers.changed.connect(self._measure)
        session.layers.appearance_changed.connect(self._measure)
        session.intensities.events.layer.connect(self._measure)

    def _listen(self, panel: HistogramsPanel) -> None:
        self._panel = panel
        panel.seen.connect(self._measure)
        self._measure()  # it may be seen already

    @property
    def layer(self) -> Layer | None:
        """The layer to look at: the chosen one, else the reference, else the first."""
        layers = list(self._session.layers)
        chosen = (self._session.intensities.layer, self._session.layers.reference, *layers)
        return next((layer for layer in chosen if layer in layers), None)

    def _measure(self, _change: object = None) -> None:
        case, layer, state = self._session.case, self.layer, self._session.intensities
        if case is None or layer is None:
            self._work.stop()
            self._measured, state.layer, state.histograms = (), None, None
            return
        wanted = (case, layer.labels)
        if self._panel is None or not self._panel.isVisible() or wanted == self._measured:
            return
        self._measured = wanted
        state.layer = layer
        labels = self._session.annotating.at_rest(layer.labels)
        self._work.start(label_histograms(case.volumes, labels), partial(setattr, state, "histograms"))

    def close(self) -> None:
        """End the thread, when the program ends."""
        self._work.close()

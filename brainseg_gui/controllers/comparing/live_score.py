"""The comparison's overlap numbers while strokes land; its distances follow after a pause (`controllers.masks`)."""

from __future__ import annotations

from collections.abc import Generator

from PySide6.QtCore import QObject, QTimer
from PySide6.QtWidgets import QWidget

from brainseg_gui.annotation.slab import Slab, Values, united
from brainseg_gui.annotation.tally import Tally
from brainseg_gui.controllers.jobs.latest_job import LatestJob
from brainseg_gui.controllers.settings.preferences import Preferences
from brainseg_gui.evaluation.metrics.comparison import compare_table
from brainseg_gui.imaging.box import whole_box
from brainseg_gui.imaging.labels import LabelMap
from brainseg_gui.progress import Progress
from brainseg_gui.state.layers.layers import Layer
from brainseg_gui.state.session import Session

_FRAME_MS = 16
_SOON_MS = 120  # the new layer is drawn, and scored once, before this counts


class LiveScoreController(QObject):
    """Counts what strokes change and shows the scores, at most once per frame.

    It works while the annotation is one of the two compared layers. The first count of a pair of masks runs in a
    thread; after that only voxels that changed are counted.
    """

    def __init__(self, session: Session, window: QWidget, _preferences: Preferences) -> None:
        super().__init__(window)
        self._session, self._annotating = session, session.annotating
        self._first = LatestJob(session, self, _SOON_MS)
        self._tally: Tally | None = None
        self._fixed: LabelMap | None = None
        self._layer: Layer | None = None
        self._stale: Slab | None = None
        self._frame = QTimer(self)
        self._frame.setSingleShot(True)
        self._frame.setInterval(_FRAME_MS)
        self._frame.timeout.connect(self.refresh)
        self._annotating.voxels_changed.connect(self._on_voxels_changed)
        self._annotating.annotation_changed.connect(self._follow)
        session.layers.changed.connect(self._follow)
        session.layers.appearance_changed.connect(self._on_layer_changed)

    def refresh(self) -> None:
        """Count what changed since, and show it."""
        annotation, other, stale = self._annotating.annotation, self._compared_with, self._stale
        if self._tally is None or annotation is None or other is None or stale is None:
            return
        self._stale = None
        if not self._tally.refresh(annotation.values, stale):
            return
        scheme, voxel_ml = annotation.labels.scheme, annotation.labels.grid.voxel_ml
        table = self._tally.table
        if self._annotating.layer is self._session.layers.prediction:
            comparison = compare_table(table, other.labels.scheme, scheme, voxel_ml)
        else:
            comparison = compare_table(table.T, scheme, other.labels.scheme, voxel_ml)
        self._session.set_comparison(comparison)

    def close(self) -> None:
        """End the thread, when the program ends."""
        self._first.close()

    @property
    def _compared_with(self) -> Layer | None:
        """The other one of the two compared layers; None where the annotation is none of them."""
        layers, edited = self._session.layers, self._annotating.layer
        pair = (layers.reference, layers.prediction)
        if edited is None or edited not in pair or pair[0] is pair[1]:
            return None
        return layers.reference if edited is layers.prediction else layers.prediction

    def _on_layer_changed(self, layer: Layer) -> None:
        if layer is self._compared_with and layer.labels is not self._fixed:
            self._follow()

    def _follow(self) -> None:
        """Count anew where another pair of masks is compared."""
        other, annotation = self._compared_with, self._annotating.annotation
        fixed = other.labels if other is not None and annotation is not None else None
        if fixed is self._fixed and fixed is not None and self._layer is self._annotating.layer:
            return
        self._first.stop()
        self._tally, self._stale, self._fixed = None, None, fixed
        self._layer = self._annotating.layer
        if fixed is not None and annotation is not None:
            self._first.start(_counted(annotation.snapshot().values, fixed.values), self._on_counted)

    def _on_counted(self, tally: Tally) -> None:
        annotation = self._annotating.annotation
        if annotation is not None:
            self._tally, self._stale = tally, whole_box(annotation.values.shape)
            self._frame.start()

    def _on_voxels_changed(self, slab: Slab) -> None:
        if self._fixed is not None:
            self._stale = united([self._stale, slab])
            if self._tally is not None and not self._frame.isActive():
                self._frame.start()


def _counted(values: Values, fixed: Values) -> Generator[Progress, None, Tally]:
    yield Progress("counting", 0.0)
    return Tally(values, fixed)

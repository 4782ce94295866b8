"""What lies under the cursor: voxel, position, values and labels, in the status bar."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QWidget

from brainseg_gui.errors import printable
from brainseg_gui.imaging.case import Case
from brainseg_gui.imaging.grid import Voxel
from brainseg_gui.imaging.numbering import CONVENTION_WORDS, file_words, position_words, voxel_words
from brainseg_gui.state.session import Session
from brainseg_gui.views.widgets.line_label import LineLabel


class Readout(QWidget):
    """The line at the bottom; follows the cursor over a view, else the crosshair."""

    cancel_requested = Signal()

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self._works = (
            session.opening,
            session.saving,
            session.reporting,
            session.segmenting,
            session.cohort_run.work,
        )
        self._under_cursor: Callable[[], Voxel | None] = lambda: None
        row = QHBoxLayout(self)
        row.setContentsMargins(8, 0, 8, 0)
        row.setSpacing(16)
        self._position, self._values, self._labels = LineLabel(least=280), LineLabel(least=280), LineLabel(elided=True)
        self._convention, self._work = QLabel(), QLabel()
        self._work.setTextFormat(Qt.TextFormat.PlainText)  # names of files stand in it
        self._cancel = QPushButton("Cancel")
        self._cancel.setObjectName("link")
        self._position.setToolTip(
            f"Voxel, {CONVENTION_WORDS}, as the slices are; then its position in the scanner.\n"
            "Ctrl+I: the file's own index instead, counted from 0 along its stored axes. Ctrl+G: go to a place"
        )
        self._cancel.setToolTip("Stop opening; the open case stays")
        self._cancel.clicked.connect(self.cancel_requested)
        for widget in (self._position, self._values, self._work, self._cancel, self._convention):
            row.addWidget(widget)
        row.insertWidget(2, self._labels, 1)
        for signal in (session.case_changed, session.layers.changed, session.layers.appearance_changed):
            signal.connect(self.synchronize)
        session.overlay_changed.connect(self.synchronize)
        events = session.viewing.events
        for field in (events.crosshair, events.convention, events.plane, events.layout, events.file_index):
            field.connect(self.synchronize)
        for work in self._works:
            work.events.connect(self._on_work_changed)
        self.synchronize()
        self._on_work_changed(None)

    def follow(self, under_cursor: Callable[[], Voxel | None]) -> None:
        """Ask this for the voxel under the cursor whenever something changed; where there is none, the crosshair's."""
        self._under_cursor = under_cursor

    def synchronize(self) -> None:
        """Tell of the voxel that is pointed to now."""
        case = self._session.displayed
        convention = _convention_words(self._session) if case else ""
        if convention != self._convention.text():
            self._convention.setText(convention)
        for label in (self._position, self._values, self._labels):
            label.setVisible(case is not None)
        if case is None:
            return
        voxel = case.grid.clip(self._under_cursor() or self._session.viewing.crosshair)
        by_file = self._session.viewing.file_index
        words = file_words(case.stored_grid, voxel) if by_file else voxel_words(voxel)
        self._position.setText(f"{words}   {position_words(case.grid, voxel)}")
        self._values.setText("   ".join(_values_at(case, voxel)))
        self._labels.setText("   ".join(_labels_at(self._session, voxel)))

    def _on_work_changed(self, _change: object) -> None:
        words = [f"{work.stage} {round(100 * work.done)} %" for work in self._works if work.running]
        self._work.setText(printable(" · ".join(words) or self._session.saving.outcome))
        self._cancel.setVisible(self._session.opening.running)


def _values_at(case: Case, voxel_ijk: Voxel) -> list[str]:
    return [f"{m.title} {_number(volume.value_at(voxel_ijk))}" for m, volume in case.volumes.items()]


def _number(value: float) -> str:
    """Four significant digits, and never an exponent for large intensities."""
    return f"{value:.0f}" if abs(value) >= 1000 else f"{value:.4g}"


def _labels_at(session: Session, voxel_ijk: Voxel) -> list[str]:
    words = [session.overlay.words_at(voxel_ijk)] if session.overlay is not None else []
    told = (layer for layer in session.layers if layer.visible or layer in (session.layers.compared or ()))
    for layer in told:  # what somebody hid, such as an older prediction, does not push the others aside
        if all(v < n for v, n in zip(voxel_ijk, layer.labels.values.shape, strict=True)):
            value = int(layer.labels.values[voxel_ijk])
            meaning = layer.labels.scheme.look_of(value).key if value else "–"
            words.append(f"{layer.name} {meaning}")
    return words


def _convention_words(session: Session) -> str:
    return session.viewing.convention.value

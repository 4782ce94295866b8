"""How sure the network was: what is drawn of its probabilities, the value at the crosshair, and the calibration."""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from brainseg_gui.evaluation.metrics.calibration import NEIGHBOURHOOD_MM, Calibration
from brainseg_gui.state.segmenting.certainty import ENTROPY, NOTHING, QUANTITIES
from brainseg_gui.state.session import Session
from brainseg_gui.views.segmenting.reliability_plot import ReliabilityPlot
from brainseg_gui.views.slices.overlays.colour_bar import ColourBar
from brainseg_gui.views.widgets.region_buttons import RegionButtons
from brainseg_gui.views.widgets.scroll_page import ScrollPage

_EMPTY = (
    "A prediction can keep how sure the network was of each class: it is drawn here over the images, "
    "and compared with the reference. It takes about 4 bytes per voxel of the brain, some 15 MB."
)
_CLASSES = ("background", "NCR", "ED", "ET")
_CALIBRATION_TIP = (
    f"Within {NEIGHBOURHOOD_MM:.0f} mm of the region in the reference or of probability one half: "
    "over the whole head nearly every voxel is background and known to be"
)


class ProbabilitiesPanel(ScrollPage):
    """Reads `session.certainty`; calibration is measured when it is seen."""

    segment_requested = Signal()

    def __init__(self, session: Session) -> None:
        super().__init__(spacing=8)
        self._session = session
        self.column.addWidget(self._empty_part())
        self._full = QWidget()
        inner = QVBoxLayout(self._full)
        inner.setContentsMargins(0, 0, 0, 0)
        inner.setSpacing(6)
        inner.addLayout(self._choice())
        self._bar = ColourBar()
        inner.addWidget(self._bar)
        inner.addLayout(self._value_grid())
        self._regions = RegionButtons("Calibration", _CALIBRATION_TIP)
        self._regions.chosen.connect(self._on_region_chosen)
        inner.addWidget(self._regions)
        self._plot = ReliabilityPlot()
        self._words = QLabel()
        self._words.setObjectName("quiet")
        self._words.setWordWrap(True)
        self._words.setToolTip(_CALIBRATION_TIP)
        inner.addWidget(self._words)
        inner.addWidget(self._plot)
        self.column.addWidget(self._full)
        self.column.addStretch(1)
        session.certainty.events.connect(self._on_changed)
        session.layers.changed.connect(self._synchronize)
        session.overlay_changed.connect(self._synchronize)
        session.viewing.events.crosshair.connect(self._show_values)
        self._synchronize()

    def _empty_part(self) -> QWidget:
        self._empty = QWidget()
        column = QVBoxLayout(self._empty)
        column.setContentsMargins(0, 0, 0, 0)
        words = QLabel(_EMPTY)
        words.setObjectName("faint")
        words.setWordWrap(True)
        button = QPushButton("Segment and keep probabilities")
        button.clicked.connect(self.segment_requested)
        column.addWidget(words)
        column.addWidget(button)
        return self._empty

    def _choice(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(8)
        self._shown = QComboBox()
        self._shown.setAccessibleName("What is drawn over the images")
        self._shown.addItem("Nothing drawn", NOTHING)
        for key, (title, _) in QUANTITIES.items():
            self._shown.addItem(f"{title}, 0 to 2 bit" if key == ENTROPY else title, key)
        self._shown.activated.connect(self._on_shown_chosen)
        self._rounded = QCheckBox("Rounded")
        self._rounded.setToolTip(
            "Round each probability to 0 or 1, as the article behind the seed recipe looks at its prediction. "
            "Where no class reaches one half, nothing is left"
        )
        self._rounded.toggled.connect(self._on_rounded_toggled)
        row.addWidget(self._shown, 1)
        row.addWidget(self._rounded)
        return row

    def _value_grid(self) -> QGridLayout:
        """Probabilities at the crosshair, one column per class."""
        grid = QGridLayout()
        grid.setHorizontalSpacing(4)
        grid.setVerticalSpacing(0)
        self._values: list[QLabel] = []
        for column, name in enumerate((*_CLASSES, "entropy")):
            heading = QLabel("bg" if name == "background" else name)
            heading.setObjectName("faint")
            value = QLabel()
            for widget in (heading, value):
                widget.setAlignment(Qt.AlignmentFlag.AlignRight)
                widget.setToolTip(f"{name.capitalize() if name.islower() else name} at the crosshair")
            grid.addWidget(heading, 0, column)
            grid.addWidget(value, 1, column)
            grid.setColumnStretch(column, 1)
            self._values.append(value)
        return grid

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._show_values()

    def _on_changed(self, _change: object) -> None:
        self._synchronize()

    def _synchronize(self) -> None:
        session, state = self._session, self._session.certainty
        there = session.with_probabilities is not None
        self._empty.setVisible(not there)
        self._full.setVisible(there)
        with QSignalBlocker(self._shown), QSignalBlocker(self._rounded):
            self._shown.setCurrentIndex(self._shown.findData(state.shown))
            self._rounded.setChecked(state.rounded)
        self._rounded.setEnabled(state.shown not in (NOTHING, ENTROPY))
        self._bar.show_map(session.overlay if state.shown != NOTHING else None)
        self._regions.show_region(state.region)
        found = state.calibration()
        self._plot.setVisible(found is not None)
        self._plot.draw(found)
        self._words.setText(self._calibration_words(found))
        self._show_values()

    def _calibration_words(self, found: Calibration | None) -> str:
        if found is None and self._session.certainty.calibrations:
            region = self._session.certainty.region
            return f"The reference holds the whole tumour alone: it cannot say how often {region} is right."
        if found is None:
            compared = self._session.layers.reference is not None
            return "Measuring…" if compared else "Add a reference, and it is shown how often the network is right."
        if not found.voxels:
            return f"{self._session.certainty.region} is neither in the reference nor in the prediction."
        lean = float((found.gaps * found.counts)[found.counts > 0].sum())
        return (
            f"Expected calibration error {found.error:.3f}, largest gap {found.largest_gap:.2f}, "
            f"Brier {found.brier:.3f}. The network expects too {'much' if lean > 0 else 'little'} "
            f"{self._session.certainty.region} in the {found.voxels:,} voxels within {NEIGHBOURHOOD_MM:.0f} mm of it."
        )

    def _show_values(self) -> None:
        layer = self._session.with_probabilities
        if layer is None or layer.probabilities is None or not self.isVisible():
            return
        values, entropy = layer.probabilities.at(self._session.viewing.crosshair)
        for label, value in zip(self._values, (*values, entropy), strict=True):
            label.setText(f"{value:.2f}")

    def _on_shown_chosen(self, index: int) -> None:
        self._session.certainty.shown = self._shown.itemData(index)

    def _on_rounded_toggled(self, on: bool) -> None:
        self._session.certainty.rounded = on

    def _on_region_chosen(self, key: str) -> None:
        self._session.certainty.region = key

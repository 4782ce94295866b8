"""Intensities of the modalities inside each label, as small plots over one table of medians."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QSignalBlocker, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPen, QPixmap
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLabel

from brainseg_gui.evaluation.metrics.histograms import REST, LabelHistogram, ModalityHistograms
from brainseg_gui.imaging.colours import colour_of
from brainseg_gui.imaging.labels import meanings
from brainseg_gui.imaging.modality import Modality
from brainseg_gui.state.layers.layers import Layer
from brainseg_gui.state.session import Session
from brainseg_gui.views.comparing.histogram_plot import HistogramPlot
from brainseg_gui.views.widgets.clear_layout import clear_layout
from brainseg_gui.views.widgets.elided_combo import ElidedComboBox
from brainseg_gui.views.widgets.number_label import number_label
from brainseg_gui.views.widgets.plain_text import plain_tip
from brainseg_gui.views.widgets.scroll_page import ScrollPage
from brainseg_gui.views.widgets.theme import colour

# the second cue beside the colour, by meaning
_STYLES = {
    "NCR": Qt.PenStyle.SolidLine,
    "ED": Qt.PenStyle.DashLine,
    "ET": Qt.PenStyle.DotLine,
    "RC": Qt.PenStyle.DashDotDotLine,
    "NET": Qt.PenStyle.DashDotLine,
    "CC": Qt.PenStyle.DashDotDotLine,
    REST: Qt.PenStyle.SolidLine,
}
_EMPTY = "The intensities inside each label of a mask are shown here. Add a mask, or click Segment."
_REST_TIP = "Everything in the brain without a label: voxels that are not the image's background"


class HistogramsPanel(ScrollPage):
    """Reads `session.intensities`; measured when it is seen."""

    def __init__(self, session: Session) -> None:
        super().__init__(spacing=6)
        self._session, column = session, self.column
        column.addLayout(self._choice())
        self._empty = QLabel(_EMPTY)
        self._empty.setObjectName("faint")
        self._empty.setWordWrap(True)
        column.addWidget(self._empty)
        self._plots = {modality: HistogramPlot(modality.title) for modality in Modality}
        for plot in self._plots.values():
            column.addWidget(plot, 1)
        self._table = QGridLayout()
        self._table.setHorizontalSpacing(8)
        self._table.setVerticalSpacing(2)
        self._table.setColumnStretch(1, 1)
        column.addLayout(self._table)
        self._note = QLabel("Medians; the curves are shares of each label's voxels")
        self._note.setObjectName("faint")
        self._note.setWordWrap(True)
        column.addWidget(self._note)
        column.addStretch(0)
        session.intensities.events.connect(self._on_changed)
        session.layers.changed.connect(self._synchronize)
        session.layers.renamed.connect(self._list_layers)
        session.viewing.events.colours.connect(self._synchronize)
        self._synchronize()

    def _choice(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(8)
        name = QLabel("Labels of")
        name.setObjectName("quiet")
        self._layer = ElidedComboBox()
        self._layer.setAccessibleName("Layer whose labels are looked at")
        self._layer.setMinimumWidth(80)
        self._layer.activated.connect(self._on_layer_chosen)
        row.addWidget(name)
        row.addWidget(self._layer, 1)
        return row

    def _on_changed(self, _change: object) -> None:
        self._synchronize()

    def _on_layer_chosen(self, index: int) -> None:
        self._session.intensities.layer = list(self._session.layers)[index]

    def _synchronize(self, _change: object = None) -> None:
        layers, state = self._list_layers(), self._session.intensities
        histograms = state.histograms or {}
        self._empty.setVisible(not layers)
        self._note.setVisible(bool(histograms))
        for modality, plot in self._plots.items():
            plot.setVisible(modality in histograms)
            if modality in histograms:
                plot.draw(histograms[modality].edges, [self._line(h) for h in histograms[modality].labels])
        self._fill_table({m: histograms[m] for m in Modality if m in histograms})

    def _list_layers(self) -> list[Layer]:
        layers, chosen = list(self._session.layers), self._session.intensities.layer
        with QSignalBlocker(self._layer):
            self._layer.clear()
            self._layer.addItems([layer.name for layer in layers])
            self._layer.setCurrentIndex(layers.index(chosen) if chosen in layers else -1)
        self._layer.setEnabled(bool(layers))
        return layers

    def _line(self, histogram: LabelHistogram) -> tuple[NDArray[np.float64], QPen]:
        pen = self._pen(histogram.meaning)
        return histogram.shares, pen

    def _pen(self, meaning: str) -> QPen:
        rest = meaning == REST
        name = colour("quiet") if rest else QColor(colour_of(meaning, self._session.viewing.colours))
        pen = QPen(name, 1.0 if rest else 1.5, _STYLES.get(meaning, Qt.PenStyle.SolidLine))
        pen.setCosmetic(True)
        return pen

    def _fill_table(self, histograms: dict[Modality, ModalityHistograms]) -> None:
        """Median of each label in each modality; the first column is the legend."""
        clear_layout(self._table)
        for column, modality in enumerate(histograms, start=2):
            self._table.addWidget(number_label(modality.title, "Median intensity", name="faint"), 0, column)
        rows = {h.meaning: n for n, h in enumerate(next(iter(histograms.values())).labels, 1)} if histograms else {}
        for meaning, row in rows.items():
            sample = QLabel()
            sample.setPixmap(_sample(self._pen(meaning)))
            name = QLabel("rest" if meaning == REST else meaning if meaning != "?" else "other")
            name.setTextFormat(Qt.TextFormat.PlainText)
            name.setToolTip(plain_tip(_REST_TIP if meaning == REST else meanings()[meaning].title))
            self._table.addWidget(sample, row, 0)
            self._table.addWidget(name, row, 1)
        for column, found in enumerate(histograms.values(), start=2):
            for histogram in found.labels:
                low, middle, high = histogram.quartiles
                tip = (
                    f"{histogram.voxels:,} voxels, half of them from {low:.4g} to {high:.4g}\n"
                    f"{histogram.beyond:.1%} beyond the range of the plot"
                )
                if histogram.meaning in rows:
                    self._table.addWidget(number_label(_short(middle), tip), rows[histogram.meaning], column)


def _short(value: float) -> str:
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.3g}"


def _sample(pen: QPen) -> QPixmap:
    """A piece of the line, for the legend."""
    size = QSize(28, 12)
    pixmap = QPixmap(size)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setPen(pen)
    middle = size.height() / 2 + 0.5
    painter.drawLine(QPointF(1, middle), QPointF(size.width() - 1, middle))
    painter.end()
    return pixmap

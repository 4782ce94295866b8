"""The layers of the case and the labels in them."""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSlider, QVBoxLayout

from brainseg_gui.state.layers.layers import Layer
from brainseg_gui.state.session import Session
from brainseg_gui.views.layers.label_table import LabelTable
from brainseg_gui.views.layers.layer_row import LayerRow
from brainseg_gui.views.widgets.scroll_page import ScrollPage


class LayersPanel(ScrollPage):
    """A row per layer, the opacity of all, and the table of labels; it scrolls before anything in it is squeezed."""

    save_requested = Signal(object)
    remove_requested = Signal(object)
    compare_requested = Signal(object, bool)
    edit_requested = Signal(object, bool)
    rename_requested = Signal(object)
    move_requested = Signal(object, int)
    statistics_requested = Signal(object)
    scheme_requested = Signal(object, object)
    file_requested = Signal(object, bool)

    def __init__(self, session: Session) -> None:
        super().__init__(spacing=6, above=0)
        self._session = session
        self._rows: dict[Layer, LayerRow] = {}
        column = self.column
        self._list = QVBoxLayout()
        self._list.setSpacing(2)
        self._empty = QLabel()
        self._empty.setObjectName("faint")
        self._empty.setWordWrap(True)
        column.addLayout(self._list)
        column.addWidget(self._empty)
        column.addLayout(self._opacity_row())
        self._heading = QLabel("Labels, ml")
        self._heading.setContentsMargins(0, 8, 0, 0)
        column.addWidget(self._heading)
        self.labels = LabelTable(session)
        column.addWidget(self.labels)
        column.addStretch(1)
        session.case_changed.connect(self._synchronize)
        session.layers.changed.connect(self._synchronize)
        session.layers.appearance_changed.connect(self._synchronize)
        for field in (session.viewing.events.hidden, session.viewing.events.colours):
            field.connect(self.labels.synchronize)
        session.viewing.events.opacity.connect(self._on_opacity_changed)
        self._synchronize()

    def _opacity_row(self) -> QHBoxLayout:
        row = QHBoxLayout()
        name = QLabel("Opacity")
        name.setObjectName("quiet")
        self._opacity = QSlider(Qt.Orientation.Horizontal)
        self._opacity.setRange(0, 100)
        self._opacity.setAccessibleName("Opacity of masks")
        self._opacity.setToolTip("Opacity of filled masks (A, D)")
        self._opacity.valueChanged.connect(self._on_opacity_moved)
        self._opacity_text = QLabel()
        self._opacity_text.setObjectName("quiet")
        self._opacity_text.setFixedWidth(40)
        self._opacity_text.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        row.addWidget(name)
        row.addWidget(self._opacity, 1)
        row.addWidget(self._opacity_text)
        self._on_opacity_changed()
        return row

    def _on_opacity_moved(self, percent: int) -> None:
        self._session.viewing.opacity = percent / 100

    def _on_opacity_changed(self) -> None:
        percent = round(100 * self._session.viewing.opacity)
        with QSignalBlocker(self._opacity):
            self._opacity.setValue(percent)
        self._opacity_text.setText(f"{percent} %")

    def _synchronize(self) -> None:
        layers = list(self._session.layers)
        for gone in [layer for layer in self._rows if layer not in layers]:
            row = self._rows.pop(gone)
            row.hide()
            row.deleteLater()
        for place, layer in enumerate(layers):
            if layer in self._rows:
                self._rows[layer].synchronize()
            else:
                self._add_row(layer)
            if self._list.indexOf(self._rows[layer]) != place:
                self._list.insertWidget(place, self._rows[layer])
        self._empty.setVisible(not layers)
        self._heading.setVisible(bool(layers))
        self._empty.setText(
            "Segment makes a prediction. A mask beside the images opens as the reference."
            if self._session.case
            else "The masks of the open case appear here."
        )
        self.labels.synchronize()

    def _add_row(self, layer: Layer) -> None:
        row = LayerRow(layer)
        row.save_requested.connect(self.save_requested)
        row.remove_requested.connect(self.remove_requested)
        row.compare_requested.connect(self.compare_requested)
        row.edit_requested.connect(self.edit_requested)
        row.rename_requested.connect(self.rename_requested)
        row.move_requested.connect(self.move_requested)
        row.statistics_requested.connect(self.statistics_requested)
        row.scheme_requested.connect(self.scheme_requested)
        row.file_requested.connect(self.file_requested)
        self._list.addWidget(row)
        self._rows[layer] = row

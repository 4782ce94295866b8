"""The labels of the compared layers: colour, name, volume in each, visible or not."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QPainter, QPixmap
from PySide6.QtWidgets import QGridLayout, QLabel, QWidget

from brainseg_gui.evaluation.metrics.comparison import volumes_ml
from brainseg_gui.imaging.labels import UNKNOWN, WHOLE, Meaning, built_in_meanings, meanings
from brainseg_gui.state.layers.layers import Layer, LayerRole
from brainseg_gui.state.session import Session
from brainseg_gui.views.widgets.number_label import number_label
from brainseg_gui.views.widgets.plain_text import plain_tip
from brainseg_gui.views.widgets.tool_button import IconButton, show_tool, tool_button

_SHORT = {LayerRole.REFERENCE: "ref.", LayerRole.PREDICTION: "pred.", LayerRole.ANNOTATION: "ann."}
_COLUMNS = 2


class LabelTable(QWidget):
    """One row per label that occurs; those of tumours stand from the start, and all are shown when they are needed."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(8)
        self._grid.setVerticalSpacing(2)
        self._grid.setColumnStretch(1, 1)
        self._headings = [number_label(name="faint") for _ in range(_COLUMNS)]
        for column, heading in enumerate(self._headings, start=2):
            self._grid.addWidget(heading, 0, column)
        self._rows = {key: self._row(n, meaning) for n, (key, meaning) in enumerate(built_in_meanings().items(), 1)}
        self.synchronize()

    def _row(self, number: int, meaning: Meaning) -> tuple[QLabel, QLabel, list[QLabel], IconButton]:
        swatch_label, name = QLabel(), QLabel()
        name.setTextFormat(Qt.TextFormat.PlainText)
        volumes = [number_label() for _ in range(_COLUMNS)]
        eye = tool_button()
        eye.clicked.connect(partial(self._session.viewing.toggle_meaning, meaning.key))
        for column, widget in enumerate((swatch_label, name, *volumes, eye)):
            self._grid.addWidget(widget, number, column)
        return swatch_label, name, volumes, eye

    @property
    def volumes(self) -> dict[str, list[str]]:
        """What is shown: name of the label -> its volume in each listed layer."""
        return {
            name.text(): [volume.text() for volume in volumes if volume.text()]
            for _, name, volumes, eye in self._rows.values()
            if not eye.isHidden()
        }

    def synchronize(self) -> None:
        """Show the labels of the compared layers, else of the first ones."""
        layers = self._listed()
        listed = [volumes_ml(layer.labels) for layer in layers]
        for column, heading in enumerate(self._headings):
            heading.setText(_SHORT[layers[column].role] if column < len(layers) else "")
            heading.setToolTip(plain_tip(layers[column].name) if column < len(layers) else "")
        for key in meanings():
            if key not in self._rows and any(key in volumes for volumes in listed):
                self._rows[key] = self._row(len(self._rows) + 1, meanings()[key])
        for key, row in self._rows.items():
            amounts = [volumes.get(key, 0.0) for volumes in listed]
            self._show_row(key, row, amounts, layers)

    def _listed(self) -> list[Layer]:
        compared = [self._session.layers.reference, self._session.layers.prediction]
        chosen = [layer for layer in compared if layer is not None]
        others = [layer for layer in self._session.layers if layer not in chosen]
        return chosen + others[: _COLUMNS - len(chosen)]

    def _show_row(
        self,
        key: str,
        row: tuple[QLabel, QLabel, list[QLabel], IconButton],
        amounts: list[float],
        layers: list[Layer],
    ) -> None:
        swatch_label, name, volumes, eye = row
        shown = any(amounts) and (key != WHOLE or any(not layer.labels.scheme.tells_apart for layer in layers))
        for widget in (swatch_label, name, *volumes, eye):
            widget.setVisible(shown)
        if not shown:
            return
        viewing, look = self._session.viewing, _look(key, layers)
        title = look.title
        swatch_label.setPixmap(swatch(viewing.colours.of(look)))
        name.setText(look.key if look.key != UNKNOWN else "other")
        name.setToolTip(plain_tip(title))
        for column, label in enumerate(volumes):
            there = column < len(layers)
            label.setText(f"{amounts[column]:.1f}" if there else "")
            label.setToolTip(plain_tip(f"{title} in {layers[column].name}: {amounts[column]:.2f} ml") if there else "")
        show_tool(eye, "eye-off" if key in viewing.hidden else "eye", f"Show or hide {title}")
        eye.setAccessibleName(f"Show {look.key}")


def _look(key: str, layers: Sequence[Layer]) -> Meaning:
    """Name and colour of a label, as the last of the layers whose scheme has it shows it: the one that is worked on."""
    schemes = (layer.labels.scheme for layer in reversed(layers))
    return next((scheme.look_for(key) for scheme in schemes if key in scheme.labels.values()), meanings()[key])


def swatch(colour_name: str) -> QPixmap:
    """A small square in a colour."""
    pixmap = QPixmap(12, 12)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setBrush(QColor(colour_name))
    painter.setPen(Qt.PenStyle.NoPen)
    painter.drawRoundedRect(0, 0, 12, 12, 2, 2)
    painter.end()
    return pixmap

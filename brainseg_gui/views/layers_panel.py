"""The layers of the case and the labels in them."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from weakref import WeakKeyDictionary

from PySide6.QtCore import QSignalBlocker, QSize, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPixmap
from PySide6.QtWidgets import (
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QMenu,
    QSlider,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from brainseg_gui.evaluation.comparison import volumes_ml
from brainseg_gui.imaging.colours import colour_of
from brainseg_gui.imaging.labels import LabelMap, label_schemes, meanings
from brainseg_gui.state.layers import Layer, OverlayStyle, Role
from brainseg_gui.state.session import Session
from brainseg_gui.views.elided_label import ElidedLabel
from brainseg_gui.views.theme import icon

_SHORT = {Role.REFERENCE: "ref.", Role.PREDICTION: "pred.", Role.ANNOTATION: "ann."}


class LayersPanel(QWidget):
    """Rows of layers (visible, style, name, save, remove) and of labels (colour, name, ml, visible)."""

    save_requested = Signal(object)
    remove_requested = Signal(object)
    compare_requested = Signal(object, bool)

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self._volumes: WeakKeyDictionary[LabelMap, Mapping[str, float]] = WeakKeyDictionary()
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 0, 8, 8)
        column.setSpacing(6)
        self._layer_rows = QVBoxLayout()
        self._layer_rows.setSpacing(2)
        column.addLayout(self._layer_rows)
        column.addLayout(self._opacity_row())
        self._scheme = QLabel("Labels, ml")
        self._scheme.setObjectName("section")
        column.addWidget(self._scheme)
        self._label_rows = QGridLayout()
        self._label_rows.setHorizontalSpacing(8)
        self._label_rows.setVerticalSpacing(2)
        self._label_rows.setColumnStretch(1, 1)
        column.addLayout(self._label_rows)
        column.addStretch(1)
        session.case_changed.connect(self._synchronize)
        session.layers.changed.connect(self._synchronize)
        session.layers.appearance_changed.connect(self._synchronize)
        for field in (session.viewing.events.hidden, session.viewing.events.safe_colours):
            field.connect(self._synchronize)
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
        _empty(self._layer_rows)
        _empty(self._label_rows)
        layers = list(self._session.layers)
        for layer in layers:
            self._layer_rows.addWidget(_LayerRow(self, layer))
        if not layers:
            self._layer_rows.addWidget(self._empty_state())
        self._show_labels(layers)

    def _empty_state(self) -> QWidget:
        text = "Segment makes a prediction. A mask beside the images opens as the reference."
        label = QLabel(text if self._session.case else "The masks of the open case appear here.")
        label.setObjectName("faint")
        label.setWordWrap(True)
        return label

    def _show_labels(self, layers: list[Layer]) -> None:
        self._scheme.setVisible(bool(layers))
        present: list[str] = []
        for layer in layers:
            present += [m for m in self._volumes_of(layer) if m not in present]
        shown = [key for key in meanings() if key in present]
        columns = self._columns(layers)
        for column, layer in enumerate(columns, start=2):
            heading = QLabel(_SHORT[layer.role])
            heading.setObjectName("faint")
            heading.setToolTip(layer.name)
            heading.setAlignment(Qt.AlignmentFlag.AlignRight)
            self._label_rows.addWidget(heading, 0, column)
        for row, key in enumerate(shown, start=1):
            self._add_label_row(row, key, columns)

    def _columns(self, layers: list[Layer]) -> list[Layer]:
        """The layers whose volumes are listed: the two compared, else the first ones."""
        compared = [self._session.layers.reference, self._session.layers.prediction]
        chosen = [layer for layer in compared if layer is not None]
        return chosen + [layer for layer in layers if layer not in chosen][: 2 - len(chosen)]

    def _add_label_row(self, row: int, key: str, layers: list[Layer]) -> None:
        viewing = self._session.viewing
        swatch = QLabel()
        swatch.setPixmap(_swatch(colour_of(key, safe=viewing.safe_colours)))
        name = QLabel(key if key != "?" else "other")
        name.setToolTip(meanings()[key].title)
        self._label_rows.addWidget(swatch, row, 0)
        self._label_rows.addWidget(name, row, 1)
        for column, layer in enumerate(layers, start=2):
            volume = self._volumes_of(layer).get(key, 0.0)
            number = QLabel(f"{volume:.1f}")
            number.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            number.setToolTip(f"{meanings()[key].title} in {layer.name}: {volume:.2f} ml")
            self._label_rows.addWidget(number, row, column)
        hidden = key in viewing.hidden
        eye = _tool("eye-off" if hidden else "eye", f"Show or hide {meanings()[key].title}")
        eye.setAccessibleName(f"Show {key}")
        eye.clicked.connect(partial(viewing.toggle_meaning, key))
        self._label_rows.addWidget(eye, row, 6)

    def _volumes_of(self, layer: Layer) -> dict[str, float]:
        """Volumes per meaning; counted once per array and scheme."""
        if layer.labels not in self._volumes:
            self._volumes[layer.labels] = volumes_ml(layer.labels)
        return {key: ml for key, ml in self._volumes[layer.labels].items() if key in meanings()}


class _LayerRow(QWidget):
    """One layer."""

    def __init__(self, panel: LayersPanel, layer: Layer) -> None:
        super().__init__()
        self._layer = layer
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(2)
        eye = _tool("eye" if layer.visible else "eye-off", f"Show or hide {layer.name}")
        eye.clicked.connect(self._on_visible_clicked)
        filled = layer.style is OverlayStyle.FILL
        style = _tool(
            "fill" if filled else "outline", "Filled; click for outline" if filled else "Outline; click to fill"
        )
        style.clicked.connect(self._on_style_clicked)
        name = ElidedLabel(layer.name)
        made = f"{layer.role.value} by {layer.author or 'unknown'}, {layer.created:%Y-%m-%d %H:%M}"
        name.setToolTip(f"{layer.name}\n{made}\n{layer.saved_as or 'not saved'}")
        row.addWidget(eye)
        row.addWidget(style)
        row.addWidget(name, 1)
        if layer.saved_as is None:
            unsaved = QLabel("●")
            unsaved.setToolTip("Not saved")
            unsaved.setObjectName("quiet")
            row.addWidget(unsaved)
        save = _tool("save", f"Save {layer.name}…")
        save.clicked.connect(lambda: panel.save_requested.emit(layer))
        more = _tool("more", f"Label scheme, comparison and removal of {layer.name}")
        more.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        more.setMenu(self._menu(panel))
        row.addWidget(save)
        row.addWidget(more)

    def _menu(self, panel: LayersPanel) -> QMenu:
        layer, menu = self._layer, QMenu(self)
        schemes = menu.addMenu(f"Numbers are read as {layer.labels.scheme.title}")
        for scheme in label_schemes().values():
            words = ", ".join(f"{value} {meaning}" for value, meaning in sorted(scheme.labels.items()))
            action = schemes.addAction(f"{scheme.title}: {words}")
            action.setCheckable(True)
            action.setChecked(scheme.name == layer.labels.scheme.name)
            action.triggered.connect(partial(self._on_scheme_chosen, scheme.name))
        menu.addSeparator()
        menu.addAction("Compare as reference").triggered.connect(lambda: panel.compare_requested.emit(layer, True))
        menu.addAction("Compare as prediction").triggered.connect(lambda: panel.compare_requested.emit(layer, False))
        menu.addSeparator()
        remove = menu.addAction("Remove from the list; its file stays" if layer.saved_as else "Remove; it is not saved")
        remove.triggered.connect(lambda: panel.remove_requested.emit(layer))
        return menu

    def _on_visible_clicked(self) -> None:
        self._layer.visible = not self._layer.visible

    def _on_style_clicked(self) -> None:
        filled = self._layer.style is OverlayStyle.FILL
        self._layer.style = OverlayStyle.OUTLINE if filled else OverlayStyle.FILL

    def _on_scheme_chosen(self, name: str) -> None:
        self._layer.labels = self._layer.labels.with_scheme(label_schemes()[name])


def _tool(icon_name: str, tip: str) -> QToolButton:
    button = QToolButton()
    button.setIcon(icon(icon_name, "quiet"))
    button.setIconSize(QSize(16, 16))
    button.setToolTip(tip)
    button.setAccessibleName(tip)
    return button


def _swatch(colour_name: str) -> QPixmap:
    pixmap = QPixmap(12, 12)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setBrush(QColor(colour_name))
    painter.setPen(Qt.PenStyle.NoPen)
    painter.drawRoundedRect(0, 0, 12, 12, 2, 2)
    painter.end()
    return pixmap


def _empty(layout: QVBoxLayout | QGridLayout) -> None:
    while layout.count():
        item = layout.takeAt(0)
        if (widget := item.widget()) is not None:
            widget.hide()
            widget.deleteLater()

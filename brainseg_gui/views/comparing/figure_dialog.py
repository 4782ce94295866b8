"""Choosing a figure for print or an animation, with a picture of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QPixmap, QResizeEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QSizePolicy,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from brainseg_gui.evaluation.figures.layouts import LAYOUTS
from brainseg_gui.evaluation.figures.request import FigureRequest
from brainseg_gui.evaluation.figures.style import (
    COARSEST_DPI,
    FINEST_DPI,
    NARROWEST_MM,
    WIDEST_MM,
    FigureExtent,
    FigureStyle,
    LegendText,
    palette,
)
from brainseg_gui.imaging.colours import USUAL, colour_sets
from brainseg_gui.imaging.grid import Voxel
from brainseg_gui.imaging.labels import regions
from brainseg_gui.imaging.modality import Modality
from brainseg_gui.imaging.plane import Plane
from brainseg_gui.views.widgets.screen_room import fit_screen

_SOON_MS = 250
_LABEL_WIDTH = 118
_LEGENDS = (("Labels by name", LegendText.NAMES), ("Labels by key", LegendText.KEYS), ("None", LegendText.OFF))
_SEED_FIRST, _SEED_COUNT = 70, 5


class FigureDialog(QDialog):
    """What the figure shows and how it looks on the left, a preview on the right.

    Parameters
    ----------
    modalities
        Those of the case.
    request
        What to begin with.
    crosshair
        Where the crosshair stands: figures go through it, or through the tumour.

    Signals
    -------
    preview_requested
        The `FigureRequest`, a moment after it changed.
    save_requested
        The `FigureRequest`.
    """

    preview_requested = Signal(object)
    save_requested = Signal(object)

    def __init__(
        self, modalities: Sequence[Modality], request: FigureRequest, crosshair: Voxel, parent: QWidget
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle("Export figure")
        fit_screen(self, (1080, 640))
        self._crosshair = crosshair
        self._picture = QPixmap()
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(_SOON_MS)
        self._soon.timeout.connect(lambda: self.preview_requested.emit(self.request))
        self._make_fields(modalities, request)
        self._form = self._filled_form()
        self._preview = QLabel("Drawing…")
        self._preview.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._preview.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Ignored)
        self._preview.setMinimumWidth(420)
        self._preview.setAccessibleName("Preview of the figure")
        self._status = QLabel()
        self._status.setTextFormat(Qt.TextFormat.PlainText)
        self._status.setObjectName("quiet")
        self._status.setWordWrap(True)
        self._status.setMinimumHeight(3 * self._status.fontMetrics().lineSpacing())
        self._bar = QProgressBar()
        self._bar.setRange(0, 100)
        self._bar.setTextVisible(False)
        self._bar.hide()
        self._buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Save | QDialogButtonBox.StandardButton.Close)
        self._save = self._buttons.button(QDialogButtonBox.StandardButton.Save)
        self._save.setText("Save…")
        self._save.setObjectName("primary")
        self._buttons.accepted.connect(lambda: self.save_requested.emit(self.request))
        self._buttons.rejected.connect(self.reject)
        self._arrange()
        self._on_changed()

    # the fields

    def _make_fields(self, modalities: Sequence[Modality], request: FigureRequest) -> None:
        style = request.style
        self._layout = self._choice([(layout.title, key) for key, layout in LAYOUTS.items()], request.layout)
        self._modality = self._choice([(modality.title, modality) for modality in modalities], request.modality)
        self._plane = self._choice([(plane.title, plane) for plane in Plane], request.plane)
        self._region = self._choice([(region.key, region) for region in regions()], regions()[0])
        self._count = self._number(QSpinBox(), 1, 20, 5)
        self._every = self._number(QSpinBox(), 0, 50, 0, special="automatic")
        self._first = self._number(QSpinBox(), 0, 1000, _SEED_FIRST)
        self._close_up = self._tick("Only around the tumour", on=False)
        self._through = self._tick("Through the crosshair", on=True)
        self._fps = self._number(QSpinBox(), 1, 50, 10)
        sets = list(colour_sets().values())
        colours = next((one for one in sets if dict(style.colours) == palette(one)), USUAL)
        self._colours = self._choice([(one.title, one) for one in sets], colours)
        self._legend = self._choice(_LEGENDS, style.legend)
        self._scale_bar = self._tick("Scale bar in mm", on=style.scale_bar)
        self._letters = self._tick("Orientation letters", on=style.letters)
        usual = NARROWEST_MM - 1
        self._width = self._number(QSpinBox(), usual, WIDEST_MM, style.width_mm or usual, special="usual", suffix=" mm")
        usual = COARSEST_DPI - 1
        self._dpi = self._number(QSpinBox(), usual, FINEST_DPI, style.dots_per_inch or usual, special="usual")

    def _choice(self, entries: Sequence[tuple[str, Any]], chosen: object) -> QComboBox:
        box = QComboBox()
        for text, value in entries:
            box.addItem(text, value)
        values = [value for _, value in entries]
        box.setCurrentIndex(values.index(chosen) if chosen in values else 0)
        box.currentIndexChanged.connect(self._on_changed)
        return box

    def _number(self, box: Any, low: float, high: float, value: float, *, special: str = "", suffix: str = "") -> Any:
        box.setRange(int(low), int(high))
        box.setValue(int(value))
        box.setSpecialValueText(special)
        box.setSuffix(suffix)
        box.setKeyboardTracking(False)
        box.valueChanged.connect(self._on_changed)
        return box

    def _tick(self, text: str, *, on: bool) -> QCheckBox:
        box = QCheckBox(text)
        box.setChecked(on)
        box.toggled.connect(self._on_changed)
        return box

    def _filled_form(self) -> QFormLayout:
        form = QFormLayout()
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        form.setLabelAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        self._fields: dict[str, QWidget] = {
            "modality": self._modality,
            "plane": self._plane,
            "region": self._region,
            "count": self._count,
            "every": self._every,
            "first": self._first,
            "frames_per_second": self._fps,
            "at": self._through,
            "extent": self._close_up,
        }
        names = ("Image", "Plane", "Worst in", "Slices", "Every n-th slice", "First slice", "Slices per second", "", "")
        self._description = QLabel()
        self._description.setObjectName("quiet")
        self._description.setWordWrap(True)
        form.addRow("Layout", self._layout)
        form.addRow(self._description)
        for name, field in zip(names, self._fields.values(), strict=True):
            form.addRow(name, field)
        form.addRow("Colours", self._colours)
        form.addRow("Legend", self._legend)
        form.addRow("", self._scale_bar)
        form.addRow("", self._letters)
        form.addRow("Width", self._width)
        form.addRow("Dots per inch", self._dpi)
        for row in range(form.rowCount()):
            item = form.itemAt(row, form.ItemRole.FieldRole)
            of_row = item.widget() if item is not None else None
            label = form.labelForField(of_row) if of_row is not None else None
            if of_row is not None and isinstance(label, QLabel):
                of_row.setAccessibleName(label.text())
                label.setMinimumSize(_LABEL_WIDTH, of_row.sizeHint().height())
        return form

    def _arrange(self) -> None:
        side = QWidget()
        side.setFixedWidth(330)
        column = QVBoxLayout(side)
        column.setContentsMargins(0, 0, 0, 0)
        column.addLayout(self._form)
        column.addStretch()
        column.addWidget(self._status)
        column.addWidget(self._bar)
        column.addWidget(self._buttons)
        row = QHBoxLayout(self)
        row.setSpacing(16)
        row.addWidget(side)
        row.addWidget(self._preview, 1)

    # what is chosen

    @property
    def request(self) -> FigureRequest:
        """The figure as chosen."""
        layout = self._layout.currentData()
        seed = layout == "seed"
        first = self._first.value()
        return FigureRequest(
            layout=layout,
            modality=self._modality.currentData(),
            plane=self._plane.currentData(),
            at=self._crosshair if self._through.isChecked() else None,
            slices=(first, first + _SEED_COUNT - 1) if seed else None,
            every=self._every.value() or None,
            region=self._region.currentData(),
            count=self._count.value(),
            extent=FigureExtent.TUMOUR if self._close_up.isChecked() else FigureExtent.HEAD,
            frames_per_second=self._fps.value(),
            style=self._style(),
        )

    def _style(self) -> FigureStyle:
        width, dots = self._width.value(), self._dpi.value()
        return FigureStyle(
            colours=palette(self._colours.currentData()),
            legend=self._legend.currentData(),
            scale_bar=self._scale_bar.isChecked(),
            letters=self._letters.isChecked(),
            width_mm=width if width >= NARROWEST_MM else None,
            dots_per_inch=dots if dots >= COARSEST_DPI else None,
        )

    def _on_changed(self, *_: object) -> None:
        key = self._layout.currentData()
        shown = LAYOUTS[key].options | ({"first"} if key == "seed" else set())
        for name, field in self._fields.items():
            self._form.setRowVisible(field, name in shown)
        for field in (self._colours, self._legend, self._scale_bar):
            self._form.setRowVisible(field, key != "seed")
        text = LAYOUTS[key].description
        self._description.setText(f"{text[0].upper()}{text[1:]}.")
        self._status.setText("Drawing…")
        self._soon.start()

    # what comes back

    def show_preview(self, png: bytes) -> None:
        """Show a drawn figure."""
        self._picture = QPixmap()
        self._picture.loadFromData(png)
        self._status.clear()
        self._save.setEnabled(True)
        self._fit()

    def show_problem(self, sentence: str) -> None:
        """Say why the figure cannot be drawn or saved."""
        self._picture = QPixmap()
        self._preview.clear()
        self._status.setText(sentence)
        self._save.setEnabled(False)

    def show_saving(self, done: float | None, sentence: str) -> None:
        """Show how far the writing is, or that it is over (None)."""
        self._bar.setVisible(done is not None)
        self._bar.setValue(round(100 * (done or 0.0)))
        self._save.setEnabled(done is None)
        self._status.setText(sentence)

    def _fit(self) -> None:
        if self._picture.isNull():
            return
        ratio = self.devicePixelRatioF()
        size = self._preview.size() * ratio
        smaller = self._picture.scaled(
            size, Qt.AspectRatioMode.KeepAspectRatio, Qt.TransformationMode.SmoothTransformation
        )
        smaller.setDevicePixelRatio(ratio)
        self._preview.setPixmap(smaller)

    def done(self, result: int) -> None:
        """Close, and ask for no more previews."""
        self._soon.stop()
        super().done(result)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

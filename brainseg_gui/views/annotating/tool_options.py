"""The settings of the tool in the hand, and of no other."""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker, Qt
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QHBoxLayout,
    QLabel,
    QSlider,
    QVBoxLayout,
    QWidget,
)

from brainseg_gui.state.annotating.clicking import CLICK_WAITS, Readiness
from brainseg_gui.state.annotating.tools import BRUSH_MM, TRAITS, Painting, Tool, ToolOptions
from brainseg_gui.state.session import Session
from brainseg_gui.views.actions.action_button import ActionButton
from brainseg_gui.views.actions.actions import Actions
from brainseg_gui.views.actions.letters import without_letter
from brainseg_gui.views.annotating.range_options import RangeOptions, modality_box, show_modality
from brainseg_gui.views.widgets.elided_combo import ElidedComboBox
from brainseg_gui.views.widgets.number_box import NumberBox

_PAINTINGS = {
    Painting.ALL: "all voxels",
    Painting.IN_RANGE: "voxels in range",
    Painting.FOLLOW_EDGES: "up to edges",
}


class ToolOptionsView(QWidget):
    """Shows `annotating.options`.

    Attributes
    ----------
    operations
        Where the operations of the tool "seeds" go, below its scribbles.
    """

    def __init__(self, session: Session, actions: Actions) -> None:
        super().__init__()
        self._session, self._options, self._actions = session, session.annotating.options, actions
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        self._title, self._words = QLabel(), QLabel()
        self._title.setObjectName("section")
        self._words.setObjectName("faint")
        self._words.setAlignment(Qt.AlignmentFlag.AlignTop)
        lines = max(traits.mouse.count("\n") for traits in TRAITS.values()) + 1
        self._words.setMinimumHeight(lines * self.fontMetrics().lineSpacing())  # what stands below does not jump
        self._size_row = self._make_size_row()
        self._shape_row = self._make_shape_row()
        self._painting = self._make_painting()
        self._range = RangeOptions(session, actions)
        self._edges = self._make_edges()
        self._by = self._make_fill_choice()
        self._layer = self._make_layer_choice()
        self._clicks = self._make_clicks()
        self._seeds = QWidget()
        self.operations = QVBoxLayout(self._seeds)
        self.operations.setContentsMargins(0, 0, 0, 0)
        self.operations.addWidget(ActionButton(actions, "operate.grow_seeds"))
        self.operations.addWidget(ActionButton(actions, "annotate.clear_seeds"))
        parts = (self._title, self._words, self._layer, self._by, self._size_row, self._shape_row)
        for widget in (*parts, self._painting, self._range, self._edges, self._seeds, self._clicks):
            column.addWidget(widget)
        self._options.events.connect(self._synchronize)
        for listed in (session.layers.changed, session.layers.renamed):
            listed.connect(self._list_layers)
        session.annotating.annotation_changed.connect(self._list_layers)
        self._list_layers()
        self._synchronize()

    def _make_size_row(self) -> QWidget:
        self._size = NumberBox()
        self._size.setRange(*BRUSH_MM)
        self._size.setDecimals(1)
        self._size.setSuffix(" mm")
        self._size.setKeyboardTracking(False)
        self._size.setFixedWidth(76)
        self._size.setAccessibleName("Size of the brush")
        self._slider = QSlider(Qt.Orientation.Horizontal)
        self._slider.setRange(1, 100)
        self._slider.setAccessibleName("Size of the brush")
        for widget in (self._size, self._slider):
            widget.setToolTip("Diameter of the brush: Shift+wheel over the picture")
        self._size.valueChanged.connect(lambda mm: setattr(self._options, "brush_mm", mm))
        self._slider.valueChanged.connect(lambda half: setattr(self._options, "brush_mm", half / 2))
        return titled("Size", self._slider, self._size)

    def _make_shape_row(self) -> QWidget:
        self._square, self._in_3d = QCheckBox("Square"), QCheckBox()
        self._square.setToolTip("Square or cube instead of disc or ball")
        self._in_3d.setToolTip(self._actions["annotate.in_3d"].toolTip())
        self._square.toggled.connect(lambda on: setattr(self._options, "square", on))
        self._in_3d.toggled.connect(lambda on: setattr(self._options, "in_3d", on))
        row = QWidget()
        layout = QHBoxLayout(row)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(12)
        layout.addWidget(self._square)
        layout.addWidget(self._in_3d)
        layout.addStretch(1)
        return row

    def _make_painting(self) -> QWidget:
        self._painting_box = QComboBox()
        self._painting_box.setAccessibleName("Which voxels are painted")
        self._painting_box.setToolTip("All voxels, only those in a range of intensities, or only up to the next edge")
        self._painting_box.activated.connect(self._on_painting_chosen)
        return titled("Paint", self._painting_box)

    def _make_clicks(self) -> QLabel:
        label = QLabel()
        label.setObjectName("quiet")
        label.setTextFormat(Qt.TextFormat.PlainText)
        label.setWordWrap(True)
        label.setAlignment(Qt.AlignmentFlag.AlignTop)
        label.setMinimumHeight(5 * self.fontMetrics().lineSpacing())  # what stands below does not jump
        label.setAccessibleName("What the clicks come to")
        self._session.annotating.clicking.events.connect(self._show_clicks)
        return label

    def _make_edges(self) -> QWidget:
        self._edge_modality = modality_box("Image whose intensities count")
        self._edge_modality.activated.connect(
            lambda _: setattr(self._options, "modality", self._edge_modality.currentData())
        )
        self._contrast = NumberBox()
        self._contrast.setRange(0.5, 10.0)
        self._contrast.setSingleStep(0.5)
        self._contrast.setDecimals(1)
        self._contrast.setSuffix(" sd")
        self._contrast.setFixedWidth(64)
        self._contrast.setKeyboardTracking(False)
        self._contrast.setAccessibleName("Contrast")
        self._contrast.valueChanged.connect(lambda value: setattr(self._options, "contrast", value))
        return titled("Image", self._edge_modality, self._contrast)

    def _make_fill_choice(self) -> QWidget:
        self._by_box = QComboBox()
        self._by_box.addItem("one label", False)
        self._by_box.addItem("similar intensities", True)
        self._by_box.setAccessibleName("What is filled")
        self._by_box.setToolTip("How far filling spreads from the voxel under the mouse")
        self._by_box.activated.connect(lambda _: setattr(self._options, "by_intensity", self._by_box.currentData()))
        return titled("Fill", self._by_box)

    def _make_layer_choice(self) -> QWidget:
        self._layer_box = ElidedComboBox()
        self._layer_box.setAccessibleName("Layer to copy from")
        self._layer_box.setToolTip("The layer whose labels are copied")
        self._layer_box.activated.connect(
            lambda _: setattr(self._options, "copy_from", self._layer_box.currentData() or "")
        )
        return titled("From", self._layer_box)

    def _list_layers(self) -> None:
        edited = self._session.annotating.layer
        self._layer_box.clear()
        self._layer_box.addItem("newest prediction", "")
        for layer in self._session.layers:
            if layer is not edited:
                self._layer_box.addItem(layer.name, layer.name)
        self._synchronize()

    def _on_painting_chosen(self) -> None:
        self._options.painting = self._painting_box.currentData()

    def _synchronize(self, *_: object) -> None:
        options, tool = self._options, self._options.tool
        traits = TRAITS[tool]
        turned = options.erasing and bool(traits.mouse_erasing)
        title = without_letter(self._actions[f"annotate.{tool.value}"].text())
        self._title.setText(f"{title}, Erase is on" if turned else title)
        self._words.setText(traits.mouse_erasing if turned else traits.mouse)
        self._show_values(options)
        ranged = options.painting is Painting.IN_RANGE and traits.ranged
        edges = options.painting is Painting.FOLLOW_EDGES and tool in (Tool.BRUSH, Tool.COPY)
        for widget, there in (
            (self._layer, tool is Tool.COPY),
            (self._by, tool is Tool.FILL),
            (self._size_row, options.has_brush),
            (self._square, options.has_brush),
            (self._shape_row, bool(traits.in_3d)),
            (self._painting, traits.ranged),
            (self._range, ranged),
            (self._edges, edges or (tool is Tool.FILL and options.by_intensity)),
            (self._seeds, tool is Tool.SEEDS),
            (self._clicks, tool is Tool.CLICK),
        ):
            widget.setVisible(there)
        self._in_3d.setText(traits.in_3d)

    def _show_clicks(self, *_: object) -> None:
        clicking = self._session.annotating.clicking
        waiting = f"{clicking.waiting} click{'s' if clicking.waiting != 1 else ''}, Return accepts"
        words = clicking.words or clicking.readiness.value
        if clicking.working:
            words = CLICK_WAITS if clicking.readiness is Readiness.LOOKING else "Looking…"
        self._clicks.setText("\n".join(part for part in (words, waiting if clicking.waiting else "") if part))

    def _show_values(self, options: ToolOptions) -> None:
        boxes = (self._size, self._slider, self._square, self._in_3d, self._contrast)
        blockers = [QSignalBlocker(widget) for widget in boxes]
        self._size.setValue(options.brush_mm)
        self._slider.setValue(round(2 * options.brush_mm))
        self._square.setChecked(options.square)
        self._in_3d.setChecked(options.in_3d)
        self._contrast.setValue(options.contrast)
        filling = options.tool is Tool.FILL
        self._contrast.setToolTip(
            "How far intensities may differ, in standard deviations of the surroundings"
            if filling
            else "How strong an edge must be to stop the brush; smaller values follow weaker edges"
        )
        del blockers
        self._fill_paintings(options)
        self._by_box.setCurrentIndex(int(options.by_intensity))
        self._layer_box.setCurrentIndex(max(self._layer_box.findData(options.copy_from), 0))
        show_modality(self._edge_modality, self._session, options.modality)

    def _fill_paintings(self, options: ToolOptions) -> None:
        offered = [p for p in Painting if p is not Painting.FOLLOW_EDGES or options.tool in (Tool.BRUSH, Tool.COPY)]
        if [self._painting_box.itemData(n) for n in range(self._painting_box.count())] != offered:
            self._painting_box.clear()
            for painting in offered:
                self._painting_box.addItem(_PAINTINGS[painting], painting)
        self._painting_box.setCurrentIndex(max(self._painting_box.findData(options.painting), 0))


def titled(title: str, *widgets: QWidget) -> QWidget:
    """A quiet title, and widgets beside it; the first takes the room."""
    row = QWidget()
    layout = QHBoxLayout(row)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.setSpacing(6)
    label = QLabel(title)
    label.setObjectName("quiet")
    label.setFixedWidth(52)
    layout.addWidget(label)
    for number, widget in enumerate(widgets):
        layout.addWidget(widget, int(number == 0))
    return row

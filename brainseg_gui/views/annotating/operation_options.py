"""The settings of the operation that is tried out, and of no other."""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QAbstractSpinBox,
    QCheckBox,
    QComboBox,
    QLabel,
    QSlider,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from brainseg_gui.imaging.labels import meanings, regions
from brainseg_gui.imaging.plane import Plane
from brainseg_gui.state.annotating.operating import RANGES, Operating, OperationKind
from brainseg_gui.state.session import Session
from brainseg_gui.views.annotating.tool_options import titled
from brainseg_gui.views.widgets.elided_combo import ElidedComboBox
from brainseg_gui.views.widgets.number_box import NumberBox

_ALL = (
    OperationKind.KEEP_LARGEST,
    OperationKind.REMOVE_SMALL,
    OperationKind.REMOVE_ISLAND,
    OperationKind.SMOOTH,
    OperationKind.GROW,
    OperationKind.SHRINK,
    OperationKind.FILL_HOLES,
    OperationKind.MERGE,
)
_OTHER = {OperationKind.RELABEL: "To", OperationKind.SWAP: "With", OperationKind.MERGE: "Label"}
_COMBINING = (OperationKind.UNION, OperationKind.INTERSECT, OperationKind.SUBTRACT)
_SEEDS_WORDS = "Seeds in the tumour with its labels (left button), and all around it with “no tumour” (right)."
_STEPS = 100


class OperationOptions(QWidget):
    """Shows and sets the settings of `annotating.operating`; as high as the longest of them, so that nothing jumps."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session, self._operating = session, session.annotating.operating
        self._labels: list[tuple[str, object]] = []
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        self._all = QCheckBox("All labels together")
        self._all.setToolTip("Instead of the active label alone")
        self._all.toggled.connect(lambda on: setattr(self._operating, "all_labels", on))
        self._distance = _MmRow("By", "distance_mm", self._operating, "How far, from voxel centre to voxel centre")
        self._radius = _MmRow("Radius", "radius_mm", self._operating, "How far the filter looks to each side")
        self._smallest = self._make_smallest()
        self._holes = self._make_holes()
        self._slices = self._make_slices()
        self._other, self._other_title = self._make_other()
        self._layer = self._make_layer()
        self._seeds = self._make_seeds()
        self._rows = (self._all, self._distance, self._radius, self._smallest, self._holes, self._slices)
        for widget in (*self._rows, self._other, self._layer, self._seeds):
            column.addWidget(widget)
        column.addStretch(1)
        self._operating.events.connect(self._synchronize)
        for signal in (session.layers.changed, session.layers.renamed, session.annotating.annotation_changed):
            signal.connect(self._list_choices)
        session.annotating.rules_changed.connect(self._list_choices)
        self._list_choices()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.setMinimumHeight(self._seeds.heightForWidth(self.width()))

    def commit(self) -> None:
        """Take what is being typed."""
        for spin in self.findChildren(QAbstractSpinBox):
            if spin.hasFocus():
                spin.interpretText()

    # the rows

    def _make_smallest(self) -> QWidget:
        self._ml, self._voxels, self._unit = NumberBox(), QSpinBox(), QComboBox()
        self._ml.setDecimals(3)
        self._ml.setRange(*RANGES["smallest_ml"])
        self._ml.setSingleStep(0.05)
        self._voxels.setRange(*(int(v) for v in RANGES["smallest_voxels"]))
        self._voxels.setSingleStep(10)
        for spin in (self._ml, self._voxels):
            spin.setToolTip("Islands with less are removed; arrow keys and wheel change it")
            spin.setAccessibleName("Smallest island that stays")
            spin.setAlignment(Qt.AlignmentFlag.AlignRight)
        self._unit.addItem("ml", False)
        self._unit.addItem("voxels", True)
        self._unit.setAccessibleName("Unit of the smallest island")
        self._unit.setToolTip("Count in ml or in voxels")
        self._ml.valueChanged.connect(lambda ml: setattr(self._operating, "smallest_ml", ml))
        self._voxels.valueChanged.connect(lambda n: setattr(self._operating, "smallest_voxels", n))
        self._unit.activated.connect(lambda _: setattr(self._operating, "in_voxels", self._unit.currentData()))
        return titled("Below", self._ml, self._voxels, self._unit)

    def _make_holes(self) -> QWidget:
        self._where = QComboBox()
        self._where.addItem("in 3-D", None)
        for plane in Plane:
            self._where.addItem(f"in {plane.title.lower()} slices", plane)
        self._where.setAccessibleName("Where holes are looked for")
        self._where.setToolTip("A tunnel through the slices is a hole in each of them, but not in 3-D")
        self._where.activated.connect(self._on_where_chosen)
        return titled("Holes", self._where)

    def _on_where_chosen(self) -> None:
        plane = self._where.currentData()
        self._operating.in_3d = plane is None
        if plane is not None:
            self._operating.plane = plane

    def _make_slices(self) -> QWidget:
        self._plane = QComboBox()
        for plane in Plane:
            self._plane.addItem(f"{plane.title.lower()} slices", plane)
        self._plane.setAccessibleName("Slices to interpolate between")
        self._plane.setToolTip("The slices that were painted; the view under the mouse when the key is pressed")
        self._plane.activated.connect(lambda _: setattr(self._operating, "plane", self._plane.currentData()))
        return titled("Between", self._plane)

    def _make_other(self) -> tuple[QWidget, QLabel]:
        self._label = QComboBox()
        self._label.setAccessibleName("The other label")
        self._label.setToolTip("The other label")
        self._label.activated.connect(lambda _: setattr(self._operating, "other", self._label.currentData()))
        row = titled("To", self._label)
        named = row.findChildren(QLabel)[0]
        return row, named

    def _make_layer(self) -> QWidget:
        self._from, self._part = ElidedComboBox(), QComboBox()
        self._from.setAccessibleName("Layer to combine with")
        self._from.setToolTip("The layer, or the annotation itself")
        self._part.setAccessibleName("Region to combine with")
        self._part.setToolTip("Region or label of it")
        self._from.activated.connect(lambda _: setattr(self._operating, "layer", self._from.currentData()))
        self._part.activated.connect(lambda _: setattr(self._operating, "part", self._part.currentData()))
        box = QWidget()
        column = QVBoxLayout(box)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        column.addWidget(titled("Layer", self._from))
        column.addWidget(titled("Region", self._part))
        return box

    def _make_seeds(self) -> QWidget:
        words = QLabel(_SEEDS_WORDS)
        words.setObjectName("faint")
        words.setWordWrap(True)
        self._likeness, self._edges = QSlider(Qt.Orientation.Horizontal), QSlider(Qt.Orientation.Horizontal)
        for slider, name, tip in (
            (self._likeness, "Likeness", "How much it counts that a voxel looks like the seeds; left: nearness alone"),
            (self._edges, "Edges", "How much jumps of intensity hold a region back"),
        ):
            slider.setRange(0, _STEPS)
            slider.setAccessibleName(name)
            slider.setToolTip(tip)
        self._likeness.valueChanged.connect(lambda n: setattr(self._operating, "likeness", n / _STEPS))
        self._edges.valueChanged.connect(lambda n: setattr(self._operating, "edges", 40.0 * n / _STEPS))
        box = QWidget()
        column = QVBoxLayout(box)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        for widget in (words, titled("Likeness", self._likeness), titled("Edges", self._edges)):
            column.addWidget(widget)
        return box

    # what is shown

    def _list_choices(self) -> None:
        annotation, edited = self._session.annotating.annotation, self._session.annotating.layer
        if annotation is None:
            return
        active = self._session.annotating.rules.active
        labels = annotation.labels.scheme.labels
        self._labels = [(meaning, value) for value, meaning in sorted(labels.items()) if value != active]
        others = [(layer.name, layer.name) for layer in self._session.layers if layer is not edited]
        _fill(self._from, [*others, ("this annotation", "")])
        parts = [region.key for region in regions()]
        parts += [key for key in meanings() if key in labels.values() and key not in parts]
        _fill(self._part, [(key, key) for key in parts])
        self._synchronize()

    def _synchronize(self, *_: object) -> None:
        operating, kind = self._operating, self._operating.kind
        for widget, there in (
            (self._all, kind in _ALL),
            (self._distance, kind in (OperationKind.GROW, OperationKind.SHRINK)),
            (self._radius, kind is OperationKind.SMOOTH),
            (self._smallest, kind is OperationKind.REMOVE_SMALL),
            (self._holes, kind is OperationKind.FILL_HOLES),
            (self._slices, kind is OperationKind.INTERPOLATE),
            (self._other, kind in _OTHER and not (kind is OperationKind.MERGE and operating.all_labels)),
            (self._layer, kind in _COMBINING),
            (self._seeds, kind is OperationKind.SEEDS),
        ):
            widget.setVisible(there)
        self._ml.setVisible(not operating.in_voxels)
        self._voxels.setVisible(operating.in_voxels)
        if kind in _OTHER:
            self._other_title.setText(_OTHER[kind])
            _fill(self._label, [*self._labels, *([("background", 0)] if kind is OperationKind.RELABEL else [])])
        self._show_values(operating)

    def _show_values(self, operating: Operating) -> None:
        widgets = (self._all, self._ml, self._voxels, self._likeness, self._edges)
        blockers = [QSignalBlocker(widget) for widget in widgets]
        self._all.setChecked(operating.all_labels)
        self._ml.setValue(operating.smallest_ml)
        self._voxels.setValue(operating.smallest_voxels)
        self._likeness.setValue(round(_STEPS * operating.likeness))
        self._edges.setValue(round(_STEPS * operating.edges / 40.0))
        del blockers
        self._distance.show_value()
        self._radius.show_value()
        for box, wanted in (
            (self._unit, operating.in_voxels),
            (self._where, None if operating.in_3d else operating.plane),
            (self._plane, operating.plane),
            (self._label, operating.other),
            (self._from, operating.layer),
            (self._part, operating.part),
        ):
            indices = [index for index in range(box.count()) if box.itemData(index) == wanted]
            box.setCurrentIndex(indices[0] if indices else -1)


class _MmRow(QWidget):
    """A length as a slider and a number, both live."""

    def __init__(self, title: str, field: str, operating: Operating, tip: str) -> None:
        super().__init__()
        self._field, self._operating = field, operating
        low, high = RANGES[field]
        self._spin, self._slider = NumberBox(), QSlider(Qt.Orientation.Horizontal)
        self._spin.setRange(low, high)
        self._spin.setDecimals(1)
        self._spin.setSingleStep(0.5)
        self._spin.setSuffix(" mm")
        self._spin.setFixedWidth(76)
        self._slider.setRange(round(2 * low), round(2 * min(high, 15)))
        for widget in (self._spin, self._slider):
            widget.setToolTip(tip)
            widget.setAccessibleName(title)
        self._spin.valueChanged.connect(lambda mm: setattr(operating, field, mm))
        self._slider.valueChanged.connect(lambda half: setattr(operating, field, half / 2))
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(titled(title, self._slider, self._spin))

    def show_value(self) -> None:
        """Show the value as it is set."""
        blockers = [QSignalBlocker(self._spin), QSignalBlocker(self._slider)]
        self._spin.setValue(getattr(self._operating, self._field))
        self._slider.setValue(round(2 * getattr(self._operating, self._field)))
        del blockers


def _fill(box: QComboBox, choices: list[tuple[str, object]]) -> None:
    """Offer other choices, if they are others."""
    if [(box.itemText(n), box.itemData(n)) for n in range(box.count())] != choices:
        box.clear()
        for text, value in choices:
            box.addItem(text, value)

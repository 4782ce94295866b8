"""Several masks of one case: their pairwise Dice, each mask against the others, and the consensus."""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import QCheckBox, QGridLayout, QHBoxLayout, QLabel, QMenu, QPushButton, QVBoxLayout, QWidget

from brainseg_gui.evaluation.metrics.decisions import STAPLE_MARGIN_MM
from brainseg_gui.evaluation.metrics.raters import MajorityRule, RaterMatrix
from brainseg_gui.state.comparing.rating import RaterStudy, candidates, letter
from brainseg_gui.state.layers.layers import Layer
from brainseg_gui.state.session import Session
from brainseg_gui.views.comparing.rater_matrix import RaterMatrixTable
from brainseg_gui.views.widgets.clear_layout import clear_layout
from brainseg_gui.views.widgets.elided_label import ElidedLabel
from brainseg_gui.views.widgets.number_label import number_label
from brainseg_gui.views.widgets.plain_text import plain_tip
from brainseg_gui.views.widgets.region_buttons import RegionButtons
from brainseg_gui.views.widgets.scroll_page import ScrollPage

_HEADINGS = (
    ("Dice", "Mean Dice with all other masks"),
    ("ml", "Volume of the region"),
    ("Sens.", "Share of the hidden truth that the mask finds, by STAPLE (Warfield et al. 2004)"),
    (
        "Spec.",
        "Share of everything else that the mask leaves out, by STAPLE, "
        f"in the box around all masks with {STAPLE_MARGIN_MM:.0f} mm of margin",
    ),
)
_EMPTY = (
    "Two or more masks of one case are compared with each other here: raters, or models.",
    "Add them with File › Add mask… (several at once), or drop their files onto the window.",
)
_RULES = (
    (
        "Tumour where more than half say tumour",
        "An even split is background. The label is the one with most votes; "
        "of equally many, the one that the masks use for more voxels of the case",
        MajorityRule.TUMOUR_FIRST,
    ),
    (
        "A label where more than half say that label",
        "Else background: where the masks differ in the label only, holes are left. BraTS' fused masks are made so",
        MajorityRule.PER_LABEL,
    ),
)

_NUMBER_WIDTH = 36


class RatersPanel(ScrollPage):
    """Reads `session.rating`; matrices are measured when it is seen."""

    majority_requested = Signal(object)
    staple_requested = Signal()
    heat_map_requested = Signal()

    def __init__(self, session: Session) -> None:
        super().__init__(spacing=8)
        self._session = session
        self._empty = _words(" ".join(_EMPTY))
        self.column.addWidget(self._empty)
        self._full = QWidget()
        inner = QVBoxLayout(self._full)
        inner.setContentsMargins(0, 0, 0, 0)
        inner.setSpacing(8)
        self._regions = RegionButtons("Dice of every pair")
        self._regions.chosen.connect(self._on_region_chosen)
        inner.addWidget(self._regions)
        self._table = RaterMatrixTable()
        self._table.pair_chosen.connect(self._on_pair_chosen)
        inner.addWidget(self._table)
        self._summary = QLabel()
        self._summary.setTextFormat(Qt.TextFormat.PlainText)
        self._summary.setObjectName("quiet")
        inner.addWidget(self._summary)
        self._rows = QGridLayout()
        self._rows.setHorizontalSpacing(8)
        self._rows.setVerticalSpacing(4)
        self._rows.setColumnStretch(1, 1)
        inner.addLayout(self._consensus_row())
        inner.addLayout(self._rows)
        self.column.addWidget(self._full)
        self.column.addStretch(1)
        self._lines: list[tuple[Layer, QCheckBox, list[QLabel]]] = []
        self._listed: list[tuple[Layer, str]] = []
        session.rating.events.connect(self._on_rating_changed)
        session.layers.changed.connect(self._synchronize)
        session.layers.appearance_changed.connect(self._synchronize)
        self._synchronize()

    def _consensus_row(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(6)
        self._majority = QPushButton("Majority")
        self._majority.setToolTip("Add what most masks say as a layer")
        menu = QMenu(self._majority)
        menu.setToolTipsVisible(True)
        for text, tip, rule in _RULES:
            action = menu.addAction(text)
            action.setToolTip(tip)
            action.setData(rule)
        menu.triggered.connect(lambda action: self.majority_requested.emit(action.data()))
        self._majority.setMenu(menu)
        self._staple = QPushButton("STAPLE")
        self._staple.setToolTip(
            "Add the most probable label of every voxel as a layer, each mask weighted by how good it seems "
            "(STAPLE for several labels, Warfield et al. 2004)"
        )
        self._staple.clicked.connect(self.staple_requested)
        self._heat_map = QPushButton("Heat map")
        self._heat_map.setCheckable(True)
        self._heat_map.setToolTip("Draw over the images how many masks say so")
        self._heat_map.clicked.connect(self.heat_map_requested)
        for button in (self._majority, self._staple, self._heat_map):
            row.addWidget(button, 1)
        return row

    def _on_rating_changed(self, _change: object) -> None:
        self._synchronize()

    def _synchronize(self, _layer: object = None) -> None:
        rating, there = self._session.rating, candidates(self._session.layers)
        self._empty.setVisible(len(there) < 2)
        self._full.setVisible(len(there) >= 2)
        self._regions.show_region(rating.region)
        with QSignalBlocker(self._heat_map):
            self._heat_map.setChecked(rating.heat_map)
        self._fill_lines(there)
        study = rating.study
        self._table.setVisible(study is not None)
        if study is None:
            self._table.clear_study()
            self._summary.setText("" if len(rating.raters(self._session.layers)) > 1 else "Choose at least two masks")
            return
        matrix, layers = study.matrix(rating.region), self._session.layers
        self._table.show_study(study, rating.region, (layers.reference, layers.prediction))
        self._summary.setText(_summary(matrix))

    def _fill_lines(self, there: tuple[Layer, ...]) -> None:
        """One line per mask; they are made anew only when the list or a name changes."""
        listed = [(layer, layer.name) for layer in there]
        if listed != self._listed:
            self._listed = listed
            self._make_lines(there)
        study = self._session.rating.study
        for layer, box, numbers in self._lines:
            with QSignalBlocker(box):
                box.setChecked(layer not in self._session.rating.left_out)
            index = study.layers.index(layer) if study is not None and layer in study.layers else None
            box.setText(letter(index) if index is not None else "")
            texts = _numbers_of(study, self._session.rating.region, index)
            for label, text in zip(numbers, texts, strict=True):
                label.setText(text)

    def _make_lines(self, there: tuple[Layer, ...]) -> None:
        clear_layout(self._rows)
        self._lines = []
        for column, (text, tip) in enumerate(_HEADINGS, start=2):
            self._rows.addWidget(number_label(text, tip, name="faint", least_width=_NUMBER_WIDTH), 0, column)
        for row, layer in enumerate(there, start=1):
            box, name = QCheckBox(), ElidedLabel(layer.name)
            box.setToolTip(plain_tip(f"Count {layer.name} as one of the masks"))
            box.setAccessibleName(box.toolTip())
            box.setFixedWidth(36)
            box.toggled.connect(lambda on, layer=layer: self._on_toggled(layer, on))
            numbers = [number_label("", tip, least_width=_NUMBER_WIDTH) for _, tip in _HEADINGS]
            for column, widget in enumerate((box, name, *numbers)):
                self._rows.addWidget(widget, row, column)
            self._lines.append((layer, box, numbers))

    def _on_toggled(self, layer: Layer, on: bool) -> None:
        rating = self._session.rating
        rating.left_out = rating.left_out - {layer} if on else rating.left_out | {layer}

    def _on_region_chosen(self, key: str) -> None:
        self._session.rating.region = key

    def _on_pair_chosen(self, row: Layer, column: Layer) -> None:
        self._session.layers.compare(column, row)


def _numbers_of(study: RaterStudy | None, region: str, index: int | None) -> tuple[str, ...]:
    if study is None or index is None:
        return ("",) * len(_HEADINGS)
    matrix: RaterMatrix = study.matrix(region)
    known = (matrix.mean_of(index), matrix.volumes_ml[index], matrix.sensitivity[index], matrix.specificity[index])
    decimals = (3, 1, 3, 3)
    return tuple("–" if value != value else f"{value:.{n}f}" for value, n in zip(known, decimals, strict=True))


def _summary(matrix: RaterMatrix) -> str:
    """What the pairs come to."""
    if matrix.least is None:
        return f"{matrix.region.key}: fewer than two of the masks tell it apart"
    least, one, other = matrix.least
    return f"{matrix.region.key}: mean {matrix.mean:.3f}, lowest {least:.3f} ({letter(one)}–{letter(other)})"


def _words(text: str) -> QLabel:
    label = QLabel(text)
    label.setObjectName("faint")
    label.setWordWrap(True)
    return label

"""Another layer as a proposal: what differs, how much is decided, and the decision."""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import (
    QAbstractItemView,
    QComboBox,
    QGridLayout,
    QHeaderView,
    QLabel,
    QProgressBar,
    QPushButton,
    QSizePolicy,
    QSpinBox,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from brainseg_gui.annotation.proposal_list import Division, Part
from brainseg_gui.imaging.plane import Plane
from brainseg_gui.state.session import Session
from brainseg_gui.views.actions.action_button import ActionButton
from brainseg_gui.views.actions.actions import Actions
from brainseg_gui.views.actions.letters import without_letter
from brainseg_gui.views.annotating.tool_options import titled
from brainseg_gui.views.widgets.elided_combo import ElidedComboBox
from brainseg_gui.views.widgets.table_heads import describe_columns

_COLUMNS = ("What", "+ ml", "− ml", "→ ml")
_TIPS = (
    "Click a row to look at it",
    "ml that accepting puts on the background",
    "ml that accepting clears",
    "ml that accepting gives another label instead of theirs",
)
_DIVISIONS: tuple[tuple[str, Division, Plane], ...] = (
    ("place by place", Division.PLACES, Plane.AXIAL),
    ("lesion by lesion", Division.LESIONS, Plane.AXIAL),
    ("region by region", Division.REGIONS, Plane.AXIAL),
    ("axial slices", Division.SLICES, Plane.AXIAL),
    ("coronal slices", Division.SLICES, Plane.CORONAL),
    ("sagittal slices", Division.SLICES, Plane.SAGITTAL),
)
_PAIRS = (
    ("propose.previous", "propose.next"),
    ("propose.accept", "propose.reject"),
    ("propose.accept_all", "propose.reject_all"),
)
_SHOWN = {"propose.previous": "Previous", "propose.next": "Next"}
_ROWS = 500  # more than anybody steps through; a table of thousands is slow to fill


class ProposalPanel(QWidget):
    """Reads `annotating.proposing`.

    Signals
    -------
    part_chosen
        Place in the list.
    division_chosen
        A `Division` and a `Plane`.
    source_chosen
        Name of the layer; empty for the newest prediction.
    smallest_chosen
        Parts with fewer voxels are left out.
    """

    part_chosen = Signal(int)
    division_chosen = Signal(object, object)
    source_chosen = Signal(str)
    smallest_chosen = Signal(int)

    def __init__(self, session: Session, actions: Actions) -> None:
        super().__init__()
        self._session, self._proposing = session, session.annotating.proposing
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 0, 8, 8)
        column.setSpacing(6)
        self._words = QLabel("Decide, place by place, what the annotation takes from another layer.")
        self._words.setObjectName("faint")
        self._words.setWordWrap(True)
        column.addWidget(self._words)
        for row in (self._make_source(), self._make_division(), self._make_smallest()):
            column.addWidget(row)
        self._start = ActionButton(actions, "propose.next")
        column.addWidget(self._start)
        self._progress, self._bar = QLabel(), QProgressBar()
        self._progress.setTextFormat(Qt.TextFormat.PlainText)
        self._bar.setTextVisible(False)
        column.addWidget(self._progress)
        column.addWidget(self._bar)
        self._table = self._make_table()
        column.addWidget(self._table, 1)
        self._buttons = _button_grid(actions)
        column.addWidget(self._buttons)
        column.addStretch(0)
        for signal in (session.layers.changed, session.layers.renamed, session.annotating.annotation_changed):
            signal.connect(self._list_layers)
        session.annotating.options.events.copy_from.connect(self._list_layers)
        self._proposing.changed.connect(self._synchronize)
        self._proposing.moved.connect(self._show_position)
        self._list_layers()
        self._synchronize()

    def _make_source(self) -> QWidget:
        self._layer = ElidedComboBox()
        self._layer.setAccessibleName("Layer that is proposed")
        self._layer.setToolTip("The layer that the annotation may take from; the brush “Copy” takes from it, too")
        self._layer.activated.connect(lambda _: self.source_chosen.emit(self._layer.currentData() or ""))
        return titled("From", self._layer)

    def _make_division(self) -> QWidget:
        self._division = QComboBox()
        for text, division, plane in _DIVISIONS:
            self._division.addItem(text, (division, plane))
        self._division.setAccessibleName("What is decided at once")
        self._division.setToolTip("A place is a connected part that differs, a lesion a connected part of both masks")
        self._division.activated.connect(lambda _: self.division_chosen.emit(*self._division.currentData()))
        return titled("Decide", self._division)

    def _make_smallest(self) -> QWidget:
        self._smallest = QSpinBox()
        self._smallest.setRange(1, 10_000)
        self._smallest.setSuffix(" voxels or more")
        self._smallest.setAccessibleName("Smallest part that is listed")
        self._smallest.setToolTip("Smaller parts are not listed; “Accept all” takes them, too")
        self._smallest.setKeyboardTracking(False)
        self._smallest.valueChanged.connect(self.smallest_chosen)
        return titled("With", self._smallest)

    def _make_table(self) -> QTableWidget:
        table = QTableWidget(0, len(_COLUMNS))
        table.setHorizontalHeaderLabels(_COLUMNS)
        table.verticalHeader().hide()
        table.verticalHeader().setDefaultSectionSize(22)
        table.setShowGrid(False)
        table.setMinimumHeight(80)
        table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        table.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        table.setAccessibleName("What differs")
        header = table.horizontalHeader()
        header.setHighlightSections(False)
        header.setMinimumSectionSize(36)
        for column in range(len(_TIPS)):
            mode = QHeaderView.ResizeMode.Stretch if column == 0 else QHeaderView.ResizeMode.ResizeToContents
            header.setSectionResizeMode(column, mode)
        describe_columns(table, _TIPS, [_alignment(column) for column in range(len(_TIPS))])
        table.itemSelectionChanged.connect(self._on_row_chosen)
        return table

    # what is shown

    def _list_layers(self) -> None:
        edited, wanted = self._session.annotating.layer, self._session.annotating.options.copy_from
        self._layer.clear()
        self._layer.addItem("the newest prediction", "")
        for layer in self._session.layers:
            if layer is not edited:
                self._layer.addItem(layer.name, layer.name)
        self._layer.setCurrentIndex(max(self._layer.findData(wanted), 0))

    def _synchronize(self) -> None:
        proposing, begun = self._proposing, bool(self._proposing.source)
        with QSignalBlocker(self._smallest):
            self._smallest.setValue(proposing.smallest)
        wanted = (proposing.division, proposing.plane)
        places = [n for n in range(self._division.count()) if self._division.itemData(n) == wanted]
        self._division.setCurrentIndex(places[0] if places else 0)
        self._words.setVisible(not begun)
        self._start.setVisible(not begun)
        for widget in (self._progress, self._bar, self._table, self._buttons):
            widget.setVisible(begun)
        total = proposing.decided + len(proposing.parts)
        self._bar.setRange(0, max(total, 1))
        self._bar.setValue(proposing.decided if total else 1)
        self._progress.setText(f"{proposing.words} · {proposing.source}")
        self._fill()

    def _fill(self) -> None:
        annotation = self._session.annotating.annotation
        voxel_ml = annotation.labels.grid.voxel_ml if annotation is not None else 0.0
        parts = self._proposing.parts[:_ROWS]
        with QSignalBlocker(self._table):
            self._table.setRowCount(len(parts))
            for row, part in enumerate(parts):
                for column, text in enumerate(_texts(part, voxel_ml)):
                    item = QTableWidgetItem(text)
                    item.setTextAlignment(_alignment(column))
                    item.setToolTip(f"{part.piece.voxels:,} voxels differ")
                    self._table.setItem(row, column, item)
        self._show_position()

    def _show_position(self) -> None:
        position = self._proposing.position
        with QSignalBlocker(self._table):
            self._table.clearSelection()
            if position is not None and position < self._table.rowCount():
                self._table.selectRow(position)
                self._table.scrollTo(self._table.model().index(position, 0))

    def _on_row_chosen(self) -> None:
        rows = sorted({index.row() for index in self._table.selectedIndexes()})
        if rows and rows[0] != self._proposing.position:
            self.part_chosen.emit(rows[0])


def _button_grid(actions: Actions) -> QWidget:
    box = QWidget()
    grid = QGridLayout(box)
    grid.setContentsMargins(0, 0, 0, 0)
    grid.setSpacing(4)
    for row, pair in enumerate(_PAIRS):
        for column, key in enumerate(pair):
            button: QPushButton = ActionButton(actions, key)
            button.setText(_SHOWN.get(key, without_letter(actions[key].text())))
            button.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
            if key == "propose.accept":
                button.setObjectName("primary")
            grid.addWidget(button, row, column)
    again = ActionButton(actions, "propose.reconsider")
    grid.addWidget(again, len(_PAIRS), 0, 1, 2)
    return box


def _texts(part: Part, voxel_ml: float) -> tuple[str, ...]:
    piece = part.piece
    return part.title, *(_ml(n * voxel_ml) for n in (piece.added, piece.removed, piece.renamed))


def _ml(volume_ml: float) -> str:
    if volume_ml == 0:
        return "–"
    return f"{volume_ml:.1f}" if volume_ml >= 1 else f"{volume_ml:.2f}"


def _alignment(column: int) -> Qt.AlignmentFlag:
    side = Qt.AlignmentFlag.AlignLeft if column == 0 else Qt.AlignmentFlag.AlignRight
    return side | Qt.AlignmentFlag.AlignVCenter

"""The list of disagreements as a table that is sorted by its headers."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QAbstractTableModel, QEvent, QModelIndex, QObject, QPersistentModelIndex, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QPainter, QPen, QPixmap, QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView

from brainseg_gui.evaluation.metrics.disagreements import DisagreementKind
from brainseg_gui.imaging.colours import AGREEMENT_COLOURS
from brainseg_gui.state.comparing.error_list import ErrorEntry, ErrorList, ErrorOrder
from brainseg_gui.views.widgets.theme import colour

Index = QModelIndex | QPersistentModelIndex

_COLUMNS: tuple[tuple[ErrorOrder, str, str], ...] = (
    (ErrorOrder.RANK, "#", "Rank by what it costs the Dice of its region"),
    (
        ErrorOrder.KIND,
        "Error",
        "Missed lesion: no voxel of it was predicted. False lesion: no voxel of it is in the reference. "
        "Parts and rims lie along a border that both masks have; a rim is less than 2 mm deep",
    ),
    (ErrorOrder.REGION, "In", "The region that it is an error of"),
    (ErrorOrder.VOLUME, "ml", "Volume, ml"),
    (
        ErrorOrder.DEPTH,
        "mm deep",
        "Largest distance from inside the error to its edge, mm: a rim is thin, a bite is deep",
    ),
    (ErrorOrder.COST, "Cost", "By how much the region's Dice grows if this one alone is corrected"),
)
_LONGEST = ("300", "", "WT ▾", "000.00", "mm deep ▾", "<0.001")  # what a column has room for, in any font
_MARK, _MARGIN = 12, 11  # pixels
_ERROR, _DEPTH = 1, 4
_WORDS = "missed lesion"  # the errors' words come before the depth, which the tip tells too


class ErrorModel(QAbstractTableModel):
    """`ErrorList.entries`, row by row."""

    def __init__(self, errors: ErrorList, parent: QObject) -> None:
        super().__init__(parent)
        self._errors = errors
        self._marks: dict[DisagreementKind, QPixmap] = {}

    def refresh(self) -> None:
        """Show the list as it is now."""
        self.beginResetModel()
        self._marks.clear()
        self.endResetModel()

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own default
        return 0 if parent.isValid() else len(self._errors.entries)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own default
        return 0 if parent.isValid() else len(_COLUMNS)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        entry = self._errors.entries[index.row()]
        column = index.column()
        if role == Qt.ItemDataRole.DisplayRole:
            return _text(entry, column)
        if role == Qt.ItemDataRole.DecorationRole and column == 1:
            return self._mark(entry.piece.kind)
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _alignment(column)
        if role == Qt.ItemDataRole.ForegroundRole and column in (0, 2):
            return colour("quiet")
        if role == Qt.ItemDataRole.ToolTipRole:
            return _tip(entry)
        return None

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if orientation != Qt.Orientation.Horizontal:
            return None
        order, text, tip = _COLUMNS[section]
        if role == Qt.ItemDataRole.DisplayRole:
            return f"{text} {self._arrow}" if order is self._errors.order[0] else text
        if role == Qt.ItemDataRole.ToolTipRole:
            return tip
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _alignment(section)
        if role == Qt.ItemDataRole.InitialSortOrderRole:
            numbers = order in (ErrorOrder.VOLUME, ErrorOrder.DEPTH, ErrorOrder.COST)
            return Qt.SortOrder.DescendingOrder if numbers else Qt.SortOrder.AscendingOrder
        return None

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        self._errors.sort(_COLUMNS[column][0], descending=order == Qt.SortOrder.DescendingOrder)

    @property
    def _arrow(self) -> str:
        return "▾" if self._errors.order[1] else "▴"

    def _mark(self, kind: DisagreementKind) -> QPixmap:
        if kind not in self._marks:
            self._marks[kind] = _drawn(kind)
        return self._marks[kind]


class ErrorTable(QTableView):
    """The table; one row is chosen, by a click or with the arrow keys."""

    row_chosen = Signal(int)

    def __init__(self, errors: ErrorList) -> None:
        super().__init__()
        self._errors = errors
        self._model = ErrorModel(errors, self)
        self.setModel(self._model)
        self.setAccessibleName("Errors")
        self.setShowGrid(False)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setWordWrap(False)
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(22)
        header = self.horizontalHeader()
        header.setHighlightSections(False)
        header.setMinimumSectionSize(28)
        header.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        header.setSectionResizeMode(_ERROR, QHeaderView.ResizeMode.Stretch)
        header.setSortIndicator(0, Qt.SortOrder.AscendingOrder)
        self.setSortingEnabled(True)
        header.setSortIndicatorShown(False)  # drawn over the words; the model writes an arrow behind them
        self.clicked.connect(lambda index: self.row_chosen.emit(index.row()))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._share_width()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() in (QEvent.Type.FontChange, QEvent.Type.StyleChange):
            self._share_width()

    def _share_width(self) -> None:
        """Numbers have the room that they need; the words of the errors have the rest."""
        width = self.fontMetrics().horizontalAdvance
        for column, text in enumerate(_LONGEST):
            if column != _ERROR:
                self.horizontalHeader().resizeSection(column, width(text) + _MARGIN)
        needed = sum(width(text) + _MARGIN for text in _LONGEST) + width(_WORDS) + _MARK
        self.setColumnHidden(_DEPTH, self.width() < needed)

    def refresh(self) -> None:
        """Show the list as it is now."""
        self._model.refresh()
        self.show_position()

    def show_position(self) -> None:
        """Select what is being looked at."""
        position = self._errors.position
        if position is None:
            self.clearSelection()
            self.scrollToTop()
        else:
            self.selectRow(position)
            self.scrollTo(self._model.index(position, 0))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Arrow keys go there too, not only to the row."""
        super().keyPressEvent(event)
        row = self.currentIndex().row()
        if row >= 0 and row != self._errors.position:
            self.row_chosen.emit(row)

    def keyboardSearch(self, search: str) -> None:
        """Letters are the window's."""


def _text(entry: ErrorEntry, column: int) -> str:
    piece = entry.piece
    return (
        str(entry.rank),
        piece.words,
        piece.region.key,
        f"{piece.ml:.2f}" if piece.ml >= 0.01 else f"{piece.ml:.3f}",
        f"{piece.depth_mm:.1f}",
        cost_text(piece.cost),
    )[column]


def cost_text(cost: float) -> str:
    """A share of a Dice."""
    return f"{cost:.3f}" if cost >= 0.0005 else "<0.001"


def _tip(entry: ErrorEntry) -> str:
    piece = entry.piece
    size = f"{piece.voxels:,} voxels, {piece.depth_mm:.1f} mm deep"
    return f"{piece.words.capitalize()} of {piece.region.key}: {size}. Click to go there"


def _alignment(column: int) -> Qt.AlignmentFlag:
    left = column in (1, 2)
    side = Qt.AlignmentFlag.AlignLeft if left else Qt.AlignmentFlag.AlignRight
    return side | Qt.AlignmentFlag.AlignVCenter


def _drawn(kind: DisagreementKind) -> QPixmap:
    """Missed is hollow and false is filled; a lesion is a disc, a part of one half a disc."""
    pixmap = QPixmap(_MARK, _MARK)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    tint = QColor(AGREEMENT_COLOURS[1 if kind.missed else 2])
    painter.setPen(QPen(tint, 1.5))
    painter.setBrush(Qt.BrushStyle.NoBrush if kind.missed else tint)
    frame = QRectF(2, 2, _MARK - 4, _MARK - 4)
    if kind in (DisagreementKind.MISSED_LESION, DisagreementKind.FALSE_LESION):
        painter.drawEllipse(frame)
    else:
        painter.drawChord(frame.adjusted(0, 1, 0, 3), 0, 180 * 16)
    painter.end()
    return pixmap

"""Dice of every pair of masks as a square of numbers; a click chooses a pair."""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QSizePolicy, QTableWidget, QTableWidgetItem

from brainseg_gui.state.comparing.rating import RaterStudy, letter
from brainseg_gui.views.widgets.plain_text import plain_tip
from brainseg_gui.views.widgets.theme import colour

_ROW = 24
_DEEPEST = 0.5  # shade of the pair that agrees best


class RaterMatrixTable(QTableWidget):
    """Letters along both edges; the pair that is compared now is framed."""

    pair_chosen = Signal(object, object)

    def __init__(self) -> None:
        super().__init__()
        self._study: RaterStudy | None = None
        self.setAccessibleName("Dice of every pair of masks")
        self.setShowGrid(False)
        self.setStyleSheet("QTableWidget::item { padding: 0; }")  # eight columns of a narrow panel
        self.setTextElideMode(Qt.TextElideMode.ElideNone)
        self.setWordWrap(False)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAsNeeded)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        header = self.horizontalHeader()
        header.setHighlightSections(False)
        header.setMinimumSectionSize(34)
        header.setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        side = self.verticalHeader()
        side.setHighlightSections(False)
        side.setDefaultSectionSize(_ROW)
        side.setFixedWidth(22)
        self.cellActivated.connect(self._on_cell_chosen)
        self.cellClicked.connect(self._on_cell_chosen)

    def show_study(self, study: RaterStudy, region: str, compared: tuple[object, object]) -> None:
        """Show the matrix of a region.

        Parameters
        ----------
        compared
            The two layers that the comparison shows now.
        """
        self._study = study
        matrix, count = study.matrix(region), len(study.layers)
        with QSignalBlocker(self):
            self.setRowCount(count)
            self.setColumnCount(count)
            letters = [letter(index) for index in range(count)]
            self.setHorizontalHeaderLabels(letters)
            self.setVerticalHeaderLabels(letters)
            least = matrix.least[0] if matrix.least else 1.0
            for row in range(count):
                for column in range(count):
                    shade = _share(float(matrix.dice[row, column]), least)
                    item = self._cell(study, row, column, float(matrix.dice[row, column]), shade)
                    chosen = {study.layers[row], study.layers[column]} == set(compared) and row != column
                    font = item.font()
                    font.setBold(chosen)
                    item.setFont(font)
                    self.setItem(row, column, item)
        height = self.horizontalHeader().sizeHint().height() + count * _ROW + 4
        narrow = self.viewport().width() < 34 * count
        self.setFixedHeight(height + (12 if narrow else 0))

    def clear_study(self) -> None:
        """Show nothing, and let the masks go that were compared."""
        self._study = None
        self.setRowCount(0)
        self.setColumnCount(0)

    def _cell(self, study: RaterStudy, row: int, column: int, dice: float, shade: float) -> QTableWidgetItem:
        same = row == column
        told = dice == dice
        item = QTableWidgetItem(_number(dice) if told and not same else "–")
        item.setTextAlignment(Qt.AlignmentFlag.AlignCenter)
        names = [study.layers[index].name for index in (row, column)]
        words = f"{dice:.4f}" if told else "one of them does not tell it apart"
        tip = names[0] if same else f"{names[0]} and {names[1]}: {words}\nClick to compare the two"
        item.setToolTip(plain_tip(tip))
        item.setForeground(colour("faint" if same else "text"))
        if told and not same:
            tint = QColor(colour("faint"))
            tint.setAlphaF(_DEEPEST * shade)
            item.setBackground(tint)
        return item

    def _on_cell_chosen(self, row: int, column: int) -> None:
        if self._study is not None and row != column:
            self.pair_chosen.emit(self._study.layers[row], self._study.layers[column])


def _number(dice: float) -> str:
    """Three decimals without the zero before the point: eight columns fit."""
    return f"{dice:.3f}".removeprefix("0") if dice < 1 else "1.00"


def _share(dice: float, least: float) -> float:
    return (dice - least) / (1 - least) if least < 1 else 1.0

"""The lesions of a patient over all visits: one row for each, under the number that it keeps."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSignalBlocker, Qt, QTimer, Signal
from PySide6.QtGui import QFont, QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableWidget, QTableWidgetItem

from brainseg_gui.anatomy.words import HEADS, HOW_RIGHT, brief_location, location_cells
from brainseg_gui.errors import printable
from brainseg_gui.followup.lesions import MeasuredLesion
from brainseg_gui.followup.record import FollowUp
from brainseg_gui.imaging.labels import own_colour
from brainseg_gui.imaging.numbering import number_of
from brainseg_gui.views.layers.label_table import swatch
from brainseg_gui.views.widgets.table_heads import heading_of
from brainseg_gui.views.widgets.theme import colour

_ROW, _FIRST, _MOST_ROWS = 22, 1, 8  # pixels; the column of the first visit; more rows are scrolled
TOO_SMALL = "‹"
"""Stands before diameters that do not count: too small, or too thin."""
_TARGET_TIP = "Summed up: a target. At most as many as the criteria allow, of those that the baseline has"


class LesionTable(QTableWidget):
    """Longest diameter × the one across it, mm, visit by visit; what was moved by hand is marked with a star.

    Signals
    -------
    lesion_chosen
        Index of a visit, and the number of a lesion of it.
    targets_chosen
        The lesions that are to be summed up, as a tuple.
    """

    lesion_chosen = Signal(int, int)
    targets_chosen = Signal(object)

    def __init__(self) -> None:
        super().__init__(0, _FIRST)
        self._numbers: list[int] = []
        self._visits = 0
        self._strong = -1  # column of the open visit; -1 where none is open
        self.setAccessibleName("Lesions over the visits")
        self.verticalHeader().setDefaultSectionSize(_ROW)
        self.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        self.setCornerButtonEnabled(False)
        self.horizontalHeader().setHighlightSections(False)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setShowGrid(False)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        # whatever the style likes: no column is cut off under the lesions' numbers
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerItem)
        self.cellClicked.connect(self._on_clicked)
        self.itemChanged.connect(self._on_changed)

    def show_record(self, record: FollowUp | None, visit: int | None) -> None:
        """Show other measures; the open visit's column is strong."""
        with QSignalBlocker(self):
            self.clear()
            visits = record.visits if record is not None else ()
            self._numbers = sorted({number for one in visits for number in one.lesions})
            self.setRowCount(len(self._numbers))
            located = any(lesion.location is not None for one in visits for lesion in one.lesions.values())
            heads = ["Σ", *(printable(one.name) for one in visits), *(["Where"] if located else [])]
            self._visits = len(visits)
            self.setColumnCount(len(heads))
            self.setHorizontalHeaderLabels(heads)
            heading_of(self, 0).setToolTip(_TARGET_TIP)
            if located:
                heading_of(self, len(heads) - 1).setToolTip(HOW_RIGHT)
            self.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
            if record is not None:
                self._fill(record, visit)
        self._fit()
        self._strong = -1 if visit is None or not self._numbers else _FIRST + visit if visit else 0
        self._soon_reveal()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if event.size().width() != event.oldSize().width():  # a scroll bar beside the table came, or the panel changed
            self._soon_reveal()

    def _soon_reveal(self) -> None:
        """Once the columns have their widths."""
        QTimer.singleShot(0, self, self._reveal)

    def _reveal(self) -> None:
        if 0 <= self._strong < self.columnCount():
            self.scrollTo(self.model().index(0, self._strong))

    def _fit(self) -> None:
        """As high as its rows, within limits: what stands below stays in sight."""
        rows = min(max(len(self._numbers), 1), _MOST_ROWS)
        bar = self.horizontalScrollBar().sizeHint().height()
        self.setFixedHeight(self.horizontalHeader().sizeHint().height() + rows * _ROW + bar + 2)

    def _fill(self, record: FollowUp, visit: int | None) -> None:
        baseline, targets = record.visits[record.baseline].lesions, record.targets
        found = [record.lesions(index) for index in range(len(record.visits))]
        for row, number in enumerate(self._numbers):
            self.setItem(row, 0, _target_item(number in baseline, number in targets))
            # stays in sight where visits are scrolled, as the boxes do not
            name = QTableWidgetItem(f"Σ {number}" if number in targets else str(number))
            name.setData(Qt.ItemDataRole.DecorationRole, swatch(own_colour(number)))
            summed = "\nΣ: summed up, a target" if number in targets else ""
            name.setToolTip(f"Its number and colour at all visits, in the slices and in 3-D{summed}")
            self.setVerticalHeaderItem(row, name)
            for index, lesions in enumerate(found):
                edited = record.is_edited(index, number)
                lesion = lesions.get(number)
                item = _item(_words(lesion, edited=edited), strong=index == visit)
                if lesion is None or not lesion.measurable:
                    item.setForeground(colour("quiet"))
                item.setToolTip(_tip(lesion, edited=edited))
                self.setItem(row, _FIRST + index, item)
            if self.columnCount() > _FIRST + self._visits:
                self.setItem(row, _FIRST + self._visits, _place_item([lesions.get(number) for lesions in found], visit))

    def _on_clicked(self, row: int, column: int) -> None:
        if _FIRST <= column < _FIRST + self._visits:
            self.lesion_chosen.emit(column - _FIRST, self._numbers[row])

    def _on_changed(self, item: QTableWidgetItem) -> None:
        if item.column() == 0:
            items = [self.item(row, 0) for row in range(self.rowCount())]
            checked = Qt.CheckState.Checked
            pairs = zip(self._numbers, items, strict=True)
            self.targets_chosen.emit(tuple(n for n, one in pairs if one is not None and one.checkState() == checked))


def _target_item(selectable: bool, chosen: bool) -> QTableWidgetItem:
    item = QTableWidgetItem()
    item.setToolTip(_TARGET_TIP)
    if selectable:
        item.setFlags(Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsUserCheckable)
        item.setCheckState(Qt.CheckState.Checked if chosen else Qt.CheckState.Unchecked)
    else:
        item.setFlags(Qt.ItemFlag.NoItemFlags)
    return item


def _place_item(lesions: Sequence[MeasuredLesion | None], visit: int | None) -> QTableWidgetItem:
    """Where a lesion lies at the open visit, or else where it was seen last."""
    seen = [one.location for one in lesions if one is not None and one.location is not None]
    here = lesions[visit] if visit is not None else None
    place = here.location if here is not None and here.location is not None else seen[-1] if seen else None
    item = QTableWidgetItem(brief_location(place) if place is not None else "–")
    if place is not None:
        cells = zip(HEADS, location_cells(place), strict=True)
        item.setToolTip("\n".join(f"{head.capitalize()}: {words}" for head, words in cells if words))
    return item


def _item(text: str, *, strong: bool = False) -> QTableWidgetItem:
    item = QTableWidgetItem(text)
    item.setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
    if strong:
        font = QFont()
        font.setBold(True)
        item.setFont(font)
    return item


def _words(lesion: MeasuredLesion | None, *, edited: bool) -> str:
    if lesion is None:
        return "–"
    cross = lesion.cross
    small = "" if lesion.measurable else f"{TOO_SMALL} "
    return f"{small}{cross.longest_mm:.1f} × {cross.across_mm:.1f}{'*' if edited else ''}"


def _tip(lesion: MeasuredLesion | None, *, edited: bool) -> str:
    if lesion is None:
        return "It is not there"
    cross = lesion.cross
    place = f"{cross.plane.title} {number_of(cross.slice_index)}, {lesion.volume_ml:.2f} ml"
    why = f"Not measurable: {lesion.why_not}" if lesion.why_not else "Measurable"
    return "\n".join([place, why, *(["Lines moved by hand"] if edited else []), "Click to go there"])

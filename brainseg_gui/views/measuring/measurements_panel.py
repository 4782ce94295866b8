"""The measurements of the case as a list, and what lies under one of them or in a label."""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import (
    QAbstractItemView,
    QGridLayout,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QTableWidget,
    QTableWidgetItem,
)

from brainseg_gui.annotation.measuring.mark import Mark, MarkKind, value_words
from brainseg_gui.evaluation.metrics.label_statistics import PERCENTILES
from brainseg_gui.imaging.labels import regions
from brainseg_gui.imaging.numbering import number_of
from brainseg_gui.state.measuring.roi_statistics import RoiStatistics
from brainseg_gui.state.session import Session
from brainseg_gui.views.actions.action_button import ActionButton
from brainseg_gui.views.actions.actions import Actions
from brainseg_gui.views.widgets.clear_layout import clear_layout
from brainseg_gui.views.widgets.elided_combo import ElidedComboBox
from brainseg_gui.views.widgets.number_label import number_label
from brainseg_gui.views.widgets.scroll_page import ScrollPage
from brainseg_gui.views.widgets.table_heads import describe_columns

_EMPTY = "Draw over the images with a ruler, an angle or an ellipse: it is kept with the case and listed here."
_HEADS = ("What", "Value", "Where")
_TIPS = ("What was measured", "In the patient, whatever the voxels' size", "Plane and slice; click to go there")
_SHOWN = (5, 50, 95)  # percentiles for which there is room; copying takes all
_ROW = 22


class MeasurementsPanel(ScrollPage):
    """Reads `session.measuring`.

    Signals
    -------
    mark_chosen
        Key of the measurement whose row was chosen.
    """

    mark_chosen = Signal(str)

    def __init__(self, session: Session, actions: Actions) -> None:
        super().__init__(spacing=8)
        self._session, self._measuring = session, session.measuring
        self.column.addLayout(_buttons(actions, *(f"measure.{kind.value}" for kind in MarkKind)))
        self._empty = QLabel(_EMPTY)
        self._empty.setObjectName("faint")
        self._empty.setWordWrap(True)
        self.column.addWidget(self._empty)
        self.table = self._make_table()
        self.column.addWidget(self.table, 1)
        self.column.addLayout(_buttons(actions, "measure.copy", "measure.remove"))
        self.column.addLayout(self._choice())
        self._size = QLabel()
        self._size.setObjectName("quiet")
        self._size.setWordWrap(True)
        self.column.addWidget(self._size)
        self._numbers = QGridLayout()
        self._numbers.setHorizontalSpacing(8)
        self._numbers.setVerticalSpacing(2)
        self._numbers.setColumnStretch(0, 1)
        self.column.addLayout(self._numbers)
        self.column.addStretch(0)
        self._connect()
        self._synchronize()
        self._show_statistics()

    def _connect(self) -> None:
        session, events = self._session, self._measuring.hand.events
        self._measuring.changed.connect(self._synchronize)
        events.chosen.connect(self._show_chosen)
        for field in (events.statistics, events.where):
            field.connect(self._show_statistics)
        for signal in (session.layers.changed, session.layers.appearance_changed, session.case_changed):
            signal.connect(self._show_statistics)

    def _make_table(self) -> QTableWidget:
        table = QTableWidget(0, len(_HEADS))
        table.setAccessibleName("Measurements")
        table.setHorizontalHeaderLabels(_HEADS)
        table.verticalHeader().hide()
        table.verticalHeader().setDefaultSectionSize(_ROW)
        table.horizontalHeader().setHighlightSections(False)
        table.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        table.horizontalHeader().setSectionResizeMode(1, QHeaderView.ResizeMode.Stretch)
        table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        table.setShowGrid(False)
        table.setMinimumHeight(6 * _ROW)
        describe_columns(table, _TIPS, [_side(number=column == 1) for column in range(len(_HEADS))])
        table.itemSelectionChanged.connect(self._on_row_chosen)
        return table

    def _choice(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(8)
        name = QLabel("Intensities in")
        name.setObjectName("quiet")
        self._where = ElidedComboBox()
        self._where.setAccessibleName("Where intensities are measured")
        self._where.activated.connect(self._on_where_chosen)
        row.addWidget(name)
        row.addWidget(self._where, 1)
        return row

    # --- the list -----------------------------------------------------------------------------------------------------

    def _synchronize(self) -> None:
        marks, case = self._measuring.marks, self._session.case
        self._empty.setVisible(not marks)
        with QSignalBlocker(self.table):
            self.table.setRowCount(len(marks))
            for row, mark in enumerate(marks):
                value = value_words(mark, case.grid) if case is not None else ""
                for column, text in enumerate((mark.kind.value.capitalize(), value, _where_words(mark))):
                    self.table.setItem(row, column, _item(text, mark.key, number=column == 1))
        self._show_chosen()

    def _show_chosen(self, *_: object) -> None:
        keys = [mark.key for mark in self._measuring.marks]
        chosen = self._measuring.hand.chosen
        with QSignalBlocker(self.table):
            if chosen in keys:
                self.table.selectRow(keys.index(chosen))
            else:
                self.table.clearSelection()

    def _on_row_chosen(self) -> None:
        rows = self.table.selectionModel().selectedRows()
        if rows:
            self.mark_chosen.emit(self._measuring.marks[rows[0].row()].key)

    # --- the intensities ----------------------------------------------------------------------------------------------

    def _on_where_chosen(self, index: int) -> None:
        self._measuring.hand.where = self._where.itemData(index)

    def _show_statistics(self, *_: object) -> None:
        layer, where = self._session.worked_on, self._measuring.hand.where
        scheme = layer.labels.scheme if layer is not None else None
        keys = [*scheme.labels.values(), *(region.key for region in regions())] if scheme is not None else []
        with QSignalBlocker(self._where):
            self._where.clear()
            self._where.addItem("the chosen ellipse", "")
            for key in dict.fromkeys(keys):
                self._where.addItem(f"{key} of {layer.name if layer is not None else ''}", key)
            self._where.setCurrentIndex(max(self._where.findData(where), 0))
        self._fill(self._measuring.hand.statistics)

    def _fill(self, found: RoiStatistics | None) -> None:
        clear_layout(self._numbers)
        self._size.setText(f"{found.voxels:,} voxels, {found.ml:.3g} ml" if found is not None else "")
        self._size.setVisible(found is not None)
        if found is None or not found.brightness:
            return
        for column, name in enumerate(("mean", "sd", *(f"{p} %" for p in _SHOWN)), start=1):
            self._numbers.addWidget(number_label(name, name="faint"), 0, column)
        for row, (modality, of) in enumerate(found.brightness.items(), start=1):
            self._numbers.addWidget(QLabel(modality.title), row, 0)
            shown = [of.percentiles[PERCENTILES.index(percent)] for percent in _SHOWN]
            for column, value in enumerate((of.mean, of.sd, *shown), start=1):
                self._numbers.addWidget(number_label(_short(value)), row, column)


def _buttons(actions: Actions, *keys: str) -> QHBoxLayout:
    row = QHBoxLayout()
    row.setSpacing(6)
    for key in keys:
        row.addWidget(ActionButton(actions, key))
    row.addStretch(1)
    return row


def _item(text: str, key: str, *, number: bool) -> QTableWidgetItem:
    item = QTableWidgetItem(text)
    item.setData(Qt.ItemDataRole.UserRole, key)
    item.setTextAlignment(_side(number=number))
    return item


def _side(*, number: bool) -> Qt.AlignmentFlag:
    side = Qt.AlignmentFlag.AlignRight if number else Qt.AlignmentFlag.AlignLeft
    return side | Qt.AlignmentFlag.AlignVCenter


def _where_words(mark: Mark) -> str:
    return f"{mark.plane.short_title} {number_of(mark.slice_index)}"


def _short(value: float) -> str:
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.3g}"

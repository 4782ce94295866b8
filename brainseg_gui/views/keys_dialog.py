"""All keys and mouse gestures; keys can be changed here."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import (
    QAbstractItemView,
    QDialog,
    QDialogButtonBox,
    QHBoxLayout,
    QHeaderView,
    QKeySequenceEdit,
    QLabel,
    QPushButton,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from brainseg_gui.views.actions import MOUSE, Actions


class KeysDialog(QDialog):
    """The table of actions with their keys, and the mouse gestures."""

    rebound = Signal(str, str)

    def __init__(self, actions: Actions, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle("Keys")
        self.resize(620, 560)
        self._actions = actions
        column = QVBoxLayout(self)
        self._table = self._make_table()
        column.addWidget(self._table)
        column.addLayout(self._editor())
        self._message = QLabel("Choose an action, press its new keys, and click Set.")
        self._message.setObjectName("quiet")
        column.addWidget(self._message)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.reject)
        column.addWidget(buttons)
        self._synchronize()

    def _make_table(self) -> QTableWidget:
        table = QTableWidget(0, 3)
        table.setHorizontalHeaderLabels(["Action", "Keys", "What it does"])
        table.verticalHeader().hide()
        table.setShowGrid(False)
        table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        header = table.horizontalHeader()
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(1, QHeaderView.ResizeMode.ResizeToContents)
        header.setStretchLastSection(True)
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft)
        return table

    def _editor(self) -> QHBoxLayout:
        row = QHBoxLayout()
        self._sequence = QKeySequenceEdit()
        self._sequence.setMaximumSequenceLength(1)
        use, clear = QPushButton("Set"), QPushButton("No keys")
        use.clicked.connect(lambda: self._rebind(self._sequence.keySequence().toString()))
        clear.clicked.connect(lambda: self._rebind(""))
        row.addWidget(self._sequence, 1)
        row.addWidget(use)
        row.addWidget(clear)
        return row

    def _synchronize(self) -> None:
        rows = [(spec.key, spec.text, action.shortcuts(), spec.tip) for spec, action in self._actions]
        self._table.setRowCount(len(rows) + len(MOUSE))
        native = QKeySequence.SequenceFormat.NativeText
        for number, (key, text, shortcuts, tip) in enumerate(rows):
            self._fill(number, text, ", ".join(s.toString(native) for s in shortcuts), tip, key)
        for number, (gesture, meaning) in enumerate(MOUSE, start=len(rows)):
            self._fill(number, "Mouse" if "key" not in gesture.lower() else "Keyboard", gesture, meaning, None)

    def _fill(self, row: int, action: str, keys: str, tip: str, key: str | None) -> None:
        for column, text in enumerate((action, keys, tip)):
            item = QTableWidgetItem(text)
            item.setData(Qt.ItemDataRole.UserRole, key)
            self._table.setItem(row, column, item)

    def _rebind(self, sequence: str) -> None:
        chosen = self._table.selectionModel().selectedRows()  # the current row may be one that nobody chose
        row = chosen[0].row() if chosen else -1
        key = self._table.item(row, 0).data(Qt.ItemDataRole.UserRole) if row >= 0 else None
        if key is None:
            self._message.setText("Choose an action in the table first.")
            return
        owner = self._actions.owner_of(sequence) if sequence else None
        if owner is not None and owner != key:
            self._message.setText(f"These keys belong to “{self._actions[owner].text()}”; free them there first.")
            return
        self._actions.rebind(key, sequence)
        self.rebound.emit(key, sequence)
        self._message.setText("Changed; remembered for the next start.")
        self._synchronize()
        self._table.selectRow(row)

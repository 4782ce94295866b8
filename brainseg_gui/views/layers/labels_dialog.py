"""Editing the labels of a scheme: number, name, colour, and what each counts as."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from PySide6.QtCore import QSignalBlocker, QSize, Qt, Signal
from PySide6.QtGui import QColor, QIcon, QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QAbstractItemView,
    QColorDialog,
    QDialog,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QLineEdit,
    QPushButton,
    QTableWidget,
    QTableWidgetItem,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from brainseg_gui.imaging.labelling.label_entries import LabelEntry
from brainseg_gui.imaging.labels import UNKNOWN, built_in_meanings
from brainseg_gui.state.layers.label_draft import LabelDraft
from brainseg_gui.views.layers.label_table import swatch
from brainseg_gui.views.widgets.elided_combo import ElidedComboBox
from brainseg_gui.views.widgets.plain_text import plain_tip

_COLOUR, _NUMBER, _NAME, _MEANING = range(4)
_HEADINGS = ("", "Number", "Name", "Counts as")
_NOTHING = "no tissue of a tumour"


class LabelsDialog(QDialog):
    """A row per label of a draft.

    Parameters
    ----------
    what
        A sentence on what the scheme will be used for.

    Signals
    -------
    import_requested, export_requested
        Labels are to be read from, or written to, a file.
    """

    import_requested = Signal()
    export_requested = Signal()

    def __init__(self, draft: LabelDraft, what: str, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle("Edit labels")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.resize(QSize(660, 520))
        self._draft = draft
        self._shown: tuple[LabelEntry, ...] = ()
        self._title = QLineEdit()
        self._title.setAccessibleName("Name of the scheme")
        self._problem = QLabel()
        self._problem.setObjectName("problem")
        for label in (self._problem,):
            label.setTextFormat(Qt.TextFormat.PlainText)
            label.setWordWrap(True)
            label.setMinimumHeight(36)
        self._rows = self._make_table()
        self._buttons = self._make_buttons()
        self._lay_out(what)
        self._title.editingFinished.connect(lambda: draft.rename(self._title.text()))
        self._rows.itemChanged.connect(self._on_item_changed)
        for keys, act in ((QKeySequence.StandardKey.Undo, draft.undo), (QKeySequence.StandardKey.Redo, draft.redo)):
            QShortcut(QKeySequence(keys), self, act)
        draft.changed.connect(self._synchronize)
        self._synchronize()

    def _make_table(self) -> QTableWidget:
        rows = QTableWidget(0, len(_HEADINGS))
        rows.setHorizontalHeaderLabels(list(_HEADINGS))
        rows.verticalHeader().hide()
        rows.horizontalHeader().setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        rows.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        trigger = QAbstractItemView.EditTrigger
        rows.setEditTriggers(trigger.DoubleClicked | trigger.EditKeyPressed | trigger.AnyKeyPressed)
        rows.horizontalHeader().setSectionResizeMode(_NAME, QHeaderView.ResizeMode.Stretch)
        for column, width in ((_COLOUR, 44), (_NUMBER, 72), (_MEANING, 280)):
            rows.horizontalHeader().resizeSection(column, width)
        return rows

    def _make_buttons(self) -> dict[str, QPushButton]:
        draft, buttons = self._draft, {}
        for text, tip, act in (
            ("Add", "A further label, with the number after the last; type its name", self._add),
            ("Remove", "Take the selected labels off the list; their voxels keep their numbers", self._remove),
            ("Undo", "Take the last change back (Ctrl+Z)", draft.undo),
            ("Redo", "Make it again (Ctrl+Shift+Z)", draft.redo),
            ("Import…", "ITK-SNAP label descriptions, colour tables of 3D Slicer, files of brainseg", None),
            ("Export…", "For ITK-SNAP, for 3D Slicer, or for a colleague with brainseg", None),
            ("Use these labels", "Save the scheme, and read and paint the mask by it", self.accept),
            ("Cancel", "Leave all as it was", self.reject),
        ):
            buttons[text] = button = QPushButton(text)
            button.setToolTip(tip)
            button.setAutoDefault(False)
            if act is not None:
                button.clicked.connect(act)
        buttons["Import…"].clicked.connect(self.import_requested)
        buttons["Export…"].clicked.connect(self.export_requested)
        buttons["Use these labels"].setObjectName("primary")
        return buttons

    def _lay_out(self, what: str) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 14, 16, 12)
        column.setSpacing(8)
        sentence = QLabel(what)
        sentence.setTextFormat(Qt.TextFormat.PlainText)
        sentence.setObjectName("quiet")
        sentence.setWordWrap(True)
        name = QHBoxLayout()
        name.addWidget(QLabel("Scheme"))
        name.addWidget(self._title, 1)
        column.addWidget(sentence)
        column.addLayout(name)
        column.addWidget(self._rows, 1)
        column.addLayout(_row([self._buttons[text] for text in ("Add", "Remove", "Undo", "Redo")]))
        column.addWidget(self._problem)
        foot = _row([self._buttons[text] for text in ("Import…", "Export…")])
        foot.addWidget(self._buttons["Cancel"])
        foot.addWidget(self._buttons["Use these labels"])
        column.addLayout(foot)

    def _add(self) -> None:
        """A further label, its name open for typing."""
        before = len(self._draft.entries)
        self._draft.add()
        if len(self._draft.entries) > before:
            self._rows.setCurrentCell(before, _NAME)
            self._rows.setFocus()
            self._rows.edit(self._rows.currentIndex())

    def say(self, sentence: str) -> None:
        """Say what went wrong with a file."""
        self._problem.setText(sentence)

    def _synchronize(self) -> None:
        draft = self._draft
        if self._title.text() != draft.title:
            self._title.setText(draft.title)
        with QSignalBlocker(self._rows):
            self._rows.setRowCount(len(draft.entries))
            for index, entry in enumerate(draft.entries):
                if self._shown[index : index + 1] != (entry,):
                    self._show_row(index, entry)
            self._shown = draft.entries
        self._problem.setText(draft.problem)
        self._buttons["Use these labels"].setEnabled(not draft.problem)
        self._buttons["Export…"].setEnabled(not draft.problem)
        self._buttons["Undo"].setEnabled(draft.undoable)
        self._buttons["Redo"].setEnabled(draft.redoable)

    def _show_row(self, index: int, entry: LabelEntry) -> None:
        for column, text, side in (
            (_NUMBER, str(entry.number), Qt.AlignmentFlag.AlignRight),
            (_NAME, entry.name, Qt.AlignmentFlag.AlignLeft),
        ):
            item = self._rows.item(index, column)  # kept where there is one: it may be being edited
            if item is None:
                self._rows.setItem(index, column, _item(text, side))
            else:
                item.setText(text)
        button = QToolButton()
        button.setIcon(QIcon(swatch(entry.colour)))
        button.setToolTip(plain_tip(f"Colour of {entry.name}: {entry.colour}"))
        button.setAccessibleName(f"Colour of {entry.name}")
        button.clicked.connect(partial(self._choose_colour, index))
        self._rows.setCellWidget(index, _COLOUR, button)
        box = ElidedComboBox()
        box.setAccessibleName(f"{entry.name} counts as")
        box.addItem(_NOTHING, "")
        for key, tissue in built_in_meanings().items():
            if key != UNKNOWN:
                box.addItem(f"{key}, {tissue.title}", key)
        box.setCurrentIndex(max(box.findData(entry.meaning), 0))
        box.activated.connect(lambda _, index=index, box=box: self._change(index, meaning=box.currentData()))
        self._rows.setCellWidget(index, _MEANING, box)

    def _choose_colour(self, index: int) -> None:
        entry = self._draft.entries[index]
        colour = QColorDialog.getColor(QColor(entry.colour), self, f"Colour of {entry.name}")
        if colour.isValid():
            self._change(index, colour=colour.name())

    def _on_item_changed(self, item: QTableWidgetItem) -> None:
        text = item.text().strip()
        if item.column() == _NAME:
            self._change(item.row(), name=text)
        elif text.isdecimal():
            self._change(item.row(), number=int(text[:6]))
        else:
            with QSignalBlocker(self._rows):
                item.setText(str(self._draft.entries[item.row()].number))  # no number: as it was

    def _change(self, index: int, **fields: object) -> None:
        self._draft.change(index, replace(self._draft.entries[index], **fields))  # type: ignore[arg-type]

    def _remove(self) -> None:
        self._draft.remove({index.row() for index in self._rows.selectedIndexes()})

    def accept(self) -> None:
        """Close with these labels, if they make a scheme."""
        self._draft.rename(self._title.text())  # also what was typed a moment ago
        if not self._draft.problem:
            super().accept()


def _item(text: str, side: Qt.AlignmentFlag) -> QTableWidgetItem:
    item = QTableWidgetItem(text)
    item.setTextAlignment(side | Qt.AlignmentFlag.AlignVCenter)
    return item


def _row(buttons: Sequence[QPushButton]) -> QHBoxLayout:
    row = QHBoxLayout()
    row.setSpacing(8)
    for button in buttons:
        row.addWidget(button)
    row.addStretch(1)
    return row

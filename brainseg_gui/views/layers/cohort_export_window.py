"""The window of an export of the whole list: in which layout, which masks, how far it is, what is left out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from PySide6.QtCore import QEvent, QSignalBlocker, Qt, Signal
from PySide6.QtGui import QBrush, QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QTreeWidget,
    QTreeWidgetItem,
    QWidget,
)

from brainseg_gui.errors import printable
from brainseg_gui.exchange.case_export import MaskChoice
from brainseg_gui.exchange.cohort_layouts import COHORT_LAYOUTS
from brainseg_gui.state.layers.cohort_export import CaseFate, CaseTold, CohortExport, ExportedCases
from brainseg_gui.views.widgets.plain_text import plain_tip
from brainseg_gui.views.widgets.theme import colour
from brainseg_gui.views.widgets.work_parts import WHOLE, button_row, column_of, dress_window, plain_words, work_bar

_CASE, _FATE, _WORDS = range(3)
_MASKS = {MaskChoice.REFERENCE: "Reference masks", MaskChoice.ANNOTATION: "Newest annotations"}
_DEFACE_TIP = "From images whose skull is on; look at the result before it leaves"
_AS_THEY_ARE = "Images go out as they are: what their headers say of a person goes with them."
_FACELESS = "The face is removed from images whose skull is on, and with it what their headers say of a person."


class CohortExportWindow(QWidget):
    """A line of choices, a sentence on what comes of them, the buttons, the bar, and the cases that are behind.

    Parameters
    ----------
    barred
        Says why nothing can be exported now; empty when it can.
    count
        How many cases would go out.

    Signals
    -------
    export_requested, cancel_requested
        The name of the folder is to be asked for, and the export begun; or no more of it.
    """

    export_requested = Signal()
    cancel_requested = Signal()

    def __init__(self, state: CohortExport, barred: Callable[[], str], count: Callable[[], int]) -> None:
        super().__init__(None, Qt.WindowType.Window)
        dress_window(self, "Export the cohort", (760, 460), (560, 300))
        self._state, self._barred, self._count = state, barred, count
        self.layout_box = _box("Layout", {key: layout.title for key, layout in COHORT_LAYOUTS.items()})
        self.cases_box = _box("Cases", {choice: choice.value for choice in ExportedCases})
        self.masks_box = _box("Masks", _MASKS)
        self.deface = QCheckBox("Remove faces")
        self.deface.setToolTip(_DEFACE_TIP)
        self._what, self._status, self._bar = plain_words(), plain_words("quiet"), work_bar()
        self.export, self.cancel = QPushButton("Export…"), QPushButton("Cancel")
        self.export.setObjectName("primary")
        self.cancel.setToolTip("Stop; nothing is left behind")
        self.list = _list()
        self._lay_out()
        self._listen()
        self.synchronize()
        self._fill()

    def _lay_out(self) -> None:
        row = QHBoxLayout()
        row.setSpacing(8)
        for part in (QLabel("As"), self.layout_box, self.cases_box, self.masks_box, self.deface):
            row.addWidget(part)
        row.addStretch(1)
        column = column_of(self)
        column.addLayout(row)
        column.addWidget(self._what)
        column.addLayout(button_row(self.export, self.cancel, right=QWidget()))
        column.addWidget(self._bar)
        column.addWidget(self._status)
        column.addWidget(self.list, 1)

    def _listen(self) -> None:
        wishes = self._state.wishes
        self.layout_box.activated.connect(lambda: setattr(wishes, "layout", self.layout_box.currentData()))
        self.cases_box.activated.connect(lambda: setattr(wishes, "cases", self.cases_box.currentData()))
        self.masks_box.activated.connect(lambda: setattr(wishes, "masks", self.masks_box.currentData()))
        self.deface.toggled.connect(lambda on: setattr(wishes, "deface", on))
        self.export.clicked.connect(self.export_requested)
        self.cancel.clicked.connect(self.cancel_requested)
        for key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            QShortcut(QKeySequence(key), self, self._press)
        wishes.events.connect(self.synchronize)
        self._state.work.events.connect(self.synchronize)
        self._state.told_changed.connect(self._fill)

    def _press(self) -> None:
        """Return presses the button that has the focus, else the blue one."""
        focused = self.focusWidget()
        (focused if isinstance(focused, QPushButton) else self.export).click()

    def synchronize(self, *_: object) -> None:
        """Show what is asked for, and how far it is."""
        wishes, work, barred = self._state.wishes, self._state.work, self._barred()
        for box, chosen in (
            (self.layout_box, wishes.layout),
            (self.cases_box, wishes.cases),
            (self.masks_box, wishes.masks),
        ):
            with QSignalBlocker(box):
                box.setCurrentIndex(box.findData(chosen))
            box.setEnabled(not work.running)
        with QSignalBlocker(self.deface):
            self.deface.setChecked(wishes.deface)
        self.deface.setVisible(wishes.chosen.has_images)
        self.deface.setEnabled(not work.running)
        self._what.setText(self._plan())
        self.export.setEnabled(not barred)
        self.export.setToolTip(plain_tip(barred or "Choose the name of the new folder"))
        self.cancel.setEnabled(work.running)
        self._bar.setValue(round(WHOLE * work.done) if work.running else 0)
        words = f"{work.stage} {printable(work.detail)}".strip() if work.running else work.outcome or barred
        self._status.setText(f"{words[:1].upper()}{words[1:]}")

    def _plan(self) -> str:
        wishes, count = self._state.wishes, self._count()
        images = (_FACELESS if wishes.deface else _AS_THEY_ARE) if wishes.chosen.has_images else ""
        return f"{count:,} case{'s' if count != 1 else ''}. {wishes.chosen.words} {images}".strip()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:  # another theme
            for row, case in enumerate(self._state.told[: self.list.topLevelItemCount()]):
                if (item := self.list.topLevelItem(row)) is not None:
                    _colour(item, case)

    def _fill(self) -> None:
        told = self._state.told
        if self.list.topLevelItemCount() > len(told):
            self.list.clear()
        self.list.addTopLevelItems([_row(case) for case in told[self.list.topLevelItemCount() :]])
        if told:
            self.list.scrollToBottom()


def _row(case: CaseTold) -> QTreeWidgetItem:
    item = QTreeWidgetItem([printable(case.case_id), case.fate.value, printable(case.words)])
    item.setToolTip(_WORDS, plain_tip(case.words))
    _colour(item, case)
    return item


def _colour(item: QTreeWidgetItem, case: CaseTold) -> None:
    brush = QBrush(colour("problem" if case.fate is CaseFate.LEFT_OUT else "text"))
    for column in (_FATE, _WORDS):
        item.setForeground(column, brush)


def _list() -> QTreeWidget:
    rows = QTreeWidget()
    rows.setHeaderLabels(["Case", "Exported", "What is to be said of it"])
    rows.setRootIsDecorated(False)
    rows.setUniformRowHeights(True)
    rows.header().resizeSection(_CASE, 200)
    rows.header().resizeSection(_FATE, 120)
    return rows


def _box(name: str, choices: Mapping[Any, str]) -> QComboBox:
    box = QComboBox()
    box.setAccessibleName(name)
    for choice, title in choices.items():
        box.addItem(title, choice)
    return box

"""The cases of an open cohort."""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import QLabel, QLineEdit, QListWidget, QListWidgetItem, QVBoxLayout, QWidget

from brainseg_gui.imaging.case import CaseSource
from brainseg_gui.imaging.modality import Modality
from brainseg_gui.state.session import Session


class CasesPanel(QWidget):
    """A list of cases with what each has; a click or Return opens one."""

    case_requested = Signal(object)

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 0, 8, 8)
        column.setSpacing(6)
        self._filter = QLineEdit()
        self._filter.setPlaceholderText("Filter cases")
        self._filter.setClearButtonEnabled(True)
        self._filter.textChanged.connect(self._on_filter_changed)
        self._list = QListWidget()
        self._list.setUniformItemSizes(True)
        self._list.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self._list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._list.itemActivated.connect(self._on_item_activated)
        self._list.itemClicked.connect(self._on_item_activated)
        self._count = QLabel()
        self._count.setObjectName("faint")
        column.addWidget(self._filter)
        column.addWidget(self._list, 1)
        column.addWidget(self._count)
        session.cohort_changed.connect(self._on_cohort_changed)
        session.case_changed.connect(self._mark_open_case)
        self._on_cohort_changed()

    def _on_cohort_changed(self) -> None:
        with QSignalBlocker(self._list):
            self._list.clear()
            for source in self._session.cohort:
                self._list.addItem(_item(source))
        self._on_filter_changed(self._filter.text())
        self._mark_open_case()

    def _on_filter_changed(self, text: str) -> None:
        for row in range(self._list.count()):
            item = self._list.item(row)
            item.setHidden(text.lower() not in item.text().lower())
        complete = sum(not source.missing for source in self._session.cohort)
        total = len(self._session.cohort)
        self._count.setText(f"{total:,} cases, {complete:,} with all modalities" if total else "No cohort is open")

    def _mark_open_case(self) -> None:
        displayed = self._session.displayed
        with QSignalBlocker(self._list):
            for row in range(self._list.count()):
                item = self._list.item(row)
                if displayed is not None and item.data(Qt.ItemDataRole.UserRole) == displayed.source:
                    self._list.setCurrentItem(item)

    def _on_item_activated(self, item: QListWidgetItem) -> None:
        self.case_requested.emit(item.data(Qt.ItemDataRole.UserRole))


def _item(source: CaseSource) -> QListWidgetItem:
    marks = "" if not source.missing else f"   {4 - len(source.missing)}/4"
    mask = "   ◐" if source.reference is not None else ""
    item = QListWidgetItem(f"{source.case_id}{marks}{mask}")
    item.setData(Qt.ItemDataRole.UserRole, source)
    has = ", ".join(m.title for m in Modality if m in source.modalities)
    reference = f"reference {source.reference.name}" if source.reference else "no reference"
    item.setToolTip(f"{source.case_id}\n{has}; {reference}\n{source.folder}")
    return item

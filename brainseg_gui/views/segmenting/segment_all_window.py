"""The window that segments a list of cases: what, where, a row per case, and what failed."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QBrush, QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QCheckBox,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from brainseg_gui.errors import printable
from brainseg_gui.state.segmenting.cohort_segmenting import CaseSegmenting, CaseStage, why_not_all
from brainseg_gui.state.session import Session
from brainseg_gui.views.widgets.plain_text import plain_tip
from brainseg_gui.views.widgets.screen_room import fit_screen
from brainseg_gui.views.widgets.theme import colour

_SOURCE = Qt.ItemDataRole.UserRole
_CASE, _STATE, _WORDS = range(3)
_COLOURS = {CaseStage.FAILED: "problem", CaseStage.WAITING: "faint", CaseStage.HAD_MASK: "quiet"}


class SegmentAllWindow(QWidget):
    """A sentence on what will be done, the buttons, and the list.

    Signals
    -------
    start_requested, retry_requested, cancel_requested
        All cases, or those that failed, are to be segmented; or no more of them.
    case_requested
        A `CaseSource` is to be opened in the main window.
    """

    start_requested = Signal()
    retry_requested = Signal()
    cancel_requested = Signal()
    case_requested = Signal(object)

    def __init__(self, session: Session) -> None:
        super().__init__(None, Qt.WindowType.Window)
        self.setObjectName("centre")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setWindowTitle("Segment all – brainseg")
        fit_screen(self, (860, 560), (640, 320))
        self._session, self._state = session, session.segmenting_all
        self._rows: dict[Path, QTreeWidgetItem] = {}
        self._what, self._status = QLabel(), QLabel()
        for label in (self._what, self._status):
            label.setTextFormat(Qt.TextFormat.PlainText)
            label.setWordWrap(True)
        self._status.setObjectName("quiet")
        self._bar = QProgressBar()
        self._bar.setTextVisible(False)
        self._bar.setRange(0, 1000)
        self._make_buttons()
        self._list = self._make_list()
        self._lay_out()
        for key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            QShortcut(QKeySequence(key), self, self._press)
        self._listen()
        self._fill()

    def _make_buttons(self) -> None:
        self.start, self.cancel = QPushButton("Segment all"), QPushButton("Cancel")
        self.retry, self.only_failed = QPushButton("Try the failed again"), QCheckBox("Only what failed")
        self.start.setObjectName("primary")
        self.cancel.setToolTip("Stop after the mask that is being written; masks that are done stay")
        self.start.clicked.connect(self.start_requested)
        self.cancel.clicked.connect(self.cancel_requested)
        self.retry.clicked.connect(self.retry_requested)
        self.only_failed.toggled.connect(self._apply_filter)

    def _press(self) -> None:
        """Return presses the button that has the focus, else the blue one; on a row it opens the case."""
        focused = self.focusWidget()
        if focused is self._list and (item := self._list.currentItem()) is not None:
            self._list.itemActivated.emit(item, _CASE)
        else:
            (focused if isinstance(focused, QPushButton) else self.start).click()

    def _make_list(self) -> QTreeWidget:
        rows = QTreeWidget()
        rows.setHeaderLabels(["Case", "State", "What was found, or what went wrong"])
        rows.setRootIsDecorated(False)
        rows.setUniformRowHeights(True)
        rows.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        rows.header().resizeSection(_CASE, 240)
        rows.header().resizeSection(_STATE, 100)
        rows.setToolTip("A double click opens the case in the main window")
        rows.itemActivated.connect(lambda item: self.case_requested.emit(item.data(_CASE, _SOURCE)))
        return rows

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 14, 16, 12)
        column.setSpacing(8)
        buttons = QHBoxLayout()
        buttons.setSpacing(8)
        for button in (self.start, self.cancel, self.retry):
            buttons.addWidget(button)
        buttons.addStretch(1)
        buttons.addWidget(self.only_failed)
        column.addWidget(self._what)
        column.addLayout(buttons)
        column.addWidget(self._bar)
        column.addWidget(self._status)
        column.addWidget(self._list, 1)

    def _listen(self) -> None:
        self._state.list_changed.connect(self._fill)
        self._state.case_changed.connect(self._on_case_changed)
        self._state.work.events.connect(self._show_work)
        self._session.cohort_changed.connect(self._show_work)
        for field in ("models", "model", "device", "running"):
            getattr(self._session.segmenting.events, field).connect(self._show_work)

    def _fill(self) -> None:
        self._list.clear()
        self._rows = {}
        for identity, case in self._state.cases.items():
            item = QTreeWidgetItem([printable(case.source.case_id)])
            item.setData(_CASE, _SOURCE, case.source)
            item.setToolTip(_CASE, plain_tip(str(case.source.folder)))
            self._rows[identity] = item
            _show_case(item, case)
        self._list.addTopLevelItems(list(self._rows.values()))
        self._apply_filter()
        self._show_work()

    def _on_case_changed(self, identity: Path) -> None:
        case, item = self._state.of(identity), self._rows.get(identity)
        if case is not None and item is not None:
            _show_case(item, case)
            item.setHidden(self.only_failed.isChecked() and case.stage is not CaseStage.FAILED)
            if case.stage is CaseStage.AT_WORK and not self._list.hasFocus():
                self._list.scrollToItem(item)

    def _apply_filter(self) -> None:
        for identity, item in self._rows.items():
            case = self._state.of(identity)
            failed = case is not None and case.stage is CaseStage.FAILED
            item.setHidden(self.only_failed.isChecked() and not failed)

    def _show_work(self, *_: object) -> None:
        work, segmenting = self._state.work, self._session.segmenting
        barred = why_not_all(self._session.cohort, segmenting, work)
        self._what.setText(self._plan())
        self.start.setEnabled(not barred)
        self.start.setToolTip(barred or "Run the network on every case of the list that has no prediction yet")
        self.cancel.setEnabled(work.running)
        self.retry.setEnabled(not work.running and bool(self._state.count(CaseStage.FAILED)))
        self._bar.setValue(round(1000 * work.done) if work.running else 0)
        words = f"{work.stage} – {self._state.summary}" if work.running else barred or work.outcome
        self._status.setText(f"{words[:1].upper()}{words[1:]}")

    def _plan(self) -> str:
        cohort, model = self._session.cohort, self._session.segmenting.model
        cases = f"{len(cohort):,} cases" if len(cohort) != 1 else "1 case"
        network = f" with {model.title}" if model is not None else ""
        return (
            f"{cases}{network}. Each mask is saved beside the images of its case, as Save does; a case that has a "
            "prediction there is passed over, and no file is replaced. Go on working meanwhile."
        )


def _show_case(item: QTreeWidgetItem, case: CaseSegmenting) -> None:
    at_work = case.stage is CaseStage.AT_WORK
    item.setText(_STATE, f"{100 * case.done:.0f} %" if at_work else case.stage.value)
    item.setText(_WORDS, printable(case.words))
    item.setToolTip(_WORDS, plain_tip(case.words))
    brush = QBrush(colour(_COLOURS.get(case.stage, "text")))
    for column in (_STATE, _WORDS):
        item.setForeground(column, brush)

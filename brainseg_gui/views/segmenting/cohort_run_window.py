"""The window of a run on the cohort: what and where, a row per case, and what failed."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QBrush, QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QAbstractItemView,
    QCheckBox,
    QPlainTextEdit,
    QPushButton,
    QTreeWidget,
    QTreeWidgetItem,
    QWidget,
)

from brainseg_gui.errors import printable
from brainseg_gui.state.segmenting.cohort_run import CaseRun, CaseStage, RunCases, RunPlace, RunTask, why_not_run
from brainseg_gui.state.session import Session
from brainseg_gui.views.segmenting.cohort_run_form import CohortRunForm
from brainseg_gui.views.widgets.plain_text import plain_tip
from brainseg_gui.views.widgets.theme import colour
from brainseg_gui.views.widgets.work_parts import WHOLE, button_row, column_of, dress_window, plain_words, work_bar

_SOURCE = Qt.ItemDataRole.UserRole
_CASE, _STATE, _WORDS = range(3)
_LOG_HEIGHT = 132
_COLOURS = {
    CaseStage.FAILED: "problem",
    CaseStage.WAITING: "faint",
    CaseStage.LEFT_OUT: "faint",
    CaseStage.HAD_MASK: "quiet",
}
_PLANS = {
    RunTask.SEGMENT: "Each mask is saved beside the images of its case, as Save does",
    RunTask.EVALUATE: "Each prediction is scored against the reference of its case; the results open in Cohort results",
}
_KEPT = {
    RunCases.WITHOUT: "a case that has a prediction there is passed over, and no file is replaced",
    RunCases.ALL: "what an earlier run made of the same images is passed over or renewed; a mask that a person "
    "changed stays",
}


class CohortRunWindow(QWidget):
    """What is asked for, a sentence on what that does, the buttons, the list, and the log of the chosen row.

    Signals
    -------
    start_requested, retry_requested, cancel_requested
        The cases that are asked for, or those that failed, are to be worked on; or no more of them.
    case_requested
        A `CaseSource` is to be opened in the main window.
    file_requested
        The file of a cluster is to be chosen.
    """

    start_requested = Signal()
    retry_requested = Signal()
    cancel_requested = Signal()
    case_requested = Signal(object)
    file_requested = Signal()

    def __init__(self, session: Session) -> None:
        super().__init__(None, Qt.WindowType.Window)
        dress_window(self, "Run on the cohort", (860, 560), (640, 320))
        self._session, self._state = session, session.cohort_run
        self.form = CohortRunForm(self._state)
        self.form.file_requested.connect(self.file_requested)
        self._rows: dict[Path, QTreeWidgetItem] = {}
        self._what, self._status, self._bar = plain_words(), plain_words("quiet"), work_bar()
        self._make_buttons()
        self.log = QPlainTextEdit()
        self.log.setReadOnly(True)
        self.log.setAccessibleName("Log")
        self.log.setFixedHeight(_LOG_HEIGHT)
        self.log.hide()
        self._list = self._make_list()
        self._lay_out()
        for key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            QShortcut(QKeySequence(key), self, self._press)
        self._listen()
        self._fill()

    def _make_buttons(self) -> None:
        self.start, self.cancel = QPushButton("Start"), QPushButton("Cancel")
        self.retry, self.only_failed = QPushButton("Try failed again"), QCheckBox("Only what failed")
        self.start.setObjectName("primary")
        self.cancel.setToolTip("Stop; what is in files stays, and no file is left half written")
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
        rows.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        rows.header().resizeSection(_CASE, 200)
        rows.header().resizeSection(_STATE, 100)
        rows.setToolTip("A double click opens the case in the main window")
        rows.itemActivated.connect(lambda item: self.case_requested.emit(item.data(_CASE, _SOURCE)))
        rows.itemSelectionChanged.connect(self._on_selected)
        return rows

    def _lay_out(self) -> None:
        column = column_of(self)
        column.addWidget(self.form)
        column.addWidget(self._what)
        column.addLayout(button_row(self.start, self.cancel, self.retry, right=self.only_failed))
        column.addWidget(self._bar)
        column.addWidget(self._status)
        column.addWidget(self._list, 1)
        column.addWidget(self.log)

    def _listen(self) -> None:
        self._state.list_changed.connect(self._fill)
        self._state.case_changed.connect(self._on_case_changed)
        self._state.work.events.connect(self._show_work)
        self._state.wishes.events.connect(self._show_work)
        self._state.chosen_changed.connect(self._show_work)
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
        self._on_selected()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:  # another theme
            for identity, item in self._rows.items():
                if (case := self._state.of(identity)) is not None:
                    _show_case(item, case)

    def _on_selected(self) -> None:
        chosen = self._list.selectedItems()
        self._state.choose(item.data(_CASE, _SOURCE).identity for item in chosen)
        self._show_log()

    def _show_log(self) -> None:
        """What stands behind the failure of the one row that is chosen."""
        chosen = self._list.selectedItems()
        case = self._state.of(chosen[0].data(_CASE, _SOURCE).identity) if len(chosen) == 1 else None
        log = f"{case.words}\n\n{case.log}" if case is not None and case.log else ""
        if log != self.log.toPlainText():
            self.log.setPlainText(log)
        self.log.setVisible(bool(log))

    def _on_case_changed(self, identity: Path) -> None:
        case, item = self._state.of(identity), self._rows.get(identity)
        if case is not None and item is not None:
            _show_case(item, case)
            if item.isSelected():
                self._show_log()
            item.setHidden(self.only_failed.isChecked() and case.stage is not CaseStage.FAILED)
            if case.stage is CaseStage.AT_WORK and not self._list.hasFocus():
                self._list.scrollToItem(item)
            if case.stage is CaseStage.AT_WORK and not case.done:  # one more is: what is done did not change
                self._show_work()

    def _apply_filter(self) -> None:
        for identity, item in self._rows.items():
            case = self._state.of(identity)
            failed = case is not None and case.stage is CaseStage.FAILED
            item.setHidden(self.only_failed.isChecked() and not failed)

    def _show_work(self, *_: object) -> None:
        work, segmenting = self._state.work, self._session.segmenting
        barred = why_not_run(self._session.cohort, segmenting, self._state)
        self._what.setText(self._plan())
        self.start.setEnabled(not barred)
        self.start.setToolTip(plain_tip(barred or self._plan()))
        self.cancel.setEnabled(work.running)
        self.retry.setEnabled(not work.running and bool(self._state.count(CaseStage.FAILED)))
        self._bar.setValue(round(WHOLE * work.done) if work.running else 0)
        words = f"{work.stage} – {self._state.summary}" if work.running else barred or work.outcome
        self._status.setText(f"{words[:1].upper()}{words[1:]}")

    def _plan(self) -> str:
        wishes, model = self._state.wishes, self._session.segmenting.model
        selected = wishes.cases is RunCases.SELECTED
        count = len(self._state.chosen) if selected else len(self._session.cohort)
        cases = f"{count:,} {'selected case' if selected else 'case'}{'s' if count != 1 else ''}"
        segment = wishes.task is RunTask.SEGMENT
        network = f" with {model.title}" if model is not None and segment else ""
        kept = f"; {_KEPT.get(wishes.cases, _KEPT[RunCases.ALL])}" if segment else ""
        there = " The cluster needs the files under the same paths." if wishes.place is RunPlace.CLUSTER else ""
        return f"{cases}{network}. {_PLANS[wishes.task]}{kept}.{there} Go on working meanwhile."


def _show_case(item: QTreeWidgetItem, case: CaseRun) -> None:
    told = case.stage is CaseStage.AT_WORK and case.done > 0  # workers do not say how far they are
    item.setText(_STATE, f"{100 * case.done:.0f} %" if told else case.stage.value)
    item.setText(_WORDS, printable(case.words))
    item.setToolTip(_WORDS, plain_tip(case.words))
    brush = QBrush(colour(_COLOURS.get(case.stage, "text")))
    for column in (_STATE, _WORDS):
        item.setForeground(column, brush)

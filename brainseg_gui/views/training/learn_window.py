"""The window that learns from corrected cases: what comes next is one button; below it, what the comparison says."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QBrush, QImage, QPixmap
from PySide6.QtWidgets import (
    QLabel,
    QPushButton,
    QSplitter,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from brainseg_gui.errors import printable
from brainseg_gui.learning.change_picture import Picture
from brainseg_gui.learning.gate import Verdict
from brainseg_gui.learning.stage import LearningRun, LearningStage
from brainseg_gui.learning.verdict_text import CASE_HEADINGS, HEADINGS, case_cells, cells_of
from brainseg_gui.state.training.learning import Learning
from brainseg_gui.views.widgets.plain_text import plain_tip
from brainseg_gui.views.widgets.theme import colour, make_primary
from brainseg_gui.views.widgets.work_parts import (
    WHOLE,
    button_row,
    column_of,
    dress_window,
    plain_words,
    work_bar,
)

_CASE = Qt.ItemDataRole.UserRole
_NUMBERS = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
_STEPS = {
    LearningStage.TO_TRAIN: ("Train", "Train, or go on where it was interrupted"),
    LearningStage.TRAINING: ("Show the training", "The window of runs: curves, messages, Stop"),
    LearningStage.TO_COMPARE: ("Compare", "Score both networks on the held-back patients"),
    LearningStage.JUDGED: ("Promote", "Make the new network the one that Segment uses"),
}


class LearnWindow(QWidget):
    """What would be learned from, the next step, the table, and the cases that changed most to the worse.

    Signals
    -------
    begin_requested
        A new run is to be made of the corrected cases.
    step_requested
        The next step of the run that is shown.
    cancel_requested, take_back_requested
        Stop what this window does; take the last promotion back.
    picture_requested
        A `CaseChange` is to be drawn.
    shown, hidden
        The window is on the screen, or no more.
    """

    begin_requested = Signal()
    step_requested = Signal()
    cancel_requested = Signal()
    take_back_requested = Signal()
    picture_requested = Signal(object)
    shown = Signal()
    hidden = Signal()

    def __init__(self, learning: Learning) -> None:
        super().__init__(None, Qt.WindowType.Window)
        dress_window(self, "Learn from corrected cases", (960, 720), (640, 420))
        self._learning = learning
        self._verdict: Verdict | None = None
        self._texts = {name: plain_words() for name in ("corrected", "run", "verdict")}
        self._texts |= {name: plain_words("quiet") for name in ("barred", "status")}
        self._bar = work_bar()
        self._make_buttons()
        self.table, self.cases = _rows(HEADINGS, 2), _rows(CASE_HEADINGS, 1)
        self.cases.currentItemChanged.connect(self._on_case_chosen)
        self._picture = QLabel()
        self._picture.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._picture.setMinimumHeight(160)
        self._lay_out()
        learning.events.connect(self._synchronize)
        learning.work.events.connect(self._synchronize)
        self._synchronize()

    def _make_buttons(self) -> None:
        self.begin, self.step = QPushButton("Begin a new run"), QPushButton("Train")
        self.cancel, self.take_back = QPushButton("Cancel"), QPushButton("Take back")
        self.cancel.setToolTip("Stop what is being done here; what is done stays")
        for button, signal in (
            (self.begin, self.begin_requested),
            (self.step, self.step_requested),
            (self.cancel, self.cancel_requested),
            (self.take_back, self.take_back_requested),
        ):
            button.clicked.connect(signal)

    def _lay_out(self) -> None:
        column = column_of(self)
        column.addWidget(self._texts["corrected"])
        column.addWidget(self._texts["run"])
        column.addLayout(button_row(self.step, self.begin, self.cancel, right=self.take_back))
        column.addWidget(self._texts["barred"])
        column.addWidget(self._bar)
        column.addWidget(self._texts["status"])
        column.addWidget(self._texts["verdict"])
        self._below = QSplitter(Qt.Orientation.Vertical)
        for part in (self.table, self._cases_with_words(), self._picture):
            self._below.addWidget(part)
        self._below.setChildrenCollapsible(False)
        column.addWidget(self._below, 1)
        column.addStretch(0)  # takes the room that the tables leave before there is a verdict

    def _cases_with_words(self) -> QWidget:
        whole, words = QWidget(), QLabel("Dice of the held-back cases, the worst change first")
        words.setObjectName("quiet")
        words.setToolTip("A case that is chosen is drawn below: reference, network before, network after")
        column = QVBoxLayout(whole)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(words)
        column.addWidget(self.cases, 1)
        return whole

    def show_picture(self, picture: Picture) -> None:
        """Draw a case: reference, before and after beside each other."""
        height, width, _ = picture.shape
        image = QImage(picture.tobytes(), width, height, 3 * width, QImage.Format.Format_RGB888)
        room = self._picture.size()
        self._picture.setPixmap(
            QPixmap.fromImage(image).scaled(
                room, Qt.AspectRatioMode.KeepAspectRatio, Qt.TransformationMode.SmoothTransformation
            )
        )

    def showEvent(self, event: object) -> None:
        self.shown.emit()

    def hideEvent(self, event: object) -> None:
        self.hidden.emit()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:  # another theme
            self._mark_worse()

    def _mark_worse(self) -> None:
        for row, measured in enumerate(self._verdict.rows if self._verdict is not None else ()):
            item = self.table.topLevelItem(row)
            if measured.is_worse and item is not None:
                item.setForeground(4, QBrush(colour("problem")))

    def _on_case_chosen(self, item: QTreeWidgetItem | None) -> None:
        if item is not None:
            self.picture_requested.emit(item.data(0, _CASE))

    def _synchronize(self, *_: object) -> None:
        learning, work = self._learning, self._learning.work
        run = learning.run
        self._texts["corrected"].setText(learning.corrected)
        self._texts["run"].setText(_words_of(run) if run is not None else "Nothing was learned yet.")
        verdict = run.verdict if run is not None else None
        self._texts["verdict"].setText(f"{verdict.sentence}." if verdict is not None else "")
        self._show_buttons(run)
        self._bar.setValue(round(WHOLE * work.done))
        self._bar.setVisible(work.running)
        doing = f"{work.stage[:1].upper()}{work.stage[1:]} {work.detail}".strip()
        self._texts["status"].setText(printable(doing if work.running else learning.problem or work.outcome))
        self._texts["status"].setVisible(bool(self._texts["status"].text()))
        self._show_verdict(verdict)

    def _show_buttons(self, run: LearningRun | None) -> None:
        learning, busy = self._learning, self._learning.work.running
        text, tip = _STEPS.get(run.stage, ("", "")) if run is not None else ("", "")
        refused = run is not None and run.verdict is not None and not run.verdict.passed
        self.step.setVisible(bool(text) and not refused)
        self.step.setText(text)
        self.step.setToolTip(tip)
        self.step.setEnabled(not busy)
        self.begin.setEnabled(not busy and not learning.barred)
        self._texts["barred"].setText(f"{learning.barred}." if learning.barred else "")
        self._texts["barred"].setVisible(bool(learning.barred) and not busy)
        self.begin.setToolTip(
            plain_tip(learning.barred or "Copy the corrected cases into a run folder, and train on them")
        )
        make_primary(self.step, self.step.isVisibleTo(self))
        make_primary(self.begin, not self.step.isVisibleTo(self))
        self.cancel.setEnabled(busy)
        self.take_back.setVisible(bool(learning.promoted))
        self.take_back.setEnabled(not busy)
        self.take_back.setToolTip(plain_tip(f"Use the network before {learning.promoted} again"))

    def _show_verdict(self, verdict: Verdict | None) -> None:
        self._below.setVisible(verdict is not None)
        if verdict is self._verdict:
            return
        self._verdict = verdict
        self.table.clear()
        self.cases.clear()
        if verdict is None:
            return
        self.table.addTopLevelItems([_item(cells_of(row), 2) for row in verdict.rows])
        self._mark_worse()
        for change in verdict.cases:
            item = _item(case_cells(change), 1)
            item.setData(0, _CASE, change)
            self.cases.addTopLevelItem(item)
        for rows in (self.table, self.cases):
            for column in range(rows.columnCount()):
                rows.resizeColumnToContents(column)
        if (worst := self.cases.topLevelItem(0)) is not None:
            self.cases.setCurrentItem(worst)


def _rows(headings: tuple[str, ...], names: int) -> QTreeWidget:
    """A table whose first columns are names, and the others numbers."""
    rows = QTreeWidget()
    rows.setHeaderLabels(list(headings))
    rows.setRootIsDecorated(False)
    rows.setUniformRowHeights(True)
    rows.header().setStretchLastSection(False)
    for column in range(names, len(headings)):
        rows.headerItem().setTextAlignment(column, _NUMBERS)
    return rows


def _item(cells: tuple[str, ...], names: int) -> QTreeWidgetItem:
    item = QTreeWidgetItem([printable(cell) for cell in cells])
    for column in range(names, len(cells)):
        item.setTextAlignment(column, _NUMBERS)
    return item


def _words_of(run: LearningRun) -> str:
    plan = run.plan
    trained = (
        f"{len(plan.trained_on)} cases are trained on from {plan.parent_title}, {len(plan.held_back)} are held back"
    )
    state = {
        LearningStage.TO_TRAIN: f"its training is {run.status.value}",
        LearningStage.TRAINING: "it is training; this window may be closed",
        LearningStage.TO_COMPARE: "it is trained; the two networks are to be compared",
        LearningStage.JUDGED: "it is compared",
        LearningStage.PROMOTED: "it is promoted: Segment uses it",
    }[run.stage]
    left = f" {len(plan.left_out)} are left out: {plan.left_out[0]}" if plan.left_out else ""
    return printable(f"{run.folder.path.name}: {trained}; {state}.{left}")

"""One run, or several laid over each other: how it is doing, its curves, its pictures and what it said."""

from __future__ import annotations

import time

from PySide6.QtCore import QEvent, QSize, Qt, Signal, SignalInstance
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QMenu,
    QProgressBar,
    QPushButton,
    QSplitter,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from brainseg_gui.runs.run_status import RunStatus
from brainseg_gui.state.training.run_record import RunRecord
from brainseg_gui.state.training.run_watch import RunWatch
from brainseg_gui.state.training.run_words import status_sentence
from brainseg_gui.views.training.curves_view import CurvesView
from brainseg_gui.views.training.run_numbers import RunNumbers
from brainseg_gui.views.training.run_texts import RunTexts
from brainseg_gui.views.training.validation_view import ValidationView
from brainseg_gui.views.widgets.elided_label import ElidedLabel
from brainseg_gui.views.widgets.theme import icon
from brainseg_gui.views.widgets.tool_button import give_menu

_RESUMABLE = {RunStatus.PREPARED: "Start", RunStatus.STOPPED: "Resume", RunStatus.FAILED: "Resume"}
_RESUMABLE |= {RunStatus.DIED: "Resume"}
_FAILED = (RunStatus.FAILED, RunStatus.DIED)
_PATIENCE_S = 5.0  # a polite stop has this long before an end at once is offered


class RunPage(QWidget):
    """Header, numbers, curves, picture, messages and log of the chosen run.

    Signals
    -------
    stop_requested, stop_now_requested, resume_requested
        Stop politely; offer to stop at once; go on.
    folder_requested, model_requested, copy_requested, forget_requested
        Show the folder; use the model; describe a run like this; take it off the list.
    """

    stop_requested = Signal()
    stop_now_requested = Signal()
    resume_requested = Signal()
    folder_requested = Signal()
    model_requested = Signal()
    copy_requested = Signal()
    forget_requested = Signal()

    def __init__(self, watch: RunWatch) -> None:
        super().__init__()
        self._watch = watch
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 12, 16, 8)
        column.setSpacing(8)
        column.addLayout(self._head())
        self._bar = QProgressBar()
        self._bar.setTextVisible(False)
        self._bar.setAccessibleName("Share of the run that is done")
        self._bar.setRange(0, 1000)
        column.addWidget(self._bar)
        self.numbers = RunNumbers()
        column.addWidget(self.numbers)
        self.curves = CurvesView(watch)
        self.validation = ValidationView(watch)
        self.texts = RunTexts()
        column.addWidget(self._middle(), 1)
        watch.chosen_changed.connect(self._synchronize)
        watch.news_came.connect(self._synchronize)
        self._synchronize()

    def _head(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(8)
        words = QVBoxLayout()
        words.setSpacing(0)
        self._name = ElidedLabel()
        self._name.setObjectName("heading")
        self.status = QLabel()
        self.status.setTextFormat(Qt.TextFormat.PlainText)
        self.status.setObjectName("quiet")
        self.status.setWordWrap(True)
        self.status.setMinimumHeight(34)
        self.status.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.status.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        words.addWidget(self._name)
        words.addWidget(self.status)
        row.addLayout(words, 1)
        tip = "End the trainer at once, where the polite stop takes too long"
        self.stop_now = self._button("Stop now…", tip, self.stop_now_requested)
        self.stop = self._button("Stop", "End after this step, with a usable model", self.stop_requested)
        self.resume = self._button("Resume", "Go on from the last checkpoint", self.resume_requested)
        self.use = self._button("Use this model", "Choose it in the Segment panel", self.model_requested)
        for button in (self.stop_now, self.stop, self.resume, self.use):
            row.addWidget(button, 0, Qt.AlignmentFlag.AlignTop)
        row.addWidget(self._more(), 0, Qt.AlignmentFlag.AlignTop)
        return row

    def _button(self, text: str, tip: str, requested: SignalInstance) -> QPushButton:
        button = QPushButton(text)
        button.setToolTip(tip)
        button.clicked.connect(requested)
        return button

    def _more(self) -> QToolButton:
        more = self.more = QToolButton()
        more.setIcon(icon("more", "quiet"))
        more.setIconSize(QSize(16, 16))
        more.setToolTip("Folder, a run like this, off the list")
        more.setAccessibleName("More about this run")
        menu = QMenu(more)
        menu.addAction("Open folder").triggered.connect(self.folder_requested)
        menu.addAction("New run with these settings").triggered.connect(self.copy_requested)
        menu.addSeparator()
        menu.addAction("Take off the list; its files stay").triggered.connect(self.forget_requested)
        give_menu(more, menu)
        return more

    def _middle(self) -> QSplitter:
        side = QSplitter(Qt.Orientation.Vertical)
        for widget, share in ((self.curves.legend, 2), (self.validation, 3)):
            side.addWidget(widget)
            side.setStretchFactor(side.count() - 1, share)
        side.setChildrenCollapsible(False)
        across = QSplitter(Qt.Orientation.Horizontal)
        across.addWidget(self.curves)
        across.addWidget(side)
        across.setStretchFactor(0, 1)
        across.setHandleWidth(12)
        across.setChildrenCollapsible(False)
        across.setSizes([700, 280])
        side.setMinimumWidth(232)
        down = QSplitter(Qt.Orientation.Vertical)
        down.addWidget(across)
        down.addWidget(self.texts)
        down.setStretchFactor(0, 1)
        down.setChildrenCollapsible(False)
        down.setSizes([560, 128])
        return down

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self.more.setIcon(icon("more", "quiet"))

    def _synchronize(self) -> None:
        record = self._watch.chosen
        if record is None:
            return
        self._name.setText(record.name)
        self._name.setToolTip(str(record.folder.path))
        self._show_status(record)
        self._bar.setValue(round(1000 * record.done) if record.done == record.done else 0)
        self._show_buttons(record)
        self.numbers.show_record(record)
        self.texts.show_record(record)

    def _show_status(self, record: RunRecord) -> None:
        self.status.setText(status_sentence(record))
        name = "problem" if record.problem or (record.status in _FAILED and not record.starting) else "quiet"
        if self.status.objectName() != name:
            self.status.setObjectName(name)
            self.status.style().polish(self.status)

    def _show_buttons(self, record: RunRecord) -> None:
        self.stop.setVisible(record.alive)
        self.stop.setEnabled(not record.stop_asked and not record.starting)
        # counted both ways: the clock may have been set back meanwhile
        waited = abs(time.time() - record.stop_asked_at) if record.stop_asked_at is not None else 0.0
        self.stop_now.setVisible(record.alive and record.can_stop_now and waited >= _PATIENCE_S)
        self.stop_now.setEnabled(not record.ending)
        self.resume.setVisible(not record.alive and record.status in _RESUMABLE)
        self.resume.setText(_RESUMABLE.get(record.status, "Resume"))
        self.resume.setEnabled(not record.problem)
        self.use.setEnabled(record.has_model)
        self.use.setToolTip(
            "Choose it in the Segment panel" if record.has_model else "The run has written no usable model yet"
        )
        ended = record.status in (RunStatus.FINISHED, RunStatus.STOPPED) and record.has_model
        name = "primary" if ended and not record.starting else ""
        if self.use.objectName() != name:
            self.use.setObjectName(name)
            self.use.style().polish(self.use)

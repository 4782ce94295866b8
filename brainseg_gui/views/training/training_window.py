"""The training window: layout, and nothing else."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QHideEvent, QKeySequence, QShortcut, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QSplitter, QStackedWidget, QVBoxLayout, QWidget

from brainseg_gui.state.training.run_watch import RunWatch
from brainseg_gui.state.training.training_draft import TrainingDraft
from brainseg_gui.views.training.run_list import RunList
from brainseg_gui.views.training.run_progress import RunPage
from brainseg_gui.views.training.training_form import TrainingForm
from brainseg_gui.views.widgets.notice_bar import NoticeBar
from brainseg_gui.views.widgets.work_parts import dress_window


class TrainingWindow(QWidget):
    """Runs on the left; on the right the chosen one, or the form of a new one.

    Signals
    -------
    shown, hidden
        The window came to be seen, or no longer is.
    """

    shown = Signal()
    hidden = Signal()

    def __init__(self, watch: RunWatch, draft: TrainingDraft) -> None:
        super().__init__(None, Qt.WindowType.Window)
        dress_window(self, "Training", (1400, 900), (960, 600))
        self._watch = watch
        self.run_list = RunList(watch)
        self.form = TrainingForm(draft)
        self.run_page = RunPage(watch)
        self._stack = QStackedWidget()
        self._stack.addWidget(self.form)
        self._stack.addWidget(self.run_page)
        ground = QWidget()
        column = QVBoxLayout(ground)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self._stack)
        splitter = QSplitter(Qt.Orientation.Horizontal)
        splitter.addWidget(self.run_list)
        splitter.addWidget(ground)
        splitter.setStretchFactor(1, 1)
        splitter.setChildrenCollapsible(False)
        splitter.setSizes([240, 1160])
        self.run_list.setMinimumWidth(184)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(splitter)
        self.notice = NoticeBar(watch)
        self.notice.float_over(ground)
        QShortcut(QKeySequence("Ctrl+N"), self, lambda: watch.choose(None))
        watch.chosen_changed.connect(self._synchronize)
        self._synchronize()

    def _synchronize(self) -> None:
        self._stack.setCurrentWidget(self.form if self._watch.chosen is None else self.run_page)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.shown.emit()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self.hidden.emit()

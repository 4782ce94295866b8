"""The runs: name, status in words and with a mark, and how far each is."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QSignalBlocker, QSize, Qt, Signal
from PySide6.QtGui import QPainter, QPen
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from brainseg_gui.runs.run_status import RunStatus
from brainseg_gui.state.training.run_record import RunRecord
from brainseg_gui.state.training.run_watch import RunWatch
from brainseg_gui.state.training.run_words import duration, short_status
from brainseg_gui.views.widgets.plain_text import plain_tip
from brainseg_gui.views.widgets.theme import colour, icon

_RECORD = Qt.ItemDataRole.UserRole
_LETTER = Qt.ItemDataRole.UserRole + 1
_ROW = 52
_MARKS = {
    RunStatus.PREPARED: ("recent", "quiet"),
    RunStatus.RUNNING: ("play", "accent"),
    RunStatus.SILENT: ("info", "quiet"),
    RunStatus.STOPPED: ("stop", "quiet"),
    RunStatus.FINISHED: ("check", "text"),
    RunStatus.FAILED: ("warning", "problem"),
    RunStatus.DIED: ("warning", "problem"),
}


class RunList(QWidget):
    """All runs, newest first; several can be selected, to lay their curves over each other.

    Signals
    -------
    add_requested
        Watch another run, or a folder of runs.
    """

    add_requested = Signal()

    def __init__(self, watch: RunWatch) -> None:
        super().__init__()
        self._watch = watch
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 12, 8, 8)
        column.setSpacing(8)
        self.new = QPushButton("New run")
        self.new.setToolTip("Describe and start another run")
        self.new.clicked.connect(self._on_new_clicked)
        column.addWidget(self.new)
        self.list = QListWidget()
        self.list.setAccessibleName("Runs")
        self.list.setToolTip("Select several runs (Shift or Ctrl) to lay their curves over each other")
        self.list.setItemDelegate(_RunDelegate(self.list))
        self.list.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.itemSelectionChanged.connect(self._on_selection_changed)
        column.addWidget(self.list, 1)
        self._empty = QLabel("Runs appear here: those you start, and those from a shell or another machine.")
        self._empty.setObjectName("quiet")
        self._empty.setWordWrap(True)
        self._empty.setAlignment(Qt.AlignmentFlag.AlignTop)
        column.addWidget(self._empty, 1)
        row = QHBoxLayout()
        self.add = QPushButton("Add runs…")
        self.add.setToolTip("Watch a run folder, or a folder of runs, of a shell or of another machine")
        self.add.clicked.connect(self.add_requested)
        row.addWidget(self.add)
        column.addLayout(row)
        watch.runs_changed.connect(self._fill)
        watch.chosen_changed.connect(self._show_selection)
        watch.news_came.connect(self._refresh)
        self._fill()

    def _fill(self) -> None:
        records = self._watch.records
        with QSignalBlocker(self.list):
            self.list.clear()
            for record in records:
                item = QListWidgetItem()
                item.setData(_RECORD, record)
                self.list.addItem(item)
        self.list.setVisible(bool(records))
        self._empty.setVisible(not records)
        self._show_selection()

    def _show_selection(self) -> None:
        with QSignalBlocker(self.list):
            for number in range(self.list.count()):
                item = self.list.item(number)
                record = item.data(_RECORD)
                item.setSelected(record in self._watch.shown)
                if record is self._watch.chosen:
                    self.list.setCurrentItem(item, self.list.selectionModel().SelectionFlag.NoUpdate)
        self._refresh()

    def _refresh(self) -> None:
        with QSignalBlocker(self.list):
            for number in range(self.list.count()):
                item = self.list.item(number)
                record = item.data(_RECORD)
                words = f"{record.name}, {status_line(record)}"
                if item.data(Qt.ItemDataRole.AccessibleTextRole) != words:
                    item.setData(Qt.ItemDataRole.AccessibleTextRole, words)
                    item.setToolTip(plain_tip(str(record.folder.path)))
                item.setData(_LETTER, self._watch.letter_of(record))
        self.list.viewport().update()

    def _on_selection_changed(self) -> None:
        selected = [item.data(_RECORD) for item in self.list.selectedItems()]
        ordered = [record for record in self._watch.records if record in selected]
        current = self.list.currentItem()
        chosen = current.data(_RECORD) if current is not None and current.isSelected() else None
        if ordered:
            self._watch.choose(chosen or ordered[0], ordered)
        else:
            self._show_selection()

    def _on_new_clicked(self) -> None:
        self._watch.choose(None)


def status_line(record: RunRecord) -> str:
    """Status, share done and time left, in a few words."""
    words = [short_status(record)]
    if record.status is not RunStatus.FINISHED and record.done == record.done and record.step:
        words.append(f"{100 * record.done:.0f} %")
    left = record.seconds_left
    if record.status is RunStatus.RUNNING and left == left and not record.starting and not record.stop_asked:
        words.append(f"{duration(left)} left")
    return " · ".join(words)


class _RunDelegate(QStyledItemDelegate):
    """Two lines and a thin bar."""

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        return QSize(120, _ROW)

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        record: RunRecord = index.data(_RECORD)
        painter.save()
        area = option.rect.adjusted(0, 1, 0, -1)
        if option.state & QStyle.StateFlag.State_Selected:
            painter.fillRect(area, colour("hover"))
        if option.state & QStyle.StateFlag.State_HasFocus:
            painter.setPen(QPen(colour("accent")))
            painter.drawRect(area.adjusted(0, 0, -1, -1))
        name, role = _MARKS[RunStatus.RUNNING if record.starting else record.status]
        icon(name, role).paint(painter, QRect(area.left() + 8, area.top() + 8, 16, 16))
        self._write(painter, option, area, record, index.data(_LETTER) or "")
        if record.done == record.done and record.status is not RunStatus.FINISHED:
            self._bar(painter, area, record)
        painter.restore()

    def _write(
        self, painter: QPainter, option: QStyleOptionViewItem, area: QRect, record: RunRecord, letter: str
    ) -> None:
        left, width = area.left() + 32, area.width() - 40
        title = f"{letter}  {record.name}" if letter else record.name
        painter.setPen(colour("text"))
        elided = option.fontMetrics.elidedText(title, Qt.TextElideMode.ElideMiddle, width)
        painter.drawText(QRect(left, area.top() + 6, width, 18), Qt.AlignmentFlag.AlignVCenter, elided)
        failed = record.status in (RunStatus.FAILED, RunStatus.DIED) and not record.starting
        painter.setPen(colour("problem" if failed else "quiet"))
        elided = option.fontMetrics.elidedText(status_line(record), Qt.TextElideMode.ElideRight, width)
        painter.drawText(QRect(left, area.top() + 24, width, 18), Qt.AlignmentFlag.AlignVCenter, elided)

    def _bar(self, painter: QPainter, area: QRect, record: RunRecord) -> None:
        ground = QRect(area.left() + 32, area.bottom() - 4, area.width() - 40, 2)
        painter.fillRect(ground, colour("line"))
        ground.setWidth(round(ground.width() * record.done))
        painter.fillRect(ground, colour("accent" if record.alive else "quiet"))

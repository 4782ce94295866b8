"""Find and run any command by its name."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QKeyEvent, QKeySequence
from PySide6.QtWidgets import QDialog, QLabel, QLineEdit, QListWidget, QListWidgetItem, QVBoxLayout, QWidget

from brainseg_gui.views.actions.actions import Actions
from brainseg_gui.views.actions.search import found
from brainseg_gui.views.widgets.words_behind import WORDS, WordsBehindDelegate


class CommandPalette(QDialog):
    """A line to type in and the commands that match; Return runs the first."""

    def __init__(self, actions: Actions, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)  # it is made anew each time
        self.setWindowTitle("Find a command")
        self.setMinimumSize(520, 360)
        self._actions = actions
        column = QVBoxLayout(self)
        self._line = QLineEdit()
        self._line.setPlaceholderText("Type a command")
        self._line.textChanged.connect(self._on_text_changed)
        self._line.installEventFilter(self)
        self._list = QListWidget()
        self._list.setItemDelegate(WordsBehindDelegate(self._list))
        self._list.itemActivated.connect(self._on_item_activated)
        self._list.itemClicked.connect(self._on_item_activated)
        self._nothing = QLabel()
        self._nothing.setObjectName("quiet")
        self._nothing.setWordWrap(True)
        self._nothing.setAlignment(Qt.AlignmentFlag.AlignTop)
        self._nothing.setTextFormat(Qt.TextFormat.PlainText)
        for widget in (self._line, self._nothing, self._list):
            column.addWidget(widget)
        self._on_text_changed("")

    def _on_text_changed(self, text: str) -> None:
        self._list.clear()
        for spec in found(text, (spec for spec, _ in self._actions if spec.key != "help.palette")):
            action = self._actions[spec.key]
            keys = action.shortcut().toString(QKeySequence.SequenceFormat.NativeText)
            item = QListWidgetItem(f"{spec.menu}: {spec.name.rstrip('…')}")
            item.setData(WORDS, keys)
            item.setToolTip(spec.tip)
            item.setData(Qt.ItemDataRole.UserRole, spec.key)
            if not action.isEnabled():
                item.setFlags(item.flags() & ~Qt.ItemFlag.ItemIsEnabled)
            self._list.addItem(item)
        self._list.setCurrentRow(0)
        nothing = not self._list.count()
        self._list.setVisible(not nothing)
        self._nothing.setVisible(nothing)
        self._nothing.setText(f"No command matches “{text.strip()}”. Try fewer or other words; ? lists all keys.")

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            if event.key() in (Qt.Key.Key_Down, Qt.Key.Key_Up):
                step = 1 if event.key() == Qt.Key.Key_Down else -1
                self._list.setCurrentRow(min(max(self._list.currentRow() + step, 0), self._list.count() - 1))
                return True
            if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self._list.currentItem() is not None:
                self._on_item_activated(self._list.currentItem())
                return True
        return super().eventFilter(watched, event)

    def _on_item_activated(self, item: QListWidgetItem) -> None:
        if item.flags() & Qt.ItemFlag.ItemIsEnabled:
            self.accept()
            self._actions[item.data(Qt.ItemDataRole.UserRole)].trigger()

"""All keys and mouse gestures; keys can be changed here."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import (
    QAbstractItemView,
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QHBoxLayout,
    QHeaderView,
    QKeySequenceEdit,
    QLabel,
    QLineEdit,
    QPushButton,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from brainseg_gui.views.actions.actions import Actions
from brainseg_gui.views.actions.base_actions import MOUSE
from brainseg_gui.views.actions.key_profiles import Bindings, KeyProfile, bindings_of, joined, key_profiles
from brainseg_gui.views.actions.search import found
from brainseg_gui.views.widgets.screen_room import fit_screen

_CHOOSE = "Choose an action, press its new keys, and click Set."


class KeysDialog(QDialog):
    """The table of actions with their keys, and the mouse gestures."""

    rebound = Signal(str, str)
    profile_applied = Signal(object)
    """All keys that are not the usual ones: key of an action -> its shortcuts."""

    def __init__(self, actions: Actions, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)  # it is made anew each time
        self.setWindowTitle("Keys")
        fit_screen(self, (920, 680))
        self._actions = actions
        column = QVBoxLayout(self)
        column.addLayout(self._profile_row())
        self._table = self._make_table()
        column.addWidget(self._make_search())
        column.addWidget(self._table)
        column.addLayout(self._editor())
        self._message = QLabel(_CHOOSE)
        self._message.setObjectName("quiet")
        self._message.setWordWrap(True)
        column.addWidget(self._message)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.reject)
        column.addWidget(buttons)
        for button in self.findChildren(QPushButton):
            button.setAutoDefault(False)  # Return in the search must not apply a profile
        self._search.setFocus()
        self._synchronize()

    def _make_table(self) -> QTableWidget:
        table = QTableWidget(0, 3)
        table.setHorizontalHeaderLabels(["Action", "Keys", "What it does"])
        table.verticalHeader().hide()
        table.setShowGrid(False)
        table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        header = table.horizontalHeader()
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(1, QHeaderView.ResizeMode.ResizeToContents)
        header.setStretchLastSection(True)
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft)
        return table

    def _make_search(self) -> QLineEdit:
        self._search = QLineEdit()
        self._search.setPlaceholderText("Search actions, keys and gestures")
        self._search.setClearButtonEnabled(True)
        self._search.textChanged.connect(self._apply_search)
        return self._search

    def _apply_search(self) -> None:
        """Show the rows that hold the words, or whose action is found by them."""
        text = self._search.text()
        meant = {spec.key for spec in found(text, self._actions.specs)}
        words = text.lower().split()
        shown = 0
        for row in range(self._table.rowCount()):
            key, there = self._row(row)
            fits = key in meant or all(word in there for word in words)
            self._table.setRowHidden(row, not fits)
            shown += fits
        self._message.setText(_CHOOSE if shown else f"Nothing matches “{text.strip()}”.")

    def _row(self, row: int) -> tuple[str | None, str]:
        """The key of the action in a row, None for a gesture; and its words, in small letters."""
        items = [item for column in range(3) if (item := self._table.item(row, column)) is not None]
        key: str | None = items[0].data(Qt.ItemDataRole.UserRole)
        return key, " ".join(item.text() for item in items).lower()

    def _profile_row(self) -> QHBoxLayout:
        row = QHBoxLayout()
        label = QLabel("Keys as in")
        label.setObjectName("quiet")
        self._profiles = QComboBox()
        self._profiles.setAccessibleName("Keys as in another program")
        for profile in key_profiles():
            self._profiles.addItem(profile.title, profile)
        use = QPushButton("Use these keys")
        use.setToolTip("Replaces all keys, also those that you changed")
        use.clicked.connect(self._apply_profile)
        self._profiles.activated.connect(lambda _: self._tell_profile())
        row.addWidget(label)
        row.addWidget(self._profiles)
        row.addWidget(use)
        row.addStretch(1)
        return row

    @property
    def _profile(self) -> KeyProfile:
        profile: KeyProfile = self._profiles.currentData()
        return profile

    def _tell_profile(self) -> None:
        """Say what the chosen profile would change, before it does."""
        bindings = bindings_of(self._profile, self._actions.specs)
        changed = [key for key, keys in bindings.keys.items() if self._shown_keys(key) != joined(keys)]
        lost = [
            f"{keys} goes from “{self._text_of(loser)}” to “{self._text_of(winner)}”"
            for keys, loser, winner in bindings.lost
        ]
        conflicts = f"Conflicts: {'; '.join(lost)}." if lost else "No conflicts."
        self._message.setText(f"{self._profile.title} changes {len(changed)} actions. {conflicts}")

    def _shown_keys(self, key: str) -> str:
        return joined(sequence.toString() for sequence in self._actions[key].shortcuts())

    def _text_of(self, key: str) -> str:
        return next(spec.name for spec in self._actions.specs if spec.key == key)

    def _apply_profile(self) -> None:
        bindings: Bindings = bindings_of(self._profile, self._actions.specs)
        usual = {spec.key: spec.keys for spec in self._actions.specs}
        for key, keys in bindings.keys.items():
            self._actions.rebind(key, joined(keys))
        other = {key: joined(keys) for key, keys in bindings.keys.items() if keys != usual[key]}
        self.profile_applied.emit(other)
        self._synchronize()
        self._message.setText(f"The keys are those of {self._profile.title} now; remembered for the next start.")

    def _editor(self) -> QHBoxLayout:
        row = QHBoxLayout()
        self._sequence = QKeySequenceEdit()
        self._sequence.setMaximumSequenceLength(1)
        use, clear = QPushButton("Set"), QPushButton("No keys")
        use.clicked.connect(self._set)
        clear.clicked.connect(lambda: self._rebind(""))
        row.addWidget(self._sequence, 1)
        row.addWidget(use)
        row.addWidget(clear)
        return row

    def _synchronize(self) -> None:
        rows = [(spec.key, spec.name, action.shortcuts(), spec.tip) for spec, action in self._actions]
        self._table.setRowCount(len(rows) + len(MOUSE))
        native = QKeySequence.SequenceFormat.NativeText
        for number, (key, text, shortcuts, tip) in enumerate(rows):
            self._fill(number, text, ", ".join(s.toString(native) for s in shortcuts), tip, key)
        for number, (gesture, meaning) in enumerate(MOUSE, start=len(rows)):
            keyboard = any(word in gesture for word in ("keys", "Page"))
            self._fill(number, "Keyboard" if keyboard else "Mouse", gesture, meaning, None)
        self._apply_search()

    def _fill(self, row: int, action: str, keys: str, tip: str, key: str | None) -> None:
        for column, text in enumerate((action, keys, tip)):
            item = QTableWidgetItem(text)
            item.setData(Qt.ItemDataRole.UserRole, key)
            self._table.setItem(row, column, item)

    def _set(self) -> None:
        sequence = self._sequence.keySequence().toString()
        if sequence:
            self._rebind(sequence)
        else:
            self._message.setText("Press the new keys first; No keys takes those of the action away.")

    def _rebind(self, sequence: str) -> None:
        chosen = self._table.selectionModel().selectedRows()  # the current row may be one that nobody chose
        row = chosen[0].row() if chosen else -1
        item = self._table.item(row, 0)
        key = item.data(Qt.ItemDataRole.UserRole) if item is not None else None
        if key is None:
            self._message.setText("Choose an action in the table first.")
            return
        owner = self._actions.owner_of(sequence) if sequence else None
        if owner is not None and owner != key:
            self._message.setText(f"These keys belong to “{self._text_of(owner)}”; free them there first.")
            return
        self._actions.rebind(key, sequence)
        self.rebound.emit(key, sequence)
        self._synchronize()
        self._message.setText("Changed; remembered for the next start.")
        self._table.selectRow(row)

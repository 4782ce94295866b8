"""The edits of the annotation, by name; a click goes to any of them."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import QListWidget, QListWidgetItem

from brainseg_gui.annotation.edits import Edit
from brainseg_gui.state.session import Session
from brainseg_gui.views.widgets.plain_text import plain_tip
from brainseg_gui.views.widgets.theme import colour

_START = "Start"


class HistoryList(QListWidget):
    """The first row is the start; rows after the current one are undone."""

    asked_for = Signal(int)  # go to the state after so many edits; who listens may refuse

    _position = 0  # the theme changes while Qt makes the list

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._annotating = session.annotating
        self._edits: tuple[Edit, ...] = ()
        self.setAccessibleName("History of edits")
        self.setToolTip("Click an edit to go to the state after it")
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.addItem(_START)
        self.currentRowChanged.connect(self._on_row_changed)
        self._annotating.history_changed.connect(self._synchronize)
        self._synchronize()

    def _synchronize(self) -> None:
        annotation = self._annotating.annotation
        edits = tuple(annotation.history.edits) if annotation is not None else ()
        position = annotation.history.position if annotation is not None else 0
        with QSignalBlocker(self):
            same = next((n for n, (a, b) in enumerate(zip(edits, self._edits, strict=False)) if a is not b), None)
            kept = min(len(edits), len(self._edits)) if same is None else same
            for row in range(self.count() - 1, kept, -1):
                self.takeItem(row)
            for edit in edits[kept:]:
                item = QListWidgetItem(edit.name)
                around = " ".join(str(index + 1) for index in edit.centre)
                item.setToolTip(plain_tip(f"{edit.name}: {edit.voxels:,} voxels around {around}"))
                self.addItem(item)
            self._edits = edits
            self._mark(min(kept, position, self._position), max(position, self._position, len(edits)), position)
            self.setCurrentRow(position)
        self._position = position

    def _mark(self, first: int, last: int, position: int) -> None:
        """Make undone rows faint; only those that may have changed."""
        for row in range(first, min(last, self.count() - 1) + 1):
            self.item(row).setForeground(colour("text" if row <= position else "faint"))

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:  # another theme
            self._mark(0, self.count() - 1, self._position)

    def _on_row_changed(self, row: int) -> None:
        if row >= 0 and row != self._position:
            self.asked_for.emit(row)
            self._synchronize()  # where it was refused, the row is what it was

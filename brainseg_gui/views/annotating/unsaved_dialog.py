"""All unsaved work that brainseg keeps, whatever case it belongs to: each can be restored or given up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QFrame,
    QGridLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from brainseg_gui.views.widgets.elided_label import ElidedLabel

_SIZE = (600, 420)


@dataclass(frozen=True)
class UnsavedRow:
    """One annotation that is in no file.

    Parameters
    ----------
    key
        What the dialog's signals name it by.
    title, words
        The case, and what was done.
    location
        Where the case is or was; empty where that is unknown.
    reachable
        Whether the case can be opened from there.
    """

    key: Path
    title: str
    words: str
    location: str
    reachable: bool


class UnsavedDialog(QDialog):
    """One row per annotation, with what can be done about it."""

    restore_requested = Signal(object)
    """The key of a row."""
    discard_requested = Signal(object)
    """The key of a row; asking whether it is meant is left to the one who hears."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle("Unsaved work")
        self.resize(*_SIZE)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        column = QVBoxLayout(self)
        text = QLabel("These annotations are in no file. Restoring opens the case and goes on where the work ended.")
        text.setWordWrap(True)
        text.setObjectName("quiet")
        column.addWidget(text)
        self._area = QScrollArea()
        self._area.setWidgetResizable(True)
        self._area.setFrameShape(QFrame.Shape.NoFrame)
        self._area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        column.addWidget(self._area, 1)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.reject)
        column.addWidget(buttons)
        self._restore: dict[Path, QPushButton] = {}

    def show_rows(self, rows: Sequence[UnsavedRow]) -> None:
        """List these, in this order."""
        self._restore.clear()
        ground = QWidget()
        grid = QGridLayout(ground)
        grid.setContentsMargins(0, 8, 8, 0)
        grid.setVerticalSpacing(2)
        grid.setColumnStretch(0, 1)
        for number, row in enumerate(rows):
            self._add(grid, 4 * number, row)
        grid.setRowStretch(4 * len(rows), 1)
        self._area.setWidget(ground)

    @property
    def keys(self) -> tuple[Path, ...]:
        """Those that can be restored from here."""
        return tuple(key for key, button in self._restore.items() if button.isEnabled())

    def restore(self, key: Path) -> None:
        """Click a row's Restore."""
        self._restore[key].click()

    def _add(self, grid: QGridLayout, line: int, row: UnsavedRow) -> None:
        title = ElidedLabel(row.title)
        title.setObjectName("section")
        words, location = QLabel(row.words), ElidedLabel(_location_words(row))
        words.setTextFormat(Qt.TextFormat.PlainText)
        words.setWordWrap(True)
        location.setObjectName("quiet")
        for offset, label in enumerate((title, words, location)):
            grid.addWidget(label, line + offset, 0)
        grid.setRowMinimumHeight(line + 3, 12)
        restore, discard = QPushButton("Restore"), QPushButton("Discard…")
        restore.setEnabled(row.reachable)
        restore.setAccessibleName(f"Restore the work on {row.title}")
        discard.setAccessibleName(f"Discard the work on {row.title}")
        restore.clicked.connect(lambda: self.restore_requested.emit(row.key))
        discard.clicked.connect(lambda: self.discard_requested.emit(row.key))
        for column, button in enumerate((restore, discard), start=1):
            grid.addWidget(button, line, column, 3, 1, Qt.AlignmentFlag.AlignVCenter)
        self._restore[row.key] = restore


def _location_words(row: UnsavedRow) -> str:
    if row.reachable:
        return row.location
    return (
        f"No longer at {row.location}; open the case where it is now" if row.location else "Open the case to restore it"
    )

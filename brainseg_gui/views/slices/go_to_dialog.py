"""Asking for a place in the case: a voxel, a position, or an index of the file."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QLabel, QLineEdit, QVBoxLayout, QWidget

from brainseg_gui.errors import BrainsegError
from brainseg_gui.imaging.case import Case
from brainseg_gui.imaging.grid import Voxel
from brainseg_gui.imaging.numbering import FORMS, NamedVoxel, file_words, position_words, read_voxel, voxel_words


class GoToDialog(QDialog):
    """One line; below it stands how it is read, while it is typed.

    Parameters
    ----------
    case
        The open case.
    crosshair
        What the line begins with.

    Signals
    -------
    voxel_chosen
        The `NamedVoxel`.
    """

    voxel_chosen = Signal(object)

    def __init__(self, case: Case, crosshair: Voxel, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle("Go to a place")
        self.setMinimumWidth(480)
        self._case = case
        self._named: NamedVoxel | None = None
        self._line = QLineEdit(voxel_words(crosshair))
        self._line.setAccessibleName("Place")
        self._line.selectAll()
        self._line.textChanged.connect(self._read)
        self._answer, forms = QLabel(), QLabel(f"{FORMS}.")
        for label in (self._answer, forms):
            label.setTextFormat(Qt.TextFormat.PlainText)
            label.setWordWrap(True)
        self._answer.setMinimumHeight(2 * self._answer.fontMetrics().lineSpacing())
        forms.setObjectName("quiet")
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel)
        self._go = buttons.button(QDialogButtonBox.StandardButton.Ok)
        self._go.setText("Go")
        self._go.setObjectName("primary")
        buttons.accepted.connect(self._on_accepted)
        buttons.rejected.connect(self.reject)
        self.finished.connect(self.deleteLater)
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 16, 16, 16)
        column.setSpacing(8)
        for widget in (self._line, self._answer, forms, buttons):
            column.addWidget(widget)
        self._read()

    @property
    def answer(self) -> str:
        """How the line is read, or why it cannot be."""
        return self._answer.text()

    def _read(self) -> None:
        try:
            self._named = read_voxel(self._line.text(), self._case)
        except BrainsegError as error:
            self._named = None
            self._answer.setText(f"{error.what[0].upper()}{error.what[1:]}.{_remedy(error)}")
        else:
            self._answer.setText(self._words(self._named))
        self._go.setEnabled(self._named is not None)

    def _words(self, named: NamedVoxel) -> str:
        """Which of the three it was taken for, and the place in all three."""
        voxel, case = named.voxel_ijk, self._case
        names = (f"voxel {voxel_words(voxel)}", position_words(case.grid, voxel), file_words(case.stored_grid, voxel))
        return f"Read as {named.reading.value}.\n{' · '.join(names)} ({case.stored_grid.codes})"

    def _on_accepted(self) -> None:
        if self._named is not None:
            self.accept()
            self.voxel_chosen.emit(self._named)


def _remedy(error: BrainsegError) -> str:
    """What to do; how a place is written stands below anyway."""
    return "" if error.remedy in ("", FORMS) else f"\n{error.remedy}."

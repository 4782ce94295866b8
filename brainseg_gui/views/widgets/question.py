"""A question that must be answered before something goes on."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QLabel, QMessageBox, QPushButton, QWidget


class Question(QMessageBox):
    """A question with named answers; `open` shows it and returns at once.

    Parameters
    ----------
    text, more
        The question; what follows from the answers.
    answers
        Key and words of each, in order; the first is the default.
    otherwise
        What closing the question means; by default the last answer.

    Signals
    -------
    answered
        The key of the answer.
    """

    answered = Signal(str)

    def __init__(
        self, parent: QWidget, text: str, more: str, answers: Sequence[tuple[str, str]], otherwise: str = ""
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle("brainseg")
        self.setIcon(QMessageBox.Icon.Question)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setText(text)
        self.setInformativeText(more)
        for label in self.findChildren(QLabel, "qt_msgbox_informativelabel"):
            label.setTextFormat(Qt.TextFormat.PlainText)  # the box hands its own format to the first text only
        self._buttons: dict[str, QPushButton] = {}
        self._otherwise = otherwise or answers[-1][0]
        for place, (key, words) in enumerate(answers):
            role = QMessageBox.ButtonRole.AcceptRole if place == 0 else QMessageBox.ButtonRole.ActionRole
            if key == self._otherwise:
                role = QMessageBox.ButtonRole.RejectRole
            self._buttons[key] = self.addButton(words, role)
        self.setDefaultButton(self._buttons[answers[0][0]])
        self.setEscapeButton(self._buttons[self._otherwise])
        self.finished.connect(self._on_finished)

    @property
    def answers(self) -> tuple[str, ...]:
        """The keys of the answers."""
        return tuple(self._buttons)

    def answer(self, key: str) -> None:
        """Click an answer."""
        self._buttons[key].click()

    def chosen(self) -> str:
        """The key of what was clicked last."""
        clicked = self.clickedButton()
        return next((key for key, button in self._buttons.items() if button is clicked), self._otherwise)

    def _on_finished(self) -> None:
        self.answered.emit(self.chosen())

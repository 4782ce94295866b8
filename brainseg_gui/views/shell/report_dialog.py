"""A sentence, what follows from it, and a text to copy: faults of the program, and its log."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QFontDatabase
from PySide6.QtWidgets import QDialog, QHBoxLayout, QLabel, QPlainTextEdit, QPushButton, QVBoxLayout, QWidget

from brainseg_gui.views.widgets.screen_room import fit_screen
from brainseg_gui.views.widgets.theme import icon


class ReportDialog(QDialog):
    """Shows a text; its buttons say what a person wants done with it.

    Parameters
    ----------
    words, more
        What happened; what follows from it.
    text
        The report, as it would be copied.
    answers
        Key and words of each button; the last is the default, and what closing the dialog means.
    problem
        Whether something went wrong.

    Signals
    -------
    answered
        The key of the button that was clicked; the dialog stays until someone closes it.
    """

    answered = Signal(str)

    def __init__(
        self,
        parent: QWidget,
        words: str,
        more: str,
        text: str,
        answers: Sequence[tuple[str, str]],
        *,
        problem: bool = True,
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle("brainseg")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        fit_screen(self, (680, 420))
        self._otherwise = answers[-1][0]
        self._words, self._more = QLabel(words), QLabel(more)
        self._text = QPlainTextEdit(text)
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 16, 16, 12)
        column.setSpacing(8)
        column.addLayout(self._make_head(problem))
        self._text.setReadOnly(True)
        self._text.setAccessibleName("Report")
        self._text.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        self._text.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        column.addWidget(self._text, 1)
        column.addLayout(self._make_buttons(answers))

    def _make_head(self, problem: bool) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(12)
        sign = QLabel()
        sign.setPixmap(icon(*("warning", "problem") if problem else ("info", "accent")).pixmap(32, 32))
        row.addWidget(sign, 0, Qt.AlignmentFlag.AlignTop)
        words = QVBoxLayout()
        font = self._words.font()
        font.setBold(True)
        self._words.setFont(font)
        self._more.setObjectName("quiet")
        for label in (self._words, self._more):
            label.setWordWrap(True)
            label.setTextFormat(Qt.TextFormat.PlainText)
            label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            words.addWidget(label)
        row.addLayout(words, 1)
        return row

    def _make_buttons(self, answers: Sequence[tuple[str, str]]) -> QHBoxLayout:
        row = QHBoxLayout()
        row.addStretch(1)
        self._buttons: dict[str, QPushButton] = {}
        for key, words in answers:
            button = QPushButton(words)
            button.setAutoDefault(key == self._otherwise)
            button.clicked.connect(lambda _checked=False, key=key: self.answered.emit(key))
            row.addWidget(button)
            self._buttons[key] = button
        self._buttons[self._otherwise].setDefault(True)
        self._buttons[self._otherwise].setFocus()
        return row

    @property
    def words(self) -> str:
        """The sentence."""
        return self._words.text()

    @property
    def text(self) -> str:
        """The report."""
        return self._text.toPlainText()

    def say(self, words: str, text: str | None = None) -> None:
        """Say something else while it is open, and show another report, if there is one."""
        self._words.setText(words)
        if text is not None and text != self.text:
            self._text.setPlainText(text)

    def answer(self, key: str) -> None:
        """Click a button."""
        self._buttons[key].click()

    def mark_done(self, key: str, words: str) -> None:
        """Let a button say that what it stands for was done."""
        self._buttons[key].setText(words)

    def reject(self) -> None:
        super().reject()
        self.answered.emit(self._otherwise)

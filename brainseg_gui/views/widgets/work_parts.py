"""What the windows share that start work of their own: frame, column, plain words, a row of buttons, a bar."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QLabel, QProgressBar, QVBoxLayout, QWidget

from brainseg_gui.views.widgets.screen_room import fit_screen

WHOLE = 1000  # what the bar counts to


def dress_window(window: QWidget, title: str, usual: tuple[int, int], least: tuple[int, int]) -> None:
    """Ground, title and size (`fit_screen`) of a window beside the main one."""
    window.setObjectName("centre")
    window.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
    window.setWindowTitle(f"{title} – brainseg")
    fit_screen(window, usual, least)


def column_of(window: QWidget, spacing: int = 8) -> QVBoxLayout:
    """The one column of a window, with the room that all have around it."""
    column = QVBoxLayout(window)
    column.setContentsMargins(16, 14, 16, 12)
    column.setSpacing(spacing)
    return column


def plain_words(name: str = "") -> QLabel:
    """Words over several lines in which nothing is a tag; `name` as the style sheet knows it, such as ``quiet``."""
    words = QLabel()
    words.setTextFormat(Qt.TextFormat.PlainText)
    words.setWordWrap(True)
    words.setObjectName(name)
    return words


def work_bar() -> QProgressBar:
    """A bar without a number in it, from 0 to `WHOLE`."""
    bar = QProgressBar()
    bar.setTextVisible(False)
    bar.setRange(0, WHOLE)
    return bar


def button_row(*left: QWidget, right: QWidget) -> QHBoxLayout:
    """Buttons from the left, and what stands alone at the right."""
    row = QHBoxLayout()
    row.setSpacing(8)
    for button in left:
        row.addWidget(button)
    row.addStretch(1)
    row.addWidget(right)
    return row

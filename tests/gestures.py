"""What a hand does with a widget under test, to its end: nothing of it is left for the next test."""

from __future__ import annotations

from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot


def take_focus(qtbot: QtBot, widget: QWidget) -> None:
    """Give a widget the keyboard and wait until it has it: shortcuts ask who has it, whatever a key is sent to."""

    def has_it() -> None:
        if not widget.hasFocus():
            widget.window().activateWindow()
            widget.setFocus()
        assert widget.hasFocus(), f"the keyboard is with {QApplication.focusWidget()}"

    qtbot.waitUntil(has_it, timeout=30_000)


def double_click(widget: QWidget, button: Qt.MouseButton, pos: QPoint | None = None) -> None:
    """Press, let go, press again, let go: QTest's own double click keeps the button pressed."""
    place = widget.rect().center() if pos is None else pos
    QTest.mouseDClick(widget, button, pos=place)
    QTest.mouseRelease(widget, button, pos=place)

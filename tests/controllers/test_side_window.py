"""Windows beside the main one: closed by the keys that close windows, and the main one is not."""

from __future__ import annotations

from typing import Any

import pytest
from PySide6.QtGui import QKeySequence
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QComboBox, QLineEdit, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from brainseg_gui.controllers.settings.side_window import SideWindow
from tests.gestures import take_focus


def _with_field() -> QWidget:
    window = QWidget()
    column = QVBoxLayout(window)
    for field in (QLineEdit(), QComboBox()):
        column.addWidget(field)
    return window


@pytest.mark.parametrize("keys", ["Esc", "Ctrl+W", "Ctrl+F4"])
@pytest.mark.parametrize("field", [QLineEdit, QComboBox])
def test_a_side_window_is_closed_by_keys(qtbot: QtBot, parts: Any, keys: str, field: type[QWidget]) -> None:
    parts.window.show()
    side = SideWindow(_with_field, parts.preferences, "test")
    for _ in range(2):  # it comes back, and is closed again
        side.show()
        qtbot.waitUntil(side.window.isActiveWindow)
        focused = side.window.findChild(field)
        take_focus(qtbot, focused)
        QTest.keySequence(focused, QKeySequence(keys))
        assert not side.window.isVisible()
    assert parts.window.isVisible()
    side.close()

"""The window of Segment all by keyboard."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QPushButton
from pytestqt.qtbot import QtBot

from brainseg_gui.state.session import Session
from brainseg_gui.views.segmenting.cohort_run_window import CohortRunWindow
from tests.gestures import take_focus


@pytest.mark.parametrize("name", ["start", "retry"])
def test_return_presses_the_button_that_has_the_focus_else_the_blue_one(qtbot: QtBot, name: str) -> None:
    window = CohortRunWindow(Session())
    qtbot.addWidget(window)
    with qtbot.waitActive(window):
        window.show()
    button: QPushButton = getattr(window, name)
    for each in (window.start, window.retry):
        each.setEnabled(True)
    if name != "start":
        take_focus(qtbot, button)
    with qtbot.waitSignal(button.clicked, timeout=30_000):
        qtbot.keyClick(window, Qt.Key.Key_Return)

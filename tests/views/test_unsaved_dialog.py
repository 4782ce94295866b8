"""The list of unsaved work: what can be reached can be restored, everything can be discarded."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtWidgets import QLabel, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from brainseg_gui.views.annotating.unsaved_dialog import UnsavedDialog, UnsavedRow

HERE = UnsavedRow(Path("a.journal"), "Toy_001", "2 edits", "/cases/Toy_001", reachable=True)
GONE = UnsavedRow(Path("b.journal"), "Toy_002", "1 edit", "/stick/Toy_002", reachable=False)


@pytest.fixture
def parent(qtbot: QtBot) -> QWidget:
    widget = QWidget()
    qtbot.addWidget(widget)
    return widget


def dialog_of(parent: QWidget, *rows: UnsavedRow) -> UnsavedDialog:
    dialog = UnsavedDialog(parent)
    dialog.show_rows(rows)
    return dialog


def button_of(dialog: UnsavedDialog, name: str) -> QPushButton:
    (found,) = (button for button in dialog.findChildren(QPushButton) if button.accessibleName() == name)
    return found


def test_a_row_asks_for_itself(parent: QWidget) -> None:
    dialog, heard = dialog_of(parent, HERE, GONE), []
    dialog.restore_requested.connect(lambda key: heard.append(("restore", key)))
    dialog.discard_requested.connect(lambda key: heard.append(("discard", key)))
    dialog.restore(HERE.key)
    button_of(dialog, "Discard the work on Toy_002").click()
    assert heard == [("restore", HERE.key), ("discard", GONE.key)]


def test_a_case_that_is_gone_cannot_be_restored_and_the_row_says_why(parent: QWidget) -> None:
    dialog = dialog_of(parent, HERE, GONE)
    assert dialog.keys == (HERE.key,)
    assert not button_of(dialog, "Restore the work on Toy_002").isEnabled()
    texts = [label.text() for label in dialog.findChildren(QLabel)]
    assert "No longer at /stick/Toy_002; open the case where it is now" in texts


def test_rows_are_replaced(parent: QWidget) -> None:
    dialog = dialog_of(parent, HERE, GONE)
    dialog.show_rows([GONE])
    assert dialog.keys == ()
    assert [label.text() for label in dialog.findChildren(QLabel) if label.text() in ("Toy_001", "Toy_002")] == [
        "Toy_002"
    ]

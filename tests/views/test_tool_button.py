"""Icons of small buttons in the colours of the theme that is worn."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from brainseg_gui.views.slices.slice_cell import Cell
from brainseg_gui.views.widgets.theme import apply_theme
from brainseg_gui.views.widgets.tool_button import IconButton, tool_button


@pytest.fixture
def light(qapp: QApplication) -> Iterator[None]:
    """The light theme, and the dark one again afterwards."""
    apply_theme(qapp, "light")
    yield
    apply_theme(qapp, "dark")


def pictures(*buttons: IconButton) -> list[QImage]:
    return [button.icon().pixmap(16, 16).toImage() for button in buttons]


def test_an_icon_is_drawn_again_for_another_theme(qtbot: QtBot, qapp: QApplication, light: None) -> None:
    button, cell = tool_button("more"), Cell(QWidget(), on_black=False)
    for widget in (button, cell, cell.view):
        qtbot.addWidget(widget)
        widget.show()
    before = pictures(button, cell.enlarge_button)
    apply_theme(qapp, "dark")
    after = pictures(button, cell.enlarge_button)
    assert all(one != other for one, other in zip(before, after, strict=True))
    apply_theme(qapp, "light")
    assert pictures(button, cell.enlarge_button) == before

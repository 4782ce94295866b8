"""One view large, also while a tool is in the hand: by key, by the middle button, by the button on the view."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QToolButton
from pytestqt.qtbot import QtBot

from brainseg_gui.app import Application
from brainseg_gui.state.slices.viewing import ViewLayout
from brainseg_gui.views.slices.slice_view import SliceView
from tests.e2e.painting import LEFT, MIDDLE, Hand
from tests.gestures import double_click

pytestmark = pytest.mark.plain

START = (10, 11, 12)


@pytest.fixture
def hand(application: Application, toy_case: Any, tmp_path: Path, open_paths: Callable[..., None]) -> Hand:
    """A brush over the toy case."""
    open_paths(application, toy_case(tmp_path))
    application.session.viewing.crosshair = START
    hand = Hand(application)
    hand.start()
    return hand


def _seen(hand: Hand) -> list[SliceView]:
    return [view for view in hand.application.window.ortho.views if view.isVisible()]


@pytest.mark.parametrize("layout", list(ViewLayout))
def test_the_key_enlarges_the_view_in_use_and_shares_again(qtbot: QtBot, hand: Hand, layout: ViewLayout) -> None:
    hand.application.session.viewing.layout = layout
    views = hand.application.window.ortho.views
    for view in views:
        view.setFocus()
        QTest.keyClick(view, Qt.Key.Key_F)
        assert _seen(hand) == [view]
        assert QApplication.focusWidget() is view
        QTest.keyClick(view, Qt.Key.Key_F)
        assert _seen(hand) == views
    assert hand.names == []


def test_the_middle_button_enlarges_and_the_left_paints(qtbot: QtBot, hand: Hand) -> None:
    view = hand.application.window.ortho.views[1]
    small = view.width()
    double_click(view.viewport(), MIDDLE)
    assert _seen(hand) == [view]
    qtbot.waitUntil(lambda: view.width() > 1.5 * small)
    double_click(view.viewport(), LEFT, pos=view.position_of(START))
    QTest.mouseRelease(view.viewport(), LEFT, pos=view.position_of(START))
    assert _seen(hand) == [view]
    assert hand.names == ["Brush ET, sagittal 11"]
    double_click(view.viewport(), MIDDLE)
    assert len(_seen(hand)) == 3


def test_the_button_on_the_view_enlarges_it_and_says_what_it_does(hand: Hand) -> None:
    cells = hand.application.window.ortho._cells[ViewLayout.PLANES]
    button = cells[2].findChild(QToolButton)
    assert button.toolTip() == "This view alone (F)"
    QTest.mouseClick(button, LEFT)
    assert _seen(hand) == [cells[2].view]
    assert button.toolTip() == "All views (F)"
    QTest.mouseClick(button, LEFT)
    assert len(_seen(hand)) == 3
    assert isinstance(QApplication.focusWidget(), SliceView)

"""Esc over the pictures closes what is being said, once nothing else is under way."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLineEdit, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from brainseg_gui.app import Application
from brainseg_gui.state.notices import Notice, Notices
from brainseg_gui.views.widgets.notice_bar import NoticeBar
from tests.gestures import take_focus

RED = Notice("t2.nii.gz: it cannot be read", "Copy it again", actions=(("Open the others", "file.open"),))


def test_escape_closes_a_red_note_over_the_view_that_has_the_keys(
    qtbot: QtBot, application: Application, toy_case: Any, tmp_path: Path, open_paths: Any
) -> None:
    open_paths(application, Path(toy_case(tmp_path)))
    session, view = application.session, application.window.ortho.views[0]
    take_focus(qtbot, view)
    session.say(RED)
    assert application.window.notice.isVisible()
    session.segmenting.begin("inferring")
    qtbot.keyClick(view, Qt.Key.Key_Escape)
    assert session.notice is RED, "what runs comes first"
    session.segmenting.end("Cancelled")
    qtbot.keyClick(view, Qt.Key.Key_Escape)
    assert session.notice is None
    assert not application.window.notice.isVisible()
    assert view.hasFocus()


def test_escape_that_nobody_wants_closes_it_in_any_window(qtbot: QtBot) -> None:
    ground, notices = QWidget(), Notices()
    field = QLineEdit()
    QVBoxLayout(ground).addWidget(field)
    NoticeBar(notices).float_over(ground)
    qtbot.addWidget(ground)
    with qtbot.waitExposed(ground):
        ground.show()
    notices.say(RED)
    qtbot.keyClick(field, Qt.Key.Key_Return)
    assert notices.notice is RED
    qtbot.keyClick(field, Qt.Key.Key_Escape)
    assert notices.notice is None

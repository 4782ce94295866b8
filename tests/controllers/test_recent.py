"""Recent cases, in the menu and on the welcome page."""

from __future__ import annotations

import shutil
import threading
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QToolButton
from pytestqt.qtbot import QtBot

from brainseg_gui.controllers.settings.preferences import Preferences, thumbnail_path
from brainseg_gui.controllers.shell.recent import RecentController
from brainseg_gui.imaging.case import Case
from brainseg_gui.state.session import Session


@pytest.fixture
def recent(parts: Any) -> RecentController:
    return RecentController(*parts)


def test_an_opened_case_is_remembered_with_its_picture(
    recent: RecentController, session: Session, parts: Any, case: Case, folder: Path
) -> None:
    assert not parts.window.recent_menu.isEnabled()
    session.preview(case)
    assert parts.preferences.recent == []
    session.open(case)
    assert parts.preferences.recent == [folder]
    assert [action.text() for action in parts.window.recent_menu.actions()] == ["&1 Toy_001"]
    picture = QImage(str(thumbnail_path(folder)))
    assert (picture.width(), picture.height()) == (164, 192)  # 24×28 voxels


def test_a_choice_in_the_menu_or_on_the_page_asks_for_the_case(
    qtbot: QtBot, recent: RecentController, session: Session, parts: Any, case: Case, folder: Path
) -> None:
    session.open(case)
    with qtbot.waitSignal(recent.chosen) as heard:
        parts.window.recent_menu.actions()[0].trigger()
    assert heard.args == [folder]
    card = next(c for c in parts.window.welcome.findChildren(QToolButton) if c.toolTip() == str(folder))
    with qtbot.waitSignal(recent.chosen) as heard:
        card.click()
    assert heard.args == [folder]


def test_a_case_that_is_gone_is_not_offered(
    recent: RecentController, session: Session, parts: Any, case: Case, folder: Path
) -> None:
    session.open(case)
    shutil.rmtree(folder)
    again = RecentController(session, parts.window, parts.preferences)
    assert parts.window.recent_menu.isEmpty()
    del again


def test_safe_mode_remembers_no_case(session: Session, parts: Any, case: Case, folder: Path) -> None:
    controller = RecentController(session, parts.window, Preferences(safe=True))
    session.open(case)
    assert parts.window.recent_menu.isEmpty()
    assert not thumbnail_path(folder).exists()
    del controller


def test_a_cache_that_cannot_be_written_bothers_nobody(
    recent: RecentController, session: Session, parts: Any, case: Case, own_folders: Path
) -> None:
    cache = own_folders / "cache"
    cache.mkdir(exist_ok=True)
    (cache / "brainseg").write_text("a file where a folder should be")
    session.open(case)
    assert parts.preferences.recent == [case.source.folder]


def test_a_drive_that_does_not_answer_is_not_waited_for(
    recent: RecentController, session: Session, parts: Any, case: Case, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At the start of the program the list of recent cases must not hang; what may not be looked at is left out."""
    session.open(case)
    parts.preferences.add_recent(folder.parent / "hangs")
    parts.preferences.add_recent(folder.parent / "forbidden")
    answer = threading.Event()

    def is_dir(path: Path) -> bool:
        if path.name == "forbidden":
            raise PermissionError(13, "Permission denied")
        return answer.wait(30) if path.name == "hangs" else True

    monkeypatch.setattr(Path, "is_dir", is_dir)
    again = RecentController(session, parts.window, parts.preferences)
    assert [action.text() for action in parts.window.recent_menu.actions()] == ["&1 hangs", f"&2 {folder.name}"]
    answer.set()
    del again

"""The whole window without the network: every command, what is remembered, and how it starts."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication, QDialog, QFileDialog, QMessageBox
from pytestqt.qtbot import QtBot

from brainseg_gui.app import Application
from brainseg_gui.controllers.shell.features.all_features import ACTIONS, FEATURES
from brainseg_gui.controllers.shell.features.core_features import LEAVING
from brainseg_gui.imaging.modality import Modality
from brainseg_gui.imaging.plane import DisplayConvention
from brainseg_gui.imaging.window import Window
from brainseg_gui.state.slices.viewing import ViewLayout
from brainseg_gui.views.layers.assign_dialog import AssignDialog
from brainseg_gui.views.shell.keys_dialog import KeysDialog
from brainseg_gui.views.widgets import theme

OpenPaths = Callable[..., None]


@pytest.fixture
def folder(toy_case: Any, tmp_path: Path) -> Path:
    return Path(toy_case(tmp_path))


def test_every_action_is_answered(application: Application) -> None:
    assert {spec.key for spec in ACTIONS} <= set(application._commands)
    answered = [key for feature in FEATURES for key, _command in application.controllers.answers(feature)]
    assert sorted(answered) == sorted(set(answered))  # by one controller each


def test_every_answer_of_a_notice_is_answered(application: Application) -> None:
    """Buttons of notices name actions, some of which have no menu entry."""
    journal = (f"journal.{name}" for name in ("restore", "later", "discard", "open", "retry", "take_over"))
    for key in (
        *journal,
        "file.save_as",
        "file.assign",
        "file.resample",
        "file.readable",
        "file.without_mask",
        "file.save",
        "layers.resample",
        "segment.run",
    ):
        assert key in application._commands


@pytest.mark.parametrize("with_case", [False, True])
def test_every_command_runs(
    qtbot: QtBot,
    application: Application,
    folder: Path,
    open_paths: OpenPaths,
    monkeypatch: pytest.MonkeyPatch,
    with_case: bool,
) -> None:
    """With every dialog answered by Cancel; an exception in a slot fails the test."""
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: "")
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: ("", ""))
    monkeypatch.setattr(QFileDialog, "getOpenFileNames", lambda *_: ([], ""))
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: ("", ""))
    monkeypatch.setattr(QMessageBox, "about", lambda *_: None)
    monkeypatch.setattr(AssignDialog, "exec", lambda _: 0)
    if with_case:
        open_paths(application, folder)
    for spec in ACTIONS:
        if spec.key in ("file.open_demo", "file.quit", "segment.run", "segment.probabilities"):
            continue
        application.window.actions_table[spec.key].trigger()
        for dialog in application.window.findChildren(QDialog):
            dialog.close()
    for key in ("file.resample", "file.without_mask", "layers.resample"):
        application.run_action(key)
        _answer_later(application)  # some of the commands have edited the annotation
    qtbot.waitUntil(lambda: not application.session.opening.running)
    assert (application.session.case is not None) == with_case
    application.run_action("file.quit")
    _answer_later(application)
    assert not application.window.isVisible()


def _answer_later(application: Application) -> None:
    if application.controllers[LEAVING].question is not None:
        application.controllers[LEAVING].question.answer("later")


def test_a_case_given_on_the_command_line_is_opened(
    qtbot: QtBot, start_application: Callable[..., Application], folder: Path
) -> None:
    application = start_application([folder])
    qtbot.waitUntil(lambda: application.session.case is not None)
    assert application.window.windowTitle().startswith("Toy_001")
    assert application.window.ortho.isVisible()


def test_what_a_person_set_comes_back_with_the_next_start(
    qtbot: QtBot, start_application: Callable[..., Application], folder: Path, open_paths: OpenPaths
) -> None:
    first = start_application()
    open_paths(first, folder)
    first.session.viewing.layout = ViewLayout.MODALITIES
    first.session.viewing.convention = DisplayConvention.NEUROLOGICAL
    first.session.viewing.set_window(Modality.T2, Window(123.0, 45.0))
    first.window.actions_table["view.theme"].trigger()
    dialog = KeysDialog(first.window.actions_table, first.window)
    dialog.rebound.connect(first.preferences.set_key)
    dialog.rebound.emit("view.fit", "F5")
    first.window.panels.docks[1].hide()
    first.window.close()

    second = start_application()
    assert second.session.viewing.layout is ViewLayout.MODALITIES
    assert second.session.viewing.convention is DisplayConvention.NEUROLOGICAL
    assert second.window.actions_table["view.fit"].shortcut().toString() == "F5"
    assert second.window.panels.docks[1].isHidden()
    assert QApplication.palette().window().color().lightness() > 128
    assert second.window.actions_table["view.theme"].isChecked()
    assert [action.text() for action in second.window.recent_menu.actions()] == ["&1 Toy_001"]
    second.window.recent_menu.actions()[0].trigger()
    qtbot.waitUntil(lambda: second.session.case is not None)
    assert second.session.viewing.windows[Modality.T2] == Window(123.0, 45.0)


def test_the_theme_follows_the_system_when_asked_to(
    start_application: Callable[..., Application], monkeypatch: pytest.MonkeyPatch
) -> None:
    def system_turns(scheme: Qt.ColorScheme) -> None:
        hints = SimpleNamespace(colorScheme=lambda: scheme)
        monkeypatch.setattr(theme, "QGuiApplication", SimpleNamespace(styleHints=lambda: hints))
        QGuiApplication.styleHints().colorSchemeChanged.emit(scheme)

    def is_light() -> bool:
        return QApplication.palette().window().color().lightness() > 128

    first = start_application()
    light, system = (first.window.actions_table[f"view.{name}"] for name in ("theme", "system_theme"))
    system_turns(Qt.ColorScheme.Light)
    assert not is_light()  # nobody asked for it
    system.trigger()
    assert is_light()
    assert light.isChecked()
    system_turns(Qt.ColorScheme.Unknown)
    assert not is_light()
    system_turns(Qt.ColorScheme.Light)
    system.trigger()
    assert is_light()  # as it was when the system was no longer followed
    system_turns(Qt.ColorScheme.Dark)
    assert is_light()
    system.trigger()
    assert not is_light()
    light.trigger()  # a choice of one's own goes before the system's
    assert is_light()
    assert not system.isChecked()
    system.trigger()
    system_turns(Qt.ColorScheme.Light)
    first.window.close()

    second = start_application()
    assert is_light()
    assert second.window.actions_table["view.system_theme"].isChecked()


def test_safe_mode_starts_without_what_was_set(
    start_application: Callable[..., Application], folder: Path, open_paths: OpenPaths
) -> None:
    first = start_application()
    open_paths(first, folder)
    first.session.viewing.layout = ViewLayout.COMPARE
    first.window.close()
    safe = start_application(safe=True)
    assert safe.session.viewing.layout is ViewLayout.PLANES
    assert safe.window.recent_menu.isEmpty()
    safe.session.viewing.layout = ViewLayout.MODALITIES
    safe.window.close()
    assert start_application().session.viewing.layout is ViewLayout.COMPARE


def test_closing_while_a_case_is_read_leaves_nothing_behind(
    qtbot: QtBot, application: Application, demo_folder: Path
) -> None:
    application.run_action("file.open_demo")
    qtbot.waitUntil(lambda: application.session.previewing, timeout=30_000)
    application.window.close()
    assert not application.window.isVisible()


def test_escape_stops_opening(qtbot: QtBot, application: Application, demo_folder: Path) -> None:
    application.run_action("file.open_demo")
    qtbot.waitUntil(lambda: application.session.previewing, timeout=30_000)
    qtbot.keyClick(application.window, Qt.Key.Key_Escape)
    qtbot.waitUntil(lambda: not application.session.opening.running)
    assert application.session.case is None
    assert application.session.opening.outcome == "Cancelled"
    assert application.window.welcome.isVisible()


def test_the_pictures_are_painted(qtbot: QtBot, application: Application, folder: Path, open_paths: OpenPaths) -> None:
    open_paths(application, folder)
    image = application.window.grab().toImage()
    for view in application.window.ortho.views:
        corner = view.viewport().mapTo(application.window, QPoint(0, 0))
        assert image.pixelColor(corner + QPoint(2, 2)).name() == "#000000"
        middle = corner.y() + view.viewport().height() // 3
        row = [image.pixelColor(corner.x() + x, middle).lightness() for x in range(view.viewport().width())]
        assert max(row) > 100


def test_starting_the_window_and_opening_a_case_imports_no_tensorflow(folder: Path) -> None:
    """In a process of its own, because this one may have imported anything."""
    script = """
import sys
from pathlib import Path
from types import SimpleNamespace
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication
from brainseg_gui.app import Application

qt = QApplication(sys.argv[:1])
application = Application(qt, safe=True)
imported = set(sys.modules)
application.start([Path(sys.argv[1])])

def look():
    if application.session.case is not None:
        imported.update(sys.modules)
        application.window.close()
        qt.quit()

timer = QTimer(interval=10)
timer.timeout.connect(look)
timer.start()
QTimer.singleShot(20_000, lambda: qt.exit(3))
code = qt.exec()
print("opened", sorted({name.split(".")[0] for name in imported} & {"tensorflow", "keras", "matplotlib", "torch"}))
sys.exit(code)
"""
    done = subprocess.run(
        [sys.executable, "-c", script, str(folder)],
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, "QT_QPA_PLATFORM": "offscreen"},
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "opened []"

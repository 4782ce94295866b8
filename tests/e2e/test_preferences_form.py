"""The dialog of preferences in the real window: what is set applies at once, and is there at the next start."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QFileDialog, QMessageBox, QPushButton
from pytestqt.qtbot import QtBot

from brainseg_gui.app import Application
from brainseg_gui.controllers.settings.person import person, user_name
from brainseg_gui.controllers.settings.preferences import Preferences
from brainseg_gui.controllers.shell.features.all_features import PREFERENCES_FORM
from brainseg_gui.imaging.colours import USUAL, safe_colours
from brainseg_gui.state.annotating.tools import ToolOptions
from brainseg_gui.views.shell.preferences_dialog import PreferencesDialog
from brainseg_gui.views.widgets.theme import colour
from tests.gestures import take_focus

Open = Callable[..., None]


def opened(application: Application, qtbot: QtBot) -> PreferencesDialog:
    qtbot.keyClick(application.window, Qt.Key.Key_Comma, Qt.KeyboardModifier.ControlModifier)
    dialog = application.controllers[PREFERENCES_FORM].dialog
    assert dialog is not None
    return dialog


def press(dialog: PreferencesDialog, text: str, nth: int = 0) -> None:
    [button for button in dialog.findChildren(QPushButton) if button.text() == text][nth].click()


def choose(box: object, key: object) -> None:
    box.setCurrentIndex(box.findData(key))
    box.activated.emit(box.currentIndex())


def test_everything_applies_at_once_and_is_remembered(
    application: Application, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dark = colour("base").name()
    dialog = opened(application, qtbot)
    options = application.session.annotating.options
    choose(dialog._theme, "light")
    assert colour("base").name() != dark
    assert application.window.actions_table["view.theme"].isChecked()
    choose(dialog._colours, "okabe-ito")
    assert application.session.viewing.colours == safe_colours()
    assert application.window.actions_table["layers.safe_colours"].isChecked()
    dialog._brush.setValue(12.0)
    dialog._square.click()
    dialog._in_3d.click()
    assert (options.brush_mm, options.square, options.in_3d) == (12.0, True, True)
    take_focus(qtbot, dialog._name)
    qtbot.keyClicks(dialog._name, "  Dr.  Anna ")
    qtbot.keyClick(dialog._name, Qt.Key.Key_Return)
    assert person() == "Dr. Anna"
    assert application.controllers[PREFERENCES_FORM].dialog is dialog  # Return ended the name, not the dialog
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(tmp_path))
    press(dialog, "Choose…", 1)
    assert dialog._runs.toolTip() == str(tmp_path)
    application.preferences.flush()
    again = Preferences()
    assert (again.get("theme", ""), again.get("annotator", ""), again.get("runs folder", "")) == (
        "light",
        "Dr. Anna",
        str(tmp_path),
    )
    asked = list[str]()
    answers = iter((QMessageBox.StandardButton.No, QMessageBox.StandardButton.Yes))
    monkeypatch.setattr(QMessageBox, "question", lambda _parent, _title, words: (asked.append(words), next(answers))[1])
    press(dialog, "Reset all")
    assert person() == "Dr. Anna"
    assert len(asked) == 1
    press(dialog, "Reset all")
    assert person() == user_name()
    assert colour("base").name() == dark
    usual = ToolOptions()
    assert (options.brush_mm, options.square, options.in_3d) == (usual.brush_mm, usual.square, usual.in_3d)
    assert dialog._brush.value() == usual.brush_mm
    assert application.session.viewing.colours == USUAL
    press(dialog, "Close")
    assert application.controllers[PREFERENCES_FORM].dialog is None


def test_masks_get_a_folder_of_their_own_and_go_back(
    application: Application,
    qtbot: QtBot,
    toy_case: Callable[..., Path],
    tmp_path: Path,
    open_paths: Open,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    open_paths(application, toy_case(tmp_path / "cases"))
    dialog = opened(application, qtbot)
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(tmp_path / "masks"))
    press(dialog, "Choose…")
    assert application.session.output.tree.folder == tmp_path / "masks"
    assert dialog._masks.toolTip() == str(tmp_path / "masks")
    press(dialog, "Beside the images")
    assert application.session.output.tree is None
    assert not dialog._beside.isEnabled()
    dialog.reject()


def test_what_is_set_elsewhere_is_shown(application: Application, qtbot: QtBot) -> None:
    dialog = opened(application, qtbot)
    application.session.viewing.colours = safe_colours()
    assert dialog._colours.currentData() == "okabe-ito"
    press(dialog, "Keys…")
    keys = QApplication.activeModalWidget()
    assert keys is not None
    assert keys.windowTitle() == "Keys"
    keys.reject()
    dialog.reject()
    application.session.viewing.colours = USUAL  # nobody listens any more

"""Keys as in other programs: the data fit the actions, and conflicts are told before anything changes."""

from __future__ import annotations

from collections import Counter

import pytest
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QComboBox, QLabel, QPushButton
from pytestqt.qtbot import QtBot

from brainseg_gui.controllers.shell.features.all_features import ACTIONS, PANELS
from brainseg_gui.state.session import Session
from brainseg_gui.views.actions.action_spec import ActionSpec
from brainseg_gui.views.actions.key_profiles import USUAL, KeyProfile, bindings_of, joined, key_profiles, sequences_of
from brainseg_gui.views.shell.keys_dialog import KeysDialog
from brainseg_gui.views.shell.main_window import MainWindow

OTHERS = [profile for profile in key_profiles() if profile is not USUAL]


def test_the_programs_that_people_come_from() -> None:
    assert [profile.title for profile in key_profiles()] == ["brainseg", "ITK-SNAP", "3D Slicer", "FSLeyes", "napari"]


@pytest.mark.parametrize("profile", key_profiles(), ids=[profile.title for profile in key_profiles()])
def test_a_profile_gives_every_key_once_and_says_what_it_takes_away(profile: KeyProfile) -> None:
    known = {spec.key for spec in ACTIONS}
    assert set(profile.keys) <= known
    bindings = bindings_of(profile, ACTIONS)
    assert set(bindings.keys) == known
    usual = {spec.key: spec.keys for spec in ACTIONS}
    taken = {(key, action) for action, keys in usual.items() for key in keys if key not in bindings.keys[action]}
    unasked = {(key, action) for key, action in taken if action not in profile.keys}
    assert unasked == {(key, action) for key, action, _ in bindings.lost}
    shortcuts = Counter(QKeySequence(key).toString() for keys in bindings.keys.values() for key in keys)
    assert "" not in shortcuts
    assert [key for key, count in shortcuts.items() if count > 1] == []


def test_the_usual_keys_are_those_of_the_table() -> None:
    assert dict(bindings_of(USUAL, ACTIONS).keys) == {spec.key: spec.keys for spec in ACTIONS}


def test_who_loses_keys_is_told() -> None:
    specs = (ActionSpec("a.one", "One", "File", ("F5", "F6")), ActionSpec("a.two", "Two", "File", ("F7",)))
    bindings = bindings_of(KeyProfile("x", "X", {"a.two": ("F5",)}), specs)
    assert bindings.keys == {"a.one": ("F6",), "a.two": ("F5",)}
    assert bindings.lost == (("F5", "a.one", "a.two"),)


def test_several_shortcuts_go_through_one_text() -> None:
    keys = ("Ctrl+Z", ";", ",", "<", "+", "=", "Return")
    for key in keys:
        assert sequences_of(key) == [QKeySequence(key)]
    text = joined(("Ctrl+Shift+Z", "Ctrl+Y"))
    assert sequences_of(text) == [QKeySequence("Ctrl+Shift+Z"), QKeySequence("Ctrl+Y")]
    assert sequences_of("") == []


@pytest.fixture
def window(qtbot: QtBot) -> MainWindow:
    window = MainWindow(Session(), {}, PANELS, ACTIONS)
    qtbot.addWidget(window)
    return window


def test_a_profile_is_shown_applied_and_undone(qtbot: QtBot, window: MainWindow) -> None:
    dialog = KeysDialog(window.actions_table, window)
    qtbot.addWidget(dialog)
    told: list[dict[str, str]] = []
    dialog.profile_applied.connect(told.append)
    box, use = dialog.findChild(QComboBox), dialog.findChild(QPushButton)
    box.setCurrentIndex(box.findText("3D Slicer"))
    box.activated.emit(box.currentIndex())
    assert any("3D Slicer changes" in label.text() for label in dialog.findChildren(QLabel))
    undo = window.actions_table["annotate.undo"]
    assert [s.toString() for s in undo.shortcuts()] == ["Ctrl+Z"]
    use.click()
    assert [s.toString() for s in undo.shortcuts()] == ["Z", "Ctrl+Z"]
    assert told[0]["annotate.undo"] == "Z; Ctrl+Z"
    assert "file.open" not in told[0]
    box.setCurrentIndex(0)
    use.click()
    assert told[1] == {}
    assert [s.toString() for s in undo.shortcuts()] == ["Ctrl+Z"]


def test_remembered_profiles_come_back(qtbot: QtBot) -> None:
    window = MainWindow(Session(), {"annotate.undo": "Z; Ctrl+Z"}, PANELS, ACTIONS)
    qtbot.addWidget(window)
    assert [s.toString() for s in window.actions_table["annotate.undo"].shortcuts()] == ["Z", "Ctrl+Z"]

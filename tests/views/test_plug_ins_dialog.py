"""The dialog that lists what other packages bring."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from brainseg_gui.views.shell.plug_ins_dialog import PlugInsDialog

BROUGHT = {"brainseg-example": [("measure", "volume_similarity"), ("format", ".npy")], "other": [("network", "net")]}


def test_a_check_mark_switches_its_package(qtbot: QtBot) -> None:
    parent = QWidget()
    qtbot.addWidget(parent)
    dialog = PlugInsDialog(parent, BROUGHT, frozenset({"other"}))
    first, second = (dialog.tree.topLevelItem(n) for n in range(2))
    assert (first.checkState(0), second.checkState(0)) == (Qt.CheckState.Checked, Qt.CheckState.Unchecked)
    assert [first.child(n).text(1) for n in range(first.childCount())] == ["volume_similarity", ".npy"]
    with qtbot.waitSignal(dialog.switched) as told:
        first.setCheckState(0, Qt.CheckState.Unchecked)
    assert told.args == ["brainseg-example", False]


def test_without_plug_ins_it_says_how_one_is_made(qtbot: QtBot) -> None:
    parent = QWidget()
    qtbot.addWidget(parent)
    dialog = PlugInsDialog(parent, {}, frozenset())
    assert dialog.tree.isHidden()
    assert "docs/plugins.md" in dialog.words.text()

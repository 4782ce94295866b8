"""Going to a place: how a line is read is said while it is typed."""

from __future__ import annotations

from PySide6.QtWidgets import QDialogButtonBox, QLineEdit
from pytestqt.qtbot import QtBot

from brainseg_gui.imaging.case import Case
from brainseg_gui.imaging.numbering import NamedVoxel
from brainseg_gui.views.shell.main_window import MainWindow
from brainseg_gui.views.slices.go_to_dialog import GoToDialog


def test_the_line_says_how_it_is_read_and_goes_there(qtbot: QtBot, window: MainWindow, case: Case) -> None:
    dialog = GoToDialog(case, (3, 4, 5), window)
    qtbot.addWidget(dialog)
    go = dialog.findChild(QDialogButtonBox).button(QDialogButtonBox.StandardButton.Ok)
    line = dialog.findChild(QLineEdit)
    assert line.text() == "4 5 6"
    assert dialog.answer.startswith(
        "Read as voxel, counted from 1.\nvoxel 4 5 6 · L 28.2 A 23.5 S 1.2 mm · file 20 23 5"
    )
    line.setText("file 0 0 0")
    assert dialog.answer.startswith("Read as index of the file, counted from 0.\nvoxel 24 28 1 ")
    line.setText("99 1 1")
    assert not go.isEnabled()
    assert dialog.answer.startswith("Voxel 99 1 1 lies outside the images of 24×28×20 voxels.\nThey are counted from 1")
    line.setText("L 31 A 19 I 7 mm")
    heard: list[NamedVoxel] = []
    dialog.voxel_chosen.connect(heard.append)
    go.click()
    assert [place.voxel_ijk for place in heard] == [(0, 1, 1)]

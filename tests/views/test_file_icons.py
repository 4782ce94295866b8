"""File dialogs choose their icons by names: what a file holds is not read."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QFileInfo
from PySide6.QtWidgets import QApplication, QFileDialog
from pytestqt.qtbot import QtBot

from brainseg_gui.views.widgets.file_icons import FileDialogIcons, FileIcons


def test_a_dialog_that_comes_up_does_not_look_into_files(qtbot: QtBot, qapp: QApplication, tmp_path: Path) -> None:
    watch = FileDialogIcons(qapp)
    picture = tmp_path / "kmsg"
    picture.write_bytes(b"\x89PNG\r\n\x1a\n")
    dialog = QFileDialog(None, "Save", str(tmp_path))
    dialog.setOption(QFileDialog.Option.DontUseNativeDialog)
    qtbot.addWidget(dialog)
    dialog.show()
    qtbot.waitUntil(lambda: isinstance(dialog.iconProvider(), FileIcons), timeout=30_000)
    assert dialog.iconProvider().type(QFileInfo(str(picture))) == "File"  # Qt would say: PNG image
    assert dialog.iconProvider().type(QFileInfo(str(tmp_path))) == "Folder"
    watch.deleteLater()

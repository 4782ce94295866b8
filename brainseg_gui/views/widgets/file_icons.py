"""Icons of file dialogs by names alone: Qt reads files without an ending, and /proc/kmsg never ends."""

from __future__ import annotations

from PySide6.QtCore import QFileInfo, QObject
from PySide6.QtGui import QAbstractFileIconProvider, QIcon
from PySide6.QtWidgets import QApplication, QFileDialog, QFileIconProvider, QWidget


class FileIcons(QFileIconProvider):
    """One icon for folders and one for files; no file is opened to choose it."""

    def __init__(self) -> None:
        super().__init__()
        kinds = QAbstractFileIconProvider.IconType
        self._folder, self._file = super().icon(kinds.Folder), super().icon(kinds.File)

    def icon(self, what: QAbstractFileIconProvider.IconType | QFileInfo) -> QIcon:
        if isinstance(what, QFileInfo):
            return self._folder if what.isDir() else self._file
        return super().icon(what)

    def type(self, info: QFileInfo) -> str:
        return "Folder" if info.isDir() else f"{info.suffix()} File".strip()


class FileDialogIcons(QObject):
    """Gives every file dialog of Qt these icons when it comes up; dialogs of the desktop have their own."""

    def __init__(self, application: QApplication) -> None:
        super().__init__(application)
        self._icons: FileIcons | None = None
        application.focusChanged.connect(self._on_focus_changed)

    def _on_focus_changed(self, _before: QWidget | None, now: QWidget | None) -> None:
        dialog = now.window() if now is not None else None
        if isinstance(dialog, QFileDialog) and not isinstance(dialog.iconProvider(), FileIcons):
            self._icons = self._icons or FileIcons()
            dialog.setIconProvider(self._icons)

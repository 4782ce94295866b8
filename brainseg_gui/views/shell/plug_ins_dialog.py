"""What other packages bring, with a check mark for each package."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QHeaderView,
    QLabel,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from brainseg_gui.views.widgets.screen_room import fit_screen

_NONE = (
    "No installed package brings anything. A package can bring networks, measures, formats of images and "
    "tools: docs/plugins.md shows how."
)
_LATER = "A change counts from the next start on. In a shell, “brainseg plugins” checks whether each can be used."


class PlugInsDialog(QDialog):
    """Lists packages and what each brings.

    Attributes
    ----------
    switched
        Emitted with a package and whether it is to be used, when its check mark changes.
    """

    switched = Signal(str, bool)

    def __init__(self, parent: QWidget, brought: Mapping[str, Iterable[tuple[str, str]]], off: frozenset[str]) -> None:
        super().__init__(parent)
        self.setWindowTitle("Plug-ins")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        fit_screen(self, (520, 320))
        self.tree = QTreeWidget()
        self.tree.setHeaderLabels(["Package", "Brings"])
        self.tree.header().setSectionResizeMode(0, QHeaderView.ResizeMode.ResizeToContents)
        for package, parts in brought.items():
            self.tree.addTopLevelItem(_row(package, list(parts), used=package not in off))
        self.tree.expandAll()
        self.tree.itemChanged.connect(self._on_changed)
        self.words = QLabel(_LATER if brought else _NONE)
        self.words.setWordWrap(True)
        self.tree.setVisible(bool(brought))
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        for widget in (self.tree, self.words, buttons):
            layout.addWidget(widget)

    def _on_changed(self, item: QTreeWidgetItem) -> None:
        if item.parent() is None:
            self.switched.emit(item.text(0), item.checkState(0) == Qt.CheckState.Checked)


def _row(package: str, parts: list[tuple[str, str]], *, used: bool) -> QTreeWidgetItem:
    """A package, and a line below it for each thing that it brings."""
    item = QTreeWidgetItem([package, f"{len(parts)} plug-in{'s' if len(parts) != 1 else ''}"])
    item.setCheckState(0, Qt.CheckState.Checked if used else Qt.CheckState.Unchecked)
    item.addChildren([QTreeWidgetItem([kind, name]) for kind, name in parts])
    return item

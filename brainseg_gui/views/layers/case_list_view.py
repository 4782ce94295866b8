"""The list of cases as a widget: a case that is dragged out of it gives its files to another program."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QMimeData, Qt, QUrl, Signal
from PySide6.QtGui import QDrag
from PySide6.QtWidgets import QListWidget, QListWidgetItem

from brainseg_gui.imaging.case import CaseSource
from brainseg_gui.views.layers.case_item import SOURCE


class CaseListView(QListWidget):
    """Drags the images of a case, and the mask that lies beside them; nothing is moved, and nothing is written."""

    dragged = Signal()
    """A drag has ended; the row under the mouse was marked by it."""

    def __init__(self) -> None:
        super().__init__()
        self.setDragEnabled(True)
        self.setDragDropMode(QListWidget.DragDropMode.DragOnly)

    def mimeData(self, items: Sequence[QListWidgetItem]) -> QMimeData:
        content = QMimeData()
        content.setUrls([url for item in items for url in _urls(item.data(SOURCE))])
        return content

    def startDrag(self, _supported: Qt.DropAction) -> None:
        drag = QDrag(self)
        drag.setMimeData(self.mimeData(self.selectedItems()))
        drag.exec(Qt.DropAction.CopyAction)  # Qt's own would offer to move, and take the row away
        self.dragged.emit()


def _urls(source: CaseSource) -> list[QUrl]:
    files = [*source.modalities.values(), *([source.reference] if source.reference is not None else [])]
    return [QUrl.fromLocalFile(str(path.absolute())) for path in dict.fromkeys(files)]

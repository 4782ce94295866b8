"""The tools of the hand, at the side."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QToolBar

from brainseg_gui.state.annotating.tools import Tool
from brainseg_gui.state.session import Session
from brainseg_gui.views.actions.actions import Actions


class AnnotateToolBar(QToolBar):
    """The tools, at the side; shown while annotating."""

    def __init__(self, session: Session, actions: Actions) -> None:
        super().__init__("Annotation tools")
        self._annotating = session.annotating
        self.setObjectName("annotation tools")
        self.setMovable(False)
        self.setIconSize(QSize(20, 20))
        self.setOrientation(Qt.Orientation.Vertical)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.PreventContextMenu)
        for tool in Tool:
            self.addAction(actions[f"annotate.{tool.value}"])
        self.addSeparator()
        for key in ("annotate.erase", "annotate.in_3d"):
            self.addAction(actions[key])
        self.addSeparator()
        for key in ("annotate.undo", "annotate.redo"):
            self.addAction(actions[key])
        self._annotating.annotation_changed.connect(self.synchronize)
        self.synchronize()

    def synchronize(self) -> None:
        """Be there while there is something to paint on."""
        self.setVisible(self._annotating.annotation is not None)

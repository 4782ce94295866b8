"""A section of a form that folds, and says while it is closed what is changed or wrong in it.

Ours, not superqt's `QCollapsible`: importing superqt and qtpy takes 0.4 s of processor time, for a heading and a widget
that is shown or not. Its heading is a style sheet of its own beside the theme's, and its height is animated, where rows
that answer at once are wanted.
"""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QSizePolicy, QToolButton, QVBoxLayout, QWidget

from brainseg_gui.views.widgets.setting_row import settings_grid


class CollapsibleSection(QWidget):
    """A heading that opens and closes what is below it.

    Signals
    -------
    first_opened
        It is opened for the first time.
    """

    first_opened = Signal()

    def __init__(self, name: str, tip: str) -> None:
        super().__init__()
        self._name = name
        self._filled = False
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        self.heading = QToolButton()
        self.heading.setObjectName("fold")
        self.heading.setCheckable(True)
        self.heading.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.heading.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.heading.setToolTip(tip)
        self.heading.toggled.connect(self._on_toggled)
        column.addWidget(self.heading)
        self._body = QWidget()
        self.grid = settings_grid(self._body)
        column.addWidget(self._body)
        self.mark(0, 0)
        self._on_toggled(False)

    def mark(self, changed: int, wrong: int) -> None:
        """Say how many fields inside are changed or wrong, also while it is closed."""
        parts = [self._name.capitalize()]
        parts += [f"{changed} changed"] if changed else []
        parts += [f"{wrong} wrong"] if wrong else []
        self.heading.setText("  ·  ".join(parts))

    def _on_toggled(self, opened: bool) -> None:
        if opened and not self._filled:
            self._filled = True
            self.first_opened.emit()
        self._body.setVisible(opened)
        self.heading.setArrowType(Qt.ArrowType.DownArrow if opened else Qt.ArrowType.RightArrow)

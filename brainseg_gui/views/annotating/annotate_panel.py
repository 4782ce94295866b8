"""Everything about annotating that is not the picture: label, options of the tool, history."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QStackedWidget, QToolButton, QVBoxLayout, QWidget

from brainseg_gui.state.session import Session
from brainseg_gui.views.actions.action_button import ActionButton
from brainseg_gui.views.actions.actions import Actions
from brainseg_gui.views.annotating.history_list import HistoryList
from brainseg_gui.views.annotating.label_chooser import LabelChooser
from brainseg_gui.views.annotating.tool_options import ToolOptionsView
from brainseg_gui.views.widgets.elided_label import ElidedLabel
from brainseg_gui.views.widgets.rule import rule
from brainseg_gui.views.widgets.scroll_page import ScrollPage

_STARTS = ("annotate.start_prediction", "annotate.start_reference", "annotate.start_empty")
_SETTINGS_SHARE, _HISTORY_SHARE = 7, 3


class AnnotatePanel(QWidget):
    """Offers to start; while annotating, one place for label, tool and history.

    Attributes
    ----------
    options
        The options of the tool in the hand.
    """

    state_asked_for = Signal(int)  # the one after so many edits

    def __init__(self, session: Session, actions: Actions) -> None:
        super().__init__()
        self._annotating, self._actions = session.annotating, actions
        self.options = ToolOptionsView(session, actions)
        self._pages = QStackedWidget()
        self._pages.addWidget(self._make_start())
        self._pages.addWidget(self._make_work(session))
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self._pages)
        self._annotating.annotation_changed.connect(self._synchronize)
        session.layers.renamed.connect(self._synchronize)
        self._synchronize()

    def _make_start(self) -> QWidget:
        page = QWidget()
        column = QVBoxLayout(page)
        column.setContentsMargins(8, 0, 8, 8)
        column.setSpacing(6)
        words = QLabel("Correct a mask as a layer of your own. What you start from stays as it is.")
        words.setObjectName("faint")
        words.setWordWrap(True)
        column.addWidget(words)
        for key in _STARTS:
            column.addWidget(ActionButton(self._actions, key))
        column.addStretch(1)
        return page

    def _make_work(self, session: Session) -> QWidget:
        """What is set scrolls if it must; the history keeps its share, whichever tool is in the hand."""
        page = QWidget()
        column = QVBoxLayout(page)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        settings = ScrollPage(spacing=8, above=0)
        self._name, self._read_only = ElidedLabel(), QLabel()
        self._read_only.setObjectName("problem")
        self._read_only.setTextFormat(Qt.TextFormat.PlainText)
        self._read_only.setWordWrap(True)
        for widget in (self._name, self._read_only, LabelChooser(session, self._actions), rule(), self.options):
            settings.column.addWidget(widget)
        settings.column.addStretch(1)
        column.addWidget(settings, _SETTINGS_SHARE)
        column.addWidget(self._make_history(session), _HISTORY_SHARE)
        return page

    def _make_history(self, session: Session) -> QWidget:
        box = QWidget()
        column = QVBoxLayout(box)
        column.setContentsMargins(8, 0, 8, 8)
        column.setSpacing(4)
        column.addWidget(rule())
        row = QHBoxLayout()
        title = QLabel("History")
        title.setObjectName("section")
        row.addWidget(title, 1)
        for key in ("annotate.undo", "annotate.redo"):
            button = QToolButton()
            button.setDefaultAction(self._actions[key])
            button.setIconSize(QSize(16, 16))
            row.addWidget(button)
        column.addLayout(row)
        history = HistoryList(session)
        history.asked_for.connect(self.state_asked_for)
        history.setMinimumHeight(48)
        column.addWidget(history, 1)
        return box

    def _synchronize(self) -> None:
        annotating = self._annotating
        self._pages.setCurrentIndex(int(annotating.annotation is not None))
        if annotating.layer is not None:
            self._name.setText(f"Editing {annotating.layer.name}")
        self._read_only.setText(annotating.read_only)
        self._read_only.setVisible(bool(annotating.read_only))

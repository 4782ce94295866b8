"""Operations on whole labels: which one, its settings, and what it would change."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from brainseg_gui.state.annotating.operating import Kind, Shown
from brainseg_gui.state.session import Session
from brainseg_gui.views.actions.actions import Actions
from brainseg_gui.views.actions.operation_actions import GROUPS
from brainseg_gui.views.annotating.operation_options import OperationOptions
from brainseg_gui.views.slices.preview_item import Becomes, swatch_of
from brainseg_gui.views.widgets.scroll_page import ScrollPage

_COLUMNS = 2
_LEGEND = {Becomes.ADDED: "added", Becomes.REMOVED: "removed", Becomes.RENAMED: "renamed"}


class OperationsPanel(ScrollPage):
    """Reads `annotating.operating` and the preview.

    Signals
    -------
    accept_requested, drop_requested
        Carry the proposal out; change nothing.
    """

    accept_requested = Signal()
    drop_requested = Signal()

    def __init__(self, session: Session, actions: Actions) -> None:
        super().__init__(spacing=2, above=0)
        self._annotating, self._operating = session.annotating, session.annotating.operating
        self._actions = actions
        column = self.column
        for title, kinds in GROUPS:
            column.addWidget(_group(title, kinds, actions))
        column.addSpacing(6)
        self._tried = self._make_tried(session)
        column.addWidget(self._tried)
        self._hint = QLabel("Choose one: what it would change is drawn first, and nothing is changed before Accept.")
        self._hint.setObjectName("faint")
        self._hint.setWordWrap(True)
        column.addWidget(self._hint)
        column.addStretch(1)
        for keys in ("Return", "Enter"):
            shortcut = QShortcut(QKeySequence(keys), self, context=Qt.ShortcutContext.WidgetWithChildrenShortcut)
            shortcut.activated.connect(self._on_return)
        self._operating.events.connect(self._synchronize)
        self._annotating.preview_changed.connect(self._synchronize)
        self._annotating.annotation_changed.connect(self._synchronize)
        self._synchronize()

    def _make_tried(self, session: Session) -> QWidget:
        box = QWidget()
        column = QVBoxLayout(box)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        self._title = QLabel()
        self._title.setObjectName("section")
        self._title.setWordWrap(True)
        self.options = OperationOptions(session)
        self._words = QLabel()
        self._words.setWordWrap(True)
        self._bar = QProgressBar()
        self._bar.setRange(0, 100)
        self._bar.setTextVisible(False)
        self._accept, self._drop = QPushButton("Accept"), QPushButton("Drop")
        self._accept.setObjectName("primary")
        self._accept.setToolTip("Make it one edit (Return)")
        self._drop.setToolTip("Change nothing (Esc)")
        self._accept.clicked.connect(self._on_return)
        self._drop.clicked.connect(self.drop_requested)
        for button in (self._accept, self._drop):
            button.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        row = QHBoxLayout()
        row.addWidget(self._accept, 1)
        row.addWidget(self._drop, 1)
        for widget in (self._title, self.options, self._words, self._bar, _legend()):
            column.addWidget(widget)
        column.addLayout(row)
        return box

    def _on_return(self) -> None:
        self.options.commit()
        self.accept_requested.emit()

    def _synchronize(self, *_: object) -> None:
        operating, preview = self._operating, self._annotating.preview
        kind = operating.kind
        self.page.setEnabled(self._annotating.editable)
        self._tried.setVisible(kind is not None)
        self._hint.setVisible(kind is None)
        if kind is None:
            return
        own = preview is not None and preview.tool == kind.value
        self._title.setText(preview.title if own and preview is not None else self._actions[_key(kind)].text())
        working = operating.shown is Shown.WORKING
        self._words.setText("Working…" if working and not operating.words else operating.words)
        self._words.setVisible(operating.shown is not Shown.FAILED)
        self._words.setObjectName("quiet" if operating.shown is not Shown.PROPOSED else "")
        self._words.style().unpolish(self._words)
        self._words.style().polish(self._words)
        self._bar.setVisible(working and kind is Kind.SEEDS)
        self._bar.setValue(round(100 * operating.fraction))
        self._accept.setEnabled(working or operating.shown is Shown.PROPOSED)
        self._drop.setText("Cancel" if working and kind is Kind.SEEDS else "Drop")


def _key(kind: Kind) -> str:
    return f"operate.{kind.value}"


def _group(title: str, kinds: tuple[Kind, ...], actions: Actions) -> QWidget:
    group = QWidget()
    grid = QGridLayout(group)
    grid.setContentsMargins(0, 0, 0, 0)
    grid.setHorizontalSpacing(2)
    grid.setVerticalSpacing(0)
    name = QLabel(title)
    name.setObjectName("faint")
    grid.addWidget(name, 0, 0, 1, _COLUMNS)
    for place, kind in enumerate(kinds):
        button = QToolButton()
        button.setDefaultAction(actions[_key(kind)])
        button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextOnly)
        button.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        grid.addWidget(button, 1 + place // _COLUMNS, place % _COLUMNS)
    for column in range(_COLUMNS):
        grid.setColumnStretch(column, 1)
    return group


def _legend() -> QWidget:
    legend = QWidget()
    row = QHBoxLayout(legend)
    row.setContentsMargins(0, 0, 0, 0)
    row.setSpacing(4)
    for becomes, word in _LEGEND.items():
        picture, name = QLabel(), QLabel(word)
        picture.setPixmap(swatch_of(becomes))
        name.setObjectName("faint")
        row.addWidget(picture)
        row.addWidget(name)
        row.addSpacing(4)
    row.addStretch(1)
    return legend

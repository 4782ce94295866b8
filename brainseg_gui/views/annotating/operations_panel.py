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
    QWidget,
)

from brainseg_gui.state.annotating.operating import OperationKind, OperationStage
from brainseg_gui.state.session import Session
from brainseg_gui.views.actions.action_button import ActionButton
from brainseg_gui.views.actions.actions import Actions
from brainseg_gui.views.actions.letters import without_letter
from brainseg_gui.views.actions.operation_actions import GROUPS
from brainseg_gui.views.annotating.operation_options import OperationOptions
from brainseg_gui.views.slices.overlays.preview_item import Becomes, swatch_of
from brainseg_gui.views.widgets.elided_label import ElidedLabel
from brainseg_gui.views.widgets.plain_text import plain_tip
from brainseg_gui.views.widgets.rule import rule
from brainseg_gui.views.widgets.scroll_page import FootedPage

_COLUMNS = 2
_LINES = 2
_HINT = "Choose one: it is drawn first, and changes nothing before Accept."
_LEGEND = {Becomes.ADDED: "added", Becomes.REMOVED: "removed", Becomes.RENAMED: "renamed"}


class OperationsPanel(FootedPage):
    """Reads `annotating.operating` and the preview.

    The list scrolls; settings, effect and the two answers stand at the foot, in places that no operation moves.

    Signals
    -------
    accept_requested, drop_requested
        Carry the proposal out; change nothing.
    """

    accept_requested = Signal()
    drop_requested = Signal()

    def __init__(self, session: Session, actions: Actions) -> None:
        super().__init__(spacing=2)
        self._annotating, self._operating = session.annotating, session.annotating.operating
        self._actions = actions
        for title, kinds in GROUPS:
            self.column.addWidget(_group(title, kinds, actions))
        self.column.addStretch(1)
        self._fill_foot(session)
        for keys in ("Return", "Enter"):
            shortcut = QShortcut(QKeySequence(keys), self, context=Qt.ShortcutContext.WidgetWithChildrenShortcut)
            shortcut.activated.connect(self._on_return)
        self._operating.events.connect(self._synchronize)
        self._annotating.preview_changed.connect(self._synchronize)
        self._annotating.annotation_changed.connect(self._synchronize)
        self._synchronize()

    def _fill_foot(self, session: Session) -> None:
        self._title = ElidedLabel()
        self._title.setObjectName("section")
        self.options = OperationOptions(session)
        self._words = QLabel()
        self._words.setTextFormat(Qt.TextFormat.PlainText)
        self._words.setWordWrap(True)
        self._words.setAlignment(Qt.AlignmentFlag.AlignTop)
        self._words.setFixedHeight(_LINES * self.fontMetrics().lineSpacing())
        self._bar = QProgressBar()
        self._bar.setRange(0, 100)
        self._bar.setTextVisible(False)
        policy = self._bar.sizePolicy()
        policy.setRetainSizeWhenHidden(True)
        self._bar.setSizePolicy(policy)
        for widget in (rule(), self._title, self.options, self._words, self._bar, _legend()):
            self.foot.addWidget(widget)
        self.foot.addLayout(self._make_answers())

    def _make_answers(self) -> QHBoxLayout:
        self._accept, self._drop = QPushButton("Accept"), QPushButton("Drop")
        self._accept.setObjectName("primary")
        self._accept.setToolTip("Make it one edit (Return)")
        self._drop.setToolTip("Change nothing (Esc)")
        self._accept.clicked.connect(self._on_return)
        self._drop.clicked.connect(self.drop_requested)
        row = QHBoxLayout()
        for button in (self._accept, self._drop):
            button.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
            row.addWidget(button, 1)
        return row

    def _on_return(self) -> None:
        self.options.commit()
        self.accept_requested.emit()

    def _synchronize(self, *_: object) -> None:
        kind, shown = self._operating.kind, self._operating.shown
        self.setEnabled(self._annotating.editable)
        self._title.setText(self._title_of(kind))
        working = kind is not None and shown is OperationStage.WORKING
        self._say(self._words_of(kind), quiet=shown is not OperationStage.PROPOSED)
        self._bar.setVisible(working and kind is OperationKind.SEEDS)
        self._bar.setValue(round(100 * self._operating.fraction))
        self._accept.setEnabled(working or (kind is not None and shown is OperationStage.PROPOSED))
        self._drop.setEnabled(kind is not None)
        self._drop.setText("Cancel" if working and kind is OperationKind.SEEDS else "Drop")

    def _title_of(self, kind: OperationKind | None) -> str:
        if kind is None:
            return ""
        preview = self._annotating.preview
        own = preview is not None and preview.tool == kind.value
        return preview.title if own and preview is not None else without_letter(self._actions[_key(kind)].text())

    def _words_of(self, kind: OperationKind | None) -> str:
        if kind is None:
            return _HINT
        if self._operating.shown is OperationStage.WORKING and not self._operating.words:
            return "Working…"
        return self._operating.words

    def _say(self, words: str, *, quiet: bool) -> None:
        self._words.setText(words)
        self._words.setToolTip(plain_tip(words))
        self._words.setObjectName("quiet" if quiet else "")
        self._words.style().unpolish(self._words)
        self._words.style().polish(self._words)


def _key(kind: OperationKind) -> str:
    return f"operate.{kind.value}"


def _group(title: str, kinds: tuple[OperationKind, ...], actions: Actions) -> QWidget:
    group = QWidget()
    grid = QGridLayout(group)
    grid.setContentsMargins(0, 0, 0, 0)
    grid.setHorizontalSpacing(4)
    grid.setVerticalSpacing(0)
    name = QLabel(title)
    name.setObjectName("faint")
    grid.addWidget(name, 0, 0, 1, _COLUMNS)
    for index, kind in enumerate(kinds):
        button = ActionButton(actions, _key(kind))
        button.setObjectName("choice")
        button.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        grid.addWidget(button, 1 + index // _COLUMNS, index % _COLUMNS)
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

"""The tour: five sentences that point at the parts of the window they are about. It takes neither focus nor keys."""

from __future__ import annotations

import re
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QObject, QPoint, QRect, Qt, Signal
from PySide6.QtGui import QKeyEvent, QKeySequence
from PySide6.QtWidgets import QApplication, QFrame, QHBoxLayout, QLabel, QPushButton, QToolBar, QVBoxLayout, QWidget

from brainseg_gui.views.actions.actions import Actions
from brainseg_gui.views.actions.letters import without_letter
from brainseg_gui.views.shell.focus_keeper import TYPED_IN
from brainseg_gui.views.shell.main_window import MainWindow

_WIDTH, _GAP, _EDGE = 340, 12, 3


@dataclass(frozen=True)
class TourStep:
    """One sentence.

    Parameters
    ----------
    words
        Names of actions in angle brackets stand for their keys.
    action
        The action whose button is pointed at; empty for the panel of `panel`, or else the pictures.
    panel
        Title of a panel.
    """

    title: str
    words: str
    action: str = ""
    panel: str = ""


STEPS = (
    TourStep(
        "Open",
        "Open a folder of one case, or drop it on the window. A folder of case folders opens as a list. The "
        "demonstration case is in the File menu.",
        action="file.open",
    ),
    TourStep(
        "Browse",
        "The wheel scrolls slices, a click moves the crosshair, Ctrl and the wheel zoom. <view.previous_modality> and "
        "<view.next_modality> go through the modalities.",
    ),
    TourStep(
        "Segment",
        "The network marks the tumour and adds a prediction to the layers. Your masks stay as they are.",
        panel="Segment",
    ),
    TourStep(
        "Compare and correct",
        "With a reference the table tells the Dice, and <layers.next_error> goes from error to error. Annotate makes a "
        "copy that you correct with a brush; undo has no end.",
        action="annotate.start",
    ),
    TourStep(
        "Save",
        "The mask is saved beside its images, and comes back with the case. <file.next> opens the next case of a list.",
        action="file.save",
    ),
)

_ON = (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space, Qt.Key.Key_Right)


class Tour(QObject):
    """A frame around a part of the window, and a card beside it.

    Signals
    -------
    ended
        The person went through, or left.
    """

    ended = Signal()

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window, self._index = window, 0
        self.frame, self.card = QFrame(window), QFrame(window)
        self.frame.setObjectName("pointer")
        self.frame.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.card.setObjectName("notice")
        self.card.setFixedWidth(_WIDTH)
        self._title, self._words, self._count = QLabel(), QLabel(), QLabel()
        self._fill_card()
        self._keys = {Qt.Key.Key_Left: self._go_back, Qt.Key.Key_Escape: self.end}
        self._keys |= dict.fromkeys(_ON, self._go_on)
        self._application = QApplication.instance() or window
        self._application.installEventFilter(self)  # a key goes to whatever has the focus
        self._show()

    def _fill_card(self) -> None:
        self._title.setObjectName("section")
        self._words.setWordWrap(True)
        self._count.setObjectName("faint")
        self.skip, self.back, self.next = QPushButton("Skip the tour"), QPushButton("Back"), QPushButton("Next")
        self.next.setObjectName("primary")
        self.skip.setObjectName("link")
        for button, act in ((self.skip, self.end), (self.back, self._go_back), (self.next, self._go_on)):
            button.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # keys belong to the pictures
            button.clicked.connect(act)
        column, row = QVBoxLayout(self.card), QHBoxLayout()
        column.setContentsMargins(14, 12, 14, 10)
        column.setSpacing(8)
        for widget in (self._title, self._words):
            column.addWidget(widget)
        row.addWidget(self.skip)
        row.addWidget(self._count)
        row.addStretch(1)
        row.addWidget(self.back)
        row.addWidget(self.next)
        column.addLayout(row)

    @property
    def step(self) -> TourStep:
        """What is being said."""
        return STEPS[self._index]

    def end(self) -> None:
        """Go away."""
        self._application.removeEventFilter(self)
        for widget in (self.frame, self.card):
            widget.hide()
            widget.deleteLater()
        self.ended.emit()
        self.deleteLater()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self._window and event.type() in (QEvent.Type.Resize, QEvent.Type.LayoutRequest):
            self._move()
        if isinstance(event, QKeyEvent) and event.type() in (QEvent.Type.ShortcutOverride, QEvent.Type.KeyPress):
            return self._takes(event)
        return False

    def _takes(self, event: QKeyEvent) -> bool:
        """Turn the page with keys, while the window has the keyboard and nobody types; others go where they belong."""
        act = self._keys.get(Qt.Key(event.key()))
        elsewhere = QApplication.activePopupWidget() is not None or not self._window.isActiveWindow()
        typing = isinstance(self._window.focusWidget(), TYPED_IN)
        if act is None or elsewhere or typing or event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier:
            return False
        event.accept()
        if event.type() == QEvent.Type.KeyPress:
            act()
        return True

    def _go_on(self) -> None:
        if self._index + 1 == len(STEPS):
            self.end()
        else:
            self._index += 1
            self._show()

    def _go_back(self) -> None:
        self._index = max(self._index - 1, 0)
        self._show()

    def _show(self) -> None:
        step, last = self.step, self._index + 1 == len(STEPS)
        self._title.setText(step.title)
        self._words.setText(_with_keys(step.words, self._window.actions_table))
        self._count.setText(f"{self._index + 1} of {len(STEPS)}")
        self.back.setEnabled(self._index > 0)
        self.next.setText("Done" if last else "Next")
        if step.panel:
            self._window.panels.show(step.panel)
        for widget in (self.frame, self.card):
            widget.show()
            widget.raise_()
        self._move()

    def _move(self) -> None:
        """Around the target, and beside it where there is room."""
        target, room = _frame_of(self.target, self._window), self._window.rect()
        self.frame.setGeometry(target.adjusted(-_EDGE, -_EDGE, _EDGE, _EDGE).intersected(room))
        layout = self.card.layout()
        height = layout.totalHeightForWidth(_WIDTH) if layout is not None else 0
        self.card.resize(_WIDTH, height)
        self.card.move(_beside(target, QRect(0, 0, _WIDTH, height), room))

    @property
    def target(self) -> QWidget:
        """The part of the window that is pointed at."""
        step = self.step
        if step.action:
            action = self._window.actions_table[step.action]
            bars = self._window.findChildren(QToolBar)
            buttons = (bar.widgetForAction(action) for bar in bars)
            shown = next((button for button in buttons if button is not None and button.isVisible()), None)
            if shown is not None:
                return shown
        if step.panel:
            dock = next((dock for dock in self._window.panels.docks if dock.windowTitle() == step.panel), None)
            if dock is not None and dock.isVisible():
                return dock
        return self._window.centralWidget() or self._window


def _with_keys(words: str, actions: Actions) -> str:
    """A sentence with the keys that the person has for the actions in it."""

    def keys_of(found: re.Match[str]) -> str:
        action = actions[found[1]]
        return action.shortcut().toString(QKeySequence.SequenceFormat.NativeText) or without_letter(action.text())

    return re.sub(r"<([\w.]+)>", keys_of, words)


def _frame_of(widget: QWidget, window: QWidget) -> QRect:
    return QRect(widget.mapTo(window, QPoint(0, 0)), widget.size())


def _beside(target: QRect, card: QRect, room: QRect) -> QPoint:
    """Below, to the left or to the right of the target; over its middle where nothing else fits."""
    below = QPoint(target.left(), target.bottom() + _GAP)
    left = QPoint(target.left() - card.width() - _GAP, target.top())
    right = QPoint(target.right() + _GAP, target.top())
    for corner in (below, left, right):
        kept = QPoint(min(max(corner.x(), _GAP), room.width() - card.width() - _GAP), max(corner.y(), _GAP))
        moved = card.translated(kept)
        if room.contains(moved) and not moved.intersects(target):
            return kept
    return target.center() - card.center()

"""Which label is painted, what it may paint over, and which labels are locked."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from PySide6.QtCore import QEvent, QSignalBlocker, QSize
from PySide6.QtGui import QIcon, QKeySequence
from PySide6.QtWidgets import QButtonGroup, QCheckBox, QComboBox, QGridLayout, QLabel, QPushButton, QToolButton, QWidget

from brainseg_gui.annotation.rules import PaintOver
from brainseg_gui.imaging.labels import LabelScheme, Meaning
from brainseg_gui.state.annotating.tools import KEYED_LABELS
from brainseg_gui.state.session import Session
from brainseg_gui.views.actions.actions import Actions
from brainseg_gui.views.layers.label_table import swatch
from brainseg_gui.views.widgets.plain_text import plain_caption, plain_tip
from brainseg_gui.views.widgets.theme import icon
from brainseg_gui.views.widgets.tool_button import tool_button

_OVER = {
    PaintOver.EVERYTHING: "everything",
    PaintOver.BACKGROUND: "background only",
    PaintOver.CHOSEN: "only the ticked labels",
}
_COLUMN_OVER, _COLUMN_KEY, _COLUMN_LOCK = 1, 2, 3


class LabelChooser(QWidget):
    """A row per label of the annotation's scheme, and one for the background."""

    def __init__(self, session: Session, actions: Actions) -> None:
        super().__init__()
        self._session, self._annotating, self._actions = session, session.annotating, actions
        self._scheme: LabelScheme | None = None
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(8)
        self._grid.setVerticalSpacing(0)
        self._grid.setColumnStretch(0, 1)
        self._group = QButtonGroup(self)
        self._names: dict[int, QPushButton] = {}
        self._ticks: dict[int, QCheckBox] = {}
        self._locks: dict[int, QToolButton] = {}
        self._keys: dict[int, QLabel] = {}
        self._over = self._over_box()
        self._annotating.annotation_changed.connect(self._synchronize)
        self._annotating.rules_changed.connect(self._synchronize)
        session.viewing.events.colours.connect(self._synchronize)
        for place in range(1, KEYED_LABELS + 1):
            actions[f"annotate.label_{place}"].changed.connect(self._synchronize)
        self._synchronize()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:  # another theme
            self._draw_locks()

    def _over_box(self) -> QComboBox:
        box = QComboBox()
        box.setToolTip("What painting may change (O goes through the choices)")
        box.setAccessibleName("Paint over")
        for over, words in _OVER.items():
            box.addItem(f"Paint over {words}", over)
        box.activated.connect(lambda _: self._change(over=box.currentData()))
        return box

    def _synchronize(self) -> None:
        annotation = self._annotating.annotation
        if annotation is None:
            return
        if annotation.labels.scheme is not self._scheme:
            self._scheme = annotation.labels.scheme
            self._fill(self._scheme)
        rules, colours = self._annotating.rules, self._session.viewing.colours
        for label, button in self._names.items():
            button.setIcon(QIcon(swatch(colours.of(self._scheme.look_of(label)))))
            button.setChecked(label == rules.active)
        for place, label in enumerate(self._names, start=1):
            self._keys[label].setText(self._key_of(place))
        for label, tick in self._ticks.items():
            with QSignalBlocker(tick):
                tick.setChecked(label in rules.chosen)
            tick.setVisible(rules.over is PaintOver.CHOSEN)
        for label, lock in self._locks.items():
            with QSignalBlocker(lock):
                lock.setChecked(label in rules.locked)
        self._draw_locks()
        self._over.setCurrentIndex(list(_OVER).index(rules.over))

    def _draw_locks(self) -> None:
        for lock in self._locks.values():
            locked = lock.isChecked()
            lock.setIcon(icon("lock" if locked else "unlock", "text" if locked else "faint"))

    def _key_of(self, place: int) -> str:
        if place > KEYED_LABELS:
            return ""
        keys = self._actions[f"annotate.label_{place}"].shortcut()
        return keys.toString(QKeySequence.SequenceFormat.NativeText)

    def _fill(self, scheme: LabelScheme) -> None:
        """Make the rows anew, for another scheme."""
        for widget in (*self._names.values(), *self._ticks.values(), *self._locks.values(), *self._keys.values()):
            widget.hide()
            widget.deleteLater()
        self._names, self._ticks, self._locks, self._keys = {}, {}, {}, {}
        labels = sorted(scheme.labels)
        for row, label in enumerate(labels):
            self._add_name(row, label, scheme.look_of(label))
        for row, label in enumerate((*labels, 0)):
            self._add_rules(row, label, scheme.look_of(label).title if label else "background")
        background = QLabel("background")
        background.setObjectName("faint")
        background.setContentsMargins(34, 0, 0, 0)
        self._keys[0] = background
        self._grid.addWidget(background, len(labels), 0)
        self._grid.addWidget(self._over, len(labels) + 1, 0, 1, 4)

    def _add_name(self, row: int, label: int, look: Meaning) -> None:
        button = QPushButton(plain_caption(look.key))
        button.setObjectName("choice")
        button.setIconSize(QSize(20, 12))  # the swatch of 12 in its middle is 8 away from the edge and the name
        button.setCheckable(True)
        button.setToolTip(plain_tip(f"Paint {look.title} (number {label}); X goes back to the label before"))
        button.clicked.connect(partial(self._on_name_clicked, label))
        self._group.addButton(button)
        self._names[label] = button
        self._grid.addWidget(button, row, 0, 1, 4)  # the whole row; its marks lie over it
        key = QLabel()
        key.setObjectName("faint")
        self._keys[label] = key
        self._grid.addWidget(key, row, _COLUMN_KEY)

    def _add_rules(self, row: int, label: int, title: str) -> None:
        tick = QCheckBox()
        tick.setToolTip(plain_tip(f"{title[:1].upper()}{title[1:]} may be painted over"))
        tick.setAccessibleName(f"Paint over {title}")
        tick.toggled.connect(partial(self._on_ticked, label))
        lock = tool_button()
        lock.setCheckable(True)
        lock.setToolTip(plain_tip(f"Lock {title}: no tool changes it, and nothing becomes it"))
        lock.setAccessibleName(f"Lock {title}")
        lock.toggled.connect(partial(self._on_locked, label))
        self._ticks[label], self._locks[label] = tick, lock
        self._grid.addWidget(tick, row, _COLUMN_OVER)
        self._grid.addWidget(lock, row, _COLUMN_LOCK)

    def _on_name_clicked(self, label: int) -> None:
        self._change(active=label)

    def _on_ticked(self, label: int, ticked: bool) -> None:
        chosen = self._annotating.rules.chosen
        self._change(chosen=chosen | {label} if ticked else chosen - {label})

    def _on_locked(self, label: int, locked: bool) -> None:
        self._annotating.rules = self._annotating.rules.locking(label, locked)

    def _change(self, **fields: object) -> None:
        self._annotating.rules = replace(self._annotating.rules, **fields)  # type: ignore[arg-type]

"""The actions of a window, of the one table that menus, tool bar, keys, key list and palette are built from."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QMainWindow, QWidget

from brainseg_gui.views.actions.action_spec import ActionSpec
from brainseg_gui.views.actions.base_actions import BASE_ACTIONS
from brainseg_gui.views.actions.key_profiles import joined, sequences_of
from brainseg_gui.views.widgets.theme import icon


def with_added(specs: Iterable[ActionSpec], base: Sequence[ActionSpec] = BASE_ACTIONS) -> tuple[ActionSpec, ...]:
    """The table with what features bring, each behind the actions that its menu has."""
    table = list(base)
    for spec in specs:
        ends = [index for index, known in enumerate(table, start=1) if known.menu == spec.menu]
        table.insert(ends[-1] if ends else len(table), spec)
    return tuple(table)


class Actions(QObject):
    """The actions of one window.

    Parameters
    ----------
    window
        The window whose shortcuts they are.
    specs
        The table, in the order of the menus.
    overrides
        Shortcuts that the person changed: key of the action -> key sequence.
    """

    triggered = Signal(str)
    rebound = Signal()
    """An action has other keys now."""

    def __init__(self, window: QMainWindow, overrides: Mapping[str, str], specs: Sequence[ActionSpec]) -> None:
        super().__init__(window)
        self._window, self.specs = window, tuple(specs)
        self._actions = {spec.key: self._make(spec, overrides.get(spec.key)) for spec in specs}

    def __getitem__(self, key: str) -> QAction:
        return self._actions[key]

    def __iter__(self) -> Iterator[tuple[ActionSpec, QAction]]:
        return ((spec, self._actions[spec.key]) for spec in self.specs)

    def _make(self, spec: ActionSpec, override: str | None) -> QAction:
        action = QAction(spec.text, self._window)
        action.setObjectName(spec.key)
        action.setCheckable(spec.checkable)
        if spec.key == "file.quit":
            action.setMenuRole(QAction.MenuRole.QuitRole)
        self._set_keys(action, joined(spec.keys) if override is None else override, spec)
        action.triggered.connect(self._on_triggered)
        if spec.over_pictures:
            action.setShortcutContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        else:
            self._window.addAction(action)
        return action

    def _set_keys(self, action: QAction, keys: str, spec: ActionSpec) -> None:
        action.setShortcuts(sequences_of(keys))
        shown = f" ({action.shortcut().toString(QKeySequence.SequenceFormat.NativeText)})" if keys else ""
        tip = f"\n{spec.tip}" if spec.tip else ""
        action.setToolTip(f"{spec.name.removesuffix('…')}{shown}{tip}")

    def listen_over(self, pictures: QWidget) -> None:
        """Let the keys that are for the slices alone work over them."""
        for spec, action in self:
            if spec.over_pictures:
                pictures.addAction(action)

    def rebind(self, key: str, sequence: str) -> None:
        """Give an action other shortcuts (parted by semicolons), or none."""
        spec = next(spec for spec in self.specs if spec.key == key)
        self._set_keys(self._actions[key], sequence, spec)
        self.rebound.emit()

    def owner_of(self, sequence: str) -> str | None:
        """Key of the action that already has this shortcut."""
        wanted = QKeySequence(sequence)
        return next((key for key, action in self._actions.items() if wanted in action.shortcuts()), None)

    def refresh_icons(self, only: Collection[QAction] | None = None) -> None:
        """Draw the icons in the colours of the current theme: all, or only those of these actions."""
        for spec, action in self:
            if spec.icon and (only is None or action in only):
                action.setIcon(icon(spec.icon))

    def _on_triggered(self) -> None:
        self.triggered.emit(self.sender().objectName())


class ActionTip(QObject):
    """Keeps the tool tip of a widget that of an action, whose keys may change; lives as long as the widget."""

    def __init__(self, widget: QWidget, action: QAction) -> None:
        super().__init__(widget)
        self._widget, self._action = widget, action
        action.changed.connect(self._tell)
        self._tell()

    def _tell(self) -> None:
        self._widget.setToolTip(self._action.toolTip())

"""The menu bar: a menu and its topics for the actions of the table, and a letter to open each with."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QMenu, QMenuBar

from brainseg_gui.views.actions.action_spec import ActionSpec
from brainseg_gui.views.actions.actions import Actions
from brainseg_gui.views.actions.base_actions import MENUS
from brainseg_gui.views.actions.letters import give_letters, letter_of, with_letter


class Menus(QObject):
    """The menus of a window, by their names."""

    closed = Signal()
    """One of them was open, and is not any more."""

    def __init__(self, bar: QMenuBar, actions: Actions) -> None:
        super().__init__(bar)
        self._bar, self._actions = bar, actions
        self._menus = {name: bar.addMenu(name) for name in MENUS}
        self._topics: dict[tuple[str, str], QMenu] = {}
        for spec, action in actions:
            if spec.menu:
                self._menu_for(spec).addAction(action)
        for menu in self._menus.values():
            menu.aboutToShow.connect(partial(give_letters, menu))  # by then it holds all that it will
            menu.aboutToHide.connect(self.closed)
        actions.rebound.connect(self._choose_letters)
        self._choose_letters()

    def __getitem__(self, name: str) -> QMenu:
        return self._menus[name]

    def topic(self, menu: str, title: str) -> QMenu:
        """A menu inside a menu, made at the end of it when it is first asked for."""
        if (menu, title) not in self._topics:
            topic = self._topics[menu, title] = self._menus[menu].addMenu(title)
            topic.aboutToShow.connect(partial(give_letters, topic))
        return self._topics[menu, title]

    def open_first(self) -> None:
        """Open the first menu; arrow keys go on from there."""
        self._bar.setActiveAction(self._bar.actions()[0])

    def _menu_for(self, spec: ActionSpec) -> QMenu:
        """The menu of an action, with the line above it drawn; above its topic if it is the first there."""
        fresh = not spec.topic or (spec.menu, spec.topic) not in self._topics
        if spec.separated:
            (self._menus[spec.menu] if fresh else self.topic(spec.menu, spec.topic)).addSeparator()
        return self.topic(spec.menu, spec.topic) if spec.topic else self._menus[spec.menu]

    def _choose_letters(self) -> None:
        """Alt and the first letter of its name that no action and no other menu has opens a menu."""
        taken = {keys.toString() for _, action in self._actions for keys in action.shortcuts()}
        for name, menu in self._menus.items():
            menu.setTitle(with_letter(name, lambda letter: f"Alt+{letter}" not in taken))
            taken.add(f"Alt+{letter_of(menu.title())}")

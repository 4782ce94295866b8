"""A feature of the program, registered once, and whoever serves those that are not needed from the start."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar, runtime_checkable

from PySide6.QtWidgets import QWidget

from brainseg_gui.views.actions.action_spec import ActionSpec
from brainseg_gui.views.shell.panel_spec import PanelSpec
from brainseg_gui.views.shell.panels import Panels

if TYPE_CHECKING:
    from brainseg_gui.controllers.shell.controller_set import ControllerSet

Controller = TypeVar("Controller")


@dataclass(frozen=True, eq=False)
class Feature(Generic[Controller]):
    """What the program can do beside opening and showing a case.

    Parameters
    ----------
    make
        Makes its controller, when one of its panels is made or one of its actions is called; imports it there, so
        that a start does not wait for it.
    panels, actions
        What it brings into the window, and into menus, keys, key list and palette.
    commands
        What its actions do, and those of the table that it answers; the actions that show its panels need none.
    """

    make: Callable[[ControllerSet], Controller]
    panels: tuple[PanelSpec[Any], ...] = ()
    actions: tuple[ActionSpec, ...] = ()
    commands: Mapping[str, Callable[[Controller], object]] = field(default_factory=dict)


class FeatureControllers:
    """Controllers of features; until one is made, nothing of what it keeps can have been chosen: it misses nothing."""

    def __init__(self, features: Sequence[Feature[Any]], controllers: ControllerSet, panels: Panels) -> None:
        self._features, self._controllers = features, controllers
        self._made: dict[Feature[Any], Any] = {}
        for feature in features:
            for spec in feature.panels:
                panels[spec].when_made(partial(self._on_panel_made, feature))

    def __getitem__(self, feature: Feature[Controller]) -> Controller:
        """The controller, made now if it was not yet."""
        if feature not in self._made:
            self._made[feature] = feature.make(self._controllers)
        made: Controller = self._made[feature]
        return made

    def __contains__(self, feature: Feature[Any]) -> bool:
        """Whether the controller was made."""
        return feature in self._made

    def commands(self) -> Iterator[tuple[str, Callable[[], object]]]:
        """Who answers which action."""
        for feature in self._features:
            for key, command in feature.commands.items():
                yield key, partial(self._call, feature, command)

    def close(self) -> None:
        """End the threads of those that were made, when the program ends."""
        for controller in self._made.values():
            if isinstance(controller, _Closing):
                controller.close()

    def _call(self, feature: Feature[Any], command: Callable[[Any], object]) -> None:
        command(self[feature])

    def _on_panel_made(self, feature: Feature[Any], _panel: QWidget) -> None:
        _ = self[feature]


@runtime_checkable
class _Closing(Protocol):
    def close(self) -> None: ...

"""A feature of the program, registered once: its panels, its actions, its controller, and whom it knows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from brainseg_gui.views.actions.action_spec import ActionSpec
from brainseg_gui.views.shell.panel_spec import PanelSpec

if TYPE_CHECKING:
    from brainseg_gui.controllers.shell.features.controller_set import ControllerSet

Controller = TypeVar("Controller")


def _to_nobody(_controller: Any, _controllers: ControllerSet) -> None:
    """Most controllers are given all that they need."""


@dataclass(frozen=True, eq=False)
class Feature(Generic[Controller]):
    """What the program can do.

    Parameters
    ----------
    make
        Makes its controller. One that is not there from the start is made when one of the panels is made or one of
        the actions is called, and imported there, so that a start does not wait for it.
    panels, actions
        What it brings into the window, and into menus, keys, key list and palette.
    commands
        What its actions do, and those of the table that it answers, beside the `commands` that its controller has if
        it is there from the start. The actions that show its panels need none.
    introduce
        Lets the controller and others know of one another, once it is made.
    at_start
        Its controller is made with the window.
    """

    make: Callable[[ControllerSet], Controller]
    panels: tuple[PanelSpec[Any], ...] = ()
    actions: tuple[ActionSpec, ...] = ()
    commands: Mapping[str, Callable[[Controller], object]] = field(default_factory=dict)
    introduce: Callable[[Controller, ControllerSet], None] = _to_nobody
    at_start: bool = False

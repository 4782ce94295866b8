"""Tools of plug-ins, as a feature of the window: one action for each that is installed and switched on."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from brainseg_gui.controllers.shell.features.feature import Feature
from brainseg_gui.plugins.declared import PlugIn, plug_ins
from brainseg_gui.views.actions.action_spec import ActionSpec

if TYPE_CHECKING:
    from brainseg_gui.controllers.annotating.plug_in_tools import PlugInToolsController
    from brainseg_gui.controllers.shell.features.controller_set import ControllerSet


def _tools(controllers: ControllerSet) -> PlugInToolsController:
    from brainseg_gui.controllers.annotating.plug_in_tools import PlugInToolsController

    return PlugInToolsController(controllers.session, controllers.window)


def _running(plug_in: PlugIn) -> Callable[[PlugInToolsController], object]:
    return lambda tools: tools.run(plug_in)


def _key(plug_in: PlugIn) -> str:
    return f"tool.{plug_in.package}.{plug_in.name}"


def tools_feature() -> Feature[PlugInToolsController]:
    """The feature of the tools that there are; packages are not imported."""
    tools = plug_ins("tools")
    return Feature(
        _tools,
        actions=tuple(
            ActionSpec(_key(tool), tool.name, "Operations", (), f"A tool of {tool.package}", topic="Plug-ins")
            for tool in tools
        ),
        commands={_key(tool): _running(tool) for tool in tools},
    )

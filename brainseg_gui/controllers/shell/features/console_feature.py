"""The Python console, as a feature of the window."""

from __future__ import annotations

from typing import TYPE_CHECKING

from brainseg_gui.controllers.shell.features.feature import Feature
from brainseg_gui.views.actions.action_spec import ActionSpec

if TYPE_CHECKING:
    from brainseg_gui.controllers.shell.console import ConsoleController
    from brainseg_gui.controllers.shell.features.controller_set import ControllerSet


def _console(controllers: ControllerSet) -> ConsoleController:
    from brainseg_gui.controllers.shell.console import ConsoleController

    return ConsoleController(controllers.session, controllers.window, controllers.preferences)


CONSOLE = Feature(
    _console,
    actions=(
        ActionSpec(
            "help.console",
            "Python &console…",
            "Help",
            (),
            "Volumes and masks as numpy arrays; what it changes is undone like everything else",
            known_as="script ipython jupyter terminal",
        ),
    ),
    commands={"help.console": lambda console: console.show()},
)

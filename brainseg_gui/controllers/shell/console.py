"""A Python console on the open session, in the window's own process; nothing of it is loaded before it is asked for."""

from __future__ import annotations

import logging
from importlib.util import find_spec
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QWidget

from brainseg_gui.controllers.annotating.console_session import ConsoleSession
from brainseg_gui.controllers.settings.preferences import Preferences
from brainseg_gui.controllers.settings.side_window import SideWindow
from brainseg_gui.errors import listed
from brainseg_gui.state.session import Notice, Session

if TYPE_CHECKING:
    from brainseg_gui.views.shell.console_window import ConsoleWindow

log = logging.getLogger(__name__)
_NEEDED = ("qtconsole", "ipykernel")
_GREETING = """session is the open case, np is numpy; Tab completes, help(session) tells more.

  session.volume('t1ce')     intensities, a copy
  session.mask()             labels of the mask that is worked on, a copy
  session.crosshair          the voxel in sight; set it to go there
  session.add_layer(array)   shows a mask
  session.edit(array)        makes the annotation what the array says; session.undo() takes it back

"""


class ConsoleController(QObject):
    """Opens the console; its kernel runs in the window's thread, so that what it does comes between two gestures."""

    def __init__(self, session: Session, window: QWidget, preferences: Preferences) -> None:
        super().__init__(window)
        self._session = session
        self._side = SideWindow["ConsoleWindow"](self._make_window, preferences, "console")

    @property
    def window(self) -> ConsoleWindow | None:
        """The console; None before it is first shown."""
        return self._side.window

    def show(self) -> None:
        """Open the console, or say what is missing."""
        missing = [name for name in _NEEDED if find_spec(name) is None]
        if missing:
            remedy = 'In a shell: pip install -c constraints.txt "brainseg[console]", then start brainseg again'
            self._session.say(Notice(f"The console needs {listed(missing)}, not installed here", remedy))
            return
        self._side.show()

    def close(self) -> None:
        """End the kernel and put the window away, when the program ends."""
        if (window := self._side.window) is not None:
            from brainseg_gui.controllers.shell.console_kernel import end_kernel

            manager, client = window.kernel_manager, window.kernel_client
            window.kernel_client = window.kernel_manager = None  # late answers find no window
            end_kernel(manager, client)
        self._side.close()

    def _make_window(self) -> ConsoleWindow:
        import numpy as np

        from brainseg_gui.controllers.shell.console_kernel import start_kernel
        from brainseg_gui.views.shell.console_window import ConsoleWindow

        console = ConsoleWindow(_GREETING)
        manager, client = start_kernel({"session": ConsoleSession(self._session), "np": np})
        console.kernel_manager, console.kernel_client = manager, client
        console.apply_colours()
        return console

"""A Python console on the open session, in the window's own process; nothing of it is loaded before it is asked for."""

from __future__ import annotations

import logging
from importlib.util import find_spec
from typing import Any

from PySide6.QtCore import QObject, Qt
from PySide6.QtWidgets import QWidget

from brainseg_gui.controllers.annotating.console_session import ConsoleSession
from brainseg_gui.controllers.settings.preferences import Preferences
from brainseg_gui.controllers.settings.side_window import SideWindow
from brainseg_gui.errors import listed
from brainseg_gui.state.session import Notice, Session

log = logging.getLogger(__name__)
_NEEDED = ("qtconsole", "ipykernel")
_BANNER = (
    "session is the open case: session.volume('t1ce'), session.mask(), session.crosshair, session.add_layer(array), "
    "session.edit(array), session.undo(). help(session) tells more. np is numpy.\n\n"
)


class ConsoleController(QObject):
    """Opens the console; its kernel runs in the window's thread, so that what it does comes between two gestures."""

    def __init__(self, session: Session, window: QWidget, preferences: Preferences) -> None:
        super().__init__(window)
        self._session = session
        self._manager: Any = None
        self._side = SideWindow[QWidget](self._make_window, preferences, "console")

    @property
    def window(self) -> QWidget | None:
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
        window = self._side.window
        if self._manager is not None and window is not None:
            window.kernel_client.stop_channels()  # type: ignore[attr-defined]
            self._manager.shutdown_kernel()
        self._side.close()

    def _make_window(self) -> QWidget:
        import numpy as np
        from qtconsole.inprocess import QtInProcessKernelManager
        from qtconsole.rich_jupyter_widget import RichJupyterWidget

        self._manager = QtInProcessKernelManager()
        self._manager.start_kernel(show_banner=False)
        kernel = self._manager.kernel
        kernel.gui = "qt"
        kernel.shell.push({"session": ConsoleSession(self._session), "np": np})
        client = self._manager.client()
        client.start_channels()
        console: QWidget = RichJupyterWidget(banner=_BANNER)
        console.setWindowFlag(Qt.WindowType.Window)
        console.setWindowTitle("Python console – brainseg")
        console.resize(760, 420)
        console.kernel_manager, console.kernel_client = self._manager, client  # type: ignore[attr-defined]
        console.set_default_style("linux")  # type: ignore[attr-defined]
        return console

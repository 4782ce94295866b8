"""Shows what other packages bring, and switches it off."""

from __future__ import annotations

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QWidget

from brainseg_gui.controllers.jobs.notices import notice_of
from brainseg_gui.errors import SaveError
from brainseg_gui.plugins.declared import declared
from brainseg_gui.plugins.switches import switch, switched_off
from brainseg_gui.state.session import Session
from brainseg_gui.views.shell.plug_ins_dialog import PlugInsDialog

_KINDS = {"models": "network", "measures": "measure", "formats": "format", "tools": "tool"}


class PlugInsController(QObject):
    """Opens the dialog; nothing of a package is imported for it."""

    def __init__(self, session: Session, window: QWidget) -> None:
        super().__init__(window)
        self._session, self._window = session, window

    def show(self) -> None:
        """List every package."""
        brought: dict[str, list[tuple[str, str]]] = {}
        for plug_in in declared():
            brought.setdefault(plug_in.package, []).append((_KINDS[plug_in.group], plug_in.name))
        dialog = PlugInsDialog(self._window, brought, switched_off())
        dialog.switched.connect(self._switch)
        dialog.open()

    def _switch(self, package: str, on: bool) -> None:
        try:
            switch(package, on=on)
        except SaveError as error:
            self._session.say(notice_of(error))

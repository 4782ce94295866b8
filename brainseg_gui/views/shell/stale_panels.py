"""Panels that still tell of the case before, while another one is being read."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import shiboken6
from PySide6.QtCore import QObject, QTimer
from PySide6.QtWidgets import QWidget

from brainseg_gui.state.session import Session

_SOON_MS = 200  # most cases are there by then: panels must not flicker


class StalePanels(QObject):
    """Greys panels about masks while the pictures show another case already.

    Parameters
    ----------
    panels
        Gives the panels that are there now.
    """

    def __init__(self, session: Session, panels: Callable[[], Iterable[QWidget]], parent: QObject) -> None:
        super().__init__(parent)
        self._session, self._panels = session, panels
        self._greyed: list[QWidget] = []
        self._soon = QTimer(self, singleShot=True, interval=_SOON_MS)
        self._soon.timeout.connect(self._grey)
        session.case_changed.connect(self._on_case_changed)

    def _on_case_changed(self) -> None:
        if not self._session.previewing:
            self._soon.stop()
            for panel in filter(shiboken6.isValid, self._greyed):  # what kept a panel's room goes with its making
                panel.setEnabled(True)
            self._greyed = []
        elif not self._greyed and not self._soon.isActive():
            self._soon.start()

    def _grey(self) -> None:
        if self._session.previewing:
            self._greyed = [panel for panel in self._panels() if panel.isEnabled()]
            for panel in self._greyed:
                panel.setEnabled(False)

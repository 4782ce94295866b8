"""Panels that still tell of the case before, while another one is being read."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import shiboken6
from PySide6.QtCore import QObject, QTimer
from PySide6.QtWidgets import QWidget

from brainseg_gui.state.session import Session
from brainseg_gui.views.widgets.lazy_panel import LazyPanel

_SOON_MS = 200  # most cases are there by then: panels must not flicker


class StalePanels(QObject):
    """Greys panels about masks while the pictures show another case already.

    Parameters
    ----------
    panels
        Gives the panels that are there now.
    later
        Those that may be made at any time.
    """

    def __init__(
        self,
        session: Session,
        panels: Callable[[], Iterable[QWidget]],
        later: Iterable[LazyPanel[Any]],
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._session, self._panels = session, panels
        self._greyed: list[QWidget] = []
        self._grey_now = False
        self._soon = QTimer(self, singleShot=True, interval=_SOON_MS)
        self._soon.timeout.connect(self._grey)
        session.case_changed.connect(self._on_case_changed)
        for panel in later:
            panel.when_made(self._on_made)

    def _on_case_changed(self) -> None:
        if not self._session.previewing:
            self._soon.stop()
            for panel in filter(shiboken6.isValid, self._greyed):  # what kept a panel's room goes with its making
                panel.setEnabled(True)
            self._greyed, self._grey_now = [], False
        elif not self._grey_now and not self._soon.isActive():
            self._soon.start()

    def _grey(self) -> None:
        if self._session.previewing:
            self._grey_now = True
            for panel in self._panels():
                self._on_made(panel)

    def _on_made(self, panel: QWidget) -> None:
        if self._grey_now and panel.isEnabled():
            panel.setEnabled(False)
            self._greyed.append(panel)

"""A dock whose panel is made when the dock is first seen."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSize, QTimer
from PySide6.QtWidgets import QDockWidget, QMainWindow, QWidget

from brainseg_gui.views.widgets.lazy_panel import LazyPanel
from brainseg_gui.views.widgets.wheel_guard import WheelGuard

_STRIP_HEIGHT = 6


class PanelDock(QDockWidget):
    """Holds one panel of the window.

    Parameters
    ----------
    title
        Name of the panel; also that of its tab, and under it its place is remembered.
    panel
        Made when the dock is in front, but not before `release`: the window's first picture goes first.
    least_width
        In pixels; the dock keeps it without the panel, so that a remembered layout fits. A panel that needs more in
        the system's font gets more.
    headed
        The panel says its name itself.
    """

    def __init__(
        self, title: str, panel: LazyPanel[QWidget], least_width: int, window: QMainWindow, *, headed: bool = False
    ) -> None:
        super().__init__(title, window)
        self.setObjectName(f"dock {title}")
        self._panel, self._least_width, self._headed = panel, least_width, headed
        self._released = self._in_front = False
        self._strip = _Strip()
        if panel.made is None:
            self.setWidget(_empty(least_width))
        panel.when_made(self._put)
        self.visibilityChanged.connect(self._on_visibility_changed)

    @property
    def in_front(self) -> bool:
        """Whether it is seen: open, and the tab in front of its group."""
        return self._in_front

    def release(self) -> None:
        """From now on the panel is made as soon as it is seen."""
        self._released = True
        self.fill()

    def fill(self) -> None:
        """Make the panel, if it is time."""
        if self._released and self._in_front:
            self._panel()

    def follow_tabs(self, beside: Sequence[QDockWidget]) -> None:
        """Show the title unless a tab or the panel says it; what is left of the bar can still be dragged."""
        said = self._headed or any(not dock.isHidden() for dock in beside)
        if said != (self.titleBarWidget() is self._strip):
            self.setTitleBarWidget(self._strip if said else None)  # type: ignore[arg-type]

    def _put(self, panel: QWidget) -> None:
        before = self.widget()
        panel.setMinimumWidth(max(self._least_width, panel.minimumSizeHint().width()))
        WheelGuard(panel)
        self.setWidget(panel)
        if before is not None:
            before.deleteLater()

    def _on_visibility_changed(self, visible: bool) -> None:
        """Said of the tab in front only, unlike `isVisible`."""
        self._in_front = visible
        if visible:  # a dock that is put behind others is in front for a moment
            QTimer.singleShot(0, self, self.fill)


class _Strip(QWidget):
    """What is left of the title bar under a tab."""

    def sizeHint(self) -> QSize:
        return QSize(0, _STRIP_HEIGHT)


def _empty(least_width: int) -> QWidget:
    widget = QWidget()
    widget.setMinimumWidth(least_width)
    return widget

"""The panels around the middle of a window: where they dock, and when they are made."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any, TypeVar, cast

from PySide6.QtCore import QObject, Qt, QTimer
from PySide6.QtWidgets import QMainWindow, QTabWidget, QWidget

from brainseg_gui.state.session import Session
from brainseg_gui.views.actions.actions import Actions
from brainseg_gui.views.shell.panel_dock import PanelDock
from brainseg_gui.views.shell.panel_spec import PanelSpec, Side
from brainseg_gui.views.widgets.lazy_panel import LazyPanel

Panel = TypeVar("Panel", bound=QWidget)

_AREAS = {
    Side.LEFT: Qt.DockWidgetArea.LeftDockWidgetArea,
    Side.RIGHT: Qt.DockWidgetArea.RightDockWidgetArea,
    Side.TOP: Qt.DockWidgetArea.TopDockWidgetArea,
}
_ORDER = tuple(Side)


class Panels(QObject):
    """All panels of a window, by what was said of them; a panel that is called for is made, and stays.

    Parameters
    ----------
    specs
        Those of one side in the order in which they dock; the menu lists left, right, below.

    Attributes
    ----------
    docks
        One for each panel but the pages below the pictures.
    """

    def __init__(
        self, window: QMainWindow, session: Session, actions: Actions, specs: Sequence[PanelSpec[Any]]
    ) -> None:
        super().__init__(window)
        self._window, self._specs = window, tuple(sorted(specs, key=lambda spec: _ORDER.index(spec.side)))
        self._tabs_moved = QTimer(self, singleShot=True, interval=0)
        self._tabs_moved.timeout.connect(self.follow_tabs)
        self._panels: dict[str, LazyPanel[QWidget]] = {
            spec.title: LazyPanel(partial(spec.make, session, actions)) for spec in self._specs
        }
        for spec in self._specs:
            if spec.open:
                self._panels[spec.title]()
        self.docks = tuple(self._dock(spec) for spec in self._specs if spec.side in _AREAS)
        self._arrange()

    def __getitem__(self, spec: PanelSpec[Panel]) -> LazyPanel[Panel]:
        return cast("LazyPanel[Panel]", self._panels[spec.title])

    def __iter__(self) -> Iterator[tuple[str, LazyPanel[QWidget]]]:
        return iter(self._panels.items())

    def named(self, title: str) -> LazyPanel[QWidget]:
        """A panel by its title."""
        return self._panels[title]

    def dock(self, title: str) -> PanelDock:
        """The dock of a panel."""
        return next(dock for dock in self.docks if dock.windowTitle() == title)

    def pages(self) -> dict[str, LazyPanel[QWidget]]:
        """The panels that stand below the pictures."""
        return {spec.title: self._panels[spec.title] for spec in self._specs if spec.side is Side.BELOW}

    def about_masks(self) -> Iterator[QWidget | None]:
        """What stands in the docks of the panels about masks: the panel, or what keeps room for it."""
        return (self.dock(spec.title).widget() for spec in self._specs if spec.about_masks and spec.side in _AREAS)

    def later_about_masks(self) -> Iterator[LazyPanel[Any]]:
        """The panels about masks, which are made when somebody needs them."""
        return (self._panels[spec.title] for spec in self._specs if spec.about_masks and spec.side in _AREAS)

    def show(self, title: str) -> None:
        """Open a panel, or bring its tab to the front."""
        dock = self.dock(title)
        dock.show()
        dock.raise_()
        dock.fill()
        self.follow_tabs()  # now, not in a moment: a title would come and go

    def bring_forward(self, title: str) -> None:
        """Bring the tab of a panel to the front, unless it was closed."""
        if not self.dock(title).isHidden():
            self.show(title)

    def leave(self, title: str) -> None:
        """Give the room of a panel back to the one behind which it stands, where it is in front."""
        behind = next(spec.behind for spec in self._specs if spec.title == title)
        if self.dock(title).in_front:
            self.bring_forward(behind)

    def put_away(self) -> None:
        """Close the panels that say nothing of most cases."""
        for spec in self._specs:
            if spec.occasional:
                self.dock(spec.title).hide()

    def commands(self) -> dict[str, Callable[[], object]]:
        """Who answers the actions that show a panel."""
        return {spec.shown_by: partial(self.show, spec.title) for spec in self._specs if spec.shown_by}

    def release(self) -> None:
        """From now on each panel is made as soon as it is seen."""
        for dock in self.docks:
            dock.release()

    def follow_tabs(self) -> None:
        """Show the title of a dock unless its tab says it."""
        for dock in self.docks:
            dock.follow_tabs(self._window.tabifiedDockWidgets(dock))

    def _dock(self, spec: PanelSpec[Any]) -> PanelDock:
        dock = PanelDock(spec.title, self._panels[spec.title], spec.least_width, self._window, headed=spec.headed)
        dock.visibilityChanged.connect(self._on_dock_changed)
        self._window.addDockWidget(_AREAS[spec.side], dock)
        return dock

    def _arrange(self) -> None:
        for area in _AREAS.values():
            self._window.setTabPosition(area, QTabWidget.TabPosition.North)
        for spec in self._specs:
            if spec.behind:
                self._window.tabifyDockWidget(self.dock(spec.behind), self.dock(spec.title))
                self.dock(spec.title).hide()
        for spec in self._specs:
            if spec.side in _AREAS and not (spec.behind or spec.open):
                self.dock(spec.title).hide()

    def _on_dock_changed(self, _visible: bool) -> None:
        self._tabs_moved.start()

"""The window: layout, and nothing else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QByteArray, Qt, QTimer, Signal
from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent, QPaintEvent, QShowEvent
from PySide6.QtWidgets import QMainWindow, QMenu, QStackedWidget, QVBoxLayout, QWidget

from brainseg_gui.state.session import Session
from brainseg_gui.views.actions.action_spec import ActionSpec
from brainseg_gui.views.actions.actions import Actions
from brainseg_gui.views.actions.menus import Menus
from brainseg_gui.views.annotating.annotate_tool_bar import AnnotateToolBar
from brainseg_gui.views.shell.focus_keeper import FocusKeeper
from brainseg_gui.views.shell.main_tool_bar import MainToolBar
from brainseg_gui.views.shell.panel_spec import PanelSpec
from brainseg_gui.views.shell.panels import Panels
from brainseg_gui.views.shell.stale_panels import StalePanels
from brainseg_gui.views.shell.welcome import Welcome
from brainseg_gui.views.slices.readout import Readout
from brainseg_gui.views.widgets.lazy_panel import LazyPanel
from brainseg_gui.views.widgets.notice_bar import NoticeBar
from brainseg_gui.views.widgets.screen_room import fit_screen
from brainseg_gui.views.widgets.wheel_guard import WheelGuard

if TYPE_CHECKING:
    from brainseg_gui.followup.visits import TimeLine
    from brainseg_gui.views.comparing.comparison_panel import ComparisonPanel
    from brainseg_gui.views.slices.ortho_view import OrthoView

_ANYWAY_MS = 1000
_WHILE_ANNOTATING = ("Annotate", "Operations", "Proposal")


class MainWindow(QMainWindow):
    """All views of one session.

    Parameters
    ----------
    key_overrides
        Shortcuts that the person changed.
    panels, actions
        What its features bring.

    Attributes
    ----------
    panels
        By what was said of them.
    comparison
        The table of scores and the pages beside it, below the pictures.
    pictures
        The slices; made with the first case, or when there is time after the window's first picture.
    """

    painted = Signal()
    """The first picture is on the screen, or is not wanted; what is slow may begin."""
    paths_dropped = Signal(object)
    close_requested = Signal(object)

    def __init__(
        self,
        session: Session,
        key_overrides: Mapping[str, str],
        panels: Sequence[PanelSpec[Any]],
        actions: Sequence[ActionSpec],
    ) -> None:
        super().__init__()
        self._session = session
        self._painted = False
        self.actions_table = Actions(self, key_overrides, actions)
        self.panels = Panels(self, session, self.actions_table, panels)
        self.resizeDocks([self.panels.dock("Cases")], [200], Qt.Orientation.Horizontal)
        self.comparison: LazyPanel[ComparisonPanel] = LazyPanel(self._make_comparison)
        self._list_width = 0  # of the case list before the annotation began
        self.setAcceptDrops(True)
        fit_screen(self, (1600, 1000), (960, 600))
        self.pictures: LazyPanel[OrthoView] = LazyPanel(self._make_pictures)
        self._line: TimeLine | None = None
        self.focus = FocusKeeper(self, self.pictures)
        self.welcome = Welcome()
        self.notice = NoticeBar(session)
        self.readout = Readout(session)
        self.recent_menu = QMenu("Open &recent", self)
        self._build_centre()
        self.menus = Menus(self.menuBar(), self.actions_table)
        self._fill_menus()
        self.actions_table.triggered.connect(self.focus.leave_field)
        self.menus.closed.connect(self.focus.leave_field)
        self._tool_bar = MainToolBar(session, self.actions_table)
        self._hand_bar = AnnotateToolBar(session, self.actions_table)
        self.addToolBar(self._tool_bar)
        self.addToolBar(Qt.ToolBarArea.LeftToolBarArea, self._hand_bar)
        self.statusBar().addWidget(self.readout, 1)
        self.statusBar().setSizeGripEnabled(False)
        self._follow(session)
        self.actions_table.refresh_icons(only=self._tool_bar.actions())
        self.painted.connect(self._make_the_rest)
        StalePanels(session, self._panels_about_masks, (self.comparison, *self.panels.later_about_masks()), self)
        self._default_state = self.saveState()
        self._synchronize()

    def _follow(self, session: Session) -> None:
        session.annotating.annotation_changed.connect(self._on_annotation_changed)
        session.case_changed.connect(self._synchronize)
        session.cohort_changed.connect(self._on_cohort_changed)
        session.opening.events.running.connect(self._on_opening_changed)
        session.layers.changed.connect(self._show_title)
        session.layers.appearance_changed.connect(self._show_title)

    @property
    def ortho(self) -> OrthoView:
        """The pictures."""
        return self.pictures()

    def _panels_about_masks(self) -> list[QWidget]:
        return [panel for panel in (self.comparison.made, *self.panels.about_masks()) if panel is not None]

    def _build_centre(self) -> None:
        centre = QWidget()
        centre.setObjectName("centre")
        column = QVBoxLayout(centre)
        column.setContentsMargins(4, 4, 4, 4)
        column.setSpacing(4)
        self._stack = QStackedWidget()
        self._stack.addWidget(self.welcome)
        column.addWidget(self._stack, 1)
        self.setCentralWidget(centre)
        self.notice.float_over(centre)

    def _make_the_rest(self) -> None:
        """What an empty window shows later, if at all; one by one, so that it answers meanwhile."""
        for make in (self.actions_table.refresh_icons, self.pictures):
            QTimer.singleShot(0, self, make)

    def _make_pictures(self) -> OrthoView:
        from brainseg_gui.views.slices.ortho_view import (
            OrthoView,  # here, because pyqtgraph takes longer than the window
        )

        ortho = OrthoView(self._session, self.comparison())
        WheelGuard(ortho)
        self._stack.addWidget(ortho)
        self.actions_table.listen_over(ortho)
        self.readout.follow(lambda: ortho.voxel_under_cursor)
        ortho.cursor_moved.connect(self.readout.synchronize)
        return ortho

    def _make_comparison(self) -> ComparisonPanel:
        from brainseg_gui.views.comparing.comparison_panel import ComparisonPanel

        comparison = ComparisonPanel(self._session)
        for title, page in self.panels.pages().items():
            comparison.add_page(title, page())
        return comparison

    def _fill_menus(self) -> None:
        self.menus["File"].insertMenu(self.actions_table["file.open_demo"], self.recent_menu)
        for dock in self.panels.docks:
            self.menus.topic("View", "Panels").addAction(dock.toggleViewAction())

    def _synchronize(self) -> None:
        self._stack.setCurrentWidget(self.ortho if self._session.displayed is not None else self.welcome)
        self.focus.give_back_unless_typing()
        self._show_title()

    def _on_opening_changed(self, running: bool) -> None:
        if running:
            self.pictures()  # before a thread reads what they are to show

    def _show_title(self, *_: object) -> None:
        case = self._session.displayed
        self.setWindowTitle(f"{case.case_id}[*] – brainseg" if case else "brainseg")
        self.setWindowModified(self._session.layers.unsaved)

    def _on_cohort_changed(self) -> None:
        self.panels.dock("Cases").setVisible(bool(self._session.cohort))

    def follow(self, line: TimeLine | None) -> None:
        """Show the strip of the visits while a patient is followed."""
        self._line = line
        self.panels.dock("Time line").setVisible(line is not None)

    def _on_annotation_changed(self) -> None:
        there = self._session.annotating.annotation is not None
        if there and self.panels.dock("Annotate").isHidden():
            self._list_width = self.panels.dock("Cases").width()
        for title in _WHILE_ANNOTATING:
            self.panels.dock(title).setVisible(there)
        if there:
            self.panels.show("Annotate")
        elif self._list_width:
            QTimer.singleShot(0, self, self._narrow_list)  # when the panels beside it have really gone
        self._hand_bar.synchronize()

    def share_left_column(self, folded: bool) -> None:
        """A list that comes back takes its part of the column from what stands below it."""
        if not folded:
            column = [self.panels.dock(title) for title in ("Cases", "Annotate")]
            self.resizeDocks(column, [2, 3], Qt.Orientation.Vertical)

    def _narrow_list(self) -> None:
        """Give the pictures the room back that the panels of annotating took."""
        if self._session.annotating.annotation is None:
            self.resizeDocks([self.panels.dock("Cases")], [self._list_width], Qt.Orientation.Horizontal)

    def reset_layout(self) -> None:
        """Put all panels back."""
        self.restoreState(self._default_state)
        self._on_cohort_changed()
        self.follow(self._line)
        self._on_annotation_changed()

    def restore(self, geometry: QByteArray, state: QByteArray) -> None:
        """Come back as the person left it."""
        if not geometry.isEmpty():
            self.restoreGeometry(geometry)
        if not state.isEmpty():
            self.restoreState(state)
            self.panels.put_away()
        self._on_cohort_changed()
        self.follow(self._line)
        self._on_annotation_changed()

    # the first picture

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        QTimer.singleShot(_ANYWAY_MS, self, self._on_painted)  # a minimised window paints nothing

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if not self._painted:
            QTimer.singleShot(0, self, self._on_painted)

    def _on_painted(self) -> None:
        if not self._painted:
            self._painted = True
            self.painted.emit()
            self.panels.release()

    # what is let go over it, and its end

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        own = event.source() is not None  # dragged out of this window: it is open here
        if not own and any(url.isLocalFile() for url in event.mimeData().urls()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        paths = [Path(url.toLocalFile()) for url in event.mimeData().urls() if url.isLocalFile()]
        if paths:
            event.acceptProposedAction()
            self.paths_dropped.emit(paths)

    def closeEvent(self, event: QCloseEvent) -> None:
        self.close_requested.emit(event)

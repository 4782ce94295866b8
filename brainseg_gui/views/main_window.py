"""The window: layout, and nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from PySide6.QtCore import QByteArray, QSize, Qt, Signal
from PySide6.QtGui import QActionGroup, QCloseEvent, QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import (
    QDockWidget,
    QLabel,
    QMainWindow,
    QMenu,
    QSizePolicy,
    QStackedWidget,
    QTabBar,
    QTabWidget,
    QToolBar,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from brainseg_gui.imaging.modality import Modality
from brainseg_gui.state.session import Session
from brainseg_gui.views.actions import Actions
from brainseg_gui.views.annotate_panel import WIDTH as ANNOTATE_WIDTH
from brainseg_gui.views.annotate_panel import AnnotatePanel, AnnotateToolBar
from brainseg_gui.views.cases_panel import CasesPanel
from brainseg_gui.views.comparison_panel import ComparisonPanel
from brainseg_gui.views.elided_label import ElidedLabel
from brainseg_gui.views.errors_panel import ErrorsPanel
from brainseg_gui.views.histograms_panel import HistogramsPanel
from brainseg_gui.views.image_panel import ImagePanel
from brainseg_gui.views.layers_panel import LayersPanel
from brainseg_gui.views.notice_bar import NoticeBar
from brainseg_gui.views.operations_panel import OperationsPanel
from brainseg_gui.views.ortho_view import OrthoView
from brainseg_gui.views.probabilities_panel import ProbabilitiesPanel
from brainseg_gui.views.proposal_panel import ProposalPanel
from brainseg_gui.views.raters_panel import RatersPanel
from brainseg_gui.views.readout import Readout
from brainseg_gui.views.segment_panel import SegmentPanel
from brainseg_gui.views.welcome import Welcome


class MainWindow(QMainWindow):
    """All views of one session.

    Parameters
    ----------
    key_overrides
        Shortcuts that the person changed.
    """

    paths_dropped = Signal(object)
    masks_dropped = Signal(object)
    close_requested = Signal(object)

    def __init__(self, session: Session, key_overrides: Mapping[str, str]) -> None:
        super().__init__()
        self._session = session
        self.setAcceptDrops(True)
        self.setMinimumSize(960, 600)
        room = self.screen().availableSize()
        self.resize(QSize(1600, 1000).boundedTo(room * 0.92))
        self.actions_table = Actions(self, key_overrides)
        self.comparison = ComparisonPanel(session)
        self.errors_panel = ErrorsPanel(session)
        self.comparison.add_page("Errors", self.errors_panel)
        self.ortho = OrthoView(session, self.comparison)
        self.welcome = Welcome()
        self.notice = NoticeBar(session)
        self.layers_panel = LayersPanel(session)
        self.segment_panel = SegmentPanel(session)
        self.image_panel = ImagePanel(session)
        self.cases_panel = CasesPanel(session)
        self.annotate_panel = AnnotatePanel(session, self.actions_table)
        self.operations_panel = OperationsPanel(session, self.actions_table)
        self.proposal_panel = ProposalPanel(session, self.actions_table)
        self.raters_panel = RatersPanel(session)
        self.probabilities_panel = ProbabilitiesPanel(session)
        self.histograms_panel = HistogramsPanel(session)
        self.readout = Readout(session)
        self.recent_menu = QMenu("Open recent", self)
        self._build_centre()
        self._build_docks()
        self._menus = self.actions_table.fill_menus()
        self.actions_table.listen_over(self.ortho)
        self._menus["File"].insertMenu(self.actions_table["file.open_demo"], self.recent_menu)
        self._menus["View"].addSeparator()
        for dock in self.docks:
            self._menus["View"].addAction(dock.toggleViewAction())
        self._build_tool_bar()
        self._hand_bar = AnnotateToolBar(session, self.actions_table)
        self.addToolBar(Qt.ToolBarArea.LeftToolBarArea, self._hand_bar)
        session.annotating.annotation_changed.connect(self._on_annotation_changed)
        self.statusBar().addWidget(self.readout, 1)
        self.statusBar().setSizeGripEnabled(False)
        self.ortho.voxel_hovered.connect(self.readout.show_voxel)
        session.case_changed.connect(self._synchronize)
        session.cohort_changed.connect(self._on_cohort_changed)
        session.layers.changed.connect(self._show_title)
        session.layers.appearance_changed.connect(self._show_title)
        session.viewing.events.modality.connect(self._synchronize)
        self.actions_table.refresh_icons()
        self._default_state = self.saveState()
        self._synchronize()

    def _build_centre(self) -> None:
        centre = QWidget()
        centre.setObjectName("centre")
        column = QVBoxLayout(centre)
        column.setContentsMargins(4, 4, 4, 4)
        column.setSpacing(4)
        self._stack = QStackedWidget()
        self._stack.addWidget(self.welcome)
        self._stack.addWidget(self.ortho)
        column.addWidget(self._stack, 1)
        self.setCentralWidget(centre)
        self.notice.float_over(centre)

    def _build_docks(self) -> None:
        left, right = Qt.DockWidgetArea.LeftDockWidgetArea, Qt.DockWidgetArea.RightDockWidgetArea
        places = (
            ("Cases", self.cases_panel, left),
            ("Annotate", self.annotate_panel, left),
            ("Operations", self.operations_panel, left),
            ("Proposal", self.proposal_panel, left),
            ("Image", self.image_panel, right),
            ("Layers", self.layers_panel, right),
            ("Segment", self.segment_panel, right),
            ("Raters", self.raters_panel, right),
            ("Probabilities", self.probabilities_panel, right),
            ("Histograms", self.histograms_panel, right),
        )
        self.docks = [self._dock(title, panel, area) for title, panel, area in places]
        for title in ("Operations", "Proposal"):
            self._put_behind("Annotate", title)
        for title in ("Cases", "Annotate"):
            self._dock_named(title).hide()
        self.annotate_panel.setMinimumWidth(ANNOTATE_WIDTH)
        for title in ("Raters", "Probabilities", "Histograms"):
            self._put_behind("Layers", title)
        self.resizeDocks([self._dock_named("Cases")], [200], Qt.Orientation.Horizontal)
        for title in ("Image", "Segment"):
            self._dock_named(title).widget().setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)

    def _dock(self, title: str, panel: QWidget, area: Qt.DockWidgetArea) -> QDockWidget:
        dock = QDockWidget(title, self)
        dock.setObjectName(f"dock {title}")
        dock.setWidget(panel)
        panel.setMinimumWidth(300 if area == Qt.DockWidgetArea.RightDockWidgetArea else 180)
        self.addDockWidget(area, dock)
        return dock

    def _put_behind(self, title: str, other: str) -> None:
        """Make a panel a tab beside another one, closed until it is asked for."""
        for area in (Qt.DockWidgetArea.LeftDockWidgetArea, Qt.DockWidgetArea.RightDockWidgetArea):
            self.setTabPosition(area, QTabWidget.TabPosition.North)
        self.tabifyDockWidget(self._dock_named(title), self._dock_named(other))
        self._dock_named(other).hide()

    def show_panel(self, title: str) -> None:
        """Open a panel, or bring its tab to the front."""
        self._dock_named(title).show()
        self._dock_named(title).raise_()
        for bar in self.findChildren(QTabBar):
            bar.setDrawBase(False)

    def _dock_named(self, title: str) -> QDockWidget:
        return next(dock for dock in self.docks if dock.windowTitle() == title)

    def _build_tool_bar(self) -> None:
        bar = QToolBar("Tools")
        bar.setObjectName("tools")
        bar.setMovable(False)
        bar.setIconSize(QSize(20, 20))
        bar.setContextMenuPolicy(Qt.ContextMenuPolicy.PreventContextMenu)
        self.addToolBar(bar)
        bar.addAction(self.actions_table["file.open"])
        bar.addAction(self.actions_table["file.save"])
        bar.addSeparator()
        self._modality_buttons = {m: self._modality_button(m) for m in Modality}
        for button in self._modality_buttons.values():
            bar.addWidget(button)
        bar.addSeparator()
        self._exclusive("view.planes", "view.modalities", "view.compare")
        self._exclusive("view.axial", "view.coronal", "view.sagittal")
        for key in ("view.planes", "view.modalities", "view.compare"):
            bar.addAction(self.actions_table[key])
        bar.addSeparator()
        for key in ("layers.masks", "view.crosshair", "view.auto_window", "view.fit", "view.convention"):
            bar.addAction(self.actions_table[key])
        bar.addSeparator()
        for key in ("annotate.start", "segment.run"):
            bar.addAction(self.actions_table[key])
            button = bar.widgetForAction(self.actions_table[key])
            if isinstance(button, QToolButton):
                button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        spacer = QWidget()
        spacer.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        bar.addWidget(spacer)
        self._title = ElidedLabel()
        self._title.setAlignment(Qt.AlignmentFlag.AlignRight)
        self._title.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Preferred)
        self._title.setMaximumWidth(360)
        bar.addWidget(self._title)
        self._unsaved = QLabel()
        self._unsaved.setObjectName("quiet")
        self._unsaved.setContentsMargins(8, 0, 4, 0)
        bar.addWidget(self._unsaved)

    def _modality_button(self, modality: Modality) -> QToolButton:
        button = QToolButton()
        button.setText(modality.title)
        button.setCheckable(True)
        button.setToolTip(f"Show {modality.title} ([ and ] go through the modalities)")
        button.clicked.connect(lambda: self._on_modality_clicked(modality))
        return button

    def _on_modality_clicked(self, modality: Modality) -> None:
        self._session.viewing.modality = modality
        self._synchronize()

    def _exclusive(self, *keys: str) -> None:
        group = QActionGroup(self)
        for key in keys:
            group.addAction(self.actions_table[key])

    def _synchronize(self) -> None:
        case = self._session.displayed
        self._stack.setCurrentWidget(self.ortho if case is not None else self.welcome)
        for modality, button in self._modality_buttons.items():
            button.setEnabled(case is not None and modality in case.volumes)
            button.setChecked(case is not None and modality is self._session.viewing.modality)
        self._show_title()

    def _show_title(self, *_: object) -> None:
        case = self._session.displayed
        unsaved = self._session.layers.unsaved
        self.setWindowTitle(f"{case.case_id}[*] – brainseg" if case else "brainseg")
        self.setWindowModified(unsaved)
        self._title.setText(case.case_id if case else "")
        self._title.setToolTip(str(case.source.folder) if case else "")
        self._unsaved.setText("● not saved" if unsaved else "")

    def _on_cohort_changed(self) -> None:
        self._dock_named("Cases").setVisible(bool(self._session.cohort))

    def _on_annotation_changed(self) -> None:
        there = self._session.annotating.annotation is not None
        for title in ("Annotate", "Operations", "Proposal"):
            self._dock_named(title).setVisible(there)
        if there:
            self.show_panel("Annotate")
        self._hand_bar.synchronize()

    def reset_layout(self) -> None:
        """Put all panels back."""
        self.restoreState(self._default_state)
        self._on_cohort_changed()
        self._on_annotation_changed()

    def restore(self, geometry: QByteArray, state: QByteArray) -> None:
        """Come back as the person left it."""
        if not geometry.isEmpty():
            self.restoreGeometry(geometry)
        if not state.isEmpty():
            self.restoreState(state)
        self._on_cohort_changed()
        self._on_annotation_changed()

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if any(url.isLocalFile() for url in event.mimeData().urls()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        paths = [Path(url.toLocalFile()) for url in event.mimeData().urls() if url.isLocalFile()]
        if paths:
            event.acceptProposedAction()
            self.paths_dropped.emit(paths)

    def closeEvent(self, event: QCloseEvent) -> None:
        self.close_requested.emit(event)

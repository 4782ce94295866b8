"""A window with panels around its middle: where they dock, and when they are made."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QPaintEvent, QShowEvent
from PySide6.QtWidgets import QMainWindow, QSizePolicy, QTabWidget, QWidget

from brainseg_gui.state.session import Session
from brainseg_gui.views.actions.actions import Actions
from brainseg_gui.views.layers.layers_panel import LayersPanel
from brainseg_gui.views.segmenting.segment_panel import SegmentPanel
from brainseg_gui.views.shell.lazy_panels import LazyPanels
from brainseg_gui.views.shell.panel_dock import PanelDock
from brainseg_gui.views.slices.image_panel import ImagePanel
from brainseg_gui.views.widgets.lazy_panel import LazyPanel

if TYPE_CHECKING:
    from brainseg_gui.views.annotating.annotate_panel import AnnotatePanel
    from brainseg_gui.views.annotating.operations_panel import OperationsPanel
    from brainseg_gui.views.annotating.proposal_panel import ProposalPanel
    from brainseg_gui.views.comparing.comparison_panel import ComparisonPanel
    from brainseg_gui.views.comparing.errors_panel import ErrorsPanel
    from brainseg_gui.views.comparing.histograms_panel import HistogramsPanel
    from brainseg_gui.views.comparing.raters_panel import RatersPanel
    from brainseg_gui.views.layers.cases_panel import CasesPanel
    from brainseg_gui.views.segmenting.probabilities_panel import ProbabilitiesPanel

_LEFT, _RIGHT = Qt.DockWidgetArea.LeftDockWidgetArea, Qt.DockWidgetArea.RightDockWidgetArea
_LEFT_WIDTH, _ANNOTATE_WIDTH, _RIGHT_WIDTH = 180, 248, 300  # the widest row of each fits
_TABBED = (("Annotate", "Operations", "Proposal"), ("Layers", "Raters", "Probabilities", "Histograms"))
_ANYWAY_MS = 1000


class PanelWindow(QMainWindow):
    """Docks for all panels; those that an empty window does not show are made when they are first seen or asked for.

    Parameters
    ----------
    key_overrides
        Shortcuts that the person changed.

    Attributes
    ----------
    lazy_panels
        For whoever wants to know when such a panel is made; the properties of this class make it.
    docks
        In the order of the menu.
    """

    painted = Signal()
    """The first picture is on the screen, or is not wanted; what is slow may begin."""

    def __init__(self, session: Session, key_overrides: Mapping[str, str]) -> None:
        super().__init__()
        self._painted = False
        self._tabs_moved = QTimer(self, singleShot=True, interval=0)
        self._tabs_moved.timeout.connect(self._follow_tabs)
        self.actions_table = Actions(self, key_overrides)
        self.lazy_panels = lazy = LazyPanels(session, self.actions_table)
        self.image_panel = ImagePanel(session, self.actions_table)
        self.layers_panel = LayersPanel(session)
        self.segment_panel = SegmentPanel(session)
        self.docks = (
            self._dock("Cases", lazy.cases, _LEFT, _LEFT_WIDTH, headed=True),
            self._dock("Annotate", lazy.annotate, _LEFT, _ANNOTATE_WIDTH),
            self._dock("Operations", lazy.operations, _LEFT, _LEFT_WIDTH),
            self._dock("Proposal", lazy.proposal, _LEFT, _LEFT_WIDTH),
            self._dock("Image", _there(self.image_panel), _RIGHT, _RIGHT_WIDTH),
            self._dock("Layers", _there(self.layers_panel), _RIGHT, _RIGHT_WIDTH),
            self._dock("Segment", _there(self.segment_panel), _RIGHT, _RIGHT_WIDTH),
            self._dock("Raters", lazy.raters, _RIGHT, _RIGHT_WIDTH),
            self._dock("Probabilities", lazy.probabilities, _RIGHT, _RIGHT_WIDTH),
            self._dock("Histograms", lazy.histograms, _RIGHT, _RIGHT_WIDTH),
        )
        self._arrange_docks()
        lazy.cases.when_made(lambda panel: panel.folded.connect(self._on_cases_folded))

    @property
    def cases_panel(self) -> CasesPanel:
        return self.lazy_panels.cases()

    @property
    def annotate_panel(self) -> AnnotatePanel:
        return self.lazy_panels.annotate()

    @property
    def operations_panel(self) -> OperationsPanel:
        return self.lazy_panels.operations()

    @property
    def proposal_panel(self) -> ProposalPanel:
        return self.lazy_panels.proposal()

    @property
    def raters_panel(self) -> RatersPanel:
        return self.lazy_panels.raters()

    @property
    def probabilities_panel(self) -> ProbabilitiesPanel:
        return self.lazy_panels.probabilities()

    @property
    def histograms_panel(self) -> HistogramsPanel:
        return self.lazy_panels.histograms()

    @property
    def errors_panel(self) -> ErrorsPanel:
        return self.lazy_panels.errors()

    @property
    def comparison(self) -> ComparisonPanel:
        return self.lazy_panels.comparison()

    def show_panel(self, title: str) -> None:
        """Open a panel, or bring its tab to the front."""
        dock = self._dock_named(title)
        dock.show()
        dock.raise_()
        dock.fill()
        self._follow_tabs()  # now, not in a moment: a title would come and go

    # docks

    def _dock(
        self, title: str, panel: LazyPanel[QWidget], area: Qt.DockWidgetArea, least_width: int, *, headed: bool = False
    ) -> PanelDock:
        dock = PanelDock(title, panel, least_width, self, headed=headed)
        dock.visibilityChanged.connect(self._on_dock_changed)
        self.addDockWidget(area, dock)
        return dock

    def _arrange_docks(self) -> None:
        for area in (_LEFT, _RIGHT):
            self.setTabPosition(area, QTabWidget.TabPosition.North)
        for front, *behind in _TABBED:
            for title in behind:
                self.tabifyDockWidget(self._dock_named(front), self._dock_named(title))
                self._dock_named(title).hide()
        for title in ("Cases", "Annotate"):
            self._dock_named(title).hide()
        self.resizeDocks([self._dock_named("Cases")], [200], Qt.Orientation.Horizontal)
        for panel in (self.image_panel, self.segment_panel):
            panel.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)

    def _dock_named(self, title: str) -> PanelDock:
        return next(dock for dock in self.docks if dock.windowTitle() == title)

    def _on_cases_folded(self, folded: bool) -> None:
        """A list that comes back takes its part of the column from what stands below it."""
        if not folded:
            column = [self._dock_named(title) for title in ("Cases", "Annotate")]
            self.resizeDocks(column, [2, 3], Qt.Orientation.Vertical)

    def _on_dock_changed(self, _visible: bool) -> None:
        self._tabs_moved.start()

    def _follow_tabs(self) -> None:
        for dock in self.docks:
            dock.follow_tabs(self.tabifiedDockWidgets(dock))

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
            for dock in self.docks:
                dock.release()


def _there(panel: QWidget) -> LazyPanel[QWidget]:
    lazy_panels = LazyPanel(lambda: panel)
    lazy_panels()
    return lazy_panels

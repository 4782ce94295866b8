"""The panels that an empty window does not show; each is imported and made when it is first needed."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from brainseg_gui.state.session import Session
from brainseg_gui.views.actions.actions import Actions
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


class LazyPanels:
    """One `LazyPanel` for each; the comparison brings the list of errors with it."""

    def __init__(self, session: Session, actions: Actions) -> None:
        self.cases: LazyPanel[CasesPanel] = LazyPanel(partial(_cases, session))
        self.annotate: LazyPanel[AnnotatePanel] = LazyPanel(partial(_annotate, session, actions))
        self.operations: LazyPanel[OperationsPanel] = LazyPanel(partial(_operations, session, actions))
        self.proposal: LazyPanel[ProposalPanel] = LazyPanel(partial(_proposal, session, actions))
        self.raters: LazyPanel[RatersPanel] = LazyPanel(partial(_raters, session))
        self.probabilities: LazyPanel[ProbabilitiesPanel] = LazyPanel(partial(_probabilities, session))
        self.histograms: LazyPanel[HistogramsPanel] = LazyPanel(partial(_histograms, session))
        self.errors: LazyPanel[ErrorsPanel] = LazyPanel(partial(_errors, session, actions))
        self.comparison: LazyPanel[ComparisonPanel] = LazyPanel(partial(_comparison, session, self.errors))


def _cases(session: Session) -> CasesPanel:
    from brainseg_gui.views.layers.cases_panel import CasesPanel

    return CasesPanel(session)


def _annotate(session: Session, actions: Actions) -> AnnotatePanel:
    from brainseg_gui.views.annotating.annotate_panel import AnnotatePanel

    return AnnotatePanel(session, actions)


def _operations(session: Session, actions: Actions) -> OperationsPanel:
    from brainseg_gui.views.annotating.operations_panel import OperationsPanel

    return OperationsPanel(session, actions)


def _proposal(session: Session, actions: Actions) -> ProposalPanel:
    from brainseg_gui.views.annotating.proposal_panel import ProposalPanel

    return ProposalPanel(session, actions)


def _raters(session: Session) -> RatersPanel:
    from brainseg_gui.views.comparing.raters_panel import RatersPanel

    return RatersPanel(session)


def _probabilities(session: Session) -> ProbabilitiesPanel:
    from brainseg_gui.views.segmenting.probabilities_panel import ProbabilitiesPanel

    return ProbabilitiesPanel(session)


def _histograms(session: Session) -> HistogramsPanel:
    from brainseg_gui.views.comparing.histograms_panel import HistogramsPanel

    return HistogramsPanel(session)


def _errors(session: Session, actions: Actions) -> ErrorsPanel:
    from brainseg_gui.views.comparing.errors_panel import ErrorsPanel

    return ErrorsPanel(session, actions)


def _comparison(session: Session, errors: LazyPanel[ErrorsPanel]) -> ComparisonPanel:
    from brainseg_gui.views.comparing.comparison_panel import ComparisonPanel

    panel = ComparisonPanel(session)
    panel.add_page("Errors", errors())
    return panel

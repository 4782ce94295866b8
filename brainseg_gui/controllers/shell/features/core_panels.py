"""The panels of what the program is for, whose controllers are there from the start."""

from __future__ import annotations

from typing import TYPE_CHECKING

from brainseg_gui.state.session import Session
from brainseg_gui.views.actions.actions import Actions
from brainseg_gui.views.shell.panel_spec import PanelSpec, Side

if TYPE_CHECKING:
    from brainseg_gui.views.annotating.annotate_panel import AnnotatePanel
    from brainseg_gui.views.annotating.operations_panel import OperationsPanel
    from brainseg_gui.views.annotating.proposal_panel import ProposalPanel
    from brainseg_gui.views.comparing.errors_panel import ErrorsPanel
    from brainseg_gui.views.layers.cases_panel import CasesPanel
    from brainseg_gui.views.layers.layers_panel import LayersPanel
    from brainseg_gui.views.segmenting.segment_panel import SegmentPanel
    from brainseg_gui.views.slices.image_panel import ImagePanel


def _cases(session: Session, actions: Actions) -> CasesPanel:
    from brainseg_gui.views.layers.cases_panel import CasesPanel

    return CasesPanel(session, actions)


def _annotate(session: Session, actions: Actions) -> AnnotatePanel:
    from brainseg_gui.views.annotating.annotate_panel import AnnotatePanel

    return AnnotatePanel(session, actions)


def _operations(session: Session, actions: Actions) -> OperationsPanel:
    from brainseg_gui.views.annotating.operations_panel import OperationsPanel

    return OperationsPanel(session, actions)


def _proposal(session: Session, actions: Actions) -> ProposalPanel:
    from brainseg_gui.views.annotating.proposal_panel import ProposalPanel

    return ProposalPanel(session, actions)


def _image(session: Session, actions: Actions) -> ImagePanel:
    from brainseg_gui.views.slices.image_panel import ImagePanel

    return ImagePanel(session, actions)


def _layers(session: Session, _actions: Actions) -> LayersPanel:
    from brainseg_gui.views.layers.layers_panel import LayersPanel

    return LayersPanel(session)


def _segment(session: Session, _actions: Actions) -> SegmentPanel:
    from brainseg_gui.views.segmenting.segment_panel import SegmentPanel

    return SegmentPanel(session)


def _errors(session: Session, actions: Actions) -> ErrorsPanel:
    from brainseg_gui.views.comparing.errors_panel import ErrorsPanel

    return ErrorsPanel(session, actions)


CASES = PanelSpec("Cases", _cases, Side.LEFT, 180, headed=True)
ANNOTATE = PanelSpec("Annotate", _annotate, Side.LEFT, 248, about_masks=True)
OPERATIONS = PanelSpec("Operations", _operations, Side.LEFT, 180, behind="Annotate", about_masks=True)
PROPOSAL = PanelSpec("Proposal", _proposal, Side.LEFT, 180, behind="Annotate", about_masks=True)
IMAGE = PanelSpec("Image", _image, open=True)
LAYERS = PanelSpec("Layers", _layers, open=True, about_masks=True)
SEGMENT = PanelSpec("Segment", _segment, open=True)
ERRORS = PanelSpec("Errors", _errors, Side.BELOW)

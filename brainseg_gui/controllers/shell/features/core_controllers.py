"""What each controller that is there from the start gets of the window: its panel, the actions and the pictures."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Protocol

from brainseg_gui.controllers.annotating.annotate import AnnotateController
from brainseg_gui.controllers.annotating.journal import JournalController
from brainseg_gui.controllers.annotating.operations import OperationsController
from brainseg_gui.controllers.annotating.proposal import ProposalController
from brainseg_gui.controllers.annotating.restoring.restore import RestoreController
from brainseg_gui.controllers.annotating.saving.saving import SaveController
from brainseg_gui.controllers.annotating.schemes import SchemesController
from brainseg_gui.controllers.comparing.errors import ErrorsController
from brainseg_gui.controllers.comparing.statistics import StatisticsController
from brainseg_gui.controllers.layers.case_states import CaseStatesController
from brainseg_gui.controllers.layers.files import FilesController
from brainseg_gui.controllers.layers.mask_folder import MaskFolderController
from brainseg_gui.controllers.layers.masks import MasksController
from brainseg_gui.controllers.segmenting.segment import SegmentController
from brainseg_gui.controllers.settings.preferences import Preferences
from brainseg_gui.controllers.shell.features.core_panels import (
    ANNOTATE,
    CASES,
    ERRORS,
    IMAGE,
    LAYERS,
    OPERATIONS,
    PROPOSAL,
    SEGMENT,
)
from brainseg_gui.controllers.slices.viewing import ViewingController
from brainseg_gui.state.session import Session
from brainseg_gui.views.shell.main_window import MainWindow

if TYPE_CHECKING:
    from brainseg_gui.inference.engine.engine import Engine


class Parts(Protocol):
    """What all of them are made of."""

    session: Session
    window: MainWindow
    preferences: Preferences


def viewing(parts: Parts) -> ViewingController:
    """How the case is looked at."""
    window = parts.window
    image = window.panels[IMAGE]()
    return ViewingController(parts.session, window, parts.preferences, window.actions_table, image, window.pictures)


def files(parts: Parts) -> FilesController:
    """Opening cases: by the welcome, the list, and what is let go over the window."""
    window = parts.window
    controller = FilesController(parts.session, window, parts.preferences)
    window.paths_dropped.connect(controller.take_dropped)
    window.welcome.open_requested.connect(lambda: controller.choose_folder())
    window.welcome.demo_requested.connect(controller.open_demo)
    cases = window.panels[CASES]
    cases.when_made(lambda panel: panel.case_requested.connect(controller.open_listed))
    cases.when_made(lambda panel: panel.folded.connect(window.share_left_column))
    window.readout.cancel_requested.connect(controller.cancel)
    controller.patient_found.connect(lambda: window.actions_table["follow.list"].trigger())
    controller.reading.raw_found.connect(lambda: window.actions_table["file.prepare_asked"].trigger())
    return controller


def masks(parts: Parts) -> MasksController:
    """Masks of the open case."""
    return MasksController(parts.session, parts.window, parts.preferences, parts.window.panels[LAYERS]())


def segment(parts: Parts, engine: Engine | None) -> SegmentController:
    """Running a network on the open case."""
    panel = parts.window.panels[SEGMENT]()
    return SegmentController(parts.session, parts.window, parts.preferences, engine, panel)


def errors(parts: Parts) -> ErrorsController:
    """Where two masks differ."""
    window = parts.window
    return ErrorsController(
        parts.session, window, parts.preferences, window.panels[ERRORS], window.comparison, window.pictures
    )


def annotate(parts: Parts, journals: JournalController, segment: SegmentController) -> AnnotateController:
    """Starting and ending an annotation, and the tools of the hand."""
    window = parts.window
    layers = window.panels[LAYERS]()
    controller = AnnotateController(
        parts.session,
        window,
        parts.preferences,
        journals,
        layers,
        window.actions_table,
        window.pictures,
        partial(window.panels.bring_forward, ANNOTATE.title),
        segment.click_network,
    )
    window.panels[ANNOTATE].when_made(lambda made: made.state_asked_for.connect(controller.undoing.go_to))
    return controller


def saving(parts: Parts, journals: JournalController) -> SaveController:
    """Saving masks."""
    layers = parts.window.panels[LAYERS]()
    return SaveController(parts.session, parts.window, parts.preferences, journals, layers)


def mask_folder(parts: Parts, saving: SaveController) -> MaskFolderController:
    """Where new masks go; what found no room is saved once there is another folder."""
    controller = MaskFolderController(parts.session, parts.window, parts.preferences, parts.window.actions_table)
    controller.chosen.connect(saving.save_refused)
    return controller


def schemes(parts: Parts, journals: JournalController) -> SchemesController:
    """What the numbers of a layer are read as."""
    window = parts.window
    return SchemesController(parts.session, window, parts.preferences, journals, window.panels[LAYERS]())


def operations(parts: Parts) -> OperationsController:
    """Operations on labels as a whole."""
    window = parts.window
    return OperationsController(
        parts.session,
        window,
        parts.preferences,
        window.panels[OPERATIONS],
        window.actions_table,
        window.pictures,
        partial(window.panels.show, OPERATIONS.title),
    )


def proposal(parts: Parts) -> ProposalController:
    """Going through what another layer would change."""
    window = parts.window
    return ProposalController(
        parts.session,
        window,
        parts.preferences,
        window.panels[PROPOSAL],
        window.panels[ERRORS],
        window.pictures,
        partial(window.panels.show, PROPOSAL.title),
    )


def restoring(parts: Parts, journals: JournalController, annotate: AnnotateController) -> RestoreController:
    """Unsaved work of an earlier start."""
    window = parts.window
    layers = window.panels[LAYERS]()
    return RestoreController(parts.session, window, journals, annotate, layers, window.actions_table)


def case_states(parts: Parts, files: FilesController) -> CaseStatesController:
    """The list of cases, and how far each is."""
    window = parts.window
    return CaseStatesController(
        parts.session, window, parts.preferences, files, window.panels[CASES], window.actions_table
    )


def statistics(parts: Parts) -> StatisticsController:
    """Volumes and intensities of labels, as CSV."""
    window = parts.window
    return StatisticsController(parts.session, window, parts.preferences, window.panels[LAYERS]())

"""What the program is for: features whose controllers are there from the start."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from brainseg_gui.controllers.annotating.annotate import AnnotateController
from brainseg_gui.controllers.annotating.journal import JournalController
from brainseg_gui.controllers.annotating.operations import OperationsController
from brainseg_gui.controllers.annotating.proposal import ProposalController
from brainseg_gui.controllers.annotating.restoring.restore import RestoreController
from brainseg_gui.controllers.annotating.saving.saving import SaveController
from brainseg_gui.controllers.annotating.schemes import SchemesController
from brainseg_gui.controllers.comparing.errors import ErrorsController
from brainseg_gui.controllers.comparing.live_score import LiveScoreController
from brainseg_gui.controllers.comparing.statistics import StatisticsController
from brainseg_gui.controllers.faults.faults import FaultsController
from brainseg_gui.controllers.layers.case_signs import CaseSignsController
from brainseg_gui.controllers.layers.case_states import CaseStatesController
from brainseg_gui.controllers.layers.files import FilesController
from brainseg_gui.controllers.layers.mask_folder import MaskFolderController
from brainseg_gui.controllers.layers.masks import MasksController
from brainseg_gui.controllers.segmenting.segment import SegmentController
from brainseg_gui.controllers.shell.appearance import AppearanceController
from brainseg_gui.controllers.shell.features import core_controllers
from brainseg_gui.controllers.shell.features.controller_set import ControllerSet
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
from brainseg_gui.controllers.shell.features.feature import Feature
from brainseg_gui.controllers.shell.leaving import LeavingController
from brainseg_gui.controllers.shell.memory import MemoryController
from brainseg_gui.controllers.shell.quitting import QuittingController
from brainseg_gui.controllers.shell.recent import RecentController
from brainseg_gui.controllers.shell.under_way import UnderWayController
from brainseg_gui.controllers.slices.viewing import ViewingController

if TYPE_CHECKING:
    from brainseg_gui.controllers.layers.drag_out import DragOutController

# what is seen, and what is opened


def _appearance(of: ControllerSet) -> AppearanceController:
    return AppearanceController(of.session, of.window, of.preferences)


def _recent(of: ControllerSet) -> RecentController:
    return RecentController(of.session, of.window, of.preferences)


def _faults(of: ControllerSet) -> FaultsController:
    return FaultsController(of.session, of.window, of.preferences, of.watch)


def _introduce_files(files: FilesController, others: ControllerSet) -> None:
    files.asked.connect(others[FAULTS].know)
    others[RECENT].chosen.connect(lambda path: files.open_paths([path]))


def _drag_out(of: ControllerSet) -> DragOutController:
    from brainseg_gui.controllers.layers.drag_out import DragOutController

    return DragOutController(of.session, of.window, of.preferences)


def _introduce_masks(masks: MasksController, others: ControllerSet) -> None:
    others[FILES].masks_dropped.connect(masks.add_dropped)
    panel = others.window.panels[LAYERS]()
    panel.file_requested.connect(lambda layer, dragged: others[DRAGGING_OUT].give(layer, dragged=dragged))


APPEARANCE = Feature(_appearance, at_start=True)
VIEWING: Feature[ViewingController] = Feature(core_controllers.viewing, (IMAGE,), at_start=True)
RECENT = Feature(_recent, at_start=True)
FAULTS = Feature(_faults, at_start=True)
FILES = Feature(
    core_controllers.files,
    (CASES,),
    commands={
        "file.open": lambda files: files.choose_folder(),
        "file.open_cohort": lambda files: files.choose_folder("Open cohort: a folder of case folders"),
        "file.open_files": lambda files: files.choose_files(),
        "file.open_demo": lambda files: files.open_demo(),
        "file.open_dropped": lambda files: files.open_dropped(),
        "file.assign": lambda files: files.assign(),
        "file.resample": lambda files: files.open_resampled(),
        "file.voxels": lambda files: files.open_voxel_by_voxel(),
        "file.without_mask": lambda files: files.open_without_mask(),
        "file.readable": lambda files: files.open_readable(),
        "file.previous": lambda files: files.step(-1),
        "file.next": lambda files: files.step(1),
    },
    introduce=_introduce_files,
    at_start=True,
)
DRAGGING_OUT = Feature(_drag_out)
MASKS = Feature(
    core_controllers.masks,
    (LAYERS,),
    commands={
        "file.open_mask": lambda masks: masks.choose_mask(),
        "layers.resample": lambda masks: masks.add_resampled(),
        "layers.voxels": lambda masks: masks.add_voxel_by_voxel(),
    },
    introduce=_introduce_masks,
    at_start=True,
)

# networks, and where two masks differ


def _segment(of: ControllerSet) -> SegmentController:
    return core_controllers.segment(of, of.engine)


SEGMENTING = Feature(
    _segment,
    (SEGMENT,),
    commands={
        "segment.run": lambda segment: segment.segment(),
        "segment.probabilities": lambda segment: segment.segment_with_probabilities(),
        "segment.model": lambda segment: segment.choose_model_folder(),
    },
    at_start=True,
)
DIFFERENCES: Feature[ErrorsController] = Feature(core_controllers.errors, (ERRORS,), at_start=True)

# annotating


def _journals(of: ControllerSet) -> JournalController:
    return JournalController(of.session, of.window, of.preferences)


def _introduce_journals(journals: JournalController, others: ControllerSet) -> None:
    others[FILES].reading.know = journals.study.know
    others[FAULTS].journal_failing = lambda: journals.failing


def _annotate(of: ControllerSet) -> AnnotateController:
    return core_controllers.annotate(of, of[JOURNALS], of[SEGMENTING])


def _saving(of: ControllerSet) -> SaveController:
    return core_controllers.saving(of, of[JOURNALS])


def _mask_folder(of: ControllerSet) -> MaskFolderController:
    return core_controllers.mask_folder(of, of[SAVING])


def _schemes(of: ControllerSet) -> SchemesController:
    return core_controllers.schemes(of, of[JOURNALS])


def _live_score(of: ControllerSet) -> LiveScoreController:
    return LiveScoreController(of.session, of.window, of.preferences)


def _restoring(of: ControllerSet) -> RestoreController:
    return core_controllers.restoring(of, of[JOURNALS], of[ANNOTATING])


def _introduce_restoring(restoring: RestoreController, others: ControllerSet) -> None:
    files = others[FILES]
    restoring.open_requested.connect(lambda path: files.open_paths([path]))
    restoring.source_requested.connect(files.open_source)


JOURNALS = Feature(_journals, introduce=_introduce_journals, at_start=True)
ANNOTATING = Feature(_annotate, (ANNOTATE,), at_start=True)
SAVING = Feature(_saving, at_start=True)
MASK_FOLDER = Feature(_mask_folder, at_start=True)
SCHEMES = Feature(_schemes, at_start=True)
LIVE_SCORE = Feature(_live_score, at_start=True)
OPERATING: Feature[OperationsController] = Feature(core_controllers.operations, (OPERATIONS,), at_start=True)
PROPOSING: Feature[ProposalController] = Feature(core_controllers.proposal, (PROPOSAL,), at_start=True)
RESTORING = Feature(_restoring, introduce=_introduce_restoring, at_start=True)

# leaving a case, and the program; keys whose meaning depends on what is under way


def _leaving(of: ControllerSet) -> LeavingController:
    return LeavingController(of.session, of.window, of[JOURNALS], of[SAVING], of[ANNOTATING].paint.finish)


def _introduce_leaving(leaving: LeavingController, others: ControllerSet) -> None:
    others[FILES].leave = leaving.ask


def _quitting(of: ControllerSet) -> QuittingController:
    return QuittingController(of.session, of.window, of[LEAVING], of[SAVING])


def _case_states(of: ControllerSet) -> CaseStatesController:
    return core_controllers.case_states(of, of[FILES])


def _introduce_case_states(states: CaseStatesController, others: ControllerSet) -> None:
    states.before_done = others[RESTORING].ask_before_done


def _case_signs(of: ControllerSet) -> CaseSignsController:
    return CaseSignsController(of.session, of.window, of.preferences)


def _memory(of: ControllerSet) -> MemoryController:
    return MemoryController(of.session, of.window, of.preferences)


def _under_way(of: ControllerSet) -> UnderWayController:
    return UnderWayController(of[ANNOTATING].paint, of[OPERATING], of[PROPOSING], of[FILES], of[SEGMENTING], of.session)


LEAVING = Feature(_leaving, introduce=_introduce_leaving, at_start=True)
QUITTING = Feature(_quitting, at_start=True)
CASE_STATES = Feature(_case_states, introduce=_introduce_case_states, at_start=True)
CASE_SIGNS = Feature(_case_signs, at_start=True)
MEMORY = Feature(_memory, at_start=True)
STATISTICS: Feature[StatisticsController] = Feature(
    core_controllers.statistics,
    commands={"file.statistics": lambda statistics: statistics.choose_active()},
    at_start=True,
)
UNDER_WAY = Feature(_under_way, at_start=True)

CORE_FEATURES: tuple[Feature[Any], ...] = (
    APPEARANCE,
    VIEWING,
    RECENT,
    FAULTS,
    FILES,
    MASKS,
    DRAGGING_OUT,
    SEGMENTING,
    DIFFERENCES,
    JOURNALS,
    ANNOTATING,
    SAVING,
    MASK_FOLDER,
    SCHEMES,
    LIVE_SCORE,
    OPERATING,
    PROPOSING,
    RESTORING,
    LEAVING,
    QUITTING,
    CASE_STATES,
    CASE_SIGNS,
    MEMORY,
    STATISTICS,
    UNDER_WAY,
)

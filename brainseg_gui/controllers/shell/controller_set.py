"""The session, its window, and everything that works between them."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from brainseg_gui.controllers.annotating.annotate import AnnotateController
from brainseg_gui.controllers.annotating.journal import JournalController
from brainseg_gui.controllers.annotating.operations import OperationsController
from brainseg_gui.controllers.annotating.proposal import ProposalController
from brainseg_gui.controllers.annotating.restore import RestoreController
from brainseg_gui.controllers.annotating.saving import SaveController
from brainseg_gui.controllers.annotating.schemes import SchemesController
from brainseg_gui.controllers.comparing.errors import ErrorsController
from brainseg_gui.controllers.comparing.live_score import LiveScoreController
from brainseg_gui.controllers.comparing.statistics import StatisticsController
from brainseg_gui.controllers.faults.fault_watch import FaultWatch
from brainseg_gui.controllers.faults.faults import FaultsController
from brainseg_gui.controllers.layers.case_states import CaseStatesController
from brainseg_gui.controllers.layers.files import FilesController
from brainseg_gui.controllers.layers.masks import MasksController
from brainseg_gui.controllers.segmenting.segment import SegmentController
from brainseg_gui.controllers.settings.person import call_person
from brainseg_gui.controllers.settings.preferences import Preferences
from brainseg_gui.controllers.shell.appearance import AppearanceController
from brainseg_gui.controllers.shell.leaving import LeavingController
from brainseg_gui.controllers.shell.measures import MeasuresController
from brainseg_gui.controllers.shell.memory import MemoryController
from brainseg_gui.controllers.shell.quitting import QuittingController
from brainseg_gui.controllers.shell.recent import RecentController
from brainseg_gui.controllers.slices.viewing import ViewingController
from brainseg_gui.state.session import Session
from brainseg_gui.views.shell.main_window import MainWindow

if TYPE_CHECKING:
    from brainseg_gui.controllers.annotating.labels import LabelsController
    from brainseg_gui.controllers.comparing.case_report import CaseReportController
    from brainseg_gui.controllers.comparing.cohort import CohortController
    from brainseg_gui.controllers.comparing.figures import FiguresController
    from brainseg_gui.controllers.segmenting.segment_all import SegmentAllController
    from brainseg_gui.controllers.shell.preferences_form import PreferencesFormController
    from brainseg_gui.controllers.shell.tour import TourController
    from brainseg_gui.controllers.training.training import TrainingController
    from brainseg_gui.inference.engine.engine import Engine

_WHEN_ASKED_FOR = ("segment_all", "training", "cohort", "figures", "report")


class ControllerSet(QObject):
    """All controllers of one window; those with a window of their own are made when they are first asked for.

    Parameters
    ----------
    engine
        The engine to use; by default one of its own.
    watch
        What hears of faults; by default nothing does.
    """

    def __init__(self, preferences: Preferences, engine: Engine | None, watch: FaultWatch | None) -> None:
        super().__init__()
        self.preferences = preferences
        call_person(preferences.get("annotator", ""))
        self.session = Session()
        self.window = MainWindow(self.session, preferences.keys)
        parts = (self.session, self.window, preferences)
        self.appearance = AppearanceController(*parts)
        self.viewing = ViewingController(*parts)
        self.recent = RecentController(*parts)
        self.faults = FaultsController(*parts, watch)
        self.files = FilesController(*parts)
        self.masks = MasksController(*parts)
        self.segment = SegmentController(*parts, engine)
        self.errors = ErrorsController(*parts)
        self.measures = MeasuresController(*parts)
        self.journals = JournalController(*parts)
        self.annotate = AnnotateController(*parts, self.journals)
        self.saving = SaveController(*parts, self.journals)
        self.schemes = SchemesController(*parts, self.journals)
        self.live_score = LiveScoreController(*parts)
        self.operations, self.proposal = OperationsController(*parts), ProposalController(*parts)
        self.restoring = RestoreController(self.session, self.window, self.journals, self.annotate)
        self.leaving = LeavingController(
            self.session, self.window, self.journals, self.saving, self.annotate.paint.finish
        )
        self.quitting = QuittingController(self.session, self.window, self.leaving, self.saving)
        self.case_states = CaseStatesController(*parts, self.files)
        self.memory = MemoryController(*parts)
        self.statistics = StatisticsController(*parts)
        self._introduce()

    def _introduce(self) -> None:
        """Let those know of one another whose making could not."""
        self.files.leave, self.files.know = self.leaving.ask, self.journals.know
        self.case_states.before_done = self.restoring.ask_before_done
        self.files.asked.connect(self.faults.know)
        self.faults.journal_failing = lambda: self.journals.failing
        self.restoring.open_requested.connect(lambda path: self.files.open_paths([path]))
        self.restoring.source_requested.connect(self.files.open_source)
        self.recent.chosen.connect(lambda path: self.files.open_paths([path]))

    @cached_property
    def training(self) -> TrainingController:
        """The training window."""
        from brainseg_gui.controllers.training.training import TrainingController

        return TrainingController(self.session, self.window, self.preferences, self.segment.use_model)

    @cached_property
    def cohort(self) -> CohortController:
        """The window of cohort results."""
        from brainseg_gui.controllers.comparing.cohort import CohortController

        return CohortController(self.session, self.window, self.preferences, self.files, self.masks)

    @cached_property
    def segment_all(self) -> SegmentAllController:
        """Segmenting the whole list of cases."""
        from brainseg_gui.controllers.segmenting.segment_all import SegmentAllController

        return SegmentAllController(self.session, self.window, self.preferences, self.files, self.segment)

    @cached_property
    def labels(self) -> LabelsController:
        """Editing label schemes."""
        from brainseg_gui.controllers.annotating.labels import LabelsController

        return LabelsController(self.session, self.window, self.preferences, self.annotate)

    @cached_property
    def figures(self) -> FiguresController:
        """The dialog of figures."""
        from brainseg_gui.controllers.comparing.figures import FiguresController

        return FiguresController(self.session, self.window, self.preferences)

    @cached_property
    def report(self) -> CaseReportController:
        """The report of the open case."""
        from brainseg_gui.controllers.comparing.case_report import CaseReportController

        return CaseReportController(self.session, self.window, self.preferences)

    @cached_property
    def preferences_form(self) -> PreferencesFormController:
        """The dialog of preferences."""
        from brainseg_gui.controllers.shell.preferences_form import PreferencesFormController

        return PreferencesFormController(self.session, self.window, self.preferences, self.appearance)

    @cached_property
    def tour(self) -> TourController:
        """The tour of the first start."""
        from brainseg_gui.controllers.shell.tour import TourController

        return TourController(self.window, self.preferences)

    def greet(self) -> None:
        """Show the tour to whoever is here for the first time."""
        if not (self.preferences.safe or self.preferences.recent or self.preferences.get("tour seen", False)):
            self.tour.show()

    def commands(self) -> dict[str, Callable[[], object]]:
        """Who answers which action."""
        return {
            **self.appearance.commands,
            **self.viewing.commands,
            **self.annotate.commands,
            **self.saving.commands,
            **self.errors.commands,
            **self.measures.commands,
            **self.faults.commands,
            **self.restoring.commands,
            **self.case_states.commands,
            **self.operations.commands,
            **self.proposal.commands,
            "annotate.close_outline": self._confirm,
            "operate.remove_island": self._remove_here,
            "cases.segment_all": lambda: self.segment_all.show(),
            "file.open": lambda: self.files.choose_folder(),
            "file.open_cohort": lambda: self.files.choose_folder("Open cohort: a folder of case folders"),
            "file.cohort_results": lambda: self.cohort.show(),
            "file.open_files": self.files.choose_files,
            "file.open_demo": self.files.open_demo,
            "file.open_mask": self.masks.choose_mask,
            "file.open_dropped": self.files.open_dropped,
            "file.assign": self.files.assign,
            "file.resample": self.files.open_resampled,
            "file.voxels": self.files.open_voxel_by_voxel,
            "file.without_mask": self.files.open_without_mask,
            "file.previous": lambda: self.files.step(-1),
            "file.next": lambda: self.files.step(1),
            "file.figure": lambda: self.figures.choose(),
            "file.report": lambda: self.report.choose(),
            "file.statistics": self.statistics.choose_active,
            "help.tour": lambda: self.tour.show(),
            "file.preferences": lambda: self.preferences_form.show(),
            "file.quit": self.window.close,
            "layers.labels": lambda: self.labels.edit(),
            "layers.resample": self.masks.add_resampled,
            "layers.voxels": self.masks.add_voxel_by_voxel,
            "segment.run": self.segment.segment,
            "segment.cancel": self._cancel,
            "segment.probabilities": self.segment.segment_with_probabilities,
            "segment.model": self.segment.choose_model_folder,
            "train.open": lambda: self.training.show(),
        }

    def _remove_here(self) -> None:
        """Remove the corner of an open polygon, else the island under the mouse."""
        if not self.annotate.paint.remove_corner():
            self.operations.commands["operate.remove_island"]()

    def _confirm(self) -> None:
        """Accept what is previewed; while a polygon is drawn, close it."""
        if self.annotate.paint.busy or not (self.operations.accept() or self.proposal.accept()):
            self.annotate.commands["annotate.close_outline"]()

    def _cancel(self) -> None:
        if self.annotate.paint.cancel() or self.operations.drop() or self.proposal.leave():
            return
        self.files.cancel()
        self.segment.cancel()

    def close(self) -> None:
        """End threads and the engine."""
        for name in _WHEN_ASKED_FOR:
            if name in self.__dict__:
                getattr(self, name).close()
        self.faults.close()
        trying = (self.live_score, self.operations, self.proposal)
        keeping = (*trying, self.annotate, self.saving, self.restoring, self.journals)
        self.quitting.close()
        self.leaving.close()
        looking = (self.case_states, self.viewing, self.errors, self.measures, self.memory, self.statistics)
        for part in (*keeping, self.files, self.masks, self.segment, *looking):
            part.close()

"""The session, its window, and everything that works between them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from brainseg_gui.controllers.annotating.journal import JournalController
from brainseg_gui.controllers.comparing.live_score import LiveScoreController
from brainseg_gui.controllers.faults.fault_watch import FaultWatch
from brainseg_gui.controllers.faults.faults import FaultsController
from brainseg_gui.controllers.settings.person import call_person
from brainseg_gui.controllers.settings.preferences import Preferences
from brainseg_gui.controllers.shell import core_controllers
from brainseg_gui.controllers.shell.appearance import AppearanceController
from brainseg_gui.controllers.shell.feature import FeatureControllers
from brainseg_gui.controllers.shell.features import ACTIONS, FEATURES, PANELS, TOUR
from brainseg_gui.controllers.shell.leaving import LeavingController
from brainseg_gui.controllers.shell.memory import MemoryController
from brainseg_gui.controllers.shell.quitting import QuittingController
from brainseg_gui.controllers.shell.recent import RecentController
from brainseg_gui.state.session import Session
from brainseg_gui.views.shell.main_window import MainWindow

if TYPE_CHECKING:
    from brainseg_gui.inference.engine.engine import Engine


class ControllerSet(QObject):
    """All controllers of one window; those of `features` are made when they are first needed.

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
        self.window = MainWindow(self.session, preferences.keys, PANELS, ACTIONS)
        parts = (self.session, self.window, preferences)
        self.appearance = AppearanceController(*parts)
        self.viewing = core_controllers.viewing(self)
        self.recent = RecentController(*parts)
        self.faults = FaultsController(*parts, watch)
        self.files = core_controllers.files(self)
        self.masks = core_controllers.masks(self)
        self.segment = core_controllers.segment(self, engine)
        self.errors = core_controllers.errors(self)
        self.journals = JournalController(*parts)
        self.annotate = core_controllers.annotate(self, self.journals, self.segment)
        self.saving = core_controllers.saving(self, self.journals)
        self.mask_folder = core_controllers.mask_folder(self, self.saving)
        self.schemes = core_controllers.schemes(self, self.journals)
        self.live_score = LiveScoreController(*parts)
        self.operations = core_controllers.operations(self)
        self.proposal = core_controllers.proposal(self)
        self.restoring = core_controllers.restoring(self, self.journals, self.annotate)
        self.leaving = LeavingController(
            self.session, self.window, self.journals, self.saving, self.annotate.paint.finish
        )
        self.quitting = QuittingController(self.session, self.window, self.leaving, self.saving)
        self.case_states = core_controllers.case_states(self, self.files)
        self.memory = MemoryController(*parts)
        self.statistics = core_controllers.statistics(self)
        self.features = FeatureControllers(FEATURES, self, self.window.panels)
        self._introduce()

    def _introduce(self) -> None:
        """Let those know of one another whose making could not."""
        self.files.leave, self.files.know = self.leaving.ask, self.journals.know
        self.case_states.before_done = self.restoring.ask_before_done
        self.files.asked.connect(self.faults.know)
        self.files.masks_dropped.connect(self.masks.add_dropped)
        self.faults.journal_failing = lambda: self.journals.failing
        self.restoring.open_requested.connect(lambda path: self.files.open_paths([path]))
        self.restoring.source_requested.connect(self.files.open_source)
        self.recent.chosen.connect(lambda path: self.files.open_paths([path]))

    def greet(self) -> None:
        """Show the tour to whoever is here for the first time."""
        if not (self.preferences.safe or self.preferences.recent or self.preferences.get("tour seen", False)):
            self.features[TOUR].show()

    def commands(self) -> dict[str, Callable[[], object]]:
        """Who answers which action."""
        return {
            **self.appearance.commands,
            **self.viewing.commands,
            **self.annotate.commands,
            **self.saving.commands,
            **self.mask_folder.commands,
            **self.errors.commands,
            **self.faults.commands,
            **self.restoring.commands,
            **self.case_states.commands,
            **self.operations.commands,
            **self.proposal.commands,
            **self.window.panels.commands(),
            **dict(self.features.commands()),
            "annotate.close_outline": self._confirm,
            "operate.remove_island": self._remove_here,
            "file.open": lambda: self.files.choose_folder(),
            "file.open_cohort": lambda: self.files.choose_folder("Open cohort: a folder of case folders"),
            "file.open_files": self.files.choose_files,
            "file.open_demo": self.files.open_demo,
            "file.open_mask": self.masks.choose_mask,
            "file.open_dropped": self.files.open_dropped,
            "file.assign": self.files.assign,
            "file.resample": self.files.open_resampled,
            "file.voxels": self.files.open_voxel_by_voxel,
            "file.without_mask": self.files.open_without_mask,
            "file.readable": self.files.open_readable,
            "file.previous": lambda: self.files.step(-1),
            "file.next": lambda: self.files.step(1),
            "file.statistics": self.statistics.choose_active,
            "file.quit": self.window.close,
            "view.reset": self.window.reset_layout,
            "layers.resample": self.masks.add_resampled,
            "layers.voxels": self.masks.add_voxel_by_voxel,
            "segment.run": self.segment.segment,
            "segment.cancel": self._cancel,
            "segment.probabilities": self.segment.segment_with_probabilities,
            "segment.model": self.segment.choose_model_folder,
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
        self.features.close()
        self.faults.close()
        trying = (self.live_score, self.operations, self.proposal)
        keeping = (*trying, self.annotate, self.saving, self.restoring, self.journals)
        self.quitting.close()
        self.leaving.close()
        looking = (self.case_states, self.viewing, self.errors, self.memory, self.statistics)
        for part in (*keeping, self.files, self.masks, self.segment, *looking):
            part.close()

"""Putting the program together: state, window, controllers, and who answers which action."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Sequence
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING

import pyqtgraph as pg
from PySide6.QtCore import QObject, QTimer
from PySide6.QtGui import QCloseEvent
from PySide6.QtWidgets import QApplication, QMessageBox

from brainseg_gui import __version__
from brainseg_gui.controllers.annotate import AnnotateController
from brainseg_gui.controllers.case_states import CaseStatesController
from brainseg_gui.controllers.certainty import CertaintyController
from brainseg_gui.controllers.errors import ErrorsController
from brainseg_gui.controllers.figures import FiguresController
from brainseg_gui.controllers.files import FilesController
from brainseg_gui.controllers.intensities import IntensitiesController
from brainseg_gui.controllers.journal import JournalController
from brainseg_gui.controllers.leaving import LeavingController
from brainseg_gui.controllers.live_score import LiveScoreController
from brainseg_gui.controllers.masks import MasksController
from brainseg_gui.controllers.operations import OperationsController
from brainseg_gui.controllers.preferences import Preferences
from brainseg_gui.controllers.proposal import ProposalController
from brainseg_gui.controllers.rating import RatingController
from brainseg_gui.controllers.recent import RecentController
from brainseg_gui.controllers.restore import RestoreController
from brainseg_gui.controllers.save_annotation import SaveController
from brainseg_gui.controllers.segment import SegmentController
from brainseg_gui.controllers.viewing import ViewingController
from brainseg_gui.inference.engine import Engine
from brainseg_gui.state.session import Session
from brainseg_gui.views.keys_dialog import KeysDialog
from brainseg_gui.views.main_window import MainWindow
from brainseg_gui.views.palette import CommandPalette
from brainseg_gui.views.theme import apply_theme

if TYPE_CHECKING:
    from brainseg_gui.controllers.cohort import CohortController
    from brainseg_gui.controllers.training import TrainingController

log = logging.getLogger(__name__)

ABOUT = (
    f"<h3>brainseg {__version__}</h3>"
    "<p>Read, segment, compare and correct brain-tumour MRI.</p>"
    "<p>For research. Not a medical device: not for diagnosis or treatment.</p>"
    "<p>Apache License 2.0. Built with Qt, pyqtgraph, nibabel, numpy, scipy and Keras.</p>"
)


class Application(QObject):
    """One window with everything behind it.

    Parameters
    ----------
    qt
        The Qt application.
    safe
        Start without remembered settings, and remember none.
    engine
        The engine to use; by default one of its own.
    """

    def __init__(self, qt: QApplication, *, safe: bool = False, engine: Engine | None = None) -> None:
        super().__init__()
        pg.setConfigOptions(imageAxisOrder="row-major")
        self._qt = qt
        self._may_leave = False
        self.preferences = Preferences(safe=safe)
        apply_theme(qt, self.preferences.get("theme", "dark"))
        self.session = Session()
        self.window = MainWindow(self.session, self.preferences.keys)
        parts = (self.session, self.window, self.preferences)
        self.viewing = ViewingController(*parts)
        self.recent = RecentController(*parts)
        self.files = FilesController(*parts)
        self.masks = MasksController(*parts)
        self.segment = SegmentController(*parts, engine or Engine())
        self.figures = FiguresController(*parts)
        self.errors = ErrorsController(*parts)
        self.rating = RatingController(*parts)
        self.certainty = CertaintyController(*parts)
        self.intensities = IntensitiesController(*parts)
        self.journals = JournalController(*parts)
        self.annotate = AnnotateController(*parts, self.journals)
        self.saving = SaveController(*parts, self.journals, self.masks)
        self.live_score = LiveScoreController(*parts)
        self.operations, self.proposal = OperationsController(*parts), ProposalController(*parts)
        self.restoring = RestoreController(self.session, self.window, self.journals, self.annotate)
        self.leaving = LeavingController(
            self.session, self.window, self.journals, self.saving, self.annotate.paint.finish
        )
        self.files.leave = self.leaving.ask
        self.case_states = CaseStatesController(*parts, self.files)
        self.restoring.open_requested.connect(lambda path: self.files.open_paths([path]))
        qt.commitDataRequest.connect(self.leaving.answer_session_end)
        self.window.actions_table["view.theme"].setChecked(self.preferences.get("theme", "dark") == "light")
        self._commands = self._table()
        self.recent.chosen.connect(self._on_recent_chosen)
        self.window.actions_table.triggered.connect(self.run_action)
        self.window.notice.action_requested.connect(self.run_action)
        self.window.close_requested.connect(self._on_close_requested)
        self.window.restore(self.preferences.bytes("geometry"), self.preferences.bytes("window state"))

    def _table(self) -> dict[str, Callable[[], object]]:
        """Who answers which action."""
        return {
            **self.viewing.commands,
            **self.annotate.commands,
            **self.errors.commands,
            **self.restoring.commands,
            **self.case_states.commands,
            **self.operations.commands,
            **self.proposal.commands,
            "annotate.close_outline": self._confirm,
            "file.open": self.files.choose_folder,
            "file.open_cohort": self.files.choose_folder,
            "file.cohort_results": lambda: self.cohort.show(),
            "file.open_files": self.files.choose_files,
            "file.open_demo": self.files.open_demo,
            "file.open_mask": self.masks.choose_mask,
            "file.open_dropped": self.files.open_dropped,
            "file.assign": self.files.assign,
            "file.resample": self.files.open_resampled,
            "file.without_mask": self.files.open_without_mask,
            "file.previous": lambda: self.files.step(-1),
            "file.next": lambda: self.files.step(1),
            "file.save": self.saving.save,
            "file.save_as": self.saving.save_as,
            "file.figure": self.figures.choose,
            "file.quit": self.window.close,
            "layers.resample": self.masks.add_resampled,
            "layers.raters": partial(self.window.show_panel, "Raters"),
            "layers.majority": self.rating.add_majority,
            "layers.staple": self.rating.add_staple,
            "layers.heat_map": self.rating.toggle_heat_map,
            "layers.probabilities": partial(self.window.show_panel, "Probabilities"),
            "layers.histograms": partial(self.window.show_panel, "Histograms"),
            "view.theme": self._toggle_theme,
            "segment.run": self.segment.segment,
            "segment.cancel": self._cancel,
            "segment.probabilities": self.segment.segment_with_probabilities,
            "segment.model": self.segment.choose_model_folder,
            "train.open": lambda: self.training.show(),
            "help.keys": self._show_keys,
            "help.palette": lambda: CommandPalette(self.window.actions_table, self.window).open(),
            "help.about": lambda: QMessageBox.about(self.window, "About brainseg", ABOUT),
        }

    @cached_property
    def training(self) -> TrainingController:
        """The training window, made when it is first asked for: the start need not wait for it."""
        from brainseg_gui.controllers.training import TrainingController

        return TrainingController(self.session, self.window, self.preferences, self.segment.use_model)

    @cached_property
    def cohort(self) -> CohortController:
        """The window of cohort results, made when it is first asked for."""
        from brainseg_gui.controllers.cohort import CohortController

        return CohortController(self.session, self.window, self.preferences, self.files, self.masks)

    def start(self, paths: Sequence[Path]) -> None:
        """Show the window; what is slow comes after its first picture."""
        self.window.show()
        QTimer.singleShot(0, self.segment.find_models)
        if paths:
            QTimer.singleShot(0, lambda: self.files.open_paths(paths))
        else:
            QTimer.singleShot(0, self.restoring.start)

    def run_action(self, key: str) -> None:
        """Do what an action stands for."""
        self._commands[key]()

    def close(self) -> None:
        """End threads and the engine, and remember what was set."""
        case = self.session.case
        if case is not None and not self.session.previewing:
            self.preferences.set_windows(case.source.folder, self.session.viewing.windows)
        self.preferences.set("geometry", self.window.saveGeometry())
        self.preferences.set("window state", self.window.saveState())
        if "training" in self.__dict__:
            self.training.close()
        if "cohort" in self.__dict__:
            self.cohort.close()
        self.figures.close()
        trying = (self.live_score, self.operations, self.proposal)
        keeping = (*trying, self.annotate, self.saving, self.restoring, self.journals)
        self.leaving.close()
        for part in (*keeping, self.files, self.masks, self.segment, self.viewing, self.errors, *self._measuring):
            part.close()
        self.preferences.flush()

    @property
    def _measuring(self) -> tuple[RatingController, CertaintyController, IntensitiesController]:
        return self.rating, self.certainty, self.intensities

    def _confirm(self) -> None:
        """Accept what is previewed; while a polygon is drawn, close it."""
        if self.annotate.paint.busy or not (self.operations.accept() or self.proposal.accept()):
            self.annotate.commands["annotate.close_outline"]()

    def _cancel(self) -> None:
        if self.annotate.paint.cancel() or self.operations.drop() or self.proposal.leave():
            return
        self.files.cancel()
        self.segment.cancel()

    def _show_keys(self) -> None:
        dialog = KeysDialog(self.window.actions_table, self.window)
        dialog.rebound.connect(self.preferences.set_key)
        dialog.profile_applied.connect(self.preferences.set_keys)
        dialog.open()

    def _toggle_theme(self) -> None:
        light = self.window.actions_table["view.theme"].isChecked()
        self.preferences.set("theme", "light" if light else "dark")
        apply_theme(self._qt, "light" if light else "dark")
        self.window.actions_table.refresh_icons()
        self.session.layers.changed.emit()

    def _on_recent_chosen(self, path: Path) -> None:
        self.files.open_paths([path])

    def leave(self) -> None:
        """Close the window without asking; the journal keeps what is not saved."""
        self._may_leave = True
        self.window.close()

    def _on_close_requested(self, event: QCloseEvent) -> None:
        if self._may_leave or self.leaving.free:
            self.close()
            event.accept()
        else:
            event.ignore()
            self.leaving.ask(self.leave)


def run(paths: Sequence[Path], *, safe: bool = False) -> int:
    """Start the window and stay until it is closed."""
    qt = QApplication.instance() or QApplication(sys.argv[:1])
    if not isinstance(qt, QApplication):
        raise TypeError("a Qt application without windows is running already")
    qt.setApplicationName("brainseg")
    qt.setDesktopFileName("brainseg")
    application = Application(qt, safe=safe)
    application.start(paths)
    return int(qt.exec())

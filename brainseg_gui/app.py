"""The program: one window on one session, from its start to its end."""

from __future__ import annotations

import gc
import logging
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QLocale, QObject, QTimer
from PySide6.QtGui import QCloseEvent
from PySide6.QtWidgets import QApplication

from brainseg_gui.controllers.faults.fault_watch import FaultWatch
from brainseg_gui.controllers.settings.person import call_person
from brainseg_gui.controllers.settings.preferences import Preferences
from brainseg_gui.controllers.shell.appearance import apply_appearance
from brainseg_gui.controllers.shell.features.all_features import ACTIONS, FEATURES, PANELS, TOUR
from brainseg_gui.controllers.shell.features.controller_set import ControllerSet
from brainseg_gui.controllers.shell.features.core_features import FAULTS, FILES, QUITTING, RESTORING, SEGMENTING
from brainseg_gui.state.session import Session
from brainseg_gui.views.shell.main_window import MainWindow
from brainseg_gui.views.widgets.file_icons import FileDialogIcons

if TYPE_CHECKING:
    from brainseg_gui.inference.engine.engine import Engine

log = logging.getLogger(__name__)


class Application(QObject):
    """One window on one session, and the controllers between them.

    Parameters
    ----------
    qt
        The Qt application.
    safe
        Start without remembered settings, and remember none. Unsaved work is no setting: it is offered all the same.
    engine
        The engine to use; by default one of its own.
    watch
        What hears of faults; by default nothing does.
    """

    def __init__(
        self, qt: QApplication, *, safe: bool = False, engine: Engine | None = None, watch: FaultWatch | None = None
    ) -> None:
        QLocale.setDefault(QLocale.c())  # numbers look as in the files that they go into, whatever the desktop's habit
        super().__init__()
        self.preferences = Preferences(safe=safe)
        apply_appearance(qt, self.preferences)
        call_person(self.preferences.get("annotator", ""))
        self.session = Session()
        self.window = MainWindow(self.session, self.preferences.keys, PANELS, ACTIONS)
        self.controllers = ControllerSet(FEATURES, self.session, self.window, self.preferences, engine, watch)
        self._may_leave = False
        self._commands = self.controllers.commands()
        self.controllers[FAULTS].leave = self.leave
        self._file_dialogs = FileDialogIcons(qt)
        qt.commitDataRequest.connect(self.controllers[QUITTING].answer_session_end)
        self.window.actions_table.triggered.connect(self.run_action)
        self.window.notice.action_requested.connect(self.run_action)
        self.window.close_requested.connect(self._on_close_requested)
        self.window.restore(self.preferences.bytes("geometry"), self.preferences.bytes("window state"))

    def start(self, paths: Sequence[Path]) -> None:
        """Show the window; what is slow comes after its first picture."""
        made = self.controllers
        first = (lambda: made[FILES].open_paths(paths)) if paths else made[RESTORING].start
        begin = [made[SEGMENTING].find_models, first, made[FAULTS].start, *([] if paths else [self.greet])]
        for step in begin:  # one per turn of the event loop
            self.window.painted.connect(lambda step=step: QTimer.singleShot(0, self, step))
        self.window.show()

    def greet(self) -> None:
        """Show the tour to whoever is here for the first time."""
        if not (self.preferences.safe or self.preferences.recent or self.preferences.get("tour seen", False)):
            self.controllers[TOUR].show()

    def run_action(self, key: str) -> None:
        """Do what an action stands for."""
        self._commands[key]()

    def collect_garbage(self) -> None:
        """Collect cyclic garbage from now on, once a second at most and in the thread of the window alone.

        Python's own collector runs in whichever thread happens to be allocating, and there it would destroy what Qt
        made in this one, which Qt survives by luck. What the start made stays: to look through it now and then would
        only make the pictures falter.
        """
        from pyqtgraph.util.garbage_collector import GarbageCollector

        gc.freeze()
        self._garbage = GarbageCollector()

    def close(self) -> None:
        """End threads and the engine, and remember what was set."""
        case = self.session.case
        if case is not None and not self.session.previewing:
            self.preferences.set_windows(case.source, self.session.viewing.windows)
        self.preferences.set("geometry", self.window.saveGeometry())
        self.preferences.set("window state", self.window.saveState())
        self.controllers.close()
        self.preferences.flush()

    def leave(self) -> None:
        """Close the window without asking; the journal keeps what is not saved."""
        self._may_leave = True
        self.window.close()

    def _on_close_requested(self, event: QCloseEvent) -> None:
        quitting = self.controllers[QUITTING]
        if self._may_leave or quitting.free:
            self.close()
            event.accept()
        else:
            event.ignore()
            quitting.ask(self.leave)


def run(paths: Sequence[Path], *, safe: bool = False) -> int:
    """Start the window and stay until it is closed."""
    qt = QApplication.instance() or QApplication(sys.argv[:1])
    if not isinstance(qt, QApplication):
        raise TypeError("a Qt application without windows is running already")
    qt.setApplicationName("brainseg")
    qt.setDesktopFileName("brainseg")
    watch = FaultWatch()
    with watch.watching():
        application = Application(qt, safe=safe, watch=watch)
        application.start(paths)
        application.window.painted.connect(lambda: QTimer.singleShot(0, application, application.collect_garbage))
        return watch.note_end(int(qt.exec()))

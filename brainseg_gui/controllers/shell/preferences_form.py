"""The dialog of preferences: carries out at once what is set in it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QFileDialog, QMessageBox

from brainseg_gui.controllers.settings.person import call_person, user_name
from brainseg_gui.controllers.settings.preferences import Preferences
from brainseg_gui.controllers.shell.appearance import AppearanceController
from brainseg_gui.imaging.colours import USUAL
from brainseg_gui.state.annotating.tools import ToolOptions
from brainseg_gui.state.session import Session
from brainseg_gui.views.shell.main_window import MainWindow
from brainseg_gui.views.shell.preferences_dialog import PreferencesDialog
from brainseg_gui.views.widgets.theme import THEMES

NAME, RUNS = "annotator", "runs folder"


class PreferencesFormController(QObject):
    """Shows the dialog, and goes through the actions of the menus where there are any."""

    def __init__(
        self, session: Session, window: MainWindow, preferences: Preferences, appearance: AppearanceController
    ) -> None:
        super().__init__(window)
        self._session, self._window, self._preferences = session, window, preferences
        self._appearance = appearance
        self.dialog: PreferencesDialog | None = None

    def show(self) -> None:
        """Open the dialog."""
        if self.dialog is not None:
            self.dialog.raise_()
            return
        self.dialog = dialog = PreferencesDialog(self._session, self._window)
        dialog.theme_chosen.connect(self._appearance.choose_theme)
        dialog.name_given.connect(self._name)
        dialog.masks_folder_requested.connect(lambda: self._run("file.save_in"))
        dialog.beside_requested.connect(lambda: self._run("file.save_beside"))
        dialog.runs_folder_requested.connect(self._choose_runs)
        dialog.keys_requested.connect(lambda: self._run("help.keys"))
        dialog.labels_requested.connect(lambda: self._run("layers.labels"))
        dialog.reset_requested.connect(self._reset)
        dialog.finished.connect(self._on_finished)
        stop = self._following()
        dialog.finished.connect(stop)
        self._synchronize()
        dialog.open()

    def _following(self) -> Callable[[], None]:
        """Show also what is set elsewhere, until the answer is called."""
        viewing = self._session.viewing.events
        events = (self._session.output.events.tree, viewing.colours, viewing.file_index)
        for event in events:
            event.connect(self._synchronize)

        def stop() -> None:
            for event in events:
                event.disconnect(self._synchronize)

        return stop

    def _on_finished(self) -> None:
        self.dialog = None

    def _run(self, key: str) -> None:
        self._window.actions_table[key].trigger()

    def _synchronize(self, *_: object) -> None:
        if self.dialog is not None:
            theme = self._preferences.choice("theme", THEMES)
            self.dialog.synchronize(theme, self._preferences.get(NAME, ""), user_name(), self._runs)

    @property
    def _runs(self) -> Path:
        return Path(self._preferences.get(RUNS, str(Path.home() / "brainseg-runs")))

    def _name(self, name: str) -> None:
        self._preferences.set(NAME, call_person(name))
        self._synchronize()

    def _choose_runs(self) -> None:
        folder = QFileDialog.getExistingDirectory(self._window, "Folder of training runs", str(self._runs))
        if folder:
            self._preferences.set(RUNS, folder)
            self._synchronize()

    def _reset(self) -> None:
        words = (
            "Theme, colours, name, folders and brush become what they were at the first start. Keys and labels stay."
        )
        if QMessageBox.question(self.dialog, "Reset all", words) != QMessageBox.StandardButton.Yes:
            return
        usual, options = ToolOptions(), self._session.annotating.options
        self._appearance.choose_theme(THEMES[0])
        self._session.viewing.colours, self._session.viewing.file_index = USUAL, False
        self._session.output.tree = None
        options.brush_mm, options.square, options.in_3d = usual.brush_mm, usual.square, usual.in_3d
        self._preferences.set(RUNS, str(Path.home() / "brainseg-runs"))
        self._name("")

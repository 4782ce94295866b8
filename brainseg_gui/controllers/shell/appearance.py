"""The theme, the keys, and what the Help menu shows."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication, QMessageBox

from brainseg_gui import __version__
from brainseg_gui.controllers.settings.preferences import Preferences
from brainseg_gui.state.session import Session
from brainseg_gui.views.shell.main_window import MainWindow
from brainseg_gui.views.widgets.theme import THEMES, apply_theme, shown_theme

ABOUT = (
    f"<h3>brainseg {__version__}</h3>"
    "<p>Read, segment, compare and correct brain-tumour MRI.</p>"
    "<p>For research. Not a medical device: not for diagnosis or treatment.</p>"
    "<p>Apache License 2.0. Built with Qt, pyqtgraph, nibabel, numpy, scipy and Keras.</p>"
)


def apply_appearance(qt: QApplication, preferences: Preferences) -> None:
    """Apply the theme that the person chose; before any widget is made, because dressing them again takes longer."""
    apply_theme(qt, preferences.choice("theme", THEMES))


class AppearanceController(QObject):
    """Changes the theme and the keys, remembers both, and shows the dialogs of the Help menu."""

    def __init__(self, session: Session, window: MainWindow, preferences: Preferences) -> None:
        super().__init__(window)
        self._session, self._window, self._preferences = session, window, preferences
        self._check(preferences.choice("theme", THEMES))
        QGuiApplication.styleHints().colorSchemeChanged.connect(self._on_system_changed)

    @property
    def commands(self) -> dict[str, Callable[[], object]]:
        """What each action does."""
        return {
            "view.theme": self.toggle_theme,
            "view.system_theme": self.follow_system,
            "help.keys": self.show_keys,
            "help.palette": self.show_palette,
            "view.reset": self._window.reset_layout,
            "help.menus": self._window.menus.open_first,
            "help.about": lambda: QMessageBox.about(self._window, "About brainseg", ABOUT),
        }

    def toggle_theme(self) -> None:
        """Dress the program as the check mark says, whatever the system does."""
        self.choose_theme("light" if self._window.actions_table["view.theme"].isChecked() else "dark")

    def follow_system(self) -> None:
        """Dress the program as the system is from now on, or stay as it is."""
        follows = self._window.actions_table["view.system_theme"].isChecked()
        self.choose_theme("system" if follows else shown_theme("system"))

    def choose_theme(self, choice: str) -> None:
        """Dress the program as one of `THEMES`, and remember it."""
        self._preferences.set("theme", choice)
        self._apply(choice)

    def _on_system_changed(self) -> None:
        if self._window.actions_table["view.system_theme"].isChecked():
            self._apply("system")

    def _apply(self, choice: str) -> None:
        self._check(choice)
        application = QApplication.instance()
        if isinstance(application, QApplication):
            apply_theme(application, choice)
        self._window.actions_table.refresh_icons()
        self._session.layers.changed.emit()

    def _check(self, choice: str) -> None:
        self._window.actions_table["view.theme"].setChecked(shown_theme(choice) == "light")
        self._window.actions_table["view.system_theme"].setChecked(choice == "system")

    def show_keys(self) -> None:
        """Show all keys, to be changed."""
        from brainseg_gui.views.shell.keys_dialog import KeysDialog

        dialog = KeysDialog(self._window.actions_table, self._window)
        dialog.rebound.connect(self._preferences.set_key)
        dialog.profile_applied.connect(self._preferences.set_keys)
        dialog.open()

    def show_palette(self) -> None:
        """Let the person find a command by its name."""
        from brainseg_gui.views.shell.palette import CommandPalette

        CommandPalette(self._window.actions_table, self._window).open()

"""Where new masks go: beside the images, or into a folder that a person chooses and that mirrors the cases."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QFileDialog, QWidget

from brainseg_gui.annotation.saving.mask_paths import OutputTree, root_of
from brainseg_gui.controllers.settings.preferences import Preferences
from brainseg_gui.errors import printable
from brainseg_gui.state.session import Notice, Session
from brainseg_gui.views.actions.actions import Actions


class MaskFolderController(QObject):
    """*Save masks in…* and *Save masks beside the images*; the choice holds until the next, and is said.

    Signals
    -------
    chosen
        A person chose a folder: what found no room elsewhere may be saved now.
    """

    chosen = Signal()

    def __init__(self, session: Session, window: QWidget, preferences: Preferences, actions: Actions) -> None:
        super().__init__(window)
        self._session, self._window, self._preferences = session, window, preferences
        self._inside, self._beside = actions["file.save_in"], actions["file.save_beside"]
        session.output.tree, session.output.earlier = preferences.output_tree, preferences.earlier_trees
        session.output.events.tree.connect(self._on_tree_changed)
        self._show_tree()

    @property
    def commands(self) -> dict[str, Callable[[], object]]:
        """What each action does."""
        return {"file.save_in": self.choose, "file.save_beside": self.save_beside}

    def choose(self) -> None:
        """Ask for a folder that all masks go into from now on, in the order of the cases."""
        tree, case = self._session.output.tree, self._session.case
        start = tree.folder if tree is not None else case.source.folder.parent if case is not None else Path.home()
        folder = QFileDialog.getExistingDirectory(self._window, "Save masks in", str(start))
        if folder:
            self._session.output.tree = self._tree_at(Path(folder))
            self._session.say(_words_on(self._session.output.tree))
            self.chosen.emit()
        self._show_tree()

    def save_beside(self) -> None:
        """Let masks go beside the images again."""
        self._session.output.tree = None
        self._session.say(_words_on(None))
        self._show_tree()

    def _tree_at(self, folder: Path) -> OutputTree | None:
        case = self._session.case
        root = root_of(self._session.cohort, case.source) if case is not None else folder
        return OutputTree(folder, root) if folder != root else None

    def _on_tree_changed(self, tree: OutputTree | None, before: OutputTree | None) -> None:
        if before is not None:
            self._session.output.leave(before)
            self._preferences.set_earlier_trees(self._session.output.earlier)
        self._preferences.set_output_tree(tree)
        self._show_tree()

    def _show_tree(self) -> None:
        tree = self._session.output.tree
        self._inside.setChecked(tree is not None)
        self._beside.setChecked(tree is None)
        self._beside.setEnabled(tree is not None)


def _words_on(tree: OutputTree | None) -> Notice:
    """What follows from the choice."""
    if tree is None:
        return Notice("Masks go beside the images again", "Those in other folders stay, and are found", problem=False)
    where = f"{printable(str(tree.folder))} from now on, as the cases lie below {printable(tree.root.name)}"
    return Notice(f"Masks go into {where}", "Those that were saved elsewhere stay, and are found", problem=False)

"""Where runs are looked for, and which of them are hidden: remembered from start to start."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from brainseg_gui.controllers.settings.preferences import Preferences


class RunSearchPaths:
    """Folders of runs, single runs, and those that were taken off the list."""

    def __init__(self, preferences: Preferences) -> None:
        self._preferences = preferences
        self._paths = list(preferences.run_search_paths)
        self._hidden = set(preferences.forgotten_runs)

    @property
    def hidden(self) -> frozenset[Path]:
        """Runs that were taken off the list."""
        return frozenset(self._hidden)

    def with_own(self, own: Iterable[Path]) -> tuple[Path, ...]:
        """All places, the program's own first."""
        return (*dict.fromkeys([*own, *self._paths]),)

    def add(self, path: Path) -> None:
        """Look there too, and at what was hidden of it again."""
        self._hidden = {path for path in self._hidden if path != path and path.parent != path}
        self._paths = [*dict.fromkeys([*self._paths, path])]
        self._remember()

    def drop(self, path: Path) -> None:
        """Look there no more."""
        self._paths = [other for other in self._paths if other != path]
        self._remember()

    def hide(self, run: Path) -> None:
        """Take a run off the list, wherever it is found."""
        self._hidden.add(run)
        self.drop(run)

    def unhide(self, run: Path) -> None:
        """List a run again where it is found."""
        self._hidden.discard(run)

    def _remember(self) -> None:
        self._preferences.set_run_search_paths(self._paths, self._hidden)

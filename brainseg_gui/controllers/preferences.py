"""What a person set, remembered from one start to the next."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import platformdirs
from PySide6.QtCore import QByteArray, QSettings

from brainseg_gui.imaging.modality import Modality
from brainseg_gui.imaging.window import Window

log = logging.getLogger(__name__)

_APP = "brainseg"
_RECENT = 10
_REMEMBERED_CASES = 100


class Preferences:
    """Settings in an INI file of the user.

    Parameters
    ----------
    safe
        Start as if nothing had ever been set, and remember nothing.
    journals
        Folder of the journals; by default in the user's data. Work is no setting: `safe` does not forget it.
    """

    def __init__(self, *, safe: bool = False, journals: Path | None = None) -> None:
        self._safe = safe
        self.journals = journals or platformdirs.user_data_path(_APP) / "journals"
        path = platformdirs.user_config_path(_APP) / "settings.ini"
        self._settings = QSettings(str(path), QSettings.Format.IniFormat)
        if self._settings.status() != QSettings.Status.NoError:
            log.warning("the settings in %s cannot be read; starting with the defaults", path)

    @property
    def safe(self) -> bool:
        """Whether nothing is remembered."""
        return self._safe

    def get(self, key: str, default: Any) -> Any:
        """A setting, or its default when it is missing or of another type."""
        value = None if self._safe else self._settings.value(key)
        if value is None:
            return default
        if isinstance(default, bool):
            return str(value).lower() == "true"
        try:
            return type(default)(value)
        except (TypeError, ValueError):
            return default

    def set(self, key: str, value: Any) -> None:
        """Remember a setting."""
        if not self._safe:
            self._settings.setValue(key, value)

    def bytes(self, key: str) -> QByteArray:
        """A setting of Qt's own, such as a window's geometry."""
        value = None if self._safe else self._settings.value(key)
        return value if isinstance(value, QByteArray) else QByteArray()

    def flush(self) -> None:
        """Write to disk."""
        if not self._safe:
            self._settings.sync()

    # structured settings, as JSON

    def _load(self, key: str, default: Any) -> Any:
        try:
            value = json.loads(self.get(key, ""))
        except ValueError:
            return default
        return value if isinstance(value, type(default)) else default

    def _store(self, key: str, value: Any) -> None:
        self.set(key, json.dumps(value))

    @property
    def recent(self) -> list[Path]:
        """The last cases, newest first."""
        return [Path(text) for text in self._load("recent", []) if isinstance(text, str)]

    def add_recent(self, path: Path) -> None:
        """Put a case at the top of the list."""
        others = [str(p) for p in self.recent if p != path]
        self._store("recent", [str(path), *others][:_RECENT])

    @property
    def keys(self) -> dict[str, str]:
        """Shortcuts that the person changed."""
        return {str(k): str(v) for k, v in self._load("keys", {}).items()}

    def set_key(self, action: str, sequence: str) -> None:
        """Remember a changed shortcut."""
        self._store("keys", {**self.keys, action: sequence})

    def set_keys(self, keys: Mapping[str, str]) -> None:
        """Remember these changed shortcuts in place of all others."""
        self._store("keys", dict(keys))

    @property
    def models(self) -> list[Path]:
        """Model folders that the person added."""
        return [Path(text) for text in self._load("models", []) if isinstance(text, str)]

    def add_model(self, folder: Path) -> None:
        """Remember a model folder."""
        self._store("models", [*dict.fromkeys([*map(str, self.models), str(folder)])])

    @property
    def run_places(self) -> list[Path]:
        """Run folders, and folders of runs, that the person watches."""
        return [Path(text) for text in self._load("runs", []) if isinstance(text, str)]

    @property
    def forgotten_runs(self) -> list[Path]:
        """Runs that the person took off the list."""
        return [Path(text) for text in self._load("forgotten runs", []) if isinstance(text, str)]

    def set_run_places(self, places: Iterable[Path], forgotten: Iterable[Path]) -> None:
        """Remember which runs to watch."""
        self._store("runs", [str(path) for path in places])
        self._store("forgotten runs", sorted(str(path) for path in forgotten))

    def windows_of(self, folder: Path) -> dict[Modality, Window]:
        """Windows that were set for a case the last time."""
        entry = self._load("windows", {}).get(_token(folder), {})
        try:
            return {Modality(key): Window(float(level), float(width)) for key, (level, width) in entry.items()}
        except (AttributeError, TypeError, ValueError):
            return {}

    def set_windows(self, folder: Path, windows: Mapping[Modality, Window]) -> None:
        """Remember the windows of a case, of the last hundred cases."""
        known = self._load("windows", {})
        known.pop(_token(folder), None)
        known[_token(folder)] = {m.value: [w.level, w.width] for m, w in windows.items()}
        self._store("windows", dict(list(known.items())[-_REMEMBERED_CASES:]))

    def expected_seconds(self, key: str) -> float:
        """How long this kind of work took the last time, or 0."""
        value = self._load("seconds", {}).get(key, 0.0)
        return float(value) if isinstance(value, int | float) else 0.0

    def set_expected_seconds(self, key: str, seconds: float) -> None:
        """Remember how long it took."""
        self._store("seconds", {**self._load("seconds", {}), key: seconds})


def thumbnail_path(folder: Path) -> Path:
    """Where the small picture of a case is kept, in the user's cache."""
    return platformdirs.user_cache_path(_APP) / "thumbnails" / f"{_token(folder)}.png"


def _token(folder: Path) -> str:
    return hashlib.sha256(str(folder).encode()).hexdigest()[:16]

"""What a person set, remembered from one start to the next."""

from __future__ import annotations

import hashlib
import json
import logging
import os
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from math import isfinite
from pathlib import Path
from typing import Any

import platformdirs
from PySide6.QtCore import QByteArray, QSettings

from brainseg_gui.controllers.settings.settings_text import asks_for_objects
from brainseg_gui.imaging.modality import Modality
from brainseg_gui.imaging.window import Window
from brainseg_gui.plain_files import json_of
from brainseg_gui.state.session import Notice
from brainseg_gui.storage.writing import make_private_folder

log = logging.getLogger(__name__)

_APP = "brainseg"
_RECENT = 10
_REMEMBERED_CASES = 100
_FORMAT = 1
_LARGEST_BYTES = 2**23
_MOST_PATHS = 500
_LONGEST_S = 1e6


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
        with suppress(OSError):  # both hold names of cases, the cache their small pictures, too
            make_private_folder(path.parent)
            os.chmod(platformdirs.user_cache_path(_APP), 0o700)
        self.problems: tuple[Notice, ...] = () if safe else _put_aside_unusable(path)
        self._settings = QSettings(str(path), QSettings.Format.IniFormat)
        if not safe and not self._settings.isWritable():
            what = "The settings cannot be written, so nothing is remembered from one start to the next"
            self.problems += (Notice(what, f"Make {path.parent} writable"),)
        for problem in self.problems:
            log.warning("%s", problem.what)

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
            found = type(default)(value)
        except (TypeError, ValueError, OverflowError):
            return default
        senseless = not isfinite(found) if isinstance(found, float) else "\0" in str(found)
        return default if senseless else found

    def choice(self, key: str, choices: Sequence[str]) -> str:
        """A setting that is one of a few texts; the first one when it is none of them."""
        value = self.get(key, choices[0])
        return value if value in choices else choices[0]

    def set(self, key: str, value: Any) -> None:
        """Remember a setting."""
        if not self._safe:
            self._settings.setValue(key, value)
            self._settings.setValue("format", _FORMAT)

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
            value = json_of(self.get(key, ""))
        except ValueError:
            return default
        return value if isinstance(value, type(default)) else default

    def _load_newest(self, key: str, default: Any) -> Any:
        """As `_load`, with what another window has written meanwhile: it is about to be added to."""
        self.flush()
        return self._load(key, default)

    def _store(self, key: str, value: Any) -> None:
        self.set(key, json.dumps(value))

    @property
    def recent(self) -> list[Path]:
        """The last cases, newest first."""
        return _paths(self._load("recent", []))[:_RECENT]

    def add_recent(self, path: Path) -> None:
        """Put a case at the top of the list."""
        self.flush()
        others = [str(p) for p in self.recent if p != path]
        self._store("recent", [str(path), *others][:_RECENT])

    @property
    def keys(self) -> dict[str, str]:
        """Shortcuts that the person changed."""
        return {str(k): str(v) for k, v in self._load("keys", {}).items()}

    def set_key(self, action: str, sequence: str) -> None:
        """Remember a changed shortcut."""
        self.flush()
        self._store("keys", {**self.keys, action: sequence})

    def set_keys(self, keys: Mapping[str, str]) -> None:
        """Remember these changed shortcuts in place of all others."""
        self._store("keys", dict(keys))

    @property
    def models(self) -> list[Path]:
        """Model folders that the person added."""
        return _paths(self._load("models", []))

    def add_model(self, folder: Path) -> None:
        """Remember a model folder."""
        self.flush()
        self._store("models", [*dict.fromkeys([*map(str, self.models), str(folder)])])

    @property
    def run_places(self) -> list[Path]:
        """Run folders, and folders of runs, that the person watches."""
        return _paths(self._load("runs", []))

    @property
    def forgotten_runs(self) -> list[Path]:
        """Runs that the person took off the list."""
        return _paths(self._load("forgotten runs", []))

    def set_run_places(self, places: Iterable[Path], forgotten: Iterable[Path]) -> None:
        """Remember which runs to watch."""
        self._store("runs", [str(path) for path in places])
        self._store("forgotten runs", sorted(str(path) for path in forgotten))

    def windows_of(self, place: Path) -> dict[Modality, Window]:
        """Windows that were set for a case the last time, by its place."""
        entry = self._load("windows", {}).get(_token(place), {})
        try:
            found = {Modality(key): Window(float(level), float(width)) for key, (level, width) in entry.items()}
        except (AttributeError, TypeError, ValueError, OverflowError):
            return {}
        return {key: window for key, window in found.items() if isfinite(window.level) and isfinite(window.width)}

    def set_windows(self, place: Path, windows: Mapping[Modality, Window]) -> None:
        """Remember the windows of a case, of the last hundred cases."""
        known = self._load_newest("windows", {})
        known.pop(_token(place), None)
        known[_token(place)] = {m.value: [w.level, w.width] for m, w in windows.items()}
        self._store("windows", dict(list(known.items())[-_REMEMBERED_CASES:]))

    def expected_seconds(self, key: str) -> float:
        """How long this kind of work took the last time, or 0."""
        value = self._load("seconds", {}).get(key, 0.0)
        return float(value) if isinstance(value, int | float) and 0 <= value <= _LONGEST_S else 0.0

    def set_expected_seconds(self, key: str, seconds: float) -> None:
        """Remember how long it took."""
        self._store("seconds", {**self._load_newest("seconds", {}), key: seconds})


def _put_aside_unusable(path: Path) -> tuple[Notice, ...]:
    """Keep settings that are damaged, or of a later version, under another name, and say so."""
    if not os.path.lexists(path):
        return ()
    if _is_damaged(path):
        what, ending = "The settings were damaged, so all is as at the first start", "damaged"
    elif _int(QSettings(str(path), QSettings.Format.IniFormat).value("format")) > _FORMAT:
        what, ending = "The settings are of a later version of brainseg, so all is as at the first start", "later"
    else:
        return ()
    names = (f"{path.name}.{ending}{number or ''}" for number in range(1000))
    aside = path.with_name(next(name for name in names if not os.path.lexists(path.with_name(name))))
    try:
        path.rename(aside)
    except OSError:
        return (Notice(what, f"Move {path} away"),)
    return (Notice(what, f"The old file is kept as {aside.name}", str(aside)),)


def _is_damaged(path: Path) -> bool:
    try:
        if not path.is_file() or path.stat().st_size > _LARGEST_BYTES:
            return True
        raw = path.read_bytes().strip()
        if b"\0" in raw or (raw and raw[:1] not in b"[;#") or asks_for_objects(raw):
            return True
    except OSError:
        return False  # it may not be read: that is said by whoever writes it
    return QSettings(str(path), QSettings.Format.IniFormat).status() == QSettings.Status.FormatError


def _paths(found: list[object]) -> list[Path]:
    """Paths among what a setting holds, the first ones of far too many."""
    return [Path(text) for text in found[:_MOST_PATHS] if isinstance(text, str) and text and "\0" not in text]


def _int(value: object) -> int:
    with suppress(TypeError, ValueError):
        return int(str(value))
    return 0


def thumbnail_path(folder: Path) -> Path:
    """Where the small picture of a case is kept, in the user's cache."""
    return platformdirs.user_cache_path(_APP) / "thumbnails" / f"{_token(folder)}.png"


def _token(folder: Path) -> str:
    return hashlib.sha256(os.fsencode(folder)).hexdigest()[:16]

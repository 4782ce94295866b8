"""What a person set, remembered from one start to the next."""

from __future__ import annotations

import logging
import os
import weakref
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Any

import platformdirs
from PySide6.QtCore import QByteArray

from brainseg_gui.annotation.saving.mask_paths import OutputTree
from brainseg_gui.annotation.saving.study_memory import StudyMemory
from brainseg_gui.controllers.settings.settings_start import open_settings
from brainseg_gui.imaging.modality import Modality
from brainseg_gui.imaging.window import Window
from brainseg_gui.plain_files import json_of
from brainseg_gui.storage.settings import SettingsFile
from brainseg_gui.storage.writing import make_private_folder

if TYPE_CHECKING:
    from brainseg_gui.annotation.measuring.mark_journal import MarkJournals
    from brainseg_gui.imaging.case import CaseSource

log = logging.getLogger(__name__)

_APP = "brainseg"
_RECENT = 10
_REMEMBERED_CASES = 100
_MOST_PATHS = 500
_LONGEST_S = 1e6
_BYTES = "base64"  # how Qt's own settings stand in JSON


class Preferences:
    """Settings in a JSON file of the user; one of several windows writes only what was set in it.

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
        self.memory = StudyMemory(self.journals.parent / "studies")
        folder = platformdirs.user_config_path(_APP)
        with suppress(OSError):  # both hold names of cases, the cache their small pictures, too
            make_private_folder(folder)
            os.chmod(platformdirs.user_cache_path(_APP), 0o700)
        self._settings, self.problems = (SettingsFile(None), ()) if safe else open_settings(folder)
        weakref.finalize(self, self._settings.flush)
        for problem in self.problems:
            log.warning("%s", problem.what)

    @property
    def safe(self) -> bool:
        """Whether nothing is remembered."""
        return self._safe

    @property
    def measurements(self) -> MarkJournals:
        """What was measured, beside the journals; a start needs none of it."""
        from brainseg_gui.annotation.measuring.mark_journal import MarkJournals

        return MarkJournals(self.journals)

    def get(self, key: str, default: Any) -> Any:
        """A setting, or its default when it is missing or of another type."""
        value = self._settings.get(key)
        if isinstance(default, bool):
            return value if isinstance(value, bool) else {"true": True, "false": False}.get(str(value), default)
        if not isinstance(value, str | int | float) or isinstance(value, bool):
            return default
        try:
            converted = type(default)(value)
        except (TypeError, ValueError, OverflowError):
            return default
        senseless = not isfinite(converted) if isinstance(converted, float) else "\0" in str(converted)
        return default if senseless else converted

    def choice(self, key: str, choices: Sequence[str]) -> str:
        """A setting that is one of a few texts; the first one when it is none of them."""
        value = self.get(key, choices[0])
        return value if value in choices else choices[0]

    def set(self, key: str, value: Any) -> None:
        """Remember a setting."""
        self._settings.set(key, _stored(value))

    def bytes(self, key: str) -> QByteArray:
        """A setting of Qt's own, such as a window's geometry."""
        value = self._settings.get(key)
        text = value.get(_BYTES) if isinstance(value, dict) else None
        return QByteArray.fromBase64(text.encode()) if isinstance(text, str) and text.isascii() else QByteArray()

    def flush(self) -> None:
        """Write to disk."""
        self._settings.flush()

    # structured settings

    def _load(self, key: str, default: Any) -> Any:
        return _typed(self._settings.get(key), default)

    def _change(self, key: str, default: Any, change: Callable[[Any], Any]) -> None:
        """Change what is there, be it by this window or by another one that wrote meanwhile."""
        self._settings.change(key, lambda value: change(_typed(value, default)))

    @property
    def recent(self) -> list[Path]:
        """The last cases, newest first."""
        return _paths(self._load("recent", []))[:_RECENT]

    def add_recent(self, path: Path) -> None:
        """Put a case at the top of the list."""
        name = str(path)
        self._change("recent", [], lambda known: [name, *(other for other in known if other != name)][:_RECENT])

    @property
    def output_tree(self) -> OutputTree | None:
        """The folder that masks go into, if the person chose one, and the folder of the cases that it mirrors."""
        paths = _paths(self._load("masks", []))
        return OutputTree(*paths) if len(paths) == 2 else None

    def set_output_tree(self, tree: OutputTree | None) -> None:
        """Remember where masks go; None: beside the images."""
        self.set("masks", [str(tree.folder), str(tree.root)] if tree is not None else [])

    @property
    def earlier_trees(self) -> tuple[OutputTree, ...]:
        """Folders that masks went into before, the last first."""
        paths = _paths(self._load("earlier masks", []))
        return tuple(OutputTree(*pair) for pair in zip(paths[::2], paths[1::2], strict=False))

    def set_earlier_trees(self, trees: Sequence[OutputTree]) -> None:
        """Remember where masks went before."""
        self.set("earlier masks", [str(path) for tree in trees for path in (tree.folder, tree.root)])

    @property
    def keys(self) -> dict[str, str]:
        """Shortcuts that the person changed."""
        return {str(k): str(v) for k, v in self._load("keys", {}).items()}

    def set_key(self, action: str, sequence: str) -> None:
        """Remember a changed shortcut."""
        self._change("keys", {}, lambda known: {**known, action: sequence})

    def set_keys(self, keys: Mapping[str, str]) -> None:
        """Remember these changed shortcuts in place of all others."""
        self.set("keys", dict(keys))

    @property
    def models(self) -> list[Path]:
        """Model folders that the person added."""
        return _paths(self._load("models", []))

    def add_model(self, folder: Path) -> None:
        """Remember a model folder."""
        self._change("models", [], lambda known: [*known, *({str(folder)} - set(map(str, known)))])

    @property
    def run_search_paths(self) -> list[Path]:
        """Run folders, and folders of runs, that the person watches."""
        return _paths(self._load("runs", []))

    @property
    def forgotten_runs(self) -> list[Path]:
        """Runs that the person took off the list."""
        return _paths(self._load("forgotten runs", []))

    def set_run_search_paths(self, paths: Iterable[Path], forgotten: Iterable[Path]) -> None:
        """Remember which runs to watch."""
        self.set("runs", [str(path) for path in paths])
        self.set("forgotten runs", sorted(str(path) for path in forgotten))

    def windows_of(self, source: CaseSource) -> dict[Modality, Window]:
        """Windows that were set for a case the last time, by its place, for the files that they were set for."""
        entry = self._load("windows", {}).get(folder_token(source.identity), {})
        try:
            known = {Modality(key): (Window(float(v[0]), float(v[1])), v[2:]) for key, v in entry.items()}
        except (AttributeError, IndexError, TypeError, ValueError, OverflowError):
            return {}
        files = _file_tokens(source)
        same = {m: window for m, (window, file) in known.items() if not file or file[0] == files.get(m)}
        return {key: window for key, window in same.items() if isfinite(window.level) and isfinite(window.width)}

    def set_windows(self, source: CaseSource, windows: Mapping[Modality, Window]) -> None:
        """Remember the windows of a case, of the last hundred cases, each with what tells its file."""
        files, token = _file_tokens(source), folder_token(source.identity)
        entry = {m.value: [w.level, w.width, files[m]] for m, w in windows.items() if m in files}

        def with_these(known: dict[str, Any]) -> dict[str, Any]:
            others = [(key, value) for key, value in known.items() if key != token]
            return dict([*others, (token, entry)][-_REMEMBERED_CASES:])

        self._change("windows", {}, with_these)

    def expected_seconds(self, key: str) -> float:
        """How long this kind of work took the last time, or 0."""
        value = self._load("seconds", {}).get(key, 0.0)
        return float(value) if isinstance(value, int | float) and 0 <= value <= _LONGEST_S else 0.0

    def set_expected_seconds(self, key: str, seconds: float) -> None:
        """Remember how long it took."""
        self._change("seconds", {}, lambda known: {**known, key: seconds})


def _stored(value: Any) -> Any:
    return {_BYTES: value.toBase64().toStdString()} if isinstance(value, QByteArray) else value


def _typed(value: Any, default: Any) -> Any:
    """A structured setting, or its default where it is of another type; earlier versions kept it as JSON in a text."""
    if isinstance(value, str):
        with suppress(ValueError):
            value = json_of(value)
    return value if isinstance(value, type(default)) else default


def _paths(found: list[object]) -> list[Path]:
    """Paths among what a setting holds, the first ones of far too many."""
    return [Path(text) for text in found[:_MOST_PATHS] if isinstance(text, str) and text and "\0" not in text]


def _file_tokens(source: CaseSource) -> dict[Modality, str]:
    """What tells the file of each modality: the settings name none."""
    return {modality: folder_token(Path(path.name)) for modality, path in source.modalities.items()}


def thumbnail_path(folder: Path) -> Path:
    """Where the small picture of a case is kept, in the user's cache."""
    return platformdirs.user_cache_path(_APP) / "thumbnails" / f"{folder_token(folder)}.png"


def folder_token(folder: Path) -> str:
    """What a folder is called in the names of files about it."""
    import hashlib

    return hashlib.sha256(os.fsencode(folder)).hexdigest()[:16]

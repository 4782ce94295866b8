"""Taking up the settings at the start: damaged ones are kept aside and said, older ones are taken over."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from brainseg_gui.state.session import Notice
from brainseg_gui.storage.plain_ini import read_plain_ini
from brainseg_gui.storage.settings import DamagedError, LaterError, SettingsFile

NAME = "settings.json"
_BEFORE = "settings.ini"  # Qt's format, until version 0.1
_DAMAGED = "The settings were damaged, so all is as at the first start"
_LATER = "The settings are of a later version of brainseg, so all is as at the first start"
_NOT_KEPT = "The settings cannot be written, so nothing is remembered from one start to the next"

Opened = tuple[SettingsFile, tuple[Notice, ...]]


def open_settings(folder: Path) -> Opened:
    """The settings in a folder, and what is to be said about them."""
    path = folder / NAME
    settings = SettingsFile(path)
    problems: tuple[Notice, ...] = ()
    try:
        settings.read()
    except FileNotFoundError:
        problems = _take_over(folder / _BEFORE, settings)
    except DamagedError:
        problems = (_back_up(path, "damaged", _DAMAGED),)
    except LaterError:
        problems = (_back_up(path, "later", _LATER),)
    except OSError:
        pass  # it may not be read: it cannot be written, then, and that is said
    if not settings.is_writable:
        problems += (Notice(_NOT_KEPT, f"Make {folder} writable"),)
    return settings, problems


def _take_over(before: Path, settings: SettingsFile) -> tuple[Notice, ...]:
    """Take the plain texts of an earlier version's file, which is kept under another name from then on."""
    try:
        values = read_plain_ini(before)
    except FileNotFoundError:
        return ()
    except (OSError, ValueError):
        return (_back_up(before, "damaged", _DAMAGED),)
    if not values.pop("format", "1").startswith("1"):
        return (_back_up(before, "later", _LATER),)
    for key, value in values.items():
        settings.set(key, value)
    settings.flush()
    if settings.is_written:
        with suppress(OSError):
            before.rename(_free_name(before, "old"))
    return ()


def _back_up(path: Path, ending: str, what: str) -> Notice:
    backup = _free_name(path, ending)
    try:
        path.rename(backup)
    except OSError:
        return Notice(what, f"Move {path} away")
    return Notice(what, f"The old file is kept as {backup.name}", str(backup))


def _free_name(path: Path, ending: str) -> Path:
    names = (f"{path.name}.{ending}{number or ''}" for number in range(1000))
    return path.with_name(next(name for name in names if not os.path.lexists(path.with_name(name))))

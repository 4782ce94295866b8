"""Settings that are damaged, of a later version, not writable, or shared by two windows."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import platformdirs
import pytest
from PySide6.QtCore import QSettings

from brainseg_gui.controllers.settings.preferences import Preferences
from brainseg_gui.imaging.modality import Modality
from brainseg_gui.imaging.window import Window


@pytest.fixture
def path(own_folders: Path) -> Path:
    found = platformdirs.user_config_path("brainseg") / "settings.ini"
    found.parent.mkdir(parents=True)
    return found


@pytest.mark.parametrize(
    "raw",
    [b"\0\0\0\0", b"no ini at all\n{{{\n", b"\x89PNG\r\n\x1a\n\0\0", b"x" * (2**23 + 1), b"[General\ntheme=light\n=\n"],
    ids=["zeros", "text", "picture", "huge", "half"],
)
def test_damaged_settings_are_kept_aside_and_said(path: Path, raw: bytes) -> None:
    path.write_bytes(raw)
    preferences = Preferences()
    (said,) = preferences.problems
    assert said.what == "The settings were damaged, so all is as at the first start"
    assert said.remedy == "The old file is kept as settings.ini.damaged"
    assert (path.parent / "settings.ini.damaged").read_bytes() == raw
    preferences.set("theme", "light")
    preferences.flush()
    assert Preferences().problems == ()
    assert Preferences().get("theme", "dark") == "light"
    path.write_bytes(raw)
    assert Preferences().problems[0].remedy.endswith("settings.ini.damaged1")  # nothing is overwritten


def test_settings_of_a_later_version_are_kept_aside(path: Path) -> None:
    path.write_text("[General]\nformat=2\ntheme=ultraviolet\n")
    (said,) = Preferences().problems
    assert said.what.startswith("The settings are of a later version of brainseg")
    assert "ultraviolet" in (path.parent / "settings.ini.later").read_text()
    assert Preferences().get("theme", "dark") == "dark"


def test_safe_mode_touches_nothing(path: Path) -> None:
    path.write_bytes(b"\0\0")
    assert Preferences(safe=True).problems == ()
    assert path.read_bytes() == b"\0\0"


def test_settings_of_before_are_read(path: Path) -> None:
    path.write_text("[General]\ntheme=light\n")
    preferences = Preferences()
    assert preferences.problems == ()
    assert preferences.get("theme", "dark") == "light"


@pytest.mark.skipif(os.geteuid() == 0, reason="root writes everywhere; test_surroundings does this as another user")
def test_settings_that_cannot_be_written_are_said(path: Path) -> None:
    path.write_text("[General]\ntheme=light\n")
    path.chmod(0o400)
    path.parent.chmod(0o500)
    try:
        preferences = Preferences()
        assert preferences.problems[0].what.startswith("The settings cannot be written")
        assert preferences.get("theme", "dark") == "light"
    finally:
        path.parent.chmod(0o700)


def test_only_this_user_reads_what_is_remembered(own_folders: Path) -> None:
    platformdirs.user_cache_path("brainseg").mkdir(parents=True, mode=0o755)
    Preferences()
    for folder in (platformdirs.user_config_path("brainseg"), platformdirs.user_cache_path("brainseg")):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_two_windows_do_not_clobber_each_other(own_folders: Path, tmp_path: Path) -> None:
    """The other one runs in a process of its own, as a second window does."""
    here = Preferences()
    here.add_recent(tmp_path / "A")
    here.set_windows(tmp_path / "A", {Modality.T1: Window(1.0, 2.0)})
    here.set("theme", "light")
    here.flush()
    script = """
import sys
from pathlib import Path
from brainseg_gui.controllers.settings.preferences import Preferences
from brainseg_gui.imaging.modality import Modality
from brainseg_gui.imaging.window import Window
other = Preferences()
other.add_recent(Path(sys.argv[1]) / "B")
other.add_model(Path(sys.argv[1]) / "model")
other.set_key("view.fit", "F5")
other.set_expected_seconds("x", 4.0)
other.set_windows(Path(sys.argv[1]) / "B", {Modality.T2: Window(3.0, 4.0)})
other.flush()
"""
    done = subprocess.run([sys.executable, "-c", script, str(tmp_path)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    here.add_recent(tmp_path / "C")
    here.set_key("view.smooth", "F6")
    here.add_model(tmp_path / "another")
    here.set_expected_seconds("y", 5.0)
    here.set_windows(tmp_path / "C", {Modality.T1: Window(5.0, 6.0)})
    here.flush()
    last = Preferences()
    assert last.recent == [tmp_path / name for name in "CBA"]
    assert last.keys == {"view.fit": "F5", "view.smooth": "F6"}
    assert last.models == [tmp_path / "model", tmp_path / "another"]
    assert (last.expected_seconds("x"), last.expected_seconds("y")) == (4.0, 5.0)
    assert last.windows_of(tmp_path / "B") == {Modality.T2: Window(3.0, 4.0)}
    assert last.windows_of(tmp_path / "A") == {Modality.T1: Window(1.0, 2.0)}
    assert last.get("theme", "dark") == "light"
    assert QSettings(str(platformdirs.user_config_path("brainseg") / "settings.ini"), QSettings.Format.IniFormat)

"""Settings that are damaged, of a later version, not writable, or shared by two windows."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import platformdirs
import pytest
from PySide6.QtCore import QByteArray
from pytestqt.qtbot import QtBot

from brainseg_gui.controllers.settings.preferences import Preferences
from brainseg_gui.imaging.case import CaseSource
from brainseg_gui.imaging.modality import Modality
from brainseg_gui.imaging.window import Window
from brainseg_gui.storage import settings as settings_module


def _source(folder: Path, name: str) -> CaseSource:
    return CaseSource(name, folder, {m: folder / f"{m.value}.nii.gz" for m in Modality})


@pytest.fixture
def path(own_folders: Path) -> Path:
    found = platformdirs.user_config_path("brainseg") / "settings.json"
    found.parent.mkdir(parents=True)
    return found


@pytest.mark.parametrize(
    "raw",
    [
        b"\0\0\0\0",
        b"no JSON at all\n{{{\n",
        b"\x89PNG\r\n\x1a\n\0\0",
        b"1" * (2**23 + 1),
        b'{"theme": "li',
        b"",
        b"[1]",
        b"[" * 100_000,
        b'{"format": true}',
        b'{"format": "1"}',
        b'{"format": 1.5}',
        b"\xff{}",
        b"9" * 5000,
    ],
    ids=[
        "zeros",
        "text",
        "picture",
        "huge",
        "half",
        "empty",
        "a list",
        "nested",
        "yes",
        "words",
        "half a version",
        "no UTF-8",
        "a number",
    ],
)
def test_damaged_settings_are_kept_aside_and_said(path: Path, raw: bytes) -> None:
    path.write_bytes(raw)
    preferences = Preferences()
    (said,) = preferences.problems
    assert said.what == "The settings were damaged, so all is as at the first start"
    assert said.remedy == "The old file is kept as settings.json.damaged"
    assert (path.parent / "settings.json.damaged").read_bytes() == raw
    preferences.set("theme", "light")
    preferences.flush()
    assert Preferences().problems == ()
    assert Preferences().get("theme", "dark") == "light"
    path.write_bytes(raw)
    assert Preferences().problems[0].remedy.endswith("settings.json.damaged1")  # nothing is overwritten


def test_settings_of_a_later_version_are_kept_aside(path: Path) -> None:
    path.write_text('{"format": 2, "theme": "ultraviolet"}')
    (said,) = Preferences().problems
    assert said.what.startswith("The settings are of a later version of brainseg")
    assert "ultraviolet" in (path.parent / "settings.json.later").read_text()
    assert Preferences().get("theme", "dark") == "dark"


def test_safe_mode_touches_nothing(path: Path) -> None:
    path.write_bytes(b"\0\0")
    assert Preferences(safe=True).problems == ()
    assert path.read_bytes() == b"\0\0"


@pytest.mark.skipif(os.geteuid() == 0, reason="root writes everywhere; test_surroundings does this as another user")
def test_settings_that_cannot_be_written_are_said(path: Path) -> None:
    path.write_text('{"theme": "light"}')
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
    here.set_windows(_source(tmp_path, "A"), {Modality.T1: Window(1.0, 2.0)})
    here.set("theme", "light")
    here.flush()
    script = """
import sys
from pathlib import Path
from brainseg_gui.controllers.settings.preferences import Preferences
from brainseg_gui.imaging.case import CaseSource
from brainseg_gui.imaging.modality import Modality
from brainseg_gui.imaging.window import Window
from brainseg_gui.storage import settings as settings_module
other = Preferences()
other.add_recent(Path(sys.argv[1]) / "B")
other.add_model(Path(sys.argv[1]) / "model")
other.set_key("view.fit", "F5")
other.set_expected_seconds("x", 4.0)
b = CaseSource("B", Path(sys.argv[1]), {m: Path(f"{m.value}.nii.gz") for m in Modality})
other.set_windows(b, {Modality.T2: Window(3.0, 4.0)})
other.flush()
"""
    done = subprocess.run([sys.executable, "-c", script, str(tmp_path)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    here.add_recent(tmp_path / "C")
    here.set_key("view.smooth", "F6")
    here.add_model(tmp_path / "another")
    here.set_expected_seconds("y", 5.0)
    here.set_windows(_source(tmp_path, "C"), {Modality.T1: Window(5.0, 6.0)})
    here.flush()
    last = Preferences()
    assert last.recent == [tmp_path / name for name in "CBA"]
    assert last.keys == {"view.fit": "F5", "view.smooth": "F6"}
    assert last.models == [tmp_path / "model", tmp_path / "another"]
    assert (last.expected_seconds("x"), last.expected_seconds("y")) == (4.0, 5.0)
    assert last.windows_of(_source(tmp_path, "B")) == {Modality.T2: Window(3.0, 4.0)}
    assert last.windows_of(_source(tmp_path, "A")) == {Modality.T1: Window(1.0, 2.0)}
    assert last.get("theme", "dark") == "light"


def _windows(count: int, path: Path) -> list[subprocess.Popen[bytes]]:
    script = """
import sys
from pathlib import Path
from brainseg_gui.controllers.settings.preferences import Preferences
mine = Preferences()
sys.stdin.readline()
for number in range(20):
    mine.set_key(f"{sys.argv[1]} {number}", "F5")
    mine.add_model(Path(f"/{sys.argv[1]}/{number}"))
    mine.flush()
"""
    commands = [[sys.executable, "-c", script, f"window{number}"] for number in range(count)]
    return [subprocess.Popen(command, stdin=subprocess.PIPE) for command in commands]


def test_three_windows_that_write_at_full_speed_lose_nothing(path: Path) -> None:
    windows = _windows(3, path)
    for window in windows:
        window.stdin.write(b"\n")
        window.stdin.close()
    assert [window.wait(timeout=120) for window in windows] == [0, 0, 0]
    found = Preferences()
    assert (len(found.keys), len(found.models)) == (60, 60)
    assert os.listdir(path.parent) == ["settings.json"]


def test_what_is_set_is_written_soon_without_anyone_asking(path: Path, qtbot: QtBot) -> None:
    preferences = Preferences()
    preferences.set("theme", "light")
    qtbot.waitUntil(lambda: path.exists(), timeout=30_000)
    assert Preferences().get("theme", "dark") == "light"


def test_a_drive_that_refuses_for_a_while_costs_nothing(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    preferences = Preferences()
    with monkeypatch.context() as context:
        context.setattr(settings_module, "write_text", _full)
        preferences.set("theme", "light")
        preferences.flush()
    assert not path.exists()
    preferences.set("device", "cpu")
    preferences.flush()
    again = Preferences()
    assert (again.get("theme", "dark"), again.get("device", "auto")) == ("light", "cpu")


def _full(*_: object, **__: object) -> None:
    raise OSError(28, "No space left on device")


def test_settings_that_are_a_link_stay_one(path: Path, tmp_path: Path) -> None:
    """People keep their settings in a repository, and link to it."""
    (tmp_path / "dotfiles").mkdir()
    path.symlink_to(tmp_path / "dotfiles" / "settings.json")
    Preferences().set("theme", "light")
    assert path.is_symlink()
    assert Preferences().get("theme", "dark") == "light"


def test_names_that_are_no_text_and_windows_of_qt_come_back(path: Path) -> None:
    preferences = Preferences()
    strange, geometry = Path(os.fsdecode(b"/data/\xff\xfe")), QByteArray(bytes(range(256)))
    preferences.add_recent(strange)
    preferences.set("geometry", geometry)
    preferences.flush()
    again = Preferences()
    assert (again.recent, again.bytes("geometry")) == ([strange], geometry)
    assert path.read_bytes().isascii()


@pytest.mark.parametrize("raw", [b"{}", b'{"base64": 7}', b'{"base64": "\xc3\xbc"}', b'"text"', b"[]", b"null"])
def test_a_senseless_geometry_is_none(path: Path, raw: bytes) -> None:
    path.write_bytes(b'{"geometry": ' + raw + b"}")
    assert Preferences().bytes("geometry").isEmpty()

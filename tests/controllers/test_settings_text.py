"""Settings files that would make Qt unpickle something; and what the program itself writes."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import QByteArray, QSettings

from brainseg_gui.controllers.settings.preferences import Preferences
from brainseg_gui.controllers.settings.settings_text import asks_for_objects

INI = QSettings.Format.IniFormat


class Evil:
    """Leaves a file behind when it is unpickled."""

    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self) -> tuple[object, ...]:
        return Path.touch, (self.marker,)


@pytest.fixture
def evil(tmp_path: Path) -> bytes:
    """A settings file that Qt writes for a Python object, which is a pickle."""
    settings = QSettings(str(tmp_path / "evil.ini"), INI)
    settings.setValue("theme", Evil(tmp_path / "marker"))
    settings.sync()
    return (tmp_path / "evil.ini").read_bytes()


def test_qt_runs_what_a_settings_file_holds(tmp_path: Path, evil: bytes) -> None:
    assert b"@Variant" in evil
    (tmp_path / "copy.ini").write_bytes(evil)  # Qt remembers what it wrote into the other one
    QSettings(str(tmp_path / "copy.ini"), INI).value("theme")
    assert (tmp_path / "marker").exists()  # should this fail one day, the check is no longer needed


def test_such_settings_are_put_aside_unread(tmp_path: Path, evil: bytes, own_folders: Path) -> None:
    path = own_folders / "config" / "brainseg" / "settings.ini"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(evil)
    preferences = Preferences()
    assert preferences.get("theme", "dark") == "dark"
    assert "damaged" in preferences.problems[0].what
    assert [other.read_bytes() for other in path.parent.glob("settings.ini.damaged*")] == [evil]
    assert not (tmp_path / "marker").exists()


@pytest.mark.parametrize(
    "line",
    [
        rb"a=@Variant(\0)", rb'a="@Variant(\0)"', rb'a=""@Variant(\0)', rb"a=\x40Variant(\0)", rb"a=\100Variant(\0)",
        rb"a=@\x56ariant(\0)", rb"a=b, @Variant(\0)", rb"a=@ByteArray(b), @Variant(\0)", b"a=b, \\\n@Variant(\\0)",
        rb'a="@ByteArray(b)", @Variant(\0)', rb"a = @DateTime(\0)", rb"a=@Rect(0 0 1 1)",
    ],
)  # fmt: skip
def test_objects_are_seen_however_they_are_written(line: bytes) -> None:
    assert asks_for_objects(b"[General]\n" + line + b"\n")


@pytest.mark.parametrize(
    "value",
    [
        "", "text", "user@host", "@home", '["/a", "/b, c", "/ü@x", "@d"]', "a, @b", "C:\\x\\", "=1;2", 7, 1.5, True,
        QByteArray(bytes(range(256))), QByteArray(b'a,@Variant(")\\'), QByteArray(b""), QByteArray(b"@Variant("),
    ],
)  # fmt: skip
def test_what_the_program_writes_is_none_of_them(tmp_path: Path, value: object) -> None:
    settings = QSettings(str(tmp_path / "own.ini"), INI)
    settings.setValue("some key", value)
    settings.sync()
    assert not asks_for_objects((tmp_path / "own.ini").read_bytes())


@pytest.mark.parametrize(
    ("key", "value", "default"),
    [("brush", "nan", 8.0), ("brush", "inf", 8.0), ("folder", "a\0b", "/home"), ("count", "1e9", 3)],
)
def test_senseless_values_count_as_none(key: str, value: str, default: object) -> None:
    preferences = Preferences()
    preferences.set(key, value)
    assert preferences.get(key, default) == default


def test_a_choice_is_one_of_a_few() -> None:
    preferences = Preferences()
    preferences.set("theme", "../../etc/passwd")
    assert preferences.choice("theme", ("dark", "light")) == "dark"
    preferences.set("theme", "light")
    assert preferences.choice("theme", ("dark", "light")) == "light"


def test_far_too_many_paths_are_cut() -> None:
    preferences = Preferences()
    preferences._store("recent", [f"/{n}" for n in range(100_000)])
    preferences._store("models", ["a\0b", "", 7, "/m"])
    assert len(preferences.recent) == 10
    assert preferences.models == [Path("/m")]

"""Settings of earlier versions are taken over as plain texts, and whatever else they hold never reaches Qt."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from PySide6.QtCore import QByteArray, QSettings

from brainseg_gui.controllers.settings.preferences import Preferences
from brainseg_gui.storage.plain_ini import read_plain_ini

INI = QSettings.Format.IniFormat


class Evil:
    """Leaves a file behind when it is unpickled."""

    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self) -> tuple[object, ...]:
        return Path.touch, (self.marker,)


@pytest.fixture
def folder(own_folders: Path) -> Path:
    found = own_folders / "config" / "brainseg"
    found.mkdir(parents=True)
    return found


@pytest.fixture
def evil(tmp_path: Path) -> bytes:
    """The line that Qt writes for a Python object, which is a pickle."""
    settings = QSettings(str(tmp_path / "evil.ini"), INI)
    settings.setValue("theme", Evil(tmp_path / "marker"))
    settings.sync()
    return next(line for line in (tmp_path / "evil.ini").read_bytes().splitlines() if line.startswith(b"theme="))


HIDDEN = {
    "as it is": lambda line: line,
    "behind an escape that Qt drops": lambda line: line.replace(b"=", b"=\\q", 1),
    "behind another one": lambda line: line.replace(b"=@", b"=@\\q", 1),
    "behind a number": lambda line: line.replace(b"=@", b"=\\x40", 1),
    "in a list": lambda line: line.replace(b"=", b"=a, ", 1),
    "in quotes": lambda line: b'theme="' + line.partition(b"=")[2].replace(b'"', b'\\"') + b'"',
}


@pytest.mark.parametrize("way", HIDDEN)
def test_qt_runs_what_a_settings_file_holds_and_we_do_not(tmp_path: Path, evil: bytes, folder: Path, way: str) -> None:
    raw = b"[General]\n" + HIDDEN[way](evil) + b"\ndevice=cpu\n"
    (tmp_path / "copy.ini").write_bytes(raw)
    QSettings(str(tmp_path / "copy.ini"), INI).value("theme")
    dangerous = (tmp_path / "marker").exists()
    (tmp_path / "marker").unlink(missing_ok=True)
    assert dangerous or way not in ("as it is", "behind an escape that Qt drops")  # else these tests see nothing
    (folder / "settings.ini").write_bytes(raw)
    preferences = Preferences()
    assert preferences.get("theme", "dark") in ("dark", "a")
    assert preferences.choice("device", ("auto", "cpu")) == "cpu"
    preferences.bytes("theme")
    preferences.flush()
    Preferences()
    assert not (tmp_path / "marker").exists()


def test_the_program_has_no_settings_of_qt() -> None:
    """Whoever brings QSettings back brings back what it unpickles."""
    root = Path(sys.modules["brainseg_gui"].__file__ or "").parent
    assert not [path for path in root.rglob("*.py") if "QSettings" in path.read_text("utf-8")]


def test_what_people_had_set_is_taken_over_once(folder: Path) -> None:
    before = QSettings(str(folder / "settings.ini"), INI)
    values = {
        "theme": "light", "keep probabilities": True, "annotate brush_mm": 8.5, "last folder": "/data/Anna, B/ü ß",
        "recent": '["/a", "/b, \\"c\\"", "/\\ud83d\\ude00"]', "keys": '{"file.open": "Ctrl+\\\\"}', "format": 1,
        "windows": '{"0000000000000000": {"t1": [1.0, 2.0]}}', "home": "@home", "geometry": QByteArray(b"\0\1"),
    }  # fmt: skip
    for key, value in values.items():
        before.setValue(key, value)
    before.sync()
    preferences = Preferences()
    assert preferences.problems == ()
    for key in ("theme", "last folder", "home"):
        assert preferences.get(key, "") == values[key]
    assert preferences.get("keep probabilities", False) is True
    assert preferences.get("annotate brush_mm", 1.0) == 8.5
    assert preferences.recent == [Path(name) for name in ("/a", '/b, "c"', "/\N{GRINNING FACE}")]
    assert preferences.keys == {"file.open": "Ctrl+\\"}
    assert preferences.bytes("geometry").isEmpty()
    assert sorted(path.name for path in folder.iterdir()) == ["settings.ini.old", "settings.json"]
    preferences.set("theme", "dark")
    del preferences
    assert Preferences().get("theme", "") == "dark"


@pytest.mark.parametrize(
    ("raw", "ending"),
    [(b"\0\0\0\xff", "damaged"), (b"x" * (2**23 + 1), "damaged"), (b"[General]\nformat=2\ntheme=light\n", "later")],
    ids=["no text", "huge", "later"],
)
def test_an_older_file_that_cannot_be_taken_over_is_kept_aside(folder: Path, raw: bytes, ending: str) -> None:
    (folder / "settings.ini").write_bytes(raw)
    (said,) = Preferences().problems
    assert said.remedy == f"The old file is kept as settings.ini.{ending}"
    assert (folder / f"settings.ini.{ending}").read_bytes() == raw


@pytest.mark.parametrize(
    "line",
    [
        r"a=@Variant(\0)", r'a="@Variant(\0)"', r'a=""@Variant(\0)', r"a=\x40Variant(\0)", r"a=\100Variant(\0)",
        r"a=@\x56ariant(\0)", r"a=b, @Variant(\0)", r"a=@ByteArray(b)", r'a="@Byte"', r'a="\q@Variant(\0)"',
        r'a="\x40Variant(1)"', r"a = @DateTime(\0)", r"a=@Rect(0 0 1 1)", r'a="x" y', r'a="\x110000"', "=x", "a",
        r'a="', r'a="\"', f"{'a' * 1000}=1", "a=1;b", "[General]", r'a="\400"', r'a="\0"',
    ],
)  # fmt: skip
def test_anything_but_a_plain_text_is_passed_over(tmp_path: Path, line: str) -> None:
    (tmp_path / "a.ini").write_text(f"[General]\n{line}\nb=1\n", "utf-8")
    assert read_plain_ini(tmp_path / "a.ini") == {"b": "1"}


@pytest.mark.parametrize(
    ("key", "value", "default"),
    [("brush", "nan", 8.0), ("brush", "inf", 8.0), ("folder", "a\0b", "/home"), ("count", "1e9", 3),
     ("count", 1e9, 3.5), ("on", 1, True), ("on", "yes", False), ("text", True, "x"), ("text", ["a"], "x"),
     ("size", {"a": 1}, 2.0)],
)  # fmt: skip
def test_senseless_values_count_as_none(key: str, value: object, default: object) -> None:
    preferences = Preferences()
    preferences.set(key, value)
    assert preferences.get(key, default) == (1e9 if value == 1e9 else default)


def test_a_choice_is_one_of_a_few() -> None:
    preferences = Preferences()
    preferences.set("theme", "../../etc/passwd")
    assert preferences.choice("theme", ("dark", "light")) == "dark"
    preferences.set("theme", "light")
    assert preferences.choice("theme", ("dark", "light")) == "light"


def test_far_too_many_paths_are_cut() -> None:
    preferences = Preferences()
    preferences.set("recent", [f"/{n}" for n in range(100_000)])
    preferences.set("models", ["a\0b", "", 7, "/m"])
    assert len(preferences.recent) == 10
    assert preferences.models == [Path("/m")]

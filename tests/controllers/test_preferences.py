"""Settings that come back, settings that are broken, and a program that is told to remember nothing."""

from __future__ import annotations

from pathlib import Path

import platformdirs
import pytest

from brainseg_gui.controllers.settings.preferences import Preferences, thumbnail_path
from brainseg_gui.imaging.case import CaseSource
from brainseg_gui.imaging.modality import Modality
from brainseg_gui.imaging.window import Window


def _source(name: str, file: str = "t2.nii.gz") -> CaseSource:
    return CaseSource(name, Path("/"), {Modality.T2: Path("/") / name / file})


@pytest.mark.parametrize("value", [True, False, 0.3, 7, "words", ""])
def test_a_setting_comes_back_with_its_type(value: object) -> None:
    preferences = Preferences()
    preferences.set("key", value)
    preferences.flush()
    again = Preferences().get("key", type(value)())
    assert again == value
    assert type(again) is type(value)


def test_what_is_missing_or_of_another_type_is_the_default() -> None:
    preferences = Preferences()
    preferences.set("number", "lots")
    assert preferences.get("number", 0.5) == 0.5
    assert preferences.get("never set", "default") == "default"


def test_safe_mode_neither_reads_nor_writes() -> None:
    Preferences().set("key", "kept")
    safe = Preferences(safe=True)
    assert safe.get("key", "default") == "default"
    safe.set("key", "changed")
    safe.add_recent(Path("/case"))
    safe.set_key("file.open", "F2")
    safe.flush()
    assert (safe.recent, safe.keys) == ([], {})
    assert Preferences().get("key", "default") == "kept"


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x00\xff nonsense",
        b'{"recent": "no list", "windows": [1], "keys": 3, "geometry": 1}',
        b'{"windows": {"x": 1}, "recent": {}, "models": [1, null, "a\\u0000b"]}',
    ],
)
def test_a_broken_settings_file_is_no_settings(content: bytes) -> None:
    path = platformdirs.user_config_path("brainseg") / "settings.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    preferences = Preferences()
    assert (preferences.recent, preferences.keys, preferences.models) == ([], {}, [])
    assert preferences.windows_of(_source("case")) == {}
    assert preferences.expected_seconds("x") == 0.0
    assert preferences.bytes("geometry").isEmpty()


def test_recent_cases_are_ten_newest_first_and_each_once() -> None:
    preferences = Preferences()
    for number in range(12):
        preferences.add_recent(Path(f"/case{number}"))
    preferences.add_recent(Path("/case5"))
    assert preferences.recent == [Path(f"/case{n}") for n in (5, 11, 10, 9, 8, 7, 6, 4, 3, 2)]


def test_windows_are_kept_per_case_for_a_hundred_cases() -> None:
    preferences = Preferences()
    for number in range(101):
        preferences.set_windows(_source(f"case{number}"), {Modality.T2: Window(number, 2.5)})
    assert preferences.windows_of(_source("case0")) == {}
    assert preferences.windows_of(_source("case1")) == {Modality.T2: Window(1.0, 2.5)}
    assert preferences.windows_of(_source("case100")) == {Modality.T2: Window(100.0, 2.5)}


def test_a_window_is_of_a_file_and_not_of_another_that_is_taken_for_the_same() -> None:
    preferences = Preferences()
    preferences.set_windows(_source("case"), {Modality.T2: Window(1.0, 2.5)})
    assert preferences.windows_of(_source("case", "t1.nii.gz")) == {}
    token, (level, width, file) = next((k, v["t2"]) for k, v in preferences._load("windows", {}).items())
    assert "t2" not in file  # the settings name no file
    preferences.set("windows", {token: {"t2": [level, width]}})  # as earlier versions kept it
    assert preferences.windows_of(_source("case", "t1.nii.gz")) == {Modality.T2: Window(1.0, 2.5)}


def test_keys_models_and_seconds_come_back() -> None:
    preferences = Preferences()
    preferences.set_key("file.open", "F2")
    preferences.set_key("file.save", "")
    preferences.add_model(Path("/a"))
    preferences.add_model(Path("/b"))
    preferences.add_model(Path("/a"))
    preferences.set_expected_seconds("model cpu", 3.5)
    preferences.flush()
    again = Preferences()
    assert again.keys == {"file.open": "F2", "file.save": ""}
    assert again.models == [Path("/a"), Path("/b")]
    assert again.expected_seconds("model cpu") == 3.5


def test_thumbnails_lie_in_the_cache_and_tell_no_name() -> None:
    path = thumbnail_path(Path("/patients/Doe, John"))
    assert path.is_relative_to(platformdirs.user_cache_path("brainseg"))
    assert "Doe" not in str(path)
    assert path != thumbnail_path(Path("/patients/Doe, Jane"))

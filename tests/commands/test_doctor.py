"""The report of `brainseg doctor`, on machines that lack one thing each."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
from pathlib import Path

import pytest

from brainseg_gui.commands import doctor, system_libraries
from brainseg_gui.commands.doctor import ADVICE, OK, PROBLEM, Finding
from brainseg_gui.commands.system_libraries import DRAWING, WAYLAND, X11, SystemLibrary

ABSENT = SystemLibrary("libnothing-of-this-name.so.7", "libnothing7", "nothing-libs")


def _run(*arguments: str) -> int:
    parser = argparse.ArgumentParser()
    doctor.add_parser(parser.add_subparsers())
    args = parser.parse_args(["doctor", *arguments])
    code: int = args.run(args)
    return code


@pytest.fixture
def no_display(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"):
        monkeypatch.delenv(name, raising=False)


def test_columns_are_aligned_and_remedies_stand_below() -> None:
    findings = [Finding("Qt", "PySide6 6.11.3"), Finding("Memory", "2 GiB", ADVICE, "Close programs.")]
    assert doctor.as_text(findings).splitlines() == [
        "✓ Qt      PySide6 6.11.3",
        "! Memory  note: 2 GiB",
        "          Close programs.",
    ]


def test_json_holds_every_finding(capsys: pytest.CaptureFixture[str]) -> None:
    code = _run("--json")
    findings = json.loads(capsys.readouterr().out)
    assert code == int(any(f["state"] == PROBLEM for f in findings))
    subjects = {f["subject"] for f in findings}
    assert subjects >= {"Python", "Qt", "Fonts", "TensorFlow", "Keras", "GPU", "bfloat16", "Machine", "Models"}
    assert all(f["remedy"] for f in findings if f["state"] != OK)


def test_a_missing_library_is_a_problem_with_both_packages(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(system_libraries, "DRAWING", (ABSENT,))
    assert _run() == 1
    text = capsys.readouterr().out
    assert "problem: libnothing-of-this-name.so.7 is missing" in text
    assert "sudo apt install libnothing7 (Debian, Ubuntu) or sudo dnf install nothing-libs (Fedora)." in text


@pytest.mark.usefixtures("no_display")
@pytest.mark.parametrize(("display", "sentences"), [("", 0), (":0", 2)])
def test_check_window_asks_only_where_there_is_a_display(
    display: str, sentences: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DISPLAY", display)
    monkeypatch.setattr(system_libraries, "DRAWING", (ABSENT,))
    monkeypatch.setattr(system_libraries, "X11", (ABSENT,))
    assert _run("--check-window") == int(sentences > 0)
    assert len(capsys.readouterr().out.splitlines()) == sentences


@pytest.mark.usefixtures("no_display")
@pytest.mark.parametrize(
    ("environment", "wayland_complete", "plugin"),
    [
        ({}, True, "offscreen"),
        ({"DISPLAY": ":0"}, True, "xcb"),
        ({"WAYLAND_DISPLAY": "wayland-0"}, False, "wayland"),
        ({"WAYLAND_DISPLAY": "wayland-0", "DISPLAY": ":0"}, True, "wayland"),
        ({"WAYLAND_DISPLAY": "wayland-0", "DISPLAY": ":0"}, False, "xcb"),
        ({"QT_QPA_PLATFORM": "wayland;xcb", "DISPLAY": ":0"}, False, "wayland"),
        ({"QT_QPA_PLATFORM": "offscreen", "DISPLAY": ":0"}, True, "offscreen"),
    ],
)
def test_the_plugin_is_the_one_that_qt_will_take(
    environment: dict[str, str], wayland_complete: bool, plugin: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(system_libraries, "WAYLAND", () if wayland_complete else (ABSENT,))
    assert system_libraries.platform_plugin(environment) == plugin


def test_the_library_lists_cover_what_qt_is_linked_against() -> None:
    """Each Qt library that a window loads asks the loader only for libraries that are listed, or its own."""
    folder = Path(pytest.importorskip("PySide6").__file__).parent / "Qt"
    listed = {library.soname for library in (*DRAWING, *X11, *WAYLAND)}
    everywhere = (
        "libQt6",
        "libicu",
        "libc.",
        "libm.",
        "libdl.",
        "libpthread.",
        "libstdc++",
        "libgcc_s",
        "ld-linux",
        "libz.",
    )
    plugins = [folder / "plugins" / "platforms" / f"libq{name}.so" for name in ("xcb", "offscreen", "wayland")]
    libraries = [folder / "lib" / f"libQt6{name}.so.6" for name in ("Core", "Gui", "Widgets", "DBus", "XcbQpa", "Svg")]
    for path in (*plugins, *libraries):
        try:
            dump = subprocess.run(["readelf", "-d", str(path)], capture_output=True, text=True, check=True).stdout
        except FileNotFoundError:
            pytest.skip("readelf is not installed")
        needed = {line.split("[")[1].rstrip("]") for line in dump.splitlines() if "(NEEDED)" in line}
        assert {n for n in needed if not n.startswith(everywhere)} <= listed, path.name


def test_the_qt_version_that_aborts_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "version", lambda name: "6.12.0" if name == "PySide6-Essentials" else "1.0")
    (qt,) = (finding for finding in doctor.examine() if finding.subject == "Qt")
    assert qt.state == PROBLEM
    assert "PySide6-Essentials<6.12" in qt.remedy


def test_without_fonts_the_report_says_what_to_install(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(system_libraries, "_FONT_FOLDERS", (str(tmp_path),))
    assert not system_libraries.fonts_installed()
    assert "fonts-dejavu-core" in system_libraries.missing_debian_packages()
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "a.TTF").touch()
    assert system_libraries.fonts_installed()


def test_a_network_that_does_not_start_is_told_in_its_own_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "_IMPORT_NETWORK", "raise SystemExit('no such instruction: avx')")
    assert doctor._start_network() == Finding(
        "Network", "TensorFlow does not start: no such instruction: avx", PROBLEM, doctor._REINSTALL
    )


def test_an_unwritable_settings_folder_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    states = {f.subject: f for f in doctor.examine() if f.subject.endswith("folder")}
    assert states["Settings folder"].state == ADVICE
    assert "not writable" in states["Cache folder"].text

"""Homes missing or read-only, other languages, folders that are gone: the program starts and says so."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QLocale
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from brainseg_gui.faults import home as home_module
from brainseg_gui.views.widgets.number_box import NumberBox
from brainseg_gui.views.widgets.setting_fields import FloatField
from tests.faults.conftest import CHILD, ROOT, Program

Start = Callable[..., Program]
NAMELESS = 54321
AS_NAMELESS = ["unshare", "--user", f"--map-user={NAMELESS}", "--"]


@pytest.fixture
def nameless() -> list[str]:
    """What starts a command as a user without a name, a home, or the power to write what is read-only."""
    try:
        done = subprocess.run([*AS_NAMELESS, "true"], capture_output=True)
    except OSError:
        pytest.skip("there is no unshare")
    if done.returncode:
        pytest.skip("user namespaces are not permitted here")
    return AS_NAMELESS


@pytest.fixture
def scratch(tmp_path: Path) -> Iterator[Path]:
    """A folder for temporary files that everybody may use, outside of pytest's private one."""
    import tempfile

    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o1777)
    yield folder
    shutil.rmtree(folder)


def told(one: Program) -> dict[str, Any]:
    """What an idle program says; then it ends."""
    found = one.said()
    one.process.stdin.write("\n")
    assert one.end() == 0, one.errors
    return found


@pytest.mark.parametrize("given", [None, "/proc/nobody"], ids=["no HOME", "HOME that is not there"])
def test_no_home_and_no_name(nameless: list[str], scratch: Path, given: str | None) -> None:
    """As in a container that runs under some number."""
    changes = {"TMPDIR": str(scratch)} | ({"HOME": given} if given else {})
    names = ("HOME", "USER", "LOGNAME", "USERNAME")
    environment = {k: v for k, v in os.environ.items() if not k.startswith("XDG_") and k not in names}
    environment |= changes | {"QT_QPA_PLATFORM": "offscreen"}
    found = told(Program([*nameless, sys.executable, "-P", str(CHILD), "idle"], env=environment, cwd=scratch))
    folder = scratch / f"brainseg-home-{NAMELESS}"
    assert found["said"][0].startswith("The home folder cannot be written, so settings, journals and the log are kept")
    assert str(folder) in found["said"][0]
    assert "save your masks" in found["said"][1]
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert (folder / ".config/brainseg/settings.json").is_file()
    assert sorted(path.name for path in scratch.iterdir()) == [folder.name]  # and no folder named ~


def test_a_home_that_can_only_be_read(nameless: list[str], environment: dict[str, str], scratch: Path) -> None:
    """Settings are read, everything else goes elsewhere."""
    place = scratch / "home"
    settings = place / ".config/brainseg/settings.json"
    settings.parent.mkdir(parents=True)
    settings.write_text('{"theme": "light"}')
    subprocess.run(["chmod", "-R", "a=rX", str(place)], check=True)
    there = environment | {"HOME": str(place), "TMPDIR": str(scratch)}
    found = told(Program([*nameless, sys.executable, "-P", str(CHILD), "idle"], env=there))
    subprocess.run(["chmod", "-R", "u+w", str(place)], check=True)
    assert found["said"][0].startswith("The settings cannot be written, so nothing is remembered")
    assert f"kept in {scratch}/brainseg-home-{NAMELESS}" in found["said"][2]
    assert settings.read_text() == '{"theme": "light"}'
    assert (scratch / f"brainseg-home-{NAMELESS}/.local/state/brainseg/log/brainseg.log").is_file()


def test_the_stand_in_is_never_a_strangers_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import tempfile

    monkeypatch.setattr(tempfile, "gettempdir", lambda: str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir(mode=0o755)
    (tmp_path / f"brainseg-home-{os.getuid()}").symlink_to(elsewhere)
    found = home_module._private_folder()
    assert found is not None
    assert found.resolve() != elsewhere
    assert stat.S_IMODE(found.stat().st_mode) == 0o700


def test_all_is_well_with_a_usual_home(own_folders: Path) -> None:
    assert home_module.stand_in.__wrapped__() is None


def test_a_working_folder_and_a_temporary_one_that_are_gone(tmp_path: Path, folder: Path) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    script = f"import os, sys; os.chdir({str(gone)!r}); os.rmdir({str(gone)!r}); os.execv(sys.argv[1], sys.argv[1:])"
    command = [sys.executable, "-P", str(CHILD), "idle", str(folder)]
    environment = {**os.environ, "HOME": str(tmp_path), "TMPDIR": str(tmp_path / "never there")}
    one = Program([sys.executable, "-c", script, *command], env=environment)
    assert told(one)["case"] == "Doe_Jane"


# --- languages --------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def german(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The folder of a compiled German locale."""
    folder = tmp_path_factory.mktemp("locales")
    if shutil.which("localedef") is None:
        pytest.skip("there is no localedef")
    command = ["localedef", "-i", "de_DE", "-f", "UTF-8", str(folder / "de_DE.UTF-8")]
    if subprocess.run(command, capture_output=True).returncode:
        pytest.skip("the German locale cannot be compiled here")
    return str(folder)


def test_numbers_of_a_german_desktop_have_a_point_in_files(
    program: Start, german: str, folder: Path, home: Path
) -> None:
    one = program("german", folder, env={"LC_ALL": "de_DE.UTF-8", "LANG": "de_DE.UTF-8", "LOCPATH": german})
    found = one.said()
    assert found["decimal"] == ","  # the C library of that process speaks German
    assert found["shown"] == "2.5 mm"
    assert found["typed"] == {"1,5": 1.5, "1.5": 1.5, "12,5": 12.5}
    assert {float(dice) for dice in found["dice"]} == {1.0}
    assert all("." in volume and float(volume) > 0 for volume in found["ml"])
    assert found["toml"] == 0.0015
    assert one.end() == 0
    settings = (home / ".config/brainseg/settings.json").read_text()
    assert "seconds" in settings
    assert "1,5" not in settings


@pytest.fixture
def german_qt() -> Iterator[None]:
    before = QLocale()
    QLocale.setDefault(QLocale(QLocale.Language.German, QLocale.Country.Germany))
    yield
    QLocale.setDefault(before)


@pytest.mark.parametrize(("text", "shown"), [("12,5", "12.500 mm"), ("12.5", "12.500 mm"), ("-0,125", "-0.125 mm")])
def test_a_box_takes_commas_and_points_and_shows_points(german_qt: None, qtbot: QtBot, text: str, shown: str) -> None:
    QLocale.setDefault(QLocale.c())  # as the program does
    box = NumberBox()
    qtbot.addWidget(box)
    box.setDecimals(3)
    box.setRange(-100, 100)
    box.setSuffix(" mm")
    box.lineEdit().selectAll()
    QTest.keyClicks(box.lineEdit(), text)
    box.interpretText()
    assert box.value() == float(text.replace(",", "."))
    assert box.text() == shown


@pytest.mark.parametrize("text", ["0,001", "0.001", "1e-3", "1E-3"])
def test_settings_of_training_take_commas_and_points(german_qt: None, qtbot: QtBot, text: str) -> None:
    from brainseg_gui.runs.fields import FieldHelp

    field = FloatField(FieldHelp("x"))
    qtbot.addWidget(field)
    field._box.lineEdit().selectAll()
    QTest.keyClicks(field._box.lineEdit(), text)
    field._box.interpretText()
    assert field._box.value() == 0.001


def test_no_box_of_the_program_is_without_it() -> None:
    """A plain spin box would refuse the comma."""
    views = ROOT / "brainseg_gui" / "views"
    plain = [p.name for p in views.rglob("*.py") if "QDoubleSpinBox()" in p.read_text("utf-8")]
    assert plain == []

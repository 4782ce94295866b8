"""Plug-ins are found without importing them, and none can hurt the program."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from brainseg_gui.commands.plugins import run
from brainseg_gui.imaging.formats import known_formats
from brainseg_gui.inference.models.model_folder import read_model_folder
from brainseg_gui.plugins import declared, loading, switches
from brainseg_gui.plugins.declared import PlugIn, model_folders, plug_ins
from brainseg_gui.plugins.loading import PlugInError, load
from tests.architecture.measure import ROOT

EXAMPLE = ROOT / "docs" / "plugin_example"
Declare = Callable[[str, str], Path]
ENDED = threading.Event()
"""Ends a plug-in whose import never ends."""


@pytest.fixture
def declare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Declare]:
    """A function that installs a package by its metadata alone: its name, its entry points."""
    site = tmp_path / "site"
    site.mkdir()
    monkeypatch.setattr(sys, "path", [*sys.path, str(site)])
    monkeypatch.setattr(switches, "_file", lambda: tmp_path / "config" / "plugins.json")
    declared.declared.cache_clear()

    def install(package: str, entry_points: str) -> Path:
        info = site / f"{package}-1.0.dist-info"
        info.mkdir()
        (info / "entry_points.txt").write_text(entry_points)
        declared.declared.cache_clear()
        return site

    yield install
    declared.declared.cache_clear()
    loading._loaded.cache_clear()


def measure(target: str, name: str = "odd") -> PlugIn:
    return PlugIn("example", "1.0", "measures", name, target)


def test_entry_points_are_found_and_their_modules_are_not_imported(declare: Declare) -> None:
    site = declare("my_example", "[brainseg.measures]\nodd = never_imported:odd\n[console_scripts]\nx = y:z\n")
    (site / "never_imported.py").write_text("raise SystemExit('imported')")
    assert plug_ins("measures") == (PlugIn("my-example", "1.0", "measures", "odd", "never_imported:odd"),)
    assert "never_imported" not in sys.modules


@pytest.mark.parametrize(
    "text",
    [
        "[brainseg.measures",
        "[brainseg.measures]\nodd",
        "[brainseg.measures]\n<b> = a:b",
        "[brainseg.measures]\nodd = ../a",
    ],
)
def test_damaged_entry_points_are_passed_over(declare: Declare, text: str) -> None:
    declare("damaged", text)
    assert plug_ins("measures") == ()


def test_a_package_is_switched_off_and_on(declare: Declare, capsys: pytest.CaptureFixture[str]) -> None:
    declare("example", "[brainseg.measures]\nodd = json:dumps\n")
    parser = __import__("argparse").ArgumentParser()
    __import__("brainseg_gui.commands.plugins", fromlist=["add_parser"]).add_parser(parser.add_subparsers())
    assert run(parser.parse_args(["plugins", "--off", "example"])) == 0
    assert plug_ins("measures") == ()
    assert "example 1.0: off" in capsys.readouterr().out
    assert run(parser.parse_args(["plugins", "--on", "example"])) == 0
    assert [plug_in.name for plug_in in plug_ins("measures")] == ["odd"]
    assert "example 1.0: on" in capsys.readouterr().out


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"off": 3}', b'{"off": [1]}', b"\xff"])
def test_a_damaged_list_switches_nothing_off(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes) -> None:
    (tmp_path / "plugins.json").write_bytes(content)
    monkeypatch.setattr(switches, "_file", lambda: tmp_path / "plugins.json")
    assert switches.switched_off() == frozenset()


@pytest.mark.parametrize("code", ["raise ValueError('no')", "raise SystemExit(3)", "import not_there", "odd = ("])
def test_a_plug_in_that_fails_is_a_sentence(declare: Declare, code: str) -> None:
    site = declare("example", "")
    name = f"failing_{abs(hash(code))}"
    (site / f"{name}.py").write_text(code)
    with pytest.raises(PlugInError, match=r"odd of example 1\.0 cannot be used .* brainseg plugins --off example"):
        load(measure(f"{name}:odd"))


def test_a_plug_in_whose_import_never_ends_is_waited_for_once(
    declare: Declare, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = declare("example", "")
    ENDED.clear()
    sys.modules["plug_in_test_events"] = sys.modules[__name__]
    (site / "endless.py").write_text("import plug_in_test_events\nplug_in_test_events.ENDED.wait(60)\nodd = len\n")
    monkeypatch.setattr(loading, "LONGEST_S", 0.05)
    try:
        for _ in range(2):
            with pytest.raises(PlugInError, match="longer than"):
                load(measure("endless:odd"))
    finally:
        ENDED.set()
        del sys.modules["plug_in_test_events"]


def test_a_measure_that_fails_is_not_a_number_and_the_others_stay() -> None:
    from brainseg_gui.evaluation.records.measures import _value_of

    assert np.isnan(_value_of(measure("json:loads"), None))  # type: ignore[arg-type]


def test_no_plug_in_takes_the_place_of_a_format_that_is_read_here(declare: Declare) -> None:
    declare("example", '[brainseg.formats]\n.nii.gz = json\n.abc = json\nabc = json\n".." = json\n')
    assert [found.suffixes for found in known_formats._of_plug_ins()] == [(".abc",)]


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The worked example, installed without a network."""
    target = tmp_path_factory.mktemp("installed")
    copy = tmp_path_factory.mktemp("source") / "example"
    subprocess.run(["cp", "-r", EXAMPLE, copy], check=True)
    options = ["--no-index", "--no-deps", "--no-build-isolation", "--quiet", "--disable-pip-version-check"]
    command = [sys.executable, "-m", "pip", "install", *options, "--target", target, copy]
    subprocess.run(command, check=True, capture_output=True)
    return target


def told(installed: Path, tmp_path: Path, code: str) -> str:
    environment = {**os.environ, "PYTHONPATH": f"{installed}{os.pathsep}{ROOT}", "XDG_CONFIG_HOME": str(tmp_path)}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    return done.stdout


def test_the_worked_example_is_listed_and_all_of_it_can_be_used(installed: Path, tmp_path: Path) -> None:
    code = "import sys; from brainseg_gui.cli import main; sys.exit(main(['plugins', '--json']))"
    found = {entry["name"]: entry for entry in json.loads(told(installed, tmp_path, code))}
    assert {name: entry["state"] for name, entry in found.items()} == dict.fromkeys(
        ("brightness", "volume_similarity", ".npy", "largest part"), "on"
    )
    assert {entry["package"] for entry in found.values()} == {"brainseg-example"}


def test_the_worked_example_brings_a_measure_a_format_and_a_model(installed: Path, tmp_path: Path) -> None:
    np.save(tmp_path / "image.npy", np.arange(60, dtype=np.int16).reshape(3, 4, 5))
    code = f"""
import sys, numpy as np
from pathlib import Path
from brainseg_gui import api
from brainseg_gui.imaging.formats.reading import read_volume
from brainseg_gui.plugins.declared import model_folders
assert "brainseg_example" not in sys.modules
one, two = (api.Mask.of(np.full((1, 1, n), 4), np.eye(4), "brats2020") for n in (1, 1))
print(api.evaluate(one, two)["WT"]["volume_similarity"])
volume = read_volume(Path({str(tmp_path / "image.npy")!r}))
print((volume[0] if isinstance(volume, tuple) else volume).stored[2, 3, 4])
print(*model_folders())
"""
    similarity, last, folder = told(installed, tmp_path, code).split()
    assert (float(similarity), int(last)) == (1.0, 59)
    assert read_model_folder(Path(folder)).passport.name == "brightness"


def test_without_plug_ins_there_are_none() -> None:
    assert model_folders() == ()

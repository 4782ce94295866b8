"""What imports what at run time, and what a wheel contains; the directions between packages are lint-imports'."""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
import sys
import zipfile
from collections.abc import Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
QT = {"PySide6", "shiboken6", "pyqtgraph", "qtawesome"}
NETWORK = {"tensorflow", "keras"}
QT_FREE = (
    "errors",
    "progress",
    "storage",
    "imaging",
    "evaluation",
    "inference",
    "state",
    "runs",
    "annotation",
    "preparation",
)

# Only the network's own process imports this room.
NETWORK_PROCESS = tuple(
    f"brainseg_gui.inference.network.{path.stem}"
    for path in sorted((ROOT / "brainseg_gui" / "inference" / "network").glob("*.py"))
    if path.stem != "__init__"
)

# Modules of an extra cannot be imported where it is not installed.
OF_EXTRAS = {
    "qtconsole": ("brainseg_gui.controllers.shell.console_kernel", "brainseg_gui.views.shell.console_window"),
}
MISSING = tuple(name for extra, names in OF_EXTRAS.items() if find_spec(extra) is None for name in names)

# All packages in one process: what none of them imports is not there at the end. One line for each group of packages:
# what is there once these were imported after those before them.
_IMPORT_ALL = """
import importlib, json, pkgutil, sys
for packages, left_out in json.loads(sys.argv[1]):
    for name in packages:
        package = importlib.import_module(name)
        for module in pkgutil.walk_packages(getattr(package, "__path__", []), name + "."):
            if module.name not in left_out:
                importlib.import_module(module.name)
    print("loaded:", " ".join(sorted({name.split(".")[0] for name in sys.modules})))
"""


def _loaded(*arguments: str) -> list[set[str]]:
    done = subprocess.run([sys.executable, *arguments], capture_output=True, text=True, check=True, timeout=150)
    return [set(line.split()[1:]) for line in done.stdout.splitlines() if line.startswith("loaded:")]


def _loaded_by(*groups: tuple[Sequence[str], Sequence[str]]) -> list[set[str]]:
    """What is loaded after each group of packages, imported without some of their modules."""
    return _loaded("-c", _IMPORT_ALL, json.dumps([[packages, [*left_out, *MISSING]] for packages, left_out in groups]))


@pytest.fixture(scope="module")
def without_window() -> list[set[str]]:
    """Loaded by what is free of Qt without the network's process, then with it, then with what makes training cases."""
    packages = [f"brainseg_gui.{package}" for package in QT_FREE]
    return _loaded_by((packages, NETWORK_PROCESS), (["brainseg_gui.inference"], ()), (["training.synthesis"], ()))


def test_packages_below_the_views_import_neither_qt_nor_the_network(without_window: list[set[str]]) -> None:
    assert not without_window[0] & (QT | NETWORK)


def test_the_network_process_imports_no_qt(without_window: list[set[str]]) -> None:
    for name in NETWORK_PROCESS:
        assert find_spec(name) is not None, f"{name} is gone: take it off the list"
    assert without_window[1] >= NETWORK
    assert not without_window[1] & QT


def test_training_imports_no_qt(without_window: list[set[str]]) -> None:
    assert "training" in without_window[2]
    assert not without_window[2] & QT


def test_the_window_imports_no_tensorflow() -> None:
    (loaded,) = _loaded_by((["brainseg_gui.views", "brainseg_gui.controllers"], ()))
    assert not loaded & NETWORK


@pytest.mark.parametrize(
    "code",
    [
        "import brainseg_gui.cli",
        "import brainseg_gui.cli\ntry: brainseg_gui.cli.main(['--help'])\nexcept SystemExit: pass",
    ],
    ids=["import", "--help"],
)
def test_the_command_line_starts_without_qt_and_tensorflow(code: str) -> None:
    if find_spec("brainseg_gui.cli") is None:
        pytest.skip("there is no brainseg_gui.cli yet")
    told = "import sys\nprint('\\nloaded:', *{name.split('.')[0] for name in sys.modules})"
    (loaded,) = _loaded("-c", f"{code}\n{told}")
    assert "brainseg_gui" in loaded
    assert not loaded & (QT | NETWORK)


def test_every_package_is_listed_for_installation() -> None:
    import tomllib

    listed = set(tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["setuptools"]["packages"])
    found = {
        ".".join(path.parent.relative_to(ROOT).parts)
        for top in ("brainseg_gui", "training")
        for path in (ROOT / top).rglob("__init__.py")
    }
    assert found <= listed, "add these to [tool.setuptools] packages in pyproject.toml"


def test_a_wheel_holds_the_code_and_the_resources(tmp_path: Path) -> None:
    source = _copy_of_the_sources(tmp_path / "source")
    command = [sys.executable, "-m", "pip", "wheel", "--no-deps", "--no-build-isolation", "--no-index", "--quiet"]
    subprocess.run([*command, "--wheel-dir", str(tmp_path), str(source)], check=True, timeout=120)
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        assert {path for path, sha256 in _weights() if _digest(archive, path) != sha256} == set()
    resources = {
        f"brainseg_gui/resources/{path.relative_to(ROOT / 'resources').as_posix()}"
        for path in (ROOT / "resources").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    pictures = {name for name in resources if "/pictures/" in name}  # of the README and the model's card
    folds = {name for name in resources if re.search("/folds/.*/", name)}  # networks that measure
    code = {p.relative_to(ROOT).as_posix() for t in ("brainseg_gui", "training") for p in (ROOT / t).rglob("*.py")}
    assert (resources - pictures - folds) | code | {"brainseg_gui/py.typed"} <= names
    assert pictures
    assert folds
    assert not (pictures | folds) & names
    assert "brainseg_gui/resources/label_schemes.toml" in resources
    assert not any(name.startswith("tests/") for name in names)


def _weights() -> Iterator[tuple[str, str]]:
    """Every file that a passport of the shipped networks gives a digest of, and that."""
    for passport in (ROOT / "resources" / "models").rglob("model.json"):
        about, folder = json.loads(passport.read_text("utf-8")), passport.parent.relative_to(ROOT).as_posix()
        digests = about["sha256"] if isinstance(about["sha256"], dict) else {about["weights"]: about["sha256"]}
        if "mender_sha256" in about:
            digests["mender.npz"] = about["mender_sha256"]
        yield from ((f"brainseg_gui/{folder}/{name}", digest) for name, digest in digests.items())


def _digest(archive: zipfile.ZipFile, name: str) -> str:
    return hashlib.sha256(archive.read(name)).hexdigest()


def _copy_of_the_sources(folder: Path) -> Path:
    """A build leaves files beside the sources, so it works on links to them."""
    folder.mkdir()
    for name in ("pyproject.toml", "README.md", "LICENSE", "NOTICE", "brainseg_gui", "training", "resources"):
        (folder / name).symlink_to(ROOT / name)
    return folder

"""The examples in docstrings are true. Modules that have some are pure: importing them is quick."""

from __future__ import annotations

import doctest
import subprocess
import sys
from importlib import import_module

import pytest

from tests.architecture.measure import ROOT

MODULES = sorted(
    ".".join(path.relative_to(ROOT).with_suffix("").parts)
    for top in ("brainseg_gui", "training")
    for path in (ROOT / top).rglob("*.py")
    if ">>> " in path.read_text("utf-8")
)
HEAVY = {"PySide6", "pyqtgraph", "keras", "tensorflow", "matplotlib"}


@pytest.mark.parametrize("name", MODULES)
def test_examples_are_true(name: str) -> None:
    found = doctest.testmod(import_module(name))
    assert found.attempted
    assert found.failed == 0


def test_modules_with_examples_are_quick_to_import() -> None:
    code = f"import sys\nfor name in {MODULES}: __import__(name)\nprint(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert not HEAVY & {name.partition(".")[0] for name in done.stdout.split()}

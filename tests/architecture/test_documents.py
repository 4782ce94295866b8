"""Documents for whoever carries on lead to what is there."""

from __future__ import annotations

import re
import subprocess

import pytest

from tests.architecture.measure import ROOT, TOPS

_PATH = re.compile(r"`((?:\w+/)+\w+(?:\.\w+)?)/?`")
_MODULE = re.compile(r"`(\w+\.(?:py|toml))`")  # in a folder that the sentence names
_NAME = re.compile(r"`(?:\w+\.)?([A-Z]+[a-z]\w+|\w+(?=\())")  # a class, or a function with what it is given
_DEFINED = re.compile(r"^\s*(?:(?:def|class) (\w+)|(\w+)(?:: [^=\n]+)? = Signal\()", re.MULTILINE)
_EXAMPLES = {"minc.py"}  # modules that the document tells how to write
_ELSEWHERE = {"Executor", "set_defaults", "config.toml"}  # of Python, and of a run folder


@pytest.mark.parametrize("document", ["docs/architecture.md", "CONTRIBUTING.md"])
def test_paths_that_a_document_names_exist(document: str) -> None:
    named = set(_PATH.findall((ROOT / document).read_text("utf-8")))
    lost = {path for path in named if not any((base / path).exists() for base in (ROOT, ROOT / "brainseg_gui"))}
    assert named or document == "CONTRIBUTING.md"
    assert lost == set()


@pytest.mark.parametrize("document", ["docs/architecture.md", "CONTRIBUTING.md"])
def test_modules_classes_and_functions_that_a_document_names_exist(document: str) -> None:
    text = re.sub(r"```.*?```", "", (ROOT / document).read_text("utf-8"), flags=re.DOTALL)  # blocks are worked examples
    modules = [path for top in (*TOPS, "tests") for path in (ROOT / top).rglob("*.py")]
    files = {path.name for path in (*modules, *(ROOT / "resources").rglob("*.toml"), ROOT / "pyproject.toml")}
    defined = {name for path in modules for names in _DEFINED.findall(path.read_text("utf-8")) for name in names}
    assert set(_MODULE.findall(text)) - files - _EXAMPLES - _ELSEWHERE == set()
    assert set(_NAME.findall(text)) - defined - _ELSEWHERE == set()


def test_the_demonstration_case_holds_nothing_of_who_opened_it() -> None:
    """What is committed, that is: whoever opens it where it lies leaves a list there."""
    case = ROOT / "resources/demo/brainseg-demo-synthetic"
    listed = subprocess.run(["git", "ls-files", "."], cwd=case, capture_output=True, text=True, check=False)
    if listed.returncode:
        pytest.skip("this is no checkout of git")
    images = {f"{case.name}_{name}.nii.gz" for name in ("t1", "t1ce", "t2", "flair", "seg")}
    assert set(listed.stdout.split()) == images | {"README.md"}

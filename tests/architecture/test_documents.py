"""Documents for whoever carries on lead to what is there."""

from __future__ import annotations

import re
import subprocess

import pytest

from tests.architecture.measure import ROOT

_PATH = re.compile(r"`((?:\w+/)+\w+(?:\.\w+)?)/?`")


@pytest.mark.parametrize("document", ["docs/architecture.md", "CONTRIBUTING.md"])
def test_paths_that_a_document_names_exist(document: str) -> None:
    named = set(_PATH.findall((ROOT / document).read_text("utf-8")))
    lost = {path for path in named if not any((base / path).exists() for base in (ROOT, ROOT / "brainseg_gui"))}
    assert named or document == "CONTRIBUTING.md"
    assert lost == set()


def test_the_demonstration_case_holds_nothing_of_who_opened_it() -> None:
    """What is committed, that is: whoever opens it where it lies leaves a list there."""
    case = ROOT / "resources/demo/brainseg-demo-synthetic"
    listed = subprocess.run(["git", "ls-files", "."], cwd=case, capture_output=True, text=True, check=False)
    if listed.returncode:
        pytest.skip("this is no checkout of git")
    images = {f"{case.name}_{name}.nii.gz" for name in ("t1", "t1ce", "t2", "flair", "seg")}
    assert set(listed.stdout.split()) == images | {"README.md"}

"""Documents for whoever carries on lead to what is there."""

from __future__ import annotations

import re

import pytest

from tests.architecture.measure import ROOT

_PATH = re.compile(r"`((?:\w+/)+\w+(?:\.\w+)?)/?`")


@pytest.mark.parametrize("document", ["docs/architecture.md", "CONTRIBUTING.md"])
def test_paths_that_a_document_names_exist(document: str) -> None:
    named = set(_PATH.findall((ROOT / document).read_text("utf-8")))
    lost = {path for path in named if not any((base / path).exists() for base in (ROOT, ROOT / "brainseg_gui"))}
    assert named or document == "CONTRIBUTING.md"
    assert lost == set()

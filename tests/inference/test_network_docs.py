"""What `docs/networks.md` shows is what the program reads."""

from __future__ import annotations

import ast
import json
import re

import pytest

from brainseg_gui.inference.models.passport_reading import parse_passport
from tests.architecture.measure import ROOT

PAGES = {name: (ROOT / "docs" / name).read_text("utf-8") for name in ("networks.md", "python.md")}


def blocks(language: str, *pages: str) -> list[str]:
    return [block for page in pages for block in re.findall(rf"```{language}\n(.*?)```", PAGES[page], re.DOTALL)]


@pytest.mark.parametrize("text", blocks("json", "networks.md"))
def test_passports_of_the_page_are_read(text: str) -> None:
    passport = parse_passport(json.loads(text), ROOT / "docs" / "networks.md")
    assert passport.channels_first
    assert passport.digests


@pytest.mark.parametrize("text", blocks("python", *PAGES))
def test_scripts_of_the_pages_are_python(text: str) -> None:
    assert ast.parse(text).body


def test_the_page_shows_three_frameworks() -> None:
    assert len(blocks("json", "networks.md")) == 3


def test_recipes_use_what_is_public() -> None:
    from brainseg_gui import api

    used = set(re.findall(r"\bapi\.([A-Za-z_]+)", PAGES["python.md"]))
    assert used - {"Mask"} == set(api.__all__) - {"Mask", "OpenCase", "RefinedMask", "Segmentation"}

"""No cell of a table is a formula, in whatever country its spreadsheet is; and every text comes back."""

from __future__ import annotations

import itertools
import re

import pytest

from brainseg_gui.storage.cells import from_cell, to_cell

SIGNS = "=+-@＝＋－＠﹦﹢﹣﹫"
BEFORE = ("", " ", "\t", "\xa0", "\u3000", "\u200b", "\ufeff", "\r", "\n", " \u200b ")
STARTS = ("", "a;", "a\t", "a;b; ", "a\n", "5;-")


@pytest.mark.parametrize("start", STARTS)
@pytest.mark.parametrize("sign", SIGNS)
def test_no_text_is_a_formula_at_any_separator(start: str, sign: str) -> None:
    for before in BEFORE:
        text = f"{start}{before}{sign}1"
        cells = re.split(r"[;\t\r\n]", to_cell(text))
        assert not [cell for cell in cells if cell.strip(" \xa0\u3000\u200b\ufeff")[:1] in set(SIGNS)], text
        assert from_cell(to_cell(text)) == text


def test_every_short_text_comes_back() -> None:
    for length in range(6):
        for letters in itertools.product("=;' \tx", repeat=length):
            text = "".join(letters)
            assert from_cell(to_cell(text)) == text


@pytest.mark.parametrize("text", ["", "plain", "TCGA-02-0006", "a, -5 mm", "3;5", "a=b", "ü;ß", "it's"])
def test_what_is_no_formula_stays(text: str) -> None:
    assert to_cell(text) == text

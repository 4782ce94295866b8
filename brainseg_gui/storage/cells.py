"""Texts for cells of tables that people open with spreadsheets, which take some of them for formulas."""

from __future__ import annotations

import re

# what spreadsheets pass over before a sign, and the signs themselves, as they are written in East Asia too
_PASSED_OVER = r"[\s\u200b-\u200f\u2060\ufeff]*"
_SIGNS = "['=+\\-@\uff1d\uff0b\uff0d\uff20\ufe66\ufe62\ufe63\ufe6b]"
_FORMULA = rf"{_PASSED_OVER}{_SIGNS}"


def _starts(mark: str) -> re.Pattern[str]:
    """Where cells begin with a mark and a formula.

    Where the comma is not the separator, a semicolon or a tabulator within a text begins a cell; quotes do not help.
    """
    return re.compile(rf"^{mark}(?=[\t\r\n]|{_FORMULA})|(?<=[;\t\r\n]){mark}(?={_FORMULA})")


_BARE, _ESCAPED = _starts(""), _starts("'")


def to_cell(text: str) -> str:
    """A text that no spreadsheet takes for a formula, whatever separates its cells: signs get a leading apostrophe.

    >>> to_cell("=1+1"), to_cell("scan; -5 mm"), to_cell("plain")
    ("'=1+1", "scan;' -5 mm", 'plain')
    """
    return _BARE.sub("'", text)


def from_cell(cell: str) -> str:
    """The text that `to_cell` was given.

    >>> from_cell(to_cell("'=1;@x"))
    "'=1;@x"
    """
    return _ESCAPED.sub("", cell)

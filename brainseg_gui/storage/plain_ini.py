"""The settings file of earlier versions, which Qt wrote: read by us, plain texts only.

Qt itself unpickles Python objects that such a file holds, and drops escapes that it does not know, so that no look at
the file beforehand is safe: ``\\q@Variant(…PyObjectWrapper…)`` once ran code at the start.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

from brainseg_gui.plain_files import read_bytes

_LARGEST_BYTES = 2**23
_LINE = re.compile(r'([\w%. ]{1,80})=("(?:[^"\\]|\\.)*"|(?:[^",;\\]|\\.)*)')
_ESCAPE = re.compile(r"\\(?:x([0-9a-fA-F]{1,6})|(.))", re.DOTALL)
_LETTERS = {"n": "\n", "r": "\r", "t": "\t", "\\": "\\", '"': '"'}


def read_plain_ini(path: Path) -> dict[str, str]:
    """The plain texts of the first section of an INI file that Qt wrote; anything else in it is passed over.

    Raises
    ------
    OSError
        If it cannot be read, or is no small regular file.
    ValueError
        If it is no text.
    """
    lines = read_bytes(path, _LARGEST_BYTES).decode("utf-8").splitlines()
    found: dict[str, str] = {}
    for line in lines:
        match = _LINE.fullmatch(line)
        if match is not None and (text := _plain(match[2])) is not None:
            found[match[1].replace("%20", " ")] = text
    return found


def _plain(value: str) -> str | None:
    """A value as Qt writes texts; None for its other types, and for escapes that it does not write."""
    text = value[1:-1] if value.startswith('"') else value.strip()
    for match in _ESCAPE.finditer(text):
        if match[2] not in _LETTERS if match[1] is None else int(match[1], 16) > sys.maxunicode:
            return None
    text = _ESCAPE.sub(lambda found: chr(int(found[1], 16)) if found[1] else _LETTERS[found[2]], text)
    if text.startswith("@"):  # a type of Qt's own, or a text that begins so
        return text[1:] if text.startswith("@@") else None
    return text

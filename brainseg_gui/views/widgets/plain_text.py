"""Text that came from files and their names, shown as it is: Qt takes what looks like HTML for HTML."""

from __future__ import annotations

import re

from PySide6.QtGui import Qt

from brainseg_gui.errors import printable

_MOST_UNBROKEN = 16
_LONG_WORD = re.compile(rf"\S{{{_MOST_UNBROKEN + 1},}}")
_MAY_BREAK = re.compile(rf"[^_./\\-]{{0,{_MOST_UNBROKEN}}}[_./\\-]?")
_HERE = "\u200b"  # a space without width, at which Qt begins a new line


def breakable(text: str) -> str:
    """The same for a label that wraps, whose width the longest word would set: names of files may be longer than it."""
    return _LONG_WORD.sub(lambda word: _HERE.join(filter(None, _MAY_BREAK.findall(word[0]))), text)


def plain_tip(text: str) -> str:
    """A tool tip with the same lines, in which nothing is a tag: it could draw over others, or load pictures."""
    shown = "\n".join(printable(line) for line in text.split("\n"))
    if not Qt.mightBeRichText(shown):
        return shown
    import html  # its table of two thousand names takes longer to read than the tips of a start to make

    return f'<p style="white-space: pre-wrap">{html.escape(shown)}</p>'


def plain_caption(text: str) -> str:
    """A text for a menu, a button or a tab, where an ampersand underlines the letter behind it."""
    return printable(text).replace("&", "&&")

"""Text that came from files and their names, shown as it is: Qt takes what looks like HTML for HTML."""

from __future__ import annotations

from PySide6.QtGui import Qt

from brainseg_gui.errors import printable


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

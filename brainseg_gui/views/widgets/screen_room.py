"""How large a window may be on the screen that it opens on."""

from __future__ import annotations

from PySide6.QtCore import QSize
from PySide6.QtWidgets import QWidget

_PART = 0.92  # of the screen: frames and bars of the desktop need some


def fit_screen(window: QWidget, usual: tuple[int, int], least: tuple[int, int] = (0, 0)) -> None:
    """Give a window its usual size and its least one, but neither more than the screen has.

    Parameters
    ----------
    usual, least
        Width and height in pixels before scaling: at 200 % a screen of 1920×1080 has room for half of it.
    """
    room = window.screen().availableSize() * _PART
    window.setMinimumSize(QSize(*least).boundedTo(room))
    window.resize(QSize(*usual).boundedTo(room))

"""Pens for lines of one width on the screen, whatever the zoom of the slice and the scaling of the desktop."""

from __future__ import annotations

from functools import lru_cache

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QPainter, QPen

from brainseg_gui.views.slices.copied_image import screen_ratio


def screen_pen(painter: QPainter, colour: QColor, width_px: float, line: Qt.PenStyle = Qt.PenStyle.SolidLine) -> QPen:
    """A pen `width_px` wide as people count pixels: Qt takes the width of a cosmetic pen for dots of the screen."""
    return _cosmetic(colour.rgba(), width_px * screen_ratio(painter), line)


@lru_cache(maxsize=256)
def _cosmetic(rgba: int, width: float, line: Qt.PenStyle) -> QPen:
    """The same few in every picture; nobody changes what this gives."""
    pen = QPen(QColor.fromRgba(rgba))
    pen.setWidthF(width)
    pen.setStyle(line)
    pen.setCosmetic(True)
    return pen

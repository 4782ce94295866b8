"""Pens for lines of one width on the screen, whatever the zoom of the slice and the scaling of the desktop."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QPainter, QPen


def screen_pen(painter: QPainter, colour: QColor, width_px: float, line: Qt.PenStyle = Qt.PenStyle.SolidLine) -> QPen:
    """A pen `width_px` wide as people count pixels: Qt takes the width of a cosmetic pen for dots of the screen."""
    pen = QPen(colour)
    pen.setWidthF(width_px * painter.device().devicePixelRatio())
    pen.setStyle(line)
    pen.setCosmetic(True)
    return pen

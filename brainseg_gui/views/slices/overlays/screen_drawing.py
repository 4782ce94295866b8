"""Drawing in pixels of the screen: pens of one width at every zoom, and images that are copied as they are."""

from __future__ import annotations

import math
from functools import lru_cache

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPen


def screen_ratio(painter: QPainter) -> float:
    """Dots of the screen per pixel, where the painter paints."""
    return float(painter.device().devicePixelRatio())


def image_to_copy(width: int, height: int, ratio: float, behind: QColor | Qt.GlobalColor) -> QImage:
    """An image of so many pixels as people count them, with nothing on it but what stands behind."""
    image = QImage(math.ceil(width * ratio), math.ceil(height * ratio), QImage.Format.Format_ARGB32_Premultiplied)
    image.setDevicePixelRatio(ratio)
    image.fill(behind)
    return image


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

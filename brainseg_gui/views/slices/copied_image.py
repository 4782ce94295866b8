"""Images of what is drawn alike in many pictures: drawn once, and copied."""

from __future__ import annotations

import math

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QImage, QPainter


def screen_ratio(painter: QPainter) -> float:
    """Dots of the screen per pixel, where the painter paints."""
    return float(painter.device().devicePixelRatio())


def image_to_copy(width: int, height: int, ratio: float, behind: QColor | Qt.GlobalColor) -> QImage:
    """An image of so many pixels as people count them, with nothing on it but what stands behind."""
    image = QImage(math.ceil(width * ratio), math.ceil(height * ratio), QImage.Format.Format_ARGB32_Premultiplied)
    image.setDevicePixelRatio(ratio)
    image.fill(behind)
    return image

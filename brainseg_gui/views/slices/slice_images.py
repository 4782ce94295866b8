"""Pixels of a slice as Qt draws them fastest: 32 bits each, made once per change and painted as often as asked."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF
from PySide6.QtGui import QImage, QPainter

from brainseg_gui.imaging.plane import box_of

_OPAQUE = np.uint32(0xFF000000)
_THREE_TIMES = np.uint32(0x010101)  # one grey in red, green and blue


class GreyImage:
    """The image under the masks."""

    def __init__(self) -> None:
        self._pixels = np.empty((0, 0), np.uint32)
        self._image = QImage()

    def show(self, grey: NDArray[np.uint8] | None) -> None:
        """Take a slice, (rows, columns); None for nothing."""
        if grey is None:
            self._pixels, self._image = np.empty((0, 0), np.uint32), QImage()
            return
        if grey.shape != self._pixels.shape:
            self._pixels = np.empty(grey.shape, np.uint32)
            self._image = _image_on(self._pixels, QImage.Format.Format_RGB32)
        np.multiply(grey, _THREE_TIMES, out=self._pixels)
        np.bitwise_or(self._pixels, _OPAQUE, out=self._pixels)

    def draw(self, painter: QPainter, *, smooth: bool) -> None:
        """Paint it, one unit per pixel; zoomed in, it is interpolated or shows its voxels."""
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, smooth)
        painter.drawImage(QPointF(0, 0), self._image)


class FillImage:
    """The colours of one label map, with the edges of its voxels at any zoom."""

    def __init__(self) -> None:
        self._table: NDArray[np.uint8] | None = None
        self._packed = np.zeros(256, np.uint32)
        self._pixels = np.empty((0, 0), np.uint32)
        self._image: QImage | None = None
        self._corner = QPointF()

    def show(self, values: NDArray[np.uint8], table: NDArray[np.uint8]) -> None:
        """Take the labels of a slice, (rows, columns), and their colours, RGBA (256, 4), which are not written to."""
        box = box_of(values)
        if box is None:
            self._image = None
            return
        if table is not self._table:
            self._table, self._packed = table, packed(table)
        self._pixels = np.take(self._packed, values[box])
        self._image = _image_on(self._pixels, QImage.Format.Format_ARGB32_Premultiplied)
        self._corner = QPointF(box[1].start, box[0].start)

    def draw(self, painter: QPainter) -> None:
        """Paint it, one unit per pixel of the slice."""
        if self._image is not None:
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, False)
            painter.drawImage(self._corner, self._image)


def packed(table: NDArray[np.uint8]) -> NDArray[np.uint32]:
    """Colours, RGBA (n, 4), as Qt stores them: 0xAARRGGBB, multiplied by their opacity."""
    red, green, blue, opacity = table.astype(np.uint32).T
    red, green, blue = ((colour * opacity + 127) // 255 for colour in (red, green, blue))
    return np.asarray(opacity << 24 | red << 16 | green << 8 | blue)


def _image_on(pixels: NDArray[np.uint32], kind: QImage.Format) -> QImage:
    """An image that shows the array's own memory: the array must live as long, and stay C-ordered."""
    rows, columns = pixels.shape
    return QImage(pixels.data, columns, rows, 4 * columns, kind)

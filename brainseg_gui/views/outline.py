"""Outlines of labels, drawn along the edges of their voxels."""

from __future__ import annotations

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtCore import QRectF
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPen
from PySide6.QtWidgets import QGraphicsItem, QStyleOptionGraphicsItem, QWidget

from brainseg_gui.imaging.plane import box_of

_INSET = 0.12


def edge_path(mask: NDArray[np.bool_]) -> QPainterPath:
    """Lines between pixels inside and outside a mask, in pixel units (x to the right, y down).

    They lie a little inside, so that the outlines of two labels that touch stand side by side.
    """
    padded = np.pad(mask, 1).astype(np.int8)
    # a vertical line stands left of the pixel where the value changes along a row; likewise for columns
    across = np.diff(padded[1:-1], axis=1)
    down = np.diff(padded[:, 1:-1], axis=0)
    row, column = np.nonzero(across)
    row2, column2 = np.nonzero(down)
    upright = column + _INSET * across[row, column]
    level = row2 + _INSET * down[row2, column2]
    x = np.concatenate([np.stack([upright, upright], 1), np.stack([column2, column2 + 1.0], 1)]).ravel()
    y = np.concatenate([np.stack([row, row + 1.0], 1), np.stack([level, level], 1)]).ravel()
    return pg.arrayToQPath(x, y, connect="pairs")


class OutlineItem(QGraphicsItem):
    """Outlines of several labels, each in its colour, one and a half screen pixels wide at any zoom."""

    def __init__(self) -> None:
        super().__init__()
        self._paths: list[tuple[QPen, QPainterPath]] = []
        self._box = QRectF()
        self._shown: tuple[object, NDArray[np.uint8], NDArray[np.uint8]] | None = None

    def show_labels(self, values: NDArray[np.uint8], table: NDArray[np.uint8]) -> None:
        """Outline every label of a slice that `table` (256, 4) does not make transparent."""
        box = box_of(values)
        cut = np.array(values[box] if box is not None else values[:0, :0])
        frame = QRectF(0, 0, values.shape[1], values.shape[0])
        if self._is_shown(box, cut, table) and frame == self._box:
            return  # looking costs a tenth of drawing: another layer is being painted
        self._shown = box, cut, table
        self.prepareGeometryChange()
        self._box = frame
        self._paths = []
        if box is not None:
            for value in np.flatnonzero(np.bincount(cut.ravel(), minlength=256)):
                if value and table[value, 3]:
                    path = edge_path(cut == value).translated(box[1].start, box[0].start)
                    self._paths.append((_pen(table[value]), path))
        self.update()

    def _is_shown(self, box: object, cut: NDArray[np.uint8], table: NDArray[np.uint8]) -> bool:
        if self._shown is None or self._shown[0] != box:
            return False
        return np.array_equal(self._shown[1], cut) and np.array_equal(self._shown[2], table)

    def clear(self) -> None:
        """Draw nothing."""
        self._shown = None
        if self._paths:
            self.prepareGeometryChange()
            self._paths = []
            self.update()

    def boundingRect(self) -> QRectF:
        return self._box

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
        for pen, path in self._paths:
            painter.strokePath(path, pen)


def _pen(rgba: NDArray[np.uint8]) -> QPen:
    pen = QPen(QColor(int(rgba[0]), int(rgba[1]), int(rgba[2])))
    pen.setWidthF(1.5)
    pen.setCosmetic(True)
    return pen

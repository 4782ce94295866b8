"""Outlines of labels, drawn along the edges of their voxels."""

from __future__ import annotations

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPen

from brainseg_gui.imaging.plane import box_of

_INSET = 0.12

_Places = NDArray[np.intp]


def edge_path(mask: NDArray[np.bool_]) -> QPainterPath:
    """Lines between pixels inside and outside a mask, in pixel units (x to the right, y down).

    They lie a little inside, so that the outlines of two labels that touch stand side by side.
    """
    return dict(edge_paths(mask.astype(np.uint8))).get(1, QPainterPath())


def edge_paths(values: NDArray[np.uint8]) -> list[tuple[int, QPainterPath]]:
    """As `edge_path`, for every label of a slice at once: what it costs grows with the edges, not with the labels."""
    padded = np.pad(values, 1)
    sides = (
        (padded[1:-1, :-1], padded[1:-1, 1:], False),  # a vertical line stands left of the pixel it belongs to
        (padded[:-1, 1:-1], padded[1:, 1:-1], True),
    )
    labels, lines = [], []
    for before, after, level in sides:
        row, column = np.nonzero(before != after)
        for side, inset in ((before, -_INSET), (after, _INSET)):
            labels.append(side[row, column])
            lines.append(_lines(row, column, inset, level=level))
    return _by_label(np.concatenate(labels), np.concatenate(lines))


def _lines(row: _Places, column: _Places, inset: float, *, level: bool) -> NDArray[np.float64]:
    """Lines one pixel long that begin at (row, column), moved into their label: (n, 4) of x, y, x, y."""
    if level:
        return np.stack([column, row + inset, column + 1.0, row + inset], axis=1)
    return np.stack([column + inset, row, column + inset, row + 1.0], axis=1)


def _by_label(labels: NDArray[np.uint8], lines: NDArray[np.float64]) -> list[tuple[int, QPainterPath]]:
    order = np.argsort(labels, kind="stable")
    ends = np.cumsum(np.bincount(labels, minlength=1))
    found = []
    for label in np.flatnonzero(np.diff(ends)) + 1:
        own = lines[order[ends[label - 1] : ends[label]]].reshape(-1, 2)  # (n, 4) -> (2 n, 2)
        found.append((int(label), pg.arrayToQPath(own[:, 0], own[:, 1], connect="pairs")))
    return found


class Outlines:
    """Outlines of several labels, each in its colour, one and a half screen pixels wide at any zoom."""

    def __init__(self) -> None:
        self._paths: list[tuple[QPen, QPainterPath]] = []
        self._shown: tuple[object, NDArray[np.uint8], NDArray[np.uint8]] | None = None

    def show(self, values: NDArray[np.uint8], table: NDArray[np.uint8]) -> None:
        """Outline every label of a slice, (rows, columns), that `table` (256, 4) does not make transparent."""
        box = box_of(values)
        cut = values[box] if box is not None else values[:0, :0]
        if self._is_shown(box, cut, table):
            return  # looking costs a tenth of drawing: another layer is being painted
        self._shown = box, np.array(cut), table
        self._paths = []
        if box is not None:
            for label, path in edge_paths(cut):
                if table[label, 3]:
                    self._paths.append((_pen(table[label]), path.translated(box[1].start, box[0].start)))

    def _is_shown(self, box: object, cut: NDArray[np.uint8], table: NDArray[np.uint8]) -> bool:
        if self._shown is None or self._shown[0] != box:
            return False
        same = self._shown[2] is table or np.array_equal(self._shown[2], table)
        return same and np.array_equal(self._shown[1], cut)

    def draw(self, painter: QPainter) -> None:
        """Paint them, one unit per pixel of the slice."""
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
        for pen, path in self._paths:
            painter.strokePath(path, pen)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)


def _pen(rgba: NDArray[np.uint8]) -> QPen:
    pen = QPen(QColor(int(rgba[0]), int(rgba[1]), int(rgba[2])))
    pen.setWidthF(1.5)
    pen.setCosmetic(True)
    return pen

"""Outlines of labels, drawn along the edges of their voxels."""

from __future__ import annotations

import math

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtGui import QColor, QPainter, QPainterPath, QTransform

from brainseg_gui.imaging.plane import box_of
from brainseg_gui.views.slices.overlays.screen_drawing import screen_pen

_WIDTH_PX = 1.5
_CASING_PX = 3.5
_CASING = QColor(10, 12, 14, 190)
_INSET = 0.12
_DEEPEST = 0.4
"""How far inside a label its outline lies, in pixels of the slice: at most, where these are small on the screen."""

_Indices = NDArray[np.intp]


def edge_path(mask: NDArray[np.bool_]) -> QPainterPath:
    """Lines between pixels inside and outside a mask, in pixel units (x to the right, y down).

    They lie a little inside, so that the outlines of two labels that touch stand side by side.
    """
    return dict(edge_paths(mask.astype(np.uint8))).get(1, QPainterPath())


def edge_paths(
    values: NDArray[np.uint8], inset_xy: tuple[float, float] = (_INSET, _INSET)
) -> list[tuple[int, QPainterPath]]:
    """As `edge_path`, for every label of a slice at once: what it costs grows with the edges, not with the labels."""
    padded = np.pad(values, 1)
    sides = (
        (padded[1:-1, :-1], padded[1:-1, 1:], False),  # a vertical line stands left of the pixel it belongs to
        (padded[:-1, 1:-1], padded[1:, 1:-1], True),
    )
    labels, lines = [], []
    for before, after, level in sides:
        differs = before != after
        line, offset = np.nonzero(differs if level else differs.T)
        deep = inset_xy[1] if level else inset_xy[0]
        for side, inset in ((before, -deep), (after, deep)):
            own = side[line, offset] if level else side[offset, line]
            starts, ends = _runs(line, offset, own)
            labels.append(own[starts])
            lines.append(_lines(line[starts] + inset, offset[starts], offset[ends] + 1, level=level))
    return _by_label(np.concatenate(labels), np.concatenate(lines))


def _runs(line: _Indices, offset: _Indices, own: NDArray[np.uint8]) -> tuple[_Indices, _Indices]:
    """First and last edge of each straight piece of one label: what drawing costs grows with the pieces."""
    begins = np.ones(line.size, dtype=bool)
    begins[1:] = (line[1:] != line[:-1]) | (offset[1:] != offset[:-1] + 1) | (own[1:] != own[:-1])
    starts = np.flatnonzero(begins)
    return starts, np.append(starts[1:], line.size)[: starts.size] - 1


def _lines(across: NDArray[np.floating], first: _Indices, last: _Indices, *, level: bool) -> NDArray[np.float64]:
    """Straight lines from `first` to `last` that lie at `across`: (n, 4) of x, y, x, y."""
    return np.stack([first, across, last, across] if level else [across, first, across, last], axis=1)


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
        self._paths: list[tuple[QColor, QPainterPath]] = []
        self._casing = QPainterPath()  # all of them
        self._inset: tuple[float, float] | None = None
        self._built_at = QTransform()  # where lines of this inset are drawn
        self._shown: tuple[tuple[slice, slice] | None, NDArray[np.uint8], NDArray[np.uint8]] | None = None

    def show(self, values: NDArray[np.uint8], table: NDArray[np.uint8]) -> None:
        """Outline every label of a slice, (rows, columns), that `table` (256, 4) does not make transparent."""
        box = box_of(values)
        cut = values[box] if box is not None else values[:0, :0]
        if self._is_shown(box, cut, table):
            return  # looking costs a tenth of drawing: another layer is being painted
        self._shown = box, np.array(cut), table
        self._inset = None

    def _build(self, inset_xy: tuple[float, float]) -> None:
        self._paths, self._casing, self._inset = [], QPainterPath(), inset_xy
        if self._shown is None:
            return
        box, cut, table = self._shown
        if box is None:
            return
        for label, path in edge_paths(cut, inset_xy):
            if table[label, 3]:
                path.translate(box[1].start, box[0].start)
                self._paths.append((_colour(table[label]), path))
                self._casing.addPath(path)

    def _is_shown(self, box: object, cut: NDArray[np.uint8], table: NDArray[np.uint8]) -> bool:
        if self._shown is None or self._shown[0] != box:
            return False
        same = self._shown[2] is table or np.array_equal(self._shown[2], table)
        return same and np.array_equal(self._shown[1], cut)

    def draw_casing(self, painter: QPainter) -> None:
        """Paint what the lines stand out from, below all lines: yellow on yellow, or on a bright image, would vanish.

        Its edges are left jagged, which halves what it costs and is not seen beside the line.
        """
        self._build_at(painter)
        if self._paths:
            painter.strokePath(self._casing, screen_pen(painter, _CASING, _CASING_PX))

    def _build_at(self, painter: QPainter) -> None:
        """Make the lines, if they changed or the zoom did."""
        transform = painter.transform()
        if self._inset is not None and transform == self._built_at:
            return
        self._built_at, inset_xy = transform, _inset_at(transform)
        if inset_xy != self._inset:
            self._build(inset_xy)

    def draw(self, painter: QPainter) -> None:
        """Paint them, one unit per pixel of the slice; outlines of labels that touch do not cover each other."""
        self._build_at(painter)
        if not self._paths:
            return
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
        for colour, path in self._paths:
            painter.strokePath(path, screen_pen(painter, colour, _WIDTH_PX))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)


def _inset_at(transform: QTransform) -> tuple[float, float]:
    """Half a line's width on the screen, in pixels of the slice along x and y."""
    sizes = (math.hypot(transform.m11(), transform.m12()), math.hypot(transform.m21(), transform.m22()))
    across, down = (round(min(max(_WIDTH_PX / 2 / max(size, 1e-6), _INSET), _DEEPEST), 2) for size in sizes)
    return across, down


def _colour(rgba: NDArray[np.uint8]) -> QColor:
    return QColor(int(rgba[0]), int(rgba[1]), int(rgba[2]))

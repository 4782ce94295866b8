"""What a proposal would change in one slice: hatched and outlined over image and masks."""

from __future__ import annotations

from enum import IntEnum

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QPainter, QPainterPath, QPixmap

from brainseg_gui.annotation.slab import LabelChange, Values
from brainseg_gui.imaging.plane import DisplayConvention, Plane, box_of, take_slice
from brainseg_gui.views.slices.overlays.outline import edge_path
from brainseg_gui.views.slices.overlays.screen_drawing import screen_pen


class Becomes(IntEnum):
    """What a voxel of a preview says."""

    KEPT = 0
    ADDED = 1
    REMOVED = 2
    RENAMED = 3


# Three cues each: colour, direction of the hatching, and the line around it.
STYLES = {
    Becomes.ADDED: (QColor(120, 220, 255), Qt.BrushStyle.BDiagPattern, Qt.PenStyle.SolidLine),
    Becomes.REMOVED: (QColor(255, 140, 66), Qt.BrushStyle.FDiagPattern, Qt.PenStyle.DashLine),
    Becomes.RENAMED: (QColor(245, 245, 245), Qt.BrushStyle.Dense6Pattern, Qt.PenStyle.DotLine),
}
_DARK = QColor(0, 0, 0, 150)


def preview_in_slice(
    change: LabelChange, values: Values, plane: Plane, slice_index: int, convention: DisplayConvention
) -> NDArray[np.uint8] | None:
    """A proposal as `Becomes` values of one slice, (rows, columns); None where the slice does not meet it.

    Parameters
    ----------
    values
        The annotation, (I, J, K).
    """
    depth = change.slab[plane.axis]
    if not depth.start <= slice_index < depth.stop:
        return None
    thin_slab, thin_part = list(change.slab), [slice(None)] * 3
    thin_slab[plane.axis] = slice(slice_index, slice_index + 1)
    here = slice_index - depth.start
    thin_part[plane.axis] = slice(here, here + 1)
    mask = change.mask[tuple(thin_part)]
    if not mask.any():
        return None
    before = values[tuple(thin_slab)]
    after = change.labels if change.labels.ndim == 0 else change.labels[tuple(thin_part)]
    shape = list(values.shape)
    shape[plane.axis], thin_slab[plane.axis] = 1, slice(0, 1)
    thin = np.zeros(shape, dtype=np.uint8)  # one slice thick along the plane's axis
    becomes = np.where(before == 0, Becomes.ADDED, np.where(after == 0, Becomes.REMOVED, Becomes.RENAMED))
    thin[tuple(thin_slab)] = np.where(mask & (before != after), becomes, Becomes.KEPT)
    return take_slice(thin, plane, 0, convention)


class PreviewMarks:
    """Hatching with lines of the screen, whatever the zoom, and an outline along the voxels."""

    def __init__(self) -> None:
        self._parts: list[tuple[Becomes, list[QRectF], QPainterPath]] = []

    def show(self, values: NDArray[np.uint8] | None) -> None:
        """Take `Becomes` values of a slice, (rows, columns); None for nothing."""
        self._parts = []
        box = box_of(values) if values is not None else None
        if values is None or box is None:
            return
        cut = values[box]
        for becomes in STYLES:
            mask = cut == becomes
            if mask.any():
                runs = _runs(mask, box[0].start, box[1].start)
                self._parts.append((becomes, runs, edge_path(mask).translated(box[1].start, box[0].start)))

    @property
    def empty(self) -> bool:
        """Whether nothing is drawn."""
        return not self._parts

    def draw(self, painter: QPainter) -> None:
        """Paint it, one unit per pixel of the slice."""
        for becomes, runs, path in self._parts:
            colour, pattern, line = STYLES[becomes]
            brush = QBrush(colour, pattern)
            brush.setTransform(painter.worldTransform().inverted()[0])
            painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(brush)
            painter.drawRects(runs)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
            painter.strokePath(path, screen_pen(painter, _DARK, 3.0))
            painter.strokePath(path, screen_pen(painter, colour, 1.6, line))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)


def swatch_of(becomes: Becomes, size: int = 14) -> QPixmap:
    """A small square of the hatching on black, as on the images, for the legend."""
    colour, pattern, line = STYLES[becomes]
    pixmap = QPixmap(size, size)
    pixmap.fill(Qt.GlobalColor.black)
    painter = QPainter(pixmap)
    painter.setPen(screen_pen(painter, colour, 1.4, line))
    painter.setBrush(QBrush(colour, pattern))
    painter.drawRect(1, 1, size - 3, size - 3)
    painter.end()
    return pixmap


def _runs(mask: NDArray[np.bool_], row: int, column: int) -> list[QRectF]:
    """Rows of pixels that lie side by side, as rectangles one pixel high; moved by (row, column)."""
    steps = np.diff(np.pad(mask, ((0, 0), (1, 1))).astype(np.int8), axis=1)
    rows, starts = np.nonzero(steps == 1)
    _, stops = np.nonzero(steps == -1)
    spans = zip(rows.tolist(), starts.tolist(), stops.tolist(), strict=True)
    return [QRectF(column + start, row + r, stop - start, 1) for r, start, stop in spans]

"""What is drawn for the hand over a slice: the outline of the brush, and the lasso or polygon."""

from __future__ import annotations

import math
from dataclasses import dataclass

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QPainter, QPainterPath, QPen, QPolygonF

from brainseg_gui.imaging.grid import Grid
from brainseg_gui.imaging.plane import Plane
from brainseg_gui.state.annotating.annotating import Annotating
from brainseg_gui.state.annotating.hand import Outline, Pointer
from brainseg_gui.state.annotating.tools import Tool
from brainseg_gui.views.slices.slice_viewport import SliceViewport

_DARK = QColor(0, 0, 0, 210)
_LIGHT = QColor(240, 242, 245)
_CORNER = 3.0
_MOST_HANDLES = 64  # more are a line drawn freely
_DASHES = [3.0, 3.0]


@dataclass(frozen=True)
class BrushMark:
    """The outline of the brush where it meets a slice, in mm.

    Parameters
    ----------
    point_ijk
        Its middle.
    radius_mm
        Half its width in this slice.
    square, erasing
        How it is drawn.
    """

    point_ijk: tuple[float, float, float]
    radius_mm: float
    square: bool
    erasing: bool


def brush_mark(annotating: Annotating, plane: Plane, slice_index: int, grid: Grid) -> BrushMark | None:
    """The brush in a slice, or None where it would paint nothing."""
    options, hand = annotating.options, annotating.hand
    pointer = hand.pointer
    if pointer is None or hand.browsing or not options.has_brush or not annotating.editable:
        return None
    away = abs(pointer.point_ijk[plane.axis] - slice_index)
    radius = _radius_mm(annotating, pointer, plane, away, grid)
    if radius is None:
        return None
    return BrushMark(pointer.point_ijk, radius, options.square, hand.erasing != options.erasing)


def _radius_mm(annotating: Annotating, pointer: Pointer, plane: Plane, away: float, grid: Grid) -> float | None:
    """Half the width of the brush in a slice that lies so many voxels from its middle."""
    options = annotating.options
    radius, distance = options.brush_mm / 2, away * grid.spacing_mm[plane.axis]
    if not options.in_3d:
        return radius if plane is pointer.plane and away < 0.5 else None
    if distance > radius:
        return None
    return radius if options.square else math.sqrt(radius**2 - distance**2)


def draw_brush(painter: QPainter, canvas: SliceViewport, mark: BrushMark) -> None:
    """A double line that stands out from any image; dashed where it erases."""
    centre, radius = canvas.position_at(mark.point_ijk), mark.radius_mm * canvas.screen_pixels_per_mm
    radius = max(radius, 2.0)
    frame = QRectF(centre.x() - radius, centre.y() - radius, 2 * radius, 2 * radius)
    path = QPainterPath()
    if mark.square:
        path.addRect(frame)
    else:
        path.addEllipse(frame)
    _draw_double(painter, path, dashed=mark.erasing)


def draw_outline(painter: QPainter, canvas: SliceViewport, outline: Outline, pointer: Pointer | None) -> None:
    """The lasso or polygon so far, and the line to where the mouse is."""
    points = [canvas.position_at(point) for point in outline.points_ijk]
    path = QPainterPath()
    path.addPolygon(QPolygonF(points))
    if pointer is not None and pointer.plane is outline.plane:
        path.lineTo(canvas.position_at(pointer.point_ijk))
    _draw_double(painter, path, dashed=outline.cutting)
    if points:
        handles = QPainterPath()
        for point in points if len(points) <= _MOST_HANDLES else points[:1]:
            handles.addEllipse(point, _CORNER, _CORNER)
        _draw_double(painter, handles, dashed=False)


def draw_hand(painter: QPainter, canvas: SliceViewport, annotating: Annotating, grid: Grid) -> None:
    """Everything of the hand that lies in the slice of a view."""
    plane, slice_index, hand = canvas.plane, canvas.slice_index, annotating.hand
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    if hand.outline is not None and (hand.outline.plane, hand.outline.slice_index) == (plane, slice_index):
        draw_outline(painter, canvas, hand.outline, hand.pointer if annotating.options.tool is Tool.LASSO else None)
    if hand.drawn is not None and (hand.drawn.plane, hand.drawn.slice_index) == (plane, slice_index):
        draw_outline(painter, canvas, hand.drawn, None)
    mark = brush_mark(annotating, plane, slice_index, grid)
    if mark is not None:
        draw_brush(painter, canvas, mark)


def _draw_double(painter: QPainter, path: QPainterPath, *, dashed: bool) -> None:
    painter.setBrush(QBrush(Qt.BrushStyle.NoBrush))
    for colour, width in ((_DARK, 3.0), (_LIGHT, 1.2)):
        pen = QPen(colour, width)
        if dashed and colour is _LIGHT:
            pen.setDashPattern(_DASHES)
        painter.setPen(pen)
        painter.drawPath(path)

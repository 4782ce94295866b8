"""What is drawn for the hand over a slice: the outline of the brush, and the lasso or polygon."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

from PySide6.QtCore import QPoint, QPointF, QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QImage, QPainter, QPainterPath, QPen, QPolygonF

from brainseg_gui.imaging.grid import Grid
from brainseg_gui.imaging.plane import Plane
from brainseg_gui.state.annotating.active_annotation import ActiveAnnotation
from brainseg_gui.state.annotating.hand import Outline, Pointer
from brainseg_gui.state.annotating.tools import Tool
from brainseg_gui.views.slices.overlays.screen_drawing import image_to_copy, screen_ratio
from brainseg_gui.views.slices.slice_mapping import SliceMapping

_DARK = QColor(0, 0, 0, 210)
_LIGHT = QColor(240, 242, 245)
_CORNER = 3.0
_MOST_HANDLES = 64  # more are a line drawn freely
_DASHES = [3.0, 3.0]
_LARGEST_COPIED = 256.0  # pixels: copying the image of a larger brush would take as long as drawing it
_BESIDE_BRUSH = 3  # pixels: more than half of the line's width


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


def brush_mark(annotating: ActiveAnnotation, plane: Plane, slice_index: int, grid: Grid) -> BrushMark | None:
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


def _radius_mm(annotating: ActiveAnnotation, pointer: Pointer, plane: Plane, away: float, grid: Grid) -> float | None:
    """Half the width of the brush in a slice that lies so many voxels from its middle."""
    options = annotating.options
    radius, distance = options.brush_mm / 2, away * grid.spacing_mm[plane.axis]
    if not options.in_3d:
        return radius if plane is pointer.plane and away < 0.5 else None
    if distance > radius:
        return None
    return radius if options.square else math.sqrt(radius**2 - distance**2)


def draw_brush(painter: QPainter, mapping: SliceMapping, mark: BrushMark) -> None:
    """A double line that stands out from any image; dashed where it erases."""
    centre, radius = mapping.position_at(mark.point_ijk), max(mark.radius_mm * mapping.screen_pixels_per_mm, 2.0)
    if radius > _LARGEST_COPIED:
        _draw_double(painter, _brush_path(centre, radius, square=mark.square), dashed=mark.erasing)
        return
    image = _brush_image(round(radius, 1), mark.square, mark.erasing, screen_ratio(painter))
    middle = image.deviceIndependentSize().width() / 2
    painter.drawImage(QPoint(round(centre.x() - middle), round(centre.y() - middle)), image)


def _brush_path(centre: QPointF, radius: float, *, square: bool) -> QPainterPath:
    frame = QRectF(centre.x() - radius, centre.y() - radius, 2 * radius, 2 * radius)
    path = QPainterPath()
    if square:
        path.addRect(frame)
    else:
        path.addEllipse(frame)
    return path


@lru_cache(maxsize=16)
def _brush_image(radius: float, square: bool, erasing: bool, ratio: float) -> QImage:
    """The outline, drawn once: it follows the mouse, and stroking two smooth circles takes longer than a stroke."""
    middle = math.ceil(radius) + _BESIDE_BRUSH
    image = image_to_copy(2 * middle, 2 * middle, ratio, Qt.GlobalColor.transparent)
    painter = QPainter(image)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    _draw_double(painter, _brush_path(QPointF(middle, middle), radius, square=square), dashed=erasing)
    painter.end()
    return image


def draw_outline(painter: QPainter, mapping: SliceMapping, outline: Outline, pointer: Pointer | None) -> None:
    """The lasso or polygon so far, and the line to where the mouse is."""
    points = [mapping.position_at(point) for point in outline.points_ijk]
    path = QPainterPath()
    path.addPolygon(QPolygonF(points))
    if pointer is not None and pointer.plane is outline.plane:
        path.lineTo(mapping.position_at(pointer.point_ijk))
    _draw_double(painter, path, dashed=outline.cutting)
    if points:
        handles = QPainterPath()
        for point in points if len(points) <= _MOST_HANDLES else points[:1]:
            handles.addEllipse(point, _CORNER, _CORNER)
        _draw_double(painter, handles, dashed=False)


def draw_hand(painter: QPainter, mapping: SliceMapping, annotating: ActiveAnnotation) -> None:
    """Everything of the hand that lies in the slice of a view."""
    plane, slice_index, hand = mapping.plane, mapping.slice_index, annotating.hand
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    if hand.outline is not None and (hand.outline.plane, hand.outline.slice_index) == (plane, slice_index):
        draw_outline(painter, mapping, hand.outline, hand.pointer if annotating.options.tool is Tool.LASSO else None)
    if hand.drawn is not None and (hand.drawn.plane, hand.drawn.slice_index) == (plane, slice_index):
        draw_outline(painter, mapping, hand.drawn, None)
    mark = brush_mark(annotating, plane, slice_index, mapping.grid)
    if mark is not None:
        draw_brush(painter, mapping, mark)


def _draw_double(painter: QPainter, path: QPainterPath, *, dashed: bool) -> None:
    painter.setBrush(QBrush(Qt.BrushStyle.NoBrush))
    for colour, width in ((_DARK, 3.0), (_LIGHT, 1.2)):
        pen = QPen(colour, width)
        if dashed and colour is _LIGHT:
            pen.setDashPattern(_DASHES)
        painter.setPen(pen)
        painter.drawPath(path)

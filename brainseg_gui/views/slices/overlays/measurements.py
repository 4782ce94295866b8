"""Rulers, angles, ellipses and the diameters of lesions over a slice, with what they come to beside them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from PySide6.QtCore import QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QImage, QPainter, QPainterPath, QPolygonF

from brainseg_gui.annotation.measuring.mark import Mark, MarkKind, value_words
from brainseg_gui.imaging.labels import own_colour
from brainseg_gui.state.following.following import Following
from brainseg_gui.state.measuring.measuring import Measuring
from brainseg_gui.views.slices.overlays.colour_bar import PLATE
from brainseg_gui.views.slices.overlays.screen_drawing import image_to_copy, screen_pen, screen_ratio
from brainseg_gui.views.slices.slice_mapping import SliceMapping

_DARK, _LINE, _CHOSEN = QColor(0, 0, 0, 210), QColor(255, 216, 77), QColor(255, 255, 255)
_END = 3.5
_LIGHTER = 150  # per cent: words are read on a dark plate
_BESIDE, _AWAY = 3, 8  # pixels of the plate at either side of the words; from the last point to them


def draw_measurements(painter: QPainter, frame: QRect, mapping: SliceMapping, measuring: Measuring) -> None:
    """Everything that was measured in the slice of a view."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    for mark in measuring.seen_in(mapping.plane, mapping.slice_index):
        _draw(painter, frame, mapping, mark, chosen=mark.key == measuring.hand.chosen)


def draw_diameters(painter: QPainter, frame: QRect, mapping: SliceMapping, following: Following) -> None:
    """All diameters that lie in the slice of a view, in the lesion's colour; the longest with its number and length."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    for shown in following.lines_in(mapping.plane, mapping.slice_index, mapping.grid):
        start, end = (mapping.position_at(point) for point in shown.ends)
        path = QPainterPath(start)
        path.lineTo(end)
        for point in (start, end):
            path.addEllipse(point, _END, _END)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        own = QColor(own_colour(shown.lesion))
        for colour, width in ((_DARK, 4.0), (own, 2.0)):
            painter.setPen(screen_pen(painter, colour, width))
            painter.drawPath(path)
        if shown.which == "longest":
            words = f"{shown.lesion}: {shown.line.length_mm(mapping.grid):.1f} mm"
            if _is_seen([start, end], frame):
                end = max((start, end), key=lambda point: point.x())
                _write_beside(painter, frame, end, words, own.lighter(_LIGHTER))


def _draw(painter: QPainter, frame: QRect, mapping: SliceMapping, mark: Mark, *, chosen: bool) -> None:
    points = [mapping.position_at(point) for point in mark.points_ijk]
    path = QPainterPath()
    if mark.kind is MarkKind.ELLIPSE and mark.complete:
        path.addEllipse(QRectF(points[0], points[1]).normalized())
    else:
        path.addPolygon(QPolygonF(points))
    for point in points:
        path.addEllipse(point, _END, _END)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for colour, width in ((_DARK, 3.5), (_CHOSEN if chosen else _LINE, 1.5)):
        painter.setPen(screen_pen(painter, colour, width))
        painter.drawPath(path)
    words = value_words(mark, mapping.grid)
    if words and _is_seen(points, frame):
        vertex = points[1] if mark.kind is MarkKind.ANGLE else max(points, key=lambda place: place.x())
        _write_beside(painter, frame, vertex, words)


def _is_seen(points: Sequence[QPointF], frame: QRect) -> bool:
    """Whether a part of what lies between the points may be in the picture: words alone would stand for nothing."""
    return QPolygonF(points).boundingRect().adjusted(-_END, -_END, _END, _END).intersects(QRectF(frame))


def _write_beside(painter: QPainter, frame: QRect, point: QPointF, words: str, colour: QColor = _LINE) -> None:
    """To the right of a point; within the picture as far as they fit."""
    image = _words_image(words, screen_ratio(painter), colour.rgb())
    size = image.deviceIndependentSize()
    left = max(min(point.x() + _AWAY, frame.right() - size.width()), frame.left())
    top = point.y() - size.height() / 2 if left > point.x() else point.y() + _AWAY
    top = max(min(top, frame.bottom() - size.height()), frame.top())
    painter.drawImage(QPointF(round(left), round(top)), image)


@lru_cache(maxsize=256)
def _words_image(words: str, ratio: float, colour: int) -> QImage:
    """The words on their plate, drawn once: they stand in every picture of a slice."""
    font = QFont()
    font.setPointSize(10)
    metrics = QFontMetrics(font)
    image = image_to_copy(metrics.horizontalAdvance(words) + 2 * _BESIDE, metrics.height(), ratio, PLATE)
    painter = QPainter(image)
    painter.setFont(font)
    painter.setPen(QColor.fromRgb(colour))
    painter.drawText(QPointF(_BESIDE, metrics.ascent()), words)
    painter.end()
    return image

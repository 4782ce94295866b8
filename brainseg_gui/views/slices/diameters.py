"""The diameters of a visit's lesions over a slice, with handles at their ends."""

from __future__ import annotations

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath

from brainseg_gui.state.following.following import Following
from brainseg_gui.views.slices.screen_pen import screen_pen
from brainseg_gui.views.slices.slice_mapping import SliceMapping

_DARK, _LINE = QColor(0, 0, 0, 210), QColor(255, 216, 77)
_END, _BESIDE = 3.5, 8


def draw_diameters(painter: QPainter, mapping: SliceMapping, following: Following) -> None:
    """All diameters that lie in the slice of a view; the longest with the lesion's number and its length."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    for shown in following.lines_in(mapping.plane, mapping.slice_index, mapping.grid):
        start, end = (mapping.position_at(point) for point in shown.ends)
        path = QPainterPath(start)
        path.lineTo(end)
        for point in (start, end):
            path.addEllipse(point, _END, _END)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for colour, width in ((_DARK, 3.5), (_LINE, 1.5)):
            painter.setPen(screen_pen(painter, colour, width))
            painter.drawPath(path)
        if shown.which == "longest":
            words = f"{shown.lesion}: {shown.line.length_mm(mapping.grid):.1f} mm"
            place = max((start, end), key=lambda point: point.x()) + QPointF(_BESIDE, -_BESIDE)
            for colour, offset in ((_DARK, 1), (_LINE, 0)):
                painter.setPen(colour)
                painter.drawText(place + QPointF(offset, offset), words)

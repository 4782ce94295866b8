"""A small plot of sums or volumes over the visits, with the days of treatments."""

from __future__ import annotations

import math

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from brainseg_gui.followup.documents.curves import Curves
from brainseg_gui.views.widgets.plain_text import plain_tip
from brainseg_gui.views.widgets.theme import colour

_LEFT, _RIGHT, _TOP, _BOTTOM = 46, 34, 8, 16
_DOT = 2.5
_STYLES = (Qt.PenStyle.SolidLine, Qt.PenStyle.DashLine, Qt.PenStyle.DotLine, Qt.PenStyle.DashDotLine)


class CurvePlot(QWidget):
    """Draws one `Curves`; lines are told apart by their stroke and the name at their end, not by colour alone."""

    def __init__(self) -> None:
        super().__init__()
        self._curves: Curves | None = None
        self._visit: int | None = None
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)

    def show_curves(self, curves: Curves | None, place: float | None = None) -> None:
        """Draw other curves.

        Parameters
        ----------
        place
            Where the open visit stands.
        """
        self._curves, self._place = curves, place
        self.setVisible(curves is not None)
        if curves is not None:
            treated = "\n".join(f"day {day:.0f}: {what}" for day, what in curves.treatments)
            self.setToolTip(plain_tip("\n".join(filter(None, (curves.title, treated)))))
            self.setAccessibleName(curves.title)
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(264, 76)

    def paintEvent(self, event: QPaintEvent) -> None:
        curves = self._curves
        if curves is None:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        font = QFont(self.font())
        font.setPointSizeF(max(font.pointSizeF() - 1.5, 6))
        painter.setFont(font)
        frame = QRectF(self.rect()).adjusted(_LEFT, _TOP, -_RIGHT, -_BOTTOM)
        known = [value for _, values in curves.curves for value in values if math.isfinite(value)]
        known += [high for line in curves.limits for _, high in line if math.isfinite(high)]
        top = max(known, default=0.0) or 1.0
        self._draw_axes(painter, frame, curves, top)
        for number, (name, values) in enumerate(curves.curves):
            self._draw_curve(painter, frame, curves, number, name, values, top)
        painter.end()

    def _x(self, frame: QRectF, curves: Curves, place: float) -> float:
        places = [*curves.places, *(day for day, _ in curves.treatments)]
        first, last = min(places), max(places)
        return frame.left() + frame.width() * (place - first) / max(last - first, 1e-9)

    def _draw_axes(self, painter: QPainter, frame: QRectF, curves: Curves, top: float) -> None:
        painter.setPen(colour("quiet"))
        right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        for value, y in ((top, frame.top()), (0.0, frame.bottom())):
            painter.drawText(QRectF(0, y - 8, _LEFT - 6, 16), right, f"{value:.0f}" if value >= 100 else f"{value:.3g}")
        painter.setPen(QPen(colour("line"), 1))
        painter.drawLine(frame.bottomLeft(), frame.bottomRight())
        if self._place is not None:
            x = self._x(frame, curves, self._place)
            painter.setPen(QPen(colour("accent"), 1))
            painter.drawLine(QPointF(x, frame.top()), QPointF(x, frame.bottom()))
        for day, what in curves.treatments:
            x = self._x(frame, curves, day)
            painter.setPen(QPen(colour("faint"), 1, Qt.PenStyle.DashLine))
            painter.drawLine(QPointF(x, frame.top()), QPointF(x, frame.bottom()))
            words = painter.fontMetrics().elidedText(what, Qt.TextElideMode.ElideRight, 70)
            painter.setPen(colour("faint"))
            left = min(x - 2, self.width() - painter.fontMetrics().horizontalAdvance(words) - 2)
            painter.drawText(QPointF(left, frame.bottom() + _BOTTOM - 4), words)

    def _draw_curve(
        self,
        painter: QPainter,
        frame: QRectF,
        curves: Curves,
        number: int,
        name: str,
        values: tuple[float, ...],
        top: float,
    ) -> None:
        points = [
            QPointF(self._x(frame, curves, place), frame.bottom() - frame.height() * value / top)
            for place, value in zip(curves.places, values, strict=True)
            if math.isfinite(value)
        ]
        if not points:
            return
        line = QColor(colour("text"))
        painter.setPen(QPen(line, 1.2, _STYLES[number % len(_STYLES)]))
        painter.drawPolyline(QPolygonF(points))
        self._draw_limits(painter, frame, curves, number, top)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(line)
        for point in points:
            painter.drawEllipse(point, _DOT, _DOT)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(colour("quiet"))
        painter.drawText(QPointF(points[-1].x() + 6, points[-1].y() + 4), name)

    def _draw_limits(self, painter: QPainter, frame: QRectF, curves: Curves, number: int, top: float) -> None:
        """How well each value of a line is known."""
        if not curves.limits:
            return
        painter.setPen(QPen(colour("quiet"), 1))
        for place, (low, high) in zip(curves.places, curves.limits[number], strict=True):
            if math.isfinite(low):
                x = self._x(frame, curves, place)
                y, end = (frame.bottom() - frame.height() * value / top for value in (low, high))
                painter.drawLine(QPointF(x, y), QPointF(x, end))

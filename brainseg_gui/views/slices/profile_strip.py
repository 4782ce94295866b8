"""Beside a slice's slider: how much of both masks lies in each slice, and how much of it is wrong."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent, QPen, QPixmap, QPolygonF, QWheelEvent
from PySide6.QtWidgets import QToolTip, QWidget

from brainseg_gui.evaluation.metrics.slice_profile import SliceProfile
from brainseg_gui.imaging.colours import AGREEMENT_COLOURS
from brainseg_gui.imaging.labels import Region, regions
from brainseg_gui.imaging.numbering import slice_words
from brainseg_gui.state.session import Session
from brainseg_gui.views.slices.slice_view import SliceView

WIDTH = 36
HANDLE = 12
"""Height of the slider's handle: its middle stands at the slice, half a handle from either end."""

_WRONG = 10  # pixels for what is wrong; the rest is for how much there is
_GAP = 3
# on the pictures' black, in both themes
_REFERENCE, _PREDICTION = QColor(88, 94, 102), QColor(205, 209, 214)
_MARKER, _HOVER = QColor(111, 155, 242), QColor(111, 155, 242, 110)


class ProfileStrip(QWidget):
    """Reference area (filled), predicted area (line), and beside them what is missed and false, slice by slice.

    A click goes to the slice; hovering tells its Dice and areas. The curves are drawn once per profile, so that
    scrolling moves a marker only. Hidden while there are not two masks, and its room kept: a mask that comes must not
    move the picture; where there is too little room for both, the picture has it.
    """

    def __init__(self, view: SliceView, session: Session) -> None:
        super().__init__()
        self._view, self._session = view, session
        self._profile: SliceProfile | None = None
        self._region: Region | None = None
        self._key: tuple[object, ...] = ()
        self._curves: QPixmap | None = None
        self._hovered: int | None = None
        self._marked = 0
        self.setFixedWidth(WIDTH)
        self._has_room = False
        self.keep_room(True)
        self.setMouseTracking(True)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)  # nothing behind it has to be painted
        self.setAccessibleName("Slice profile")
        session.errors.slices_changed.connect(self.synchronize)
        session.errors.changed.connect(self.synchronize)
        session.case_changed.connect(self.synchronize)
        for field in (session.viewing.events.agreement, session.viewing.events.plane):
            field.connect(self.synchronize)
        self.synchronize()

    @property
    def region(self) -> Region:
        """The region that is drawn: the shown agreement's, else the one whose errors are listed, else WT."""
        return self._session.viewing.agreement or self._session.errors.region or regions()[0]

    def synchronize(self) -> None:
        """Take another profile, if it is another one."""
        # another case, as far as it is read, has no masks yet
        slices = self._session.errors.slices if not self._session.previewing else None
        plane, region = self._view.plane, self.region
        if (slices, plane, region) == self._key:
            return
        self._key = slices, plane, region
        self._region, self._curves = region, None
        self._profile = slices.profile(region, plane.axis) if slices is not None else None
        self.setVisible(self._has_room and self._profile is not None)
        self.update()

    def keep_room(self, there: bool) -> None:
        """Have room beside the picture, or none."""
        if there is not self._has_room:
            self._has_room = there
            policy = self.sizePolicy()
            policy.setRetainSizeWhenHidden(there)
            self.setSizePolicy(policy)
            self.setVisible(there and self._profile is not None)

    def move_marker(self) -> None:
        """Paint again where the marker was and where it is now, and nothing else."""
        before, self._marked = self._marked, self._view.slice_index
        if before != self._marked and self._profile is not None:
            for slice_index in (before, self._marked):
                self.update(0, round(self.y_of(slice_index)) - 1, WIDTH, 3)

    def slice_at(self, y: float) -> int:
        """The slice whose place on the slider is nearest."""
        last = self._slices - 1
        room = max(self.height() - HANDLE, 1)
        return min(max(round(last * (1 - (y - HANDLE / 2) / room)), 0), last)

    def y_of(self, slice_index: int) -> float:
        """Where a slice stands, in pixels from the top; the highest one is at the top."""
        last = max(self._slices - 1, 1)
        return HANDLE / 2 + (self.height() - HANDLE) * (1 - slice_index / last)

    @property
    def _slices(self) -> int:
        return self._profile.both.size if self._profile is not None else 1

    # painting

    def paintEvent(self, event: QPaintEvent) -> None:
        if self._profile is None:
            return
        if self._curves is None or self._curves.deviceIndependentSize() != self.size().toSizeF():
            self._curves = self._drawn(self._profile)
        painter = QPainter(self)
        painter.drawPixmap(0, 0, self._curves)
        if self._hovered is not None:
            painter.fillRect(QRectF(0, round(self.y_of(self._hovered)), WIDTH, 1), _HOVER)
        painter.fillRect(QRectF(0, round(self.y_of(self._view.slice_index)), WIDTH, 1), _MARKER)
        painter.end()

    def _drawn(self, profile: SliceProfile) -> QPixmap:
        ratio = self.devicePixelRatioF()
        pixmap = QPixmap(self.size() * ratio)
        pixmap.setDevicePixelRatio(ratio)
        pixmap.fill(Qt.GlobalColor.black)
        if profile.empty:
            return pixmap
        painter = QPainter(pixmap)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        room = WIDTH - _WRONG - _GAP - 2
        most = max(int(profile.reference.max()), int(profile.prediction.max()))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(_REFERENCE)
        scale = np.float64(room / most)
        painter.drawPolygon(self._silhouette(profile.reference * scale, room + 1))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(_PREDICTION, 1))
        edge = self._edge(profile.prediction * scale, room + 1)
        painter.drawPolyline(QPolygonF(_without_base(edge, profile.prediction)))
        self._draw_wrong(painter, profile)
        painter.end()
        return pixmap

    def _draw_wrong(self, painter: QPainter, profile: SliceProfile) -> None:
        """What is missed to the left of a line, what is false to its right: told apart by side, not by colour alone."""
        middle = WIDTH - _WRONG / 2 - 1
        most = max(int(profile.missed.max()), int(profile.false.max()), 1)
        painter.setPen(Qt.PenStyle.NoPen)
        for counts, tint, side in ((profile.missed, 1, 1), (profile.false, 2, -1)):
            painter.setBrush(QColor(AGREEMENT_COLOURS[tint]))
            painter.drawPolygon(self._silhouette(counts * np.float64(side * _WRONG / 2 / most), middle))

    def _edge(self, widths: NDArray[np.float64], right: float) -> list[QPointF]:
        """One point per slice, so far to the left of `right`."""
        return [QPointF(right - width, self.y_of(index)) for index, width in enumerate(widths.tolist())]

    def _silhouette(self, widths: NDArray[np.float64], right: float) -> QPolygonF:
        edge = self._edge(widths, right)
        return QPolygonF([QPointF(right, edge[0].y()), *edge, QPointF(right, edge[-1].y())])

    # the mouse

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self._go(event.position().y())
        event.accept()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if event.buttons() & Qt.MouseButton.LeftButton:
            self._go(event.position().y())
        self._hovered = self.slice_at(event.position().y())
        QToolTip.showText(event.globalPosition().toPoint(), self.words(self._hovered), self)
        self.update()
        event.accept()

    def leaveEvent(self, event: QEvent) -> None:
        self._hovered = None
        self.update()
        super().leaveEvent(event)

    def wheelEvent(self, event: QWheelEvent) -> None:
        self._view.wheelEvent(event)

    def _go(self, y: float) -> None:
        self._view.scroll(self.slice_at(y) - self._view.slice_index)

    def words(self, slice_index: int) -> str:
        """The numbers of a slice."""
        profile = self._profile
        if profile is None or self._region is None:
            return ""
        dice = float(profile.dice[slice_index])
        title = f"{slice_words(slice_index).capitalize()}, {self._region.key}"
        if np.isnan(dice):
            return f"{title}: in neither mask"
        areas = (profile.reference, profile.prediction, profile.missed, profile.false)
        cm2 = [float(counts[slice_index]) * profile.pixel_mm2 / 100 for counts in areas]
        return (
            f"{title}: Dice {dice:.3f}\n"
            f"Reference {cm2[0]:.2f} cm² (filled), prediction {cm2[1]:.2f} cm² (line)\n"
            f"Missed {cm2[2]:.2f} cm² (left, orange), false {cm2[3]:.2f} cm² (right, blue)"
        )


def _without_base(edge: list[QPointF], counts: NDArray[np.int64]) -> list[QPointF]:
    """An edge from where it leaves zero to where it comes back: there is no line along what is empty."""
    filled = np.flatnonzero(counts)
    return edge[max(int(filled[0]) - 1, 0) : int(filled[-1]) + 2] if filled.size else []

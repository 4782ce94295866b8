"""One plane of a series over its reference: mouse and keys move the series, wheel and page keys the slice.

Ctrl+click puts the crosshair.
"""

from __future__ import annotations

import math

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QFocusEvent, QImage, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QWheelEvent
from PySide6.QtWidgets import QWidget

from brainseg_gui.imaging.plane import (
    DisplayConvention,
    Plane,
    columns_reversed,
    edge_letters,
    picture_shape,
    pixel_to_voxel,
    voxel_to_pixel,
)
from brainseg_gui.preparation.nudging import NudgedExamination, Picture
from brainseg_gui.state.preparing.nudging import Nudging
from brainseg_gui.views.preparing.nudge_picture import NudgePicture
from brainseg_gui.views.slices.overlays.slice_marks import draw_crosshair
from brainseg_gui.views.slices.wheel_steps import WheelSteps
from brainseg_gui.views.widgets.theme import colour

_EDGE, _LETTER = 6, 16
_STEP, _LARGE_STEP = 1.0, 5.0  # mm or degrees for a key, and with Shift
_ARROWS = {Qt.Key.Key_Left: (-1, 0), Qt.Key.Key_Right: (1, 0), Qt.Key.Key_Up: (0, 1), Qt.Key.Key_Down: (0, -1)}
_TURNS = {Qt.Key.Key_Comma: 1, Qt.Key.Key_Less: 1, Qt.Key.Key_Period: -1, Qt.Key.Key_Greater: -1}
_SLICES = {Qt.Key.Key_PageUp: 1, Qt.Key.Key_PageDown: -1}


class NudgeView(QWidget):
    """Reads `session.preparing.nudging`.

    Signals
    -------
    shifted, turned
        Axis of the patient, mm or degrees, and whether that goes on with the movement before.
    """

    shifted = Signal(int, float, bool)
    turned = Signal(int, float, bool)

    def __init__(self, nudging: Nudging, plane: Plane, convention: DisplayConvention) -> None:
        super().__init__()
        self._state, self._plane, self._convention = nudging, plane, convention
        self._picture = NudgePicture(nudging, plane, convention)
        self._dragged: QPointF | None = None
        self._goes_on = False
        self._wheel = WheelSteps()
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMinimumSize(160, 160)
        self.setAccessibleName(f"{plane.title} picture of the series over its reference")
        nudging.events.connect(lambda _: self.update())

    def show_as(self, convention: DisplayConvention) -> None:
        """Show the patient's right on the other side of the screen, or where it is."""
        self._convention = self._picture.convention = convention
        self.update()

    # --- painting

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), Qt.GlobalColor.black)
        nudged, picture = self._state.nudged, self._picture.current()
        if nudged is not None and picture is not None:
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
            frame = self._frame(nudged)
            painter.drawImage(frame, _image(picture))
            draw_crosshair(painter, frame.toAlignedRect(), self._to_screen(nudged, self._state.crosshair).toPoint())
        self._draw_letters(painter)
        painter.setPen(QPen(colour("accent" if self.hasFocus() else "line"), 1))
        painter.drawRect(self.rect().adjusted(0, 0, -1, -1))
        painter.end()

    def _draw_letters(self, painter: QPainter) -> None:
        letters, frame = edge_letters(self._plane, self._convention), QRectF(self.rect())
        painter.setPen(colour("on_picture"))
        for letter, place in (
            (letters.left, QRectF(_EDGE, frame.center().y(), _LETTER, _LETTER)),
            (letters.right, QRectF(frame.right() - _LETTER - _EDGE, frame.center().y(), _LETTER, _LETTER)),
            (letters.top, QRectF(frame.center().x(), _EDGE, _LETTER, _LETTER)),
            (letters.bottom, QRectF(frame.center().x(), frame.bottom() - _LETTER - _EDGE, _LETTER, _LETTER)),
        ):
            painter.drawText(place, Qt.AlignmentFlag.AlignCenter, letter)

    def _frame(self, nudged: NudgedExamination) -> QRectF:
        """Where the picture lies: whole, in the middle; its pixels are square."""
        rows, columns = picture_shape(self._plane, nudged.grid)
        scale = min(self.width() / columns, self.height() / rows)
        frame = QRectF(0, 0, columns * scale, rows * scale)
        frame.moveCenter(QRectF(self.rect()).center())
        return frame

    def _to_screen(self, nudged: NudgedExamination, point_ijk: tuple[float, float, float]) -> QPointF:
        row, column = voxel_to_pixel(point_ijk, self._plane, nudged.grid, self._convention)
        frame, scale = self._frame(nudged), self._scale(nudged)
        return QPointF(frame.left() + (column + 0.5) * scale, frame.top() + (row + 0.5) * scale)

    def _scale(self, nudged: NudgedExamination) -> float:
        """Pixels of the screen for a mm: voxels of the grid measure one."""
        return self._frame(nudged).width() / picture_shape(self._plane, nudged.grid)[1]

    # --- the hand

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self._look_at(event.position())
        else:
            self._dragged, self._goes_on = event.position(), False

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        nudged, before, now = self._state.nudged, self._dragged, event.position()
        if nudged is None or before is None:
            return
        if event.buttons() & Qt.MouseButton.RightButton:
            self._turn_by(math.degrees(self._angle(nudged, now) - self._angle(nudged, before)))
        elif event.buttons() & Qt.MouseButton.LeftButton:
            by_mm = (now - before) / self._scale(nudged)
            self._shift_by(by_mm.x(), -by_mm.y())
        self._dragged = now

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._dragged, self._goes_on = None, False

    def wheelEvent(self, event: QWheelEvent) -> None:
        steps = self._wheel.of(event)
        if steps:
            self._step_slices(steps)
        event.accept()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key, step = Qt.Key(event.key()), _STEP
        if event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            step = _LARGE_STEP
        self._goes_on = event.isAutoRepeat()
        if key in _ARROWS:
            right, up = _ARROWS[key]
            self._shift_by(right * step, up * step)
        elif key in _TURNS:
            self._turn_by(_TURNS[key] * step)
        elif key in _SLICES:
            self._step_slices(_SLICES[key])
        elif key == Qt.Key.Key_Space:
            self._state.blink = True
        else:
            super().keyPressEvent(event)

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Space and not event.isAutoRepeat():
            self._state.blink = False
        super().keyReleaseEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        self._state.blink = False  # who has the keys now hears of the release
        super().focusOutEvent(event)

    def _shift_by(self, right_mm: float, up_mm: float) -> None:
        """Move the series on the screen."""
        reversed_ = columns_reversed(self._plane, self._convention)
        for axis, by_mm in (
            (self._plane.column_axis, -right_mm if reversed_ else right_mm),
            (self._plane.row_axis, up_mm),
        ):
            if by_mm:
                self.shifted.emit(axis, by_mm, self._goes_on)
                self._goes_on = True

    def _turn_by(self, degrees: float) -> None:
        """Turn the series on the screen, counter-clockwise."""
        if degrees := (degrees + 180) % 360 - 180:
            sign = -1 if columns_reversed(self._plane, self._convention) else 1
            sign *= -1 if self._plane is Plane.CORONAL else 1  # up times left to right is where it is looked from
            self.turned.emit(self._plane.axis, sign * degrees, self._goes_on)
            self._goes_on = True

    def _angle(self, nudged: NudgedExamination, place: QPointF) -> float:
        """Of a place, seen from the middle of the series, counter-clockwise on the screen."""
        moving = self._state.moving
        if moving is None:
            return 0.0
        middle = [(count - 1) / 2 for count in moving.seen.volume.grid.shape]
        i, j, k = np.linalg.solve(nudged.grid.affine, moving.placed @ [*middle, 1.0])[:3].tolist()
        centre = self._to_screen(nudged, (i, j, k))
        return math.atan2(centre.y() - place.y(), place.x() - centre.x())

    def _step_slices(self, by: int) -> None:
        if (nudged := self._state.nudged) is not None:
            voxel = list(self._state.crosshair)
            voxel[self._plane.axis] += by
            self._state.crosshair = nudged.grid.clip((voxel[0], voxel[1], voxel[2]))

    def _look_at(self, place: QPointF) -> None:
        if (nudged := self._state.nudged) is None:
            return
        frame, scale = self._frame(nudged), self._scale(nudged)
        row, column = int((place.y() - frame.top()) / scale), int((place.x() - frame.left()) / scale)
        where = self._state.crosshair[self._plane.axis]
        voxel = pixel_to_voxel((row, column), self._plane, where, nudged.grid, self._convention)
        self._state.crosshair = nudged.grid.clip(voxel)


def _image(picture: Picture) -> QImage:
    rows, columns = picture.shape[:2]
    coloured = picture.ndim == 3
    kind = QImage.Format.Format_RGB888 if coloured else QImage.Format.Format_Grayscale8
    return QImage(picture.tobytes(), columns, rows, columns * (3 if coloured else 1), kind).copy()

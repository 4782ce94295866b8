"""Going through a case over a slice: crosshair, slices, zoom, pan and window."""

from __future__ import annotations

import math
from enum import Enum

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QMouseEvent

from brainseg_gui.imaging.plane import pixel_to_voxel, voxel_to_pixel
from brainseg_gui.imaging.window import Window
from brainseg_gui.state.session import Session
from brainseg_gui.views.slices.shown_slice import ShownSlice
from brainseg_gui.views.slices.slice_mapping import SliceMapping
from brainseg_gui.views.slices.slice_range import SliceRange

_ZOOM_PER_PIXEL = 1.01
_SLICES = {Qt.Key.Key_PageUp: 1, Qt.Key.Key_PageDown: -1}
_STEPS = {  # rows, columns
    Qt.Key.Key_Left: (0, -1),
    Qt.Key.Key_Right: (0, 1),
    Qt.Key.Key_Up: (-1, 0),
    Qt.Key.Key_Down: (1, 0),
}


class _Drag(Enum):
    CROSSHAIR = "moves the crosshair"
    ZOOM = "zooms"
    PAN = "pans"
    WINDOW = "changes the window"


class SliceNavigation:
    """What drags and keys change of how the case is looked at."""

    def __init__(self, session: Session, shown: ShownSlice, seen: SliceRange) -> None:
        self._viewing = session.viewing
        self._shown, self._range = shown, seen
        self._drag: _Drag | None = None
        self._before = QPointF()
        self._began_inside = False

    @property
    def dragging(self) -> bool:
        """Whether a drag was begun."""
        return self._drag is not None

    def press(self, event: QMouseEvent, mapping: SliceMapping | None) -> None:
        """Begin a drag."""
        self._drag, self._before = _drag_of(event), event.position()
        if self._drag is _Drag.CROSSHAIR:
            place = event.position().toPoint()
            self._began_inside = mapping is not None and mapping.voxel_at(place) is not None
            self._move_crosshair(event.position(), mapping)

    def drag(self, position: QPointF, mapping: SliceMapping | None, middle: QPointF) -> None:
        """Go on with the drag; `middle` is the middle of the viewport."""
        delta, self._before = position - self._before, position
        match self._drag:
            case _Drag.CROSSHAIR:
                self._move_crosshair(position, mapping)
            case _Drag.ZOOM:
                self.zoom(_ZOOM_PER_PIXEL ** (-delta.y()), middle, mapping)
            case _Drag.PAN:
                self._range.pan(delta)
            case _Drag.WINDOW:
                self._change_window(delta)

    def release(self) -> None:
        """End the drag."""
        self._drag = None

    def press_key(self, key: Qt.Key) -> bool:
        """Go where a key leads; returns whether it leads anywhere."""
        if key in _SLICES:
            self.scroll(_SLICES[key])
        elif key in _STEPS and self._shown.case is not None:
            self._step(*_STEPS[key])
        else:
            return False
        return True

    def scroll(self, steps: int) -> None:
        """Move by slices; positive goes to the right, anterior or superior."""
        case = self._shown.case
        if case is None:
            return
        axis = self._shown.plane.axis
        voxel = list(self._viewing.crosshair)
        voxel[axis] = min(max(voxel[axis] + steps, 0), case.grid.shape[axis] - 1)
        self._viewing.crosshair = (voxel[0], voxel[1], voxel[2])

    def zoom(self, factor: float, around: QPointF, mapping: SliceMapping | None) -> None:
        """Come nearer; what is at a position of the viewport stays there."""
        if mapping is not None:
            self._range.zoom(factor, mapping.mm_at(around))

    def _step(self, rows: int, columns: int) -> None:
        """Move the crosshair by pixels of the slice."""
        case, plane, convention = self._shown.case, self._shown.plane, self._shown.convention
        if case is not None:
            row, column = voxel_to_pixel(self._viewing.crosshair, plane, case.grid, convention)
            pixel_rc = (row + rows, column + columns)
            moved = pixel_to_voxel(pixel_rc, plane, self._shown.slice_index, case.grid, convention)
            self._viewing.crosshair = case.grid.clip(moved)

    def _move_crosshair(self, position: QPointF, mapping: SliceMapping | None) -> None:
        if mapping is None:
            return
        place = position.toPoint()  # beyond the edge, what was begun on the slice goes along it
        voxel = mapping.nearest_voxel(place) if self._began_inside else mapping.voxel_at(place)
        if voxel is not None:
            self._viewing.crosshair = voxel

    def _change_window(self, delta: QPointF) -> None:
        """Left and right its width, up and down its level."""
        modality = self._shown.modality
        window = self._viewing.windows.get(modality)
        if window is not None:
            width = max(window.width * math.exp(delta.x() / 200), 1e-6)
            level = window.level - delta.y() * window.width / 300
            self._viewing.set_window(modality, Window(level, width))


def _drag_of(event: QMouseEvent) -> _Drag:
    """What a drag means that begins with this press."""
    if event.button() == Qt.MouseButton.RightButton:
        return _Drag.ZOOM
    if event.button() == Qt.MouseButton.MiddleButton:
        return _Drag.PAN
    return _Drag.WINDOW if event.modifiers() & Qt.KeyboardModifier.ControlModifier else _Drag.CROSSHAIR

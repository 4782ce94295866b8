"""A hand with a mouse over the slices, for the tests of painting."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QMouseEvent, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from brainseg_gui.app import Application
from brainseg_gui.imaging.grid import Voxel
from brainseg_gui.imaging.plane import Plane
from brainseg_gui.state.annotating.active_annotation import ActiveAnnotation
from brainseg_gui.views.slices.slice_view import SliceView

LEFT, RIGHT, MIDDLE = Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton, Qt.MouseButton.MiddleButton
NOTHING, SHIFT = Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.ShiftModifier
CTRL, ALT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.AltModifier
ET = 4


@dataclass
class Hand:
    """Real mouse and key events for one window."""

    application: Application

    @property
    def annotating(self) -> ActiveAnnotation:
        return self.application.session.annotating

    @property
    def values(self) -> np.ndarray:
        """The voxels as they are now, a copy."""
        annotation = self.annotating.annotation
        assert annotation is not None
        return np.array(annotation.values)

    @property
    def names(self) -> list[str]:
        annotation = self.annotating.annotation
        return list(annotation.history.names) if annotation is not None else []

    def view(self, plane: Plane = Plane.AXIAL) -> SliceView:
        return next(view for view in self.application.window.ortho.views if view.plane is plane)

    def place(self, voxel: Voxel, plane: Plane = Plane.AXIAL) -> QPoint:
        return self.view(plane).position_of(voxel)

    def start(self, **options: object) -> None:
        """Begin an empty annotation with a brush of one voxel, and set options."""
        self.trigger("annotate.start_empty")
        chosen = self.annotating.options
        chosen.brush_mm = 0.5
        for name, value in options.items():
            setattr(chosen, name, value)

    def trigger(self, key: str) -> None:
        self.application.window.actions_table[key].trigger()

    def press(
        self,
        voxel: Voxel,
        plane: Plane = Plane.AXIAL,
        button: Qt.MouseButton = LEFT,
        keys: Qt.KeyboardModifier = NOTHING,
    ) -> None:
        QTest.mousePress(self.view(plane).viewport(), button, keys, self.place(voxel, plane))

    def move(self, voxel: Voxel, plane: Plane = Plane.AXIAL, button: Qt.MouseButton = LEFT) -> None:
        """Move the mouse with a button down (`NoButton` to hover)."""
        viewport, place = self.view(plane).viewport(), QPointF(self.place(voxel, plane))
        everywhere = QPointF(viewport.mapToGlobal(place))
        event = QMouseEvent(QEvent.Type.MouseMove, place, everywhere, Qt.MouseButton.NoButton, button, NOTHING)
        QApplication.sendEvent(viewport, event)

    def release(self, voxel: Voxel, plane: Plane = Plane.AXIAL, button: Qt.MouseButton = LEFT) -> None:
        QTest.mouseRelease(self.view(plane).viewport(), button, NOTHING, self.place(voxel, plane))

    def stroke(
        self,
        voxels: Sequence[Voxel],
        plane: Plane = Plane.AXIAL,
        button: Qt.MouseButton = LEFT,
        keys: Qt.KeyboardModifier = NOTHING,
    ) -> None:
        """Press, move from voxel to voxel, release."""
        self.press(voxels[0], plane, button, keys)
        for voxel in voxels[1:]:
            self.move(voxel, plane, button)
        self.release(voxels[-1], plane, button)

    def click(self, voxel: Voxel, plane: Plane = Plane.AXIAL, button: Qt.MouseButton = LEFT) -> None:
        self.stroke([voxel], plane, button)

    def wheel(self, notches: int, plane: Plane = Plane.AXIAL, keys: Qt.KeyboardModifier = NOTHING) -> None:
        viewport = self.view(plane).viewport()
        place = QPointF(viewport.rect().center())
        everywhere, turned = QPointF(viewport.mapToGlobal(place)), QPoint(0, 120 * notches)
        phase, button = Qt.ScrollPhase.NoScrollPhase, Qt.MouseButton.NoButton
        QApplication.sendEvent(viewport, QWheelEvent(place, everywhere, QPoint(), turned, button, keys, phase, False))

    def key(self, key: Qt.Key, keys: Qt.KeyboardModifier = NOTHING, plane: Plane = Plane.AXIAL) -> None:
        """Press a key while a slice has the focus."""
        self.view(plane).setFocus()
        QTest.keyClick(self.view(plane), key, keys)


def painted(values: np.ndarray, label: int = ET) -> set[Voxel]:
    """The voxels of one label."""
    return {(int(i), int(j), int(k)) for i, j, k in np.argwhere(values == label)}

"""From a gesture to its picture: scrolling, window and level, the brush. Everything that is painted counts."""

from __future__ import annotations

import math
from collections.abc import Callable

from PySide6.QtCore import QEvent, QPointF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QApplication

from brainseg_gui.app import Application
from brainseg_gui.imaging.plane import Plane
from brainseg_gui.state.annotating.tools import Tool
from brainseg_gui.state.slices.viewing import ViewLayout
from brainseg_gui.views.slices.slice_view import SliceView
from tests.benchmarks.cases import Cases
from tests.benchmarks.live_window import add_prediction, gestures, open_case, run_for, started
from tests.benchmarks.rows import Row, Section

BRUSH_MM = 20.0
_LEFT, _NO_KEYS = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier


def measure(cases: Cases) -> Section:
    """All gestures on one case with two overlays."""
    application = started()
    open_case(application, cases.one)
    add_prediction(application)
    found = {
        "scroll": gestures(_scroll(application), 600),
        "window": _window_drag(application),
        "disc": _strokes(application, in_3d=False),
        "ball": _strokes(application, in_3d=True),
    }
    application.leave()
    words = {
        "scroll": ("scroll three planes, two overlays, p95", 8.0),
        "window": ("window and level on 2×2, p95", 16.0),
        "disc": ("brush, disc of 20 mm, p95", 10.0),
        "ball": ("brush, ball of 20 mm, p95", 16.0),
    }
    rows = [Row(text, found[name]["p95"], "ms", at_most=limit) for name, (text, limit) in words.items()]
    late = sum(times["over 16 by garbage"] for times in found.values())
    rows.append(Row("gestures over 16 ms by garbage collection", late, "", at_most=0.0))
    return Section(rows, found)


def _scroll(application: Application) -> Callable[[int], object]:
    """One slice further in all three planes."""
    viewing, shape = application.session.viewing, application.session.case.grid.shape

    def move(step: int) -> None:
        i, j, k = (20 + step % (n - 40) for n in shape)
        viewing.crosshair = (i, j, k)

    for step in range(20):
        move(step)
        QApplication.sendPostedEvents()
    return move


def _window_drag(application: Application) -> dict[str, float]:
    """Ctrl and the mouse, over one of four modalities."""
    application.session.viewing.layout = ViewLayout.MODALITIES
    run_for(0.3)
    view = application.window.ortho.views[0]
    keys = Qt.KeyboardModifier.ControlModifier
    send(view, QEvent.Type.MouseButtonPress, QPointF(200, 200), keys)

    def move(step: int) -> None:
        place = QPointF(200 + 60 * math.sin(step / 9), 200 + 40 * math.cos(step / 7))
        send(view, QEvent.Type.MouseMove, place, keys)

    found = gestures(move, 300)
    send(view, QEvent.Type.MouseButtonRelease, QPointF(200, 200), keys)
    application.session.viewing.layout = ViewLayout.PLANES
    run_for(0.3)
    return found


def _strokes(application: Application, *, in_3d: bool) -> dict[str, float]:
    """A stroke around the middle of an axial slice, in an annotation that begins as the prediction."""
    session = application.session
    if session.annotating.annotation is None:
        application.run_action("annotate.start_prediction")
    options = session.annotating.options
    options.tool, options.brush_mm, options.in_3d = Tool.BRUSH, BRUSH_MM, in_3d
    i, j, k = (n // 2 for n in session.case.grid.shape)
    session.viewing.crosshair = (i, j, k)
    run_for(0.3)
    view = next(view for view in application.window.ortho.views if view.plane is Plane.AXIAL)
    middle = QPointF(view.position_of((i, j, k)))

    def place(step: int) -> QPointF:
        return middle + QPointF(70 * math.cos(step / 25), 70 * math.sin(step / 25))

    send(view, QEvent.Type.MouseButtonPress, place(0))
    found = gestures(lambda step: send(view, QEvent.Type.MouseMove, place(step + 1)), 300)
    send(view, QEvent.Type.MouseButtonRelease, place(301))
    run_for(0.3)
    return found


def send(view: SliceView, kind: QEvent.Type, place: QPointF, keys: Qt.KeyboardModifier = _NO_KEYS) -> None:
    """A mouse event over the picture, with the left button."""
    viewport = view.viewport()
    button = Qt.MouseButton.NoButton if kind is QEvent.Type.MouseMove else _LEFT
    held = Qt.MouseButton.NoButton if kind is QEvent.Type.MouseButtonRelease else _LEFT
    everywhere = QPointF(viewport.mapToGlobal(place))
    QApplication.sendEvent(viewport, QMouseEvent(kind, place, everywhere, button, held, keys))

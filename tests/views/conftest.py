"""The main window on an anisotropic toy case, shown; and the mouse."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QColor, QWheelEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from brainseg_gui.controllers.shell.features.all_features import ACTIONS, PANELS
from brainseg_gui.imaging.case import Case
from brainseg_gui.imaging.cases.case_folder import find_case
from brainseg_gui.imaging.cases.read_case import read_case
from brainseg_gui.imaging.labels import LabelMap
from brainseg_gui.progress import run_to_end
from brainseg_gui.state.layers.layers import Layer, LayerRole, OverlayStyle
from brainseg_gui.state.session import Session
from brainseg_gui.views.shell.main_window import MainWindow
from brainseg_gui.views.slices.slice_view import SliceView
from brainseg_gui.views.widgets.theme import apply_theme


@pytest.fixture
def case(toy_case: Any, tmp_path: Path) -> Case:
    """24×28×20 voxels of 1×1.5×2 mm."""
    return run_to_end(read_case(find_case(toy_case(tmp_path, spacing=(1.0, 1.5, 2.0)))))


@pytest.fixture
def session() -> Session:
    return Session()


@pytest.fixture
def dressed(request: pytest.FixtureRequest, qapp: QApplication) -> None:
    """Colours, icons and, unless the test is marked `plain`, the style sheet."""
    _dress(qapp, plain=request.node.get_closest_marker("plain") is not None)


@pytest.fixture
def window(qtbot: QtBot, dressed: None, session: Session) -> Iterator[MainWindow]:
    """The window, shown, without a case; see `dressed`."""
    import pyqtgraph as pg

    pg.setConfigOptions(imageAxisOrder="row-major")
    window = MainWindow(session, {}, PANELS, ACTIONS)
    qtbot.addWidget(window)
    window.resize(1280, 860)
    with qtbot.waitSignal(window.painted, timeout=30_000), qtbot.waitActive(window, timeout=30_000):
        window.show()  # its panels are made when they are seen, but not before its first picture
    yield window
    window.close()


def _dress(qapp: QApplication, *, plain: bool) -> None:
    """Colours, icons and style sheet, or the first two alone; only where it is otherwise: that takes longer."""
    if bool(qapp.styleSheet()) is plain or not qapp.property("dressed"):
        apply_theme(qapp, "dark")
        qapp.setProperty("dressed", True)
        if plain:
            qapp.setStyleSheet("")


@pytest.fixture
def opened(window: MainWindow, session: Session, case: Case) -> MainWindow:
    """The window with the toy case open, drawn crisply and without crosshair."""
    session.viewing.smooth = False
    session.viewing.crosshair_visible = False
    session.open(case)
    mouse_away(window)
    return window


def mouse_away(window: MainWindow) -> None:
    """Let the mouse leave the views: in a window that appears under it, it points to a voxel."""
    for view in window.ortho.views:
        QApplication.sendEvent(view, QEvent(QEvent.Type.Leave))


@pytest.fixture
def predict(session: Session, case: Case) -> Callable[..., Layer]:
    """Add a prediction: the reference, moved by some voxels to the right."""

    def add(shift: int = 3, style: OverlayStyle = OverlayStyle.FILL) -> Layer:
        assert case.reference is not None
        values = np.roll(case.reference.values, shift, axis=0)
        labels = LabelMap(values, case.grid, case.scheme)
        return session.layers.add(Layer("prediction", LayerRole.PREDICTION, labels, style=style))

    return add


@pytest.fixture
def wheel() -> Callable[..., None]:
    """Turn the wheel over a view by eighths of a degree (120 is one notch)."""

    def turn(view: SliceView, eighths: int, *, ctrl: bool = False, at: QPoint | None = None) -> None:
        viewport = view.viewport()
        position = at or viewport.rect().center()
        keys = Qt.KeyboardModifier.ControlModifier if ctrl else Qt.KeyboardModifier.NoModifier
        QApplication.sendEvent(
            viewport,
            QWheelEvent(
                QPointF(position),
                QPointF(viewport.mapToGlobal(position)),
                QPoint(),
                QPoint(0, eighths),
                Qt.MouseButton.NoButton,
                keys,
                Qt.ScrollPhase.NoScrollPhase,
                False,
            ),
        )

    return turn


@pytest.fixture
def drag(qtbot: QtBot) -> Callable[..., None]:
    """Press, move in a few steps, release."""

    def move(
        view: SliceView,
        by: tuple[int, int],
        button: Qt.MouseButton = Qt.MouseButton.LeftButton,
        keys: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier,
        start: QPoint | None = None,
    ) -> None:
        viewport = view.viewport()
        start = start or viewport.rect().center()
        qtbot.mousePress(viewport, button, keys, start)
        for part in (1, 2, 3, 4):
            qtbot.mouseMove(viewport, start + QPoint(by[0] * part // 4, by[1] * part // 4))
        qtbot.mouseRelease(viewport, button, keys, start + QPoint(*by))

    return move


@pytest.fixture
def pixel() -> Callable[..., QColor]:
    """Colour that a view shows at the centre of a voxel of its slice."""

    def colour(view: SliceView, voxel_ijk: tuple[int, int, int]) -> QColor:
        place = view.position_of(voxel_ijk)
        assert view.viewport().rect().contains(place), "the voxel lies outside the view"
        return view.viewport().grab().toImage().pixelColor(place)

    return colour

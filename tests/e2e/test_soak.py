"""Two thousand slices in the real window: nothing may grow.

PySide6 6.12.0 on Python 3.11 lost references to ``True`` at every repaint and then aborted the interpreter.
"""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable
from pathlib import Path

import psutil
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from brainseg_gui.app import Application
from brainseg_gui.imaging.case import Case
from brainseg_gui.imaging.labels import LabelMap
from brainseg_gui.state.layers import Layer, Role
from brainseg_gui.views.slice_view import SliceView

SLICES = 2000
_ROUND = 100
_WARM_UP = 30


def _scroll(view: SliceView, slices: int, direction: int) -> None:
    """Turn the wheel notch by notch, and paint every slice."""
    viewport = view.viewport()
    centre = QPointF(viewport.rect().center())
    for _ in range(slices):
        event = QWheelEvent(
            centre,
            viewport.mapToGlobal(centre),
            QPoint(),
            QPoint(0, 120 * direction),
            Qt.MouseButton.NoButton,
            Qt.KeyboardModifier.NoModifier,
            Qt.ScrollPhase.NoScrollPhase,
            False,
        )
        QApplication.sendEvent(viewport, event)
        viewport.repaint()


def _prediction(case: Case) -> Layer:
    assert case.reference is not None
    return Layer("prediction", Role.PREDICTION, LabelMap(case.reference.values.copy(), case.grid, case.scheme))


def test_two_thousand_slices(
    qtbot: QtBot,
    application: Application,
    demo_folder: Path,
    open_paths: Callable[..., None],
    record_property: Callable[[str, object], None],
) -> None:
    session, process = application.session, psutil.Process()
    (folder,) = (path for path in demo_folder.iterdir() if path.is_dir())
    open_paths(application, folder)
    session.layers.add(_prediction(session.case))
    qtbot.waitUntil(lambda: session.comparison is not None and not application.masks._jobs, timeout=60_000)
    views = application.window.ortho.views
    for view in views:
        _scroll(view, _WARM_UP, 1)
        _scroll(view, _WARM_UP, -1)
    gc.collect()
    true_before, rss_before = sys.getrefcount(True), process.memory_info().rss
    for number in range(SLICES // _ROUND):
        view, before = views[number % 3], session.viewing.crosshair
        _scroll(view, _ROUND // 2, 1)
        assert session.viewing.crosshair != before
        _scroll(view, _ROUND // 2, -1)
    gc.collect()
    true_grown = sys.getrefcount(True) - true_before
    grown_mb = (process.memory_info().rss - rss_before) / 2**20
    record_property("references to True gained", true_grown)
    record_property("memory gained, MB", round(grown_mb, 1))
    print(f"{SLICES} slices: {true_grown:+d} references to True, {grown_mb:+.1f} MB")
    assert abs(true_grown) < 100
    assert grown_mb < 30

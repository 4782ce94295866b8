"""What a gesture may cost, counted: layouts of the window, rows written, paths stroked. Never by the clock."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import replace
from types import FrameType
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QObject
from PySide6.QtGui import QPainter, QPainterPath, QPen
from PySide6.QtWidgets import QApplication

from brainseg_gui.evaluation.metrics.comparison import Comparison, RegionScore, compare
from brainseg_gui.imaging.window import Window
from brainseg_gui.state.layers.layers import OverlayStyle
from brainseg_gui.state.session import Session
from brainseg_gui.views.comparing.score_table import ScoreTable
from brainseg_gui.views.shell.main_window import MainWindow
from brainseg_gui.views.slices.overlays import hand_marks, outline, slice_marks
from brainseg_gui.views.slices.slice_view import SliceView


class _Layouts(QObject):
    """Counts how often the window is laid out, which paints all of it."""

    def __init__(self, application: QApplication) -> None:
        super().__init__()
        self.count = 0
        application.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        self.count += event.type() == QEvent.Type.LayoutRequest and isinstance(watched, MainWindow)
        return False


@pytest.fixture
def layouts(qapp: QApplication, opened: MainWindow, predict: Callable[..., Any]) -> _Layouts:
    predict()
    for _ in range(10):  # what was made for the case is laid out
        qapp.processEvents()
    return _Layouts(qapp)


def test_a_drag_of_window_and_level_lays_nothing_out(qapp: QApplication, layouts: _Layouts, session: Session) -> None:
    viewing = session.viewing
    viewing.set_window(viewing.modality, Window(300.0, 600.0))
    qapp.sendPostedEvents()
    layouts.count = 0
    for step in range(1, 6):
        viewing.set_window(viewing.modality, Window(300.0 + step, 600.0 + 10 * step))
        qapp.sendPostedEvents()
    qapp.removeEventFilter(layouts)
    assert layouts.count == 0


def test_new_scores_of_the_same_layers_write_their_rows_and_lay_nothing_out(
    qapp: QApplication, layouts: _Layouts, opened: MainWindow, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    reference, prediction = (layer.labels for layer in session.layers.compared or ())
    first = compare(reference, prediction)
    panel = opened.comparison()
    session.set_comparison(first)
    qapp.sendPostedEvents()
    written: list[int] = []
    fill = ScoreTable._fill_row

    def note(panel: ScoreTable, row: int, score: RegionScore) -> None:
        written.append(row)
        fill(panel, row, score)

    monkeypatch.setattr(ScoreTable, "_fill_row", note)
    layouts.count = 0
    worse = replace(first.rows[1], counts=replace(first.rows[1].counts, both=first.rows[1].counts.both // 2))
    session.set_comparison(Comparison((first.rows[0], worse, *first.rows[2:]), first.rules))
    qapp.sendPostedEvents()
    qapp.removeEventFilter(layouts)
    assert written == [1]
    dice = panel._table.item(1, 1)
    assert dice is not None
    assert dice.text() == f"{worse.dice:.3f}"
    assert layouts.count == 0


@pytest.fixture
def strokes(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Widths of the lines that are drawn along paths."""
    widths: list[float] = []
    stroke = QPainter.strokePath

    def note(painter: QPainter, path: QPainterPath, pen: QPen) -> None:
        widths.append(pen.widthF())
        stroke(painter, path, pen)

    monkeypatch.setattr(QPainter, "strokePath", note)
    return widths


def test_the_casing_of_all_outlines_of_a_mask_is_one_line(
    opened: MainWindow, session: Session, predict: Callable[..., Any], strokes: list[float]
) -> None:
    layer = predict(style=OverlayStyle.OUTLINE)
    for other in session.layers:
        other.visible = other is layer
    view = opened.ortho.views[0]
    here = layer.labels.values[:, :, view.slice_index]
    QApplication.sendPostedEvents()
    strokes.clear()
    view.viewport().grab()
    lines = len(set(np.unique(here)) - {0})
    assert lines > 1
    assert len(strokes) == lines + 1


def test_a_picture_asks_its_scene_once_where_it_stands(
    opened: MainWindow, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = 0
    transform = SliceView.viewportTransform

    def note(view: SliceView) -> Any:
        nonlocal asked
        asked += 1
        return transform(view)

    monkeypatch.setattr(SliceView, "viewportTransform", note)
    session.viewing.crosshair_visible = True
    opened.ortho.views[0].viewport().grab()
    assert asked == 1


def test_what_is_written_in_every_picture_is_drawn_once(opened: MainWindow, session: Session) -> None:
    def made() -> int:
        caches = (slice_marks._text_image, slice_marks._bar_image, slice_marks._laid_out, slice_marks._fitting)
        return sum(cache.cache_info().misses for cache in (*caches, hand_marks._brush_image))

    view = opened.ortho.views[0]
    view.viewport().grab()
    before = made()
    for _ in range(3):
        view.viewport().grab()
    assert made() == before
    session.viewing.crosshair = (*session.viewing.crosshair[:2], session.viewing.crosshair[2] - 1)
    images = slice_marks._text_image.cache_info().misses
    view.viewport().grab()
    assert slice_marks._text_image.cache_info().misses == images  # another number of the slice needs no image


def test_a_step_through_the_slices_calls_no_more_than_it_did(
    qapp: QApplication, opened: MainWindow, session: Session, predict: Callable[..., Any]
) -> None:
    """Functions of ours, in three planes with two masks: what every picture asks for anew costs each step."""
    predict()
    calls = 0

    def note(frame: FrameType, event: str, _argument: object) -> None:
        nonlocal calls
        calls += event == "call" and "brainseg_gui" in frame.f_code.co_filename

    def step(to: int) -> None:
        session.viewing.crosshair = (to, to, to)
        qapp.sendPostedEvents()

    for to in (5, 6, 7):  # what is made once
        step(to)
        qapp.processEvents()
    sys.setprofile(note)
    try:
        for to in (8, 9, 10, 11):
            step(to)
    finally:
        sys.setprofile(None)
    assert calls / 4 <= 630  # 599 when it was counted


def test_a_picture_asks_once_what_is_the_same_for_all_its_texts_and_lines(
    opened: MainWindow, predict: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    predict()
    view = opened.ortho.views[0]
    view.viewport().grab()
    asked: list[str] = []
    for module, name in ((slice_marks, "screen_ratio"), (outline, "_inset_at")):
        ask = getattr(module, name)
        monkeypatch.setattr(module, name, lambda of, ask=ask, name=name: asked.append(name) or ask(of))
    view.viewport().grab()
    assert asked == ["screen_ratio"]  # nor has the zoom changed since the last picture

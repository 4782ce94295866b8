"""The strip beside the slider: what it says of a slice, where it stands, and what a click does."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QApplication, QSlider, QStyle, QStyleOptionSlider
from pytestqt.qtbot import QtBot

from brainseg_gui.evaluation.metrics.slice_profile import count_slices
from brainseg_gui.imaging.case import Case
from brainseg_gui.imaging.labels import regions
from brainseg_gui.state.layers.layers import Layer
from brainseg_gui.state.session import Session
from brainseg_gui.views.shell.main_window import MainWindow
from brainseg_gui.views.slices.profile_strip import ProfileStrip

pytestmark = pytest.mark.plain

WT, TC, ET = regions()
LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def strips(qtbot: QtBot, opened: MainWindow, session: Session, predict: Callable[..., Layer]) -> list[ProfileStrip]:
    predict()
    session.errors.show_slices(count_slices(session.layers.reference.labels, session.layers.prediction.labels))
    found = _strips(opened)
    qtbot.waitUntil(lambda: all(strip.height() > 50 for strip in found))
    return found


def _strips(window: MainWindow) -> list[ProfileStrip]:
    return [view.parentWidget().findChild(ProfileStrip) for view in window.ortho.views]


def test_without_two_masks_there_is_none(opened: MainWindow, session: Session, strips: list[ProfileStrip]) -> None:
    assert all(strip.isVisible() for strip in strips)
    session.errors.clear()
    assert not any(strip.isVisible() for strip in strips)


def test_a_strip_that_comes_or_goes_does_not_move_the_picture(
    opened: MainWindow, session: Session, strips: list[ProfileStrip]
) -> None:
    before = [(view.geometry(), view.mm_to_viewport) for view in opened.ortho.views]
    session.errors.clear()
    QApplication.processEvents()
    assert [(view.geometry(), view.mm_to_viewport) for view in opened.ortho.views] == before


def test_another_case_that_is_being_read_has_none(session: Session, strips: list[ProfileStrip], case: Case) -> None:
    session.preview(case)
    assert not any(strip.isVisible() for strip in strips)
    session.end_preview()
    assert all(strip.isVisible() for strip in strips)


@pytest.mark.parametrize("slice_index", [0, 7, 19])
def test_a_slice_stands_beside_the_handle_of_the_slider(
    opened: MainWindow, session: Session, strips: list[ProfileStrip], slice_index: int
) -> None:
    session.viewing.crosshair = (0, 0, slice_index)
    strip, slider = strips[0], opened.ortho.views[0].parentWidget().findChild(QSlider)
    option = QStyleOptionSlider()
    slider.initStyleOption(option)
    handle = slider.style().subControlRect(
        QStyle.ComplexControl.CC_Slider, option, QStyle.SubControl.SC_SliderHandle, slider
    )
    assert strip.y_of(slice_index) == pytest.approx(handle.center().y() + 0.5, abs=1.5)
    assert strip.slice_at(strip.y_of(slice_index)) == slice_index


def drag(strip: ProfileStrip, place: QPoint) -> None:
    """Move the mouse with its left button down, which a move of QTest is not."""
    here, everywhere = QPointF(place), QPointF(strip.mapToGlobal(place))
    nothing, no_key = Qt.MouseButton.NoButton, Qt.KeyboardModifier.NoModifier
    QApplication.sendEvent(strip, QMouseEvent(QEvent.Type.MouseMove, here, everywhere, nothing, LEFT, no_key))


def test_a_click_and_a_drag_go_to_the_slice(qtbot: QtBot, session: Session, strips: list[ProfileStrip]) -> None:
    strip = strips[0]
    session.viewing.crosshair = (3, 4, 5)
    qtbot.mouseClick(strip, LEFT, pos=QPoint(10, round(strip.y_of(13))))
    assert session.viewing.crosshair == (3, 4, 13)
    qtbot.mousePress(strip, LEFT, pos=QPoint(10, round(strip.y_of(2))))
    drag(strip, QPoint(10, strip.height() + 50))
    assert session.viewing.crosshair[2] == 0  # beyond the end is the end
    drag(strip, QPoint(10, round(strip.y_of(5))))
    qtbot.mouseRelease(strip, LEFT, pos=QPoint(10, strip.height() + 50))
    assert session.viewing.crosshair == (3, 4, 5)
    sagittal = next(s for s in strips if s._view.plane.axis == 0)
    qtbot.mouseClick(sagittal, LEFT, pos=QPoint(10, round(sagittal.y_of(20))))
    assert session.viewing.crosshair[0] == 20


def test_the_numbers_of_a_slice(session: Session, strips: list[ProfileStrip]) -> None:
    reference, prediction = session.layers.reference.labels, session.layers.prediction.labels
    a, b = reference.values[:, :, 11] > 0, prediction.values[:, :, 11] > 0
    words = strips[0].words(11)
    assert words.startswith(f"Slice 12, WT: Dice {2 * (a & b).sum() / (a.sum() + b.sum()):.3f}")
    assert f"Reference {a.sum() * 1.5 / 100:.2f} cm²" in words  # 1 mm × 1.5 mm
    assert f"Missed {(a & ~b).sum() * 1.5 / 100:.2f} cm²" in words
    assert strips[0].words(0) == "Slice 1, WT: in neither mask"


def test_the_region_is_the_one_that_is_looked_at(session: Session, strips: list[ProfileStrip]) -> None:
    strip = strips[0]
    assert strip.region == WT
    session.errors.choose(TC)
    assert strip.region == TC
    session.viewing.agreement = ET
    assert strip.words(11).startswith("Slice 12, ET")


def test_scrolling_draws_no_curve_again(
    session: Session, strips: list[ProfileStrip], monkeypatch: pytest.MonkeyPatch
) -> None:
    strip = strips[0]
    strip.grab()
    drawn: list[object] = []
    monkeypatch.setattr(strip, "_drawn", drawn.append)
    for index in range(20):
        session.viewing.crosshair = (3, 4, index)
        strip.grab()
    assert drawn == []


def test_the_marker_and_the_curves_are_painted(session: Session, strips: list[ProfileStrip]) -> None:
    strip = strips[0]
    session.viewing.crosshair = (3, 4, 2)
    image = strip.grab().toImage()
    marker = image.pixelColor(1, round(strip.y_of(2)))
    assert marker.blue() > 200 > marker.red()
    row = [image.pixelColor(x, round(strip.y_of(11))).lightness() for x in range(strip.width())]
    empty = [image.pixelColor(x, round(strip.y_of(19))).lightness() for x in range(strip.width())]
    assert max(row) > 80
    assert max(empty) == 0

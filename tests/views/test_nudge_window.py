"""Putting a series in its place: it goes where the hand goes in every plane, and every movement can be taken back."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QFocusEvent, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from brainseg_gui.imaging.modality import Modality
from brainseg_gui.imaging.plane import DisplayConvention, Plane, edge_letters
from brainseg_gui.imaging.volume import Volume
from brainseg_gui.imaging.window import Window
from brainseg_gui.preparation.nudging import Nudged, NudgedExamination, Seen, Trail
from brainseg_gui.preparation.record import Preparation
from brainseg_gui.preparation.registration.motion import Alignment
from brainseg_gui.preparation.registration.pose import Pose
from brainseg_gui.preparation.steps.work import Wishes
from brainseg_gui.state.preparing.nudging import Look
from brainseg_gui.state.session import Session
from brainseg_gui.views.preparing.nudge_picture import NudgePicture
from brainseg_gui.views.preparing.nudge_view import NudgeView
from brainseg_gui.views.preparing.nudge_window import NudgeWindow
from tests.preparation.heads import grid_of
from tests.preparation.test_registration import motion

GRID = grid_of((60, 70, 64), (1.0, 1.0, 1.0))
SERIES = grid_of((30, 34, 20), (2.0, 2.0, 3.0), motion((4, -3, 6), (1, 2, -1)))
LOST = Alignment(np.eye(4), problem="it covers 3% of the reference's head")
BOTH = list(DisplayConvention)


def ball(grid: object, middle: tuple[float, float, float]) -> Seen:
    """A bright ball of 8 mm radius."""
    voxels = np.moveaxis(np.indices(grid.shape), 0, -1)  # type: ignore[attr-defined]
    places = voxels @ grid.affine[:3, :3].T + grid.affine[:3, 3]  # type: ignore[attr-defined]
    values = np.clip(120 - 12 * np.linalg.norm(places - middle, axis=-1), 0, 100).astype(np.int16)
    return Seen(Volume(values, grid, 1.0, 0.0, Path("ball.nii.gz")), Window(50, 100))  # type: ignore[arg-type]


@pytest.fixture
def session() -> Session:
    session = Session()
    preparation = Preparation("Jane", Modality.T1CE, (), Wishes(), {}, False, "")
    series = {
        Modality.T2: Nudged(ball(SERIES, (12, 9, 7)), LOST, Trail(Pose())),
        Modality.FLAIR: Nudged(ball(SERIES, (0, 0, 0)), Alignment(np.eye(4)), Trail(Pose())),
    }
    state = session.preparing.nudging
    state.nudged = NudgedExamination(preparation, ball(GRID, (0, 0, 0)), GRID, series)
    state.modality, state.crosshair, state.look = Modality.T2, (42, 44, 39), Look.SERIES
    return session


@pytest.fixture
def window(session: Session, qtbot: QtBot) -> Iterator[NudgeWindow]:
    window = NudgeWindow(session)
    qtbot.addWidget(window)
    window.resize(760, 620)
    window.show()
    qtbot.waitExposed(window)
    return window


def middle_on_screen(session: Session, plane: Plane) -> tuple[float, float]:
    """Column to the right and row upwards of what is seen of the series."""
    picture = NudgePicture(session.preparing.nudging, plane, session.viewing.convention).current()
    assert picture is not None
    rows, columns = np.indices(picture.shape)
    return float(np.average(columns, weights=picture)), -float(np.average(rows, weights=picture))


@pytest.mark.parametrize("convention", BOTH)
@pytest.mark.parametrize("plane", list(Plane))
def test_the_series_goes_where_the_keys_point(
    session: Session, qtbot: QtBot, plane: Plane, convention: DisplayConvention
) -> None:
    session.viewing.convention = convention
    window = NudgeWindow(session)
    qtbot.addWidget(window)
    view = window.views[plane]
    right, up = middle_on_screen(session, plane)
    QTest.keyClick(view, Qt.Key.Key_Right)
    QTest.keyClick(view, Qt.Key.Key_Up, Qt.KeyboardModifier.ShiftModifier)
    now = middle_on_screen(session, plane)
    assert now == pytest.approx((right + 1, up + 5), abs=0.6)
    for key in (Qt.Key.Key_Left, *[Qt.Key.Key_Down] * 5):
        QTest.keyClick(view, key)
    assert session.preparing.nudging.moving.trail.pose.shift_mm == pytest.approx((0, 0, 0))  # type: ignore[union-attr]


@pytest.mark.parametrize("convention", BOTH)
@pytest.mark.parametrize("plane", list(Plane))
def test_a_comma_turns_it_counter_clockwise(
    session: Session, qtbot: QtBot, plane: Plane, convention: DisplayConvention
) -> None:
    session.viewing.convention = convention
    window = NudgeWindow(session)
    qtbot.addWidget(window)
    picture = NudgePicture(session.preparing.nudging, plane, convention).current()
    assert picture is not None
    centre = np.array([(picture.shape[1] - 1) / 2, -(picture.shape[0] - 1) / 2])
    before = np.array(middle_on_screen(session, plane)) - centre
    for _ in range(3):
        QTest.keyClick(window.views[plane], Qt.Key.Key_Comma, Qt.KeyboardModifier.ShiftModifier)
    after = np.array(middle_on_screen(session, plane)) - centre
    assert before[0] * after[1] - before[1] * after[0] > 10  # a vector turned by 15° to the left


def test_a_drag_is_one_step_that_can_be_taken_back(window: NudgeWindow, session: Session) -> None:
    view, state = window.views[Plane.AXIAL], session.preparing.nudging
    right, up = middle_on_screen(session, Plane.AXIAL)
    scale = min(view.width() / GRID.shape[0], view.height() / GRID.shape[1])
    QTest.mousePress(view, Qt.MouseButton.LeftButton, pos=QPoint(100, 100))
    for step in range(1, 5):
        QTest.mouseMove(view, QPoint(100 + round(step * scale), 100))
    QTest.mouseRelease(view, Qt.MouseButton.LeftButton, pos=QPoint(100 + round(4 * scale), 100))
    assert middle_on_screen(session, Plane.AXIAL) == pytest.approx((right + 4, up), abs=0.6)
    moved = state.moving.trail.pose  # type: ignore[union-attr]
    window.undo.click()
    assert state.moving.trail.pose == Pose()  # type: ignore[union-attr]
    assert not window.accept.isEnabled()
    window.redo.click()
    assert state.moving.trail.pose == moved  # type: ignore[union-attr]


def test_a_drag_with_the_right_button_turns_by_the_angle_it_goes(window: NudgeWindow, session: Session) -> None:
    view, right_button = window.views[Plane.AXIAL], Qt.MouseButton.RightButton
    centre = view.rect().center()
    QTest.mousePress(view, right_button, pos=centre + QPoint(100, 0))
    QTest.mouseMove(view, centre + QPoint(71, -71))
    QTest.mouseRelease(view, right_button, pos=centre + QPoint(71, -71))
    turn = session.preparing.nudging.moving.trail.pose.turn_deg  # type: ignore[union-attr]
    assert turn == pytest.approx((0, 0, -45), abs=3)  # counter-clockwise as one looks from the feet


def test_six_numbers_are_the_pose(window: NudgeWindow, session: Session) -> None:
    state = session.preparing.nudging
    for number, value in enumerate((1.5, -2.0, 3.0, 4.0, -5.0, 6.0)):
        window.numbers[number].setValue(value)
    pose = state.moving.trail.pose  # type: ignore[union-attr]
    assert (pose.shift_mm, pose.turn_deg) == ((1.5, -2.0, 3.0), (4.0, -5.0, 6.0))
    state.move(Pose((0.04, 0, 0), (0.03, 0, 0)))
    window.numbers[2].setValue(7.0)
    assert state.moving.trail.pose == Pose((0.04, 0, 0), (0.03, 0, 7.0))  # type: ignore[union-attr]  # not rounded


def test_where_the_search_ended_is_offered_although_it_was_not_believed(window: NudgeWindow, session: Session) -> None:
    state = session.preparing.nudging
    far = motion((0, 0, 60), (4, -3, 6))
    figures = {"overlap": 0.97, "information": 0.83, "chance": 0.2}
    lost = Alignment(np.eye(4), **figures, problem="it would have to be turned by 60°", refused=far)
    moving, nudged = state.moving, state.nudged
    assert moving is not None
    assert nudged is not None
    assert "Look at this: it covers 3% of the reference's head. Move it near" in window._fit.text()
    state.nudged = nudged.with_series(Modality.T2, replace(moving, before=lost))
    assert "turned by 60°. “As it was found” lays it so" in window._fit.text()
    buttons = [button.pos() for button in (window.refine, window.as_found, window.undo)]
    QTest.mouseClick(window.as_found, Qt.MouseButton.LeftButton)
    assert state.moving is not None
    assert np.allclose(state.moving.to_series, far)
    fit = "It fits: it covers 97% of the reference's head, mutual information 0.83 (by chance 0.20)."
    assert window._fit.text() == fit
    assert window.accept.isEnabled()
    QTest.mouseClick(window.undo, Qt.MouseButton.LeftButton)
    assert np.allclose(state.moving.to_series, np.eye(4)), "where its files place it"
    QApplication.processEvents()
    assert [button.pos() for button in (window.refine, window.as_found, window.undo)] == buttons


def test_what_lies_right_although_the_search_failed_can_be_accepted_unmoved(
    window: NudgeWindow, session: Session
) -> None:
    state = session.preparing.nudging
    assert not window.accept.isEnabled()
    QTest.mouseClick(window.stands, Qt.MouseButton.LeftButton)
    assert window.accept.isEnabled()
    assert window.series.itemText(0) == "T2: lies right"
    assert "Accept keeps it here" in window._fit.text()
    state.modality = Modality.FLAIR
    assert not window.stands.isEnabled(), "that one was registered"
    assert not window.stands.isChecked()
    state.modality = Modality.T2
    assert window.stands.isChecked()
    window.numbers[0].setValue(9.0)
    assert not window.stands.isChecked(), "it is elsewhere now"
    window.as_found.click()
    assert not window.accept.isEnabled()
    window.stands.click()
    window.stands.click()
    assert not window.accept.isEnabled(), "taken back"


def test_what_is_typed_counts_when_a_button_is_pressed(window: NudgeWindow, session: Session) -> None:
    box, seen = window.numbers[0], list[float]()
    window.refine_requested.connect(lambda: seen.append(session.preparing.nudging.moving.trail.pose.shift_mm[0]))  # type: ignore[union-attr]
    box.lineEdit().selectAll()
    QTest.keyClicks(box.lineEdit(), "12,5")
    window.refine.click()
    assert seen == [12.5]


def test_each_series_keeps_what_was_done_to_it(window: NudgeWindow, session: Session) -> None:
    state = session.preparing.nudging
    assert [window.series.itemText(n) for n in range(2)] == ["T2: not registered", "FLAIR"]
    assert "Look at this: it covers 3%" in window._fit.text()
    window.numbers[0].setValue(9.0)
    state.modality = Modality.FLAIR
    assert window.numbers[0].value() == 0
    assert not window.undo.isEnabled()
    assert window.accept.isEnabled()
    state.modality = Modality.T2
    assert window.numbers[0].value() == 9.0
    window.as_found.click()
    assert not window.accept.isEnabled()


def test_space_held_shows_the_reference_and_the_wheel_other_slices(window: NudgeWindow, session: Session) -> None:
    view, state = window.views[Plane.AXIAL], session.preparing.nudging
    alone = NudgePicture(state, Plane.AXIAL, session.viewing.convention)
    series = alone.current()
    QTest.keyPress(view, Qt.Key.Key_Space)
    reference = alone.current()
    QTest.keyRelease(view, Qt.Key.Key_Space)
    assert not np.array_equal(series, reference)
    assert np.array_equal(series, alone.current())
    state.look = Look.CHECKERBOARD
    board = alone.current()
    assert series is not None
    assert reference is not None
    assert board is not None
    assert np.array_equal(board[:24, :24], reference[:24, :24])
    assert np.array_equal(board[:24, 24:48], series[:24, 24:48])
    _turn_wheel(view, QPoint(0, 240))
    assert state.crosshair == (42, 44, 41)


def test_the_wheel_of_a_touchpad_goes_by_notches_and_its_end_nowhere(window: NudgeWindow, session: Session) -> None:
    view, state = window.views[Plane.AXIAL], session.preparing.nudging
    start = state.crosshair[2]
    _turn_wheel(view, QPoint())  # the end of a gesture turns by nothing
    for _ in range(7):
        _turn_wheel(view, QPoint(0, 15))
    assert state.crosshair[2] == start
    _turn_wheel(view, QPoint(0, 15))
    assert state.crosshair[2] == start + 1


def test_the_series_comes_back_when_the_keys_go_while_space_is_held(window: NudgeWindow, session: Session) -> None:
    view, state = window.views[Plane.AXIAL], session.preparing.nudging
    QTest.keyPress(view, Qt.Key.Key_Space)
    assert state.blink
    QApplication.sendEvent(view, QFocusEvent(QEvent.Type.FocusOut, Qt.FocusReason.ActiveWindowFocusReason))
    assert not state.blink
    QTest.keyRelease(view, Qt.Key.Key_Space)


def test_left_and_right_are_as_in_the_main_window_whenever_that_changes(window: NudgeWindow, session: Session) -> None:
    view = window.views[Plane.AXIAL]
    before = view._picture.current()
    letters = []
    for convention in (DisplayConvention.NEUROLOGICAL, DisplayConvention.RADIOLOGICAL):
        session.viewing.convention = convention
        letters.append(edge_letters(Plane.AXIAL, view._convention).left)
        shown = view._picture.current()
        assert before is not None
        assert shown is not None
        mirrored = convention is DisplayConvention.NEUROLOGICAL
        assert np.array_equal(shown, before[:, ::-1] if mirrored else before)
    assert letters == ["L", "R"]


def _turn_wheel(view: NudgeView, by: QPoint) -> None:
    place = QPointF(view.rect().center())
    wheel = QWheelEvent(
        place,
        view.mapToGlobal(place),
        QPoint(),
        by,
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(view, wheel)

"""What is seen of a slice stays seen: in another size of the window, and when left and right change places."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QMouseEvent, QWheelEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from brainseg_gui.imaging.case import Case
from brainseg_gui.imaging.plane import DisplayConvention, Plane
from brainseg_gui.state.session import Session
from brainseg_gui.state.slices.viewing import ViewLayout
from brainseg_gui.views.shell.main_window import MainWindow
from brainseg_gui.views.slices.slice_view import SliceView

pytestmark = pytest.mark.plain

_LINKED = (ViewLayout.MODALITIES, ViewLayout.COMPARE, ViewLayout.VISITS)


def _view(window: MainWindow, plane: Plane) -> SliceView:
    return next(view for view in window.ortho.views if view.plane is plane)


def _sees(view: SliceView, session: Session) -> bool:
    return view.viewport().rect().contains(view.position_of(session.viewing.crosshair))


@pytest.mark.parametrize("layout", _LINKED)
@pytest.mark.parametrize("place", [0, 1, 2])
def test_another_size_of_the_window_leaves_a_zoomed_picture_zoomed(
    qapp: QApplication,
    opened: MainWindow,
    session: Session,
    wheel: Callable[..., None],
    layout: ViewLayout,
    place: int,
) -> None:
    session.viewing.layout = layout
    qapp.processEvents()
    view = opened.ortho.views[place]
    whole = view.screen_pixels_per_mm
    wheel(view, 120 * 5, ctrl=True)
    zoomed = view.screen_pixels_per_mm
    assert zoomed == pytest.approx(whole * 1.15**5, rel=0.01)
    opened.resize(opened.width() - 60, opened.height() - 40)
    qapp.processEvents()
    assert view.screen_pixels_per_mm > 1.5 * whole
    opened.ortho.fit()
    assert view.screen_pixels_per_mm < 1.1 * whole
    opened.resize(opened.width() + 60, opened.height() + 40)
    qapp.processEvents()
    assert view.screen_pixels_per_mm == pytest.approx(whole, rel=0.02)  # whole again, and stays so


@pytest.mark.parametrize("layout", [ViewLayout.PLANES, *_LINKED])
@pytest.mark.parametrize("plane", list(Plane))
def test_the_place_that_is_looked_at_stays_in_sight_when_left_and_right_change(
    qapp: QApplication,
    opened: MainWindow,
    session: Session,
    wheel: Callable[..., None],
    layout: ViewLayout,
    plane: Plane,
) -> None:
    session.viewing.layout, session.viewing.plane = layout, plane
    qapp.processEvents()
    session.viewing.crosshair = (3, 20, 6)
    view = _view(opened, plane)
    wheel(view, 120 * 12, ctrl=True, at=view.position_of(session.viewing.crosshair))
    zoom, before = view.screen_pixels_per_mm, view.position_of(session.viewing.crosshair)
    for convention in (DisplayConvention.NEUROLOGICAL, DisplayConvention.RADIOLOGICAL):
        session.viewing.convention = convention
        assert _sees(view, session)
        assert view.screen_pixels_per_mm == pytest.approx(zoom)
    assert (view.position_of(session.viewing.crosshair) - before).manhattanLength() <= 2


def test_another_plane_is_seen_whole(
    qapp: QApplication, opened: MainWindow, session: Session, wheel: Callable[..., None]
) -> None:
    session.viewing.layout = ViewLayout.MODALITIES
    qapp.processEvents()
    session.viewing.crosshair = (3, 26, 18)
    view = opened.ortho.views[0]
    wheel(view, 120 * 12, ctrl=True, at=view.position_of(session.viewing.crosshair))
    session.viewing.plane = Plane.CORONAL
    assert _sees(view, session)
    assert view.position_of((23, 26, 0)).x() >= 0


def test_zooming_ends_before_the_picture_is_lost(
    opened: MainWindow, session: Session, wheel: Callable[..., None]
) -> None:
    view = _view(opened, Plane.AXIAL)
    middle = view.viewport().rect().center()
    for notches in (400, -400):
        wheel(view, 120 * notches, ctrl=True)
        assert 0.09 <= view.screen_pixels_per_mm <= 401
        mapping = view.mapping
        assert mapping is not None
        assert mapping.mm_to_screen.isInvertible()
        assert view.voxel_at(QPointF(middle)) is not None
    wheel(view, 120, ctrl=True)
    assert view.screen_pixels_per_mm == pytest.approx(0.1 * 1.15)  # the way back begins at once


def test_a_drag_ends_where_its_release_went_to_somebody_else(opened: MainWindow, session: Session) -> None:
    view = _view(opened, Plane.AXIAL)
    viewport, middle = view.viewport(), view.viewport().rect().center()
    left, none = Qt.MouseButton.LeftButton, Qt.MouseButton.NoButton

    def send(kind: QEvent.Type, by: int, button: Qt.MouseButton, held: Qt.MouseButton) -> None:
        place = QPointF(middle + QPoint(by, by))
        where = QPointF(viewport.mapToGlobal(place))
        QApplication.sendEvent(viewport, QMouseEvent(kind, place, where, button, held, Qt.KeyboardModifier.NoModifier))

    for button in (left, Qt.MouseButton.RightButton, Qt.MouseButton.MiddleButton):
        send(QEvent.Type.MouseButtonPress, 0, button, button)
        send(QEvent.Type.MouseMove, 5, none, button)
        before = session.viewing.crosshair, view.screen_pixels_per_mm, view.position_of((0, 0, 0))
        send(QEvent.Type.MouseMove, 60, none, none)
        send(QEvent.Type.MouseMove, 90, none, none)
        assert (session.viewing.crosshair, view.screen_pixels_per_mm, view.position_of((0, 0, 0))) == before


def test_a_drag_beyond_the_edge_goes_along_it(qtbot: QtBot, opened: MainWindow, session: Session, case: Case) -> None:
    view = _view(opened, Plane.AXIAL)
    viewport, none = view.viewport(), Qt.KeyboardModifier.NoModifier
    start = view.position_of((12, 14, view.slice_index))
    qtbot.mousePress(viewport, Qt.MouseButton.LeftButton, none, start)
    for place, expected in (
        (QPoint(viewport.width() - 1, start.y()), (0, 14)),  # radiological: the patient's left is at the right
        (QPoint(0, start.y()), (23, 14)),
        (QPoint(start.x(), 0), (12, 27)),
        (QPoint(viewport.width() - 1, viewport.height() - 1), (0, 0)),
    ):
        qtbot.mouseMove(viewport, place)
        assert session.viewing.crosshair[:2] == expected or view.voxel_at(QPointF(place)) is not None
    qtbot.mouseRelease(viewport, Qt.MouseButton.LeftButton, none, start)


def test_a_click_beside_the_slice_goes_nowhere(qtbot: QtBot, opened: MainWindow, session: Session) -> None:
    view = _view(opened, Plane.AXIAL)
    before, corner = session.viewing.crosshair, QPoint(1, 1)
    assert view.voxel_at(QPointF(corner)) is None
    qtbot.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, corner)
    assert session.viewing.crosshair == before


def test_a_notch_over_the_slider_is_one_slice_too(opened: MainWindow, session: Session) -> None:
    session.viewing.crosshair = (10, 10, 10)
    for cell in opened.ortho._seen_cells:
        slider = cell._slider  # type: ignore[attr-defined]
        place = QPointF(5, 50)
        for notch, expected in ((120, 11), (-120, 10)):
            event = QWheelEvent(
                place,
                QPointF(slider.mapToGlobal(place)),
                QPoint(),
                QPoint(0, notch),
                Qt.MouseButton.NoButton,
                Qt.KeyboardModifier.NoModifier,
                Qt.ScrollPhase.NoScrollPhase,
                False,
            )
            QApplication.sendEvent(slider, event)
            assert session.viewing.crosshair[cell.view.plane.axis] == expected  # type: ignore[attr-defined]
            assert slider.value() == expected

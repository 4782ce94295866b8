"""The mouse and the keys over a slice: every gesture, in every plane, in both conventions."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from brainseg_gui.imaging.case import Case
from brainseg_gui.imaging.modality import Modality
from brainseg_gui.imaging.plane import DisplayConvention, Plane
from brainseg_gui.imaging.window import Window
from brainseg_gui.state.session import Session
from brainseg_gui.state.slices.viewing import ViewLayout
from brainseg_gui.views.shell.main_window import MainWindow
from brainseg_gui.views.slices.slice_painting import SlicePainting
from brainseg_gui.views.slices.slice_view import SliceView
from tests.gestures import double_click, take_focus

pytestmark = pytest.mark.plain

LEFT, RIGHT, MIDDLE = Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton, Qt.MouseButton.MiddleButton
CTRL = Qt.KeyboardModifier.ControlModifier
PLANES = list(Plane)


def _view(window: MainWindow, plane: Plane) -> SliceView:
    return next(view for view in window.ortho.views if view.plane is plane)


@pytest.fixture(params=PLANES, ids=[plane.title for plane in PLANES])
def view(opened: MainWindow, request: pytest.FixtureRequest) -> SliceView:
    """Each of the three planes in turn."""
    return _view(opened, request.param)


# --- scrolling --------------------------------------------------------------------------------------------------


def test_a_notch_of_the_wheel_is_one_slice(view: SliceView, session: Session, wheel: Callable[..., None]) -> None:
    session.viewing.crosshair = start = (10, 11, 12)
    axis = view.plane.axis
    for eighths, steps in ((120, 1), (120, 2), (-120, 1), (-360, -2)):
        wheel(view, eighths)
        expected = list(start)
        expected[axis] += steps
        assert session.viewing.crosshair == tuple(expected)
        assert view.slice_index == expected[axis]


def test_a_fine_wheel_scrolls_when_it_has_turned_a_notch(
    view: SliceView, session: Session, wheel: Callable[..., None]
) -> None:
    start = session.viewing.crosshair[view.plane.axis]
    for _ in range(7):
        wheel(view, 15)
    assert view.slice_index == start
    wheel(view, 15)
    assert view.slice_index == start + 1


def test_the_wheel_stops_at_the_ends(view: SliceView, session: Session, case: Case, wheel: Callable[..., None]) -> None:
    wheel(view, 120 * 100)
    assert view.slice_index == case.grid.shape[view.plane.axis] - 1
    wheel(view, -120 * 100)
    assert view.slice_index == 0


def test_only_the_view_whose_slice_changed_takes_a_new_one(
    opened: MainWindow, session: Session, wheel: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    taken: list[Plane] = []
    for view in opened.ortho.views:
        view.viewport().grab()
        show = view._painting._picture.show
        monkeypatch.setattr(
            view._painting._picture, "show", lambda *args, view=view, show=show: (taken.append(view.plane), show(*args))
        )
    wheel(_view(opened, Plane.CORONAL), 120)
    wheel(_view(opened, Plane.CORONAL), 120)
    assert taken == []  # what is not painted is not taken
    for view in opened.ortho.views:
        view.viewport().grab()
        view.viewport().grab()
    assert taken == [Plane.CORONAL]


def test_a_step_through_all_planes_paints_every_view_once(
    qapp: QApplication,
    opened: MainWindow,
    session: Session,
    predict: Callable[..., Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    predict()
    session.viewing.crosshair = (9, 10, 11)
    qapp.sendPostedEvents()
    painted: list[Plane] = []
    paint = SlicePainting.paint
    monkeypatch.setattr(
        SlicePainting, "paint", lambda self, *args: (painted.append(self._shown.plane), paint(self, *args))[1]
    )
    session.viewing.crosshair = (10, 11, 12)
    for _ in range(3):  # whoever asks for one more repaint asks for it in a later turn
        qapp.sendPostedEvents()
    assert sorted(painted, key=lambda plane: plane.axis) == [Plane.SAGITTAL, Plane.CORONAL, Plane.AXIAL]


def test_page_keys_scroll_and_arrows_move_by_one_voxel_on_the_screen(
    qtbot: QtBot, view: SliceView, session: Session, case: Case
) -> None:
    key, viewing = Qt.Key, session.viewing
    viewing.crosshair = (10, 11, 12)
    take_focus(qtbot, view)
    qtbot.keyClick(view, key.Key_PageUp)
    assert view.slice_index == (10, 11, 12)[view.plane.axis] + 1
    qtbot.keyClick(view, key.Key_PageDown)
    assert viewing.crosshair == (10, 11, 12)
    for arrow, (dx, dy) in {
        key.Key_Left: (-1, 0),
        key.Key_Right: (1, 0),
        key.Key_Up: (0, -1),
        key.Key_Down: (0, 1),
    }.items():
        before, voxel = view.position_of(viewing.crosshair), viewing.crosshair
        qtbot.keyClick(view, arrow)
        moved = view.position_of(viewing.crosshair) - before
        assert (np.sign(moved.x()), np.sign(moved.y())) == (dx, dy)
        assert sum(abs(a - b) for a, b in zip(voxel, viewing.crosshair, strict=True)) == 1
        viewing.crosshair = voxel


def test_arrows_stop_at_the_edge(qtbot: QtBot, view: SliceView, session: Session, case: Case) -> None:
    for _ in range(40):
        qtbot.keyClick(view, Qt.Key.Key_Right)
        qtbot.keyClick(view, Qt.Key.Key_Down)
    assert all(0 <= v < n for v, n in zip(session.viewing.crosshair, case.grid.shape, strict=True))
    row_axis = view.plane.row_axis
    assert session.viewing.crosshair[row_axis] == 0


# --- the crosshair ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("convention", list(DisplayConvention))
def test_a_click_moves_the_crosshair_to_the_voxel_under_the_mouse(
    qtbot: QtBot, view: SliceView, session: Session, case: Case, convention: DisplayConvention
) -> None:
    session.viewing.convention = convention
    session.viewing.crosshair = (10, 11, 12)
    ranges = [range(4, n - 4, 5) for n in case.grid.shape]
    ranges[view.plane.axis] = range(view.slice_index, view.slice_index + 1)
    for voxel in itertools.product(*ranges):
        qtbot.mouseClick(view.viewport(), LEFT, pos=view.position_of(voxel))
        assert session.viewing.crosshair == voxel


@pytest.mark.parametrize("convention", list(DisplayConvention))
def test_every_pixel_of_a_voxel_is_that_voxel(
    view: SliceView, session: Session, case: Case, convention: DisplayConvention, pixel: Callable[..., Any]
) -> None:
    """Also zoomed in and moved, and up to its edges: what is drawn white is what the mouse finds."""
    session.viewing.convention = convention
    session.viewing.masks_visible = False
    view.zoom(2.3, view.viewport().rect().center().toPointF())
    plane, grid = view.plane, case.grid
    centre = view.voxel_at(view.viewport().rect().center().toPointF())
    here = view.position_of(centre)
    step = [0, 0, 0]
    step[plane.column_axis], step[plane.row_axis] = 1, 1
    diagonal = view.position_of(tuple(c + s for c, s in zip(centre, step, strict=True)))
    half = QPoint(abs(diagonal.x() - here.x()) // 2 - 1, abs(diagonal.y() - here.y()) // 2 - 1)
    assert half.x() > 5
    for dx, dy in itertools.product((-half.x(), 0, half.x()), (-half.y(), 0, half.y())):
        assert view.voxel_at((here + QPoint(dx, dy)).toPointF()) == centre
    assert grid.shape[plane.axis] > centre[plane.axis]


def test_dragging_the_crosshair_follows_the_mouse(
    view: SliceView, session: Session, drag: Callable[..., None], case: Case
) -> None:
    start = view.viewport().rect().center()
    target = view.voxel_at((start + QPoint(40, 24)).toPointF())
    drag(view, (40, 24))
    assert session.viewing.crosshair == target


def test_a_click_beside_the_slice_moves_nothing(qtbot: QtBot, view: SliceView, session: Session) -> None:
    view.zoom(0.3, view.viewport().rect().center().toPointF())
    before = session.viewing.crosshair
    qtbot.mouseClick(view.viewport(), LEFT, pos=QPoint(3, 3))
    assert session.viewing.crosshair == before
    assert view.voxel_at(QPoint(3, 3).toPointF()) is None


def test_the_other_planes_follow(qtbot: QtBot, opened: MainWindow, session: Session) -> None:
    axial = _view(opened, Plane.AXIAL)
    qtbot.mouseClick(axial.viewport(), LEFT, pos=axial.position_of((5, 6, axial.slice_index)))
    assert _view(opened, Plane.SAGITTAL).slice_index == 5
    assert _view(opened, Plane.CORONAL).slice_index == 6


# --- zoom, pan, window ------------------------------------------------------------------------------------------


def test_dragging_the_right_button_up_zooms_in_and_down_out(view: SliceView, drag: Callable[..., None]) -> None:
    before = view.screen_pixels_per_mm
    drag(view, (0, -60), RIGHT)
    closer = view.screen_pixels_per_mm
    assert closer > 1.5 * before
    drag(view, (0, 60), RIGHT)
    assert view.screen_pixels_per_mm == pytest.approx(before, rel=1e-3)


def test_ctrl_wheel_zooms_around_the_mouse(view: SliceView, session: Session, wheel: Callable[..., None]) -> None:
    before, crosshair = view.screen_pixels_per_mm, session.viewing.crosshair
    place = view.viewport().rect().center() + QPoint(50, -30)
    voxel = view.voxel_at(place.toPointF())
    for _ in range(5):
        wheel(view, 120, ctrl=True, at=place)
    assert view.screen_pixels_per_mm == pytest.approx(before * 1.15**5, rel=1e-3)
    assert view.voxel_at(place.toPointF()) == voxel
    assert session.viewing.crosshair == crosshair


def test_the_middle_button_moves_the_picture_with_the_mouse(view: SliceView, drag: Callable[..., None]) -> None:
    voxel = view._session.viewing.crosshair
    before = view.position_of(voxel)
    drag(view, (36, -24), MIDDLE)
    moved = view.position_of(voxel) - before
    assert (moved.x(), moved.y()) == pytest.approx((36, -24), abs=1)


def test_fit_shows_the_whole_head_again(view: SliceView, drag: Callable[..., None], opened: MainWindow) -> None:
    before = view.screen_pixels_per_mm
    drag(view, (0, -60), RIGHT)
    drag(view, (80, 40), MIDDLE)
    opened.ortho.fit()
    assert view.screen_pixels_per_mm == pytest.approx(before)
    content = next(iter(view.case.volumes.values())).content
    for corner in itertools.product(*((part.start, part.stop - 1) for part in content)):
        assert view.viewport().rect().contains(view.position_of(corner))


def test_voxels_keep_their_proportions(view: SliceView, case: Case) -> None:
    here = view.position_of((10, 10, 10))
    per_mm = view.screen_pixels_per_mm
    for axis in (view.plane.column_axis, view.plane.row_axis):
        there = [10, 10, 10]
        there[axis] += 8
        moved = view.position_of(tuple(there)) - here
        assert max(abs(moved.x()), abs(moved.y())) == pytest.approx(8 * case.grid.spacing_mm[axis] * per_mm, abs=1)


def test_ctrl_drag_changes_the_window(view: SliceView, session: Session, drag: Callable[..., None]) -> None:
    viewing = session.viewing
    crosshair, others = viewing.crosshair, {m: w for m, w in viewing.windows.items() if m is not viewing.modality}
    viewing.set_window(viewing.modality, Window(500.0, 400.0))
    drag(view, (80, 0), LEFT, CTRL)
    wider = viewing.windows[viewing.modality]
    assert wider.level == 500.0
    assert wider.width == pytest.approx(400 * np.exp(80 / 200))
    drag(view, (0, -30), LEFT, CTRL)  # up
    higher = viewing.windows[viewing.modality]
    assert higher.width == wider.width
    assert higher.level == pytest.approx(500 + 30 * wider.width / 300)
    assert viewing.crosshair == crosshair
    assert {m: w for m, w in viewing.windows.items() if m is not viewing.modality} == others


def test_a_double_click_maximises_a_view_and_brings_the_others_back(
    qtbot: QtBot, view: SliceView, opened: MainWindow
) -> None:
    others = [other for other in opened.ortho.views if other is not view]
    before = view.size()
    double_click(view.viewport(), LEFT)
    qtbot.waitUntil(lambda: view.width() > 1.8 * before.width())
    assert not any(other.isVisible() for other in others)
    assert not opened.comparison().isVisible()
    assert view.height() > 1.8 * before.height()
    double_click(view.viewport(), LEFT)
    qtbot.waitUntil(lambda: view.size() == before)
    assert all(other.isVisible() for other in others)
    assert opened.comparison().isVisible()


def test_what_changed_while_a_view_was_hidden_is_shown_when_it_comes_back(
    qtbot: QtBot, opened: MainWindow, session: Session, case: Case, pixel: Callable[..., Any]
) -> None:
    axial, coronal = _view(opened, Plane.AXIAL), _view(opened, Plane.CORONAL)
    size = axial.size()
    double_click(coronal.viewport(), LEFT)
    session.viewing.masks_visible = False
    session.viewing.crosshair = (12, 14, 4)
    double_click(coronal.viewport(), LEFT)
    qtbot.waitUntil(lambda: axial.size() == size)
    assert pixel(axial, (12, 14, 4)).red() == pytest.approx(_grey(session, case, (12, 14, 4)), abs=1)


# --- what is drawn ----------------------------------------------------------------------------------------------


def _grey(session: Session, case: Case, voxel: tuple[int, int, int], modality: Modality | None = None) -> int:
    """Grey of a voxel, from its stored value."""
    modality = modality or session.viewing.modality
    window = session.viewing.windows[modality]
    value = float(case.volumes[modality].stored[voxel])
    return round(min(max(255 * (value - window.low) / window.width, 0), 255))


@pytest.mark.parametrize("convention", list(DisplayConvention))
def test_the_voxels_are_drawn_where_the_mouse_finds_them(
    view: SliceView, session: Session, case: Case, convention: DisplayConvention, pixel: Callable[..., Any]
) -> None:
    session.viewing.convention = convention
    session.viewing.masks_visible = False
    ranges = [range(5, n - 4, 4) for n in case.grid.shape]
    ranges[view.plane.axis] = range(view.slice_index, view.slice_index + 1)
    image = view.viewport().grab().toImage()
    greys = set()
    for voxel in itertools.product(*ranges):
        colour = image.pixelColor(view.position_of(voxel))
        assert colour.red() == colour.green() == colour.blue() == pytest.approx(_grey(session, case, voxel), abs=1)
        greys.add(colour.red())
    assert len(greys) > 5


def test_radiological_shows_the_patient_s_right_on_the_left(opened: MainWindow, session: Session) -> None:
    axial = _view(opened, Plane.AXIAL)
    assert axial.position_of((20, 10, 10)).x() < axial.position_of((3, 10, 10)).x()
    session.viewing.convention = DisplayConvention.NEUROLOGICAL
    assert axial.position_of((20, 10, 10)).x() > axial.position_of((3, 10, 10)).x()


@pytest.mark.parametrize("smooth", [True, False])
def test_image_and_letters_change_sides_together(
    qapp: QApplication, opened: MainWindow, session: Session, smooth: bool
) -> None:
    """Also where the image was painted before: a picture that is kept for the next painting must not stay."""
    session.viewing.smooth = smooth
    view = _view(opened, Plane.AXIAL)
    for convention in (*DisplayConvention, *DisplayConvention):
        session.viewing.convention = convention
        for _ in range(3):
            qapp.sendPostedEvents()
        shown = view.viewport().grab().toImage()
        view._painting.take_again()
        for _ in range(3):
            qapp.sendPostedEvents()
        assert view.viewport().grab().toImage() == shown


def test_the_images_stand_on_true_black(opened: MainWindow, pixel: Callable[..., Any]) -> None:
    view = _view(opened, Plane.AXIAL)
    image = view.viewport().grab().toImage()
    assert image.pixelColor(2, image.height() // 3).name() == "#000000"


def _texts(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, int]]:
    """The marks as they are written: text and where it is aligned."""
    from brainseg_gui.views.slices.overlays import slice_marks

    written: list[tuple[str, int]] = []
    write = slice_marks._write

    def note(painter: Any, frame: Any, place: Any, text: str, *rest: Any, **options: Any) -> None:
        written.append((text, place))
        write(painter, frame, place, text, *rest, **options)

    monkeypatch.setattr(slice_marks, "_write", note)
    return written


@pytest.mark.parametrize(
    ("plane", "convention", "letters"),
    [
        (Plane.AXIAL, DisplayConvention.RADIOLOGICAL, "RLAP"),
        (Plane.AXIAL, DisplayConvention.NEUROLOGICAL, "LRAP"),
        (Plane.CORONAL, DisplayConvention.RADIOLOGICAL, "RLSI"),
        (Plane.CORONAL, DisplayConvention.NEUROLOGICAL, "LRSI"),
        (Plane.SAGITTAL, DisplayConvention.RADIOLOGICAL, "APSI"),
        (Plane.SAGITTAL, DisplayConvention.NEUROLOGICAL, "APSI"),
    ],
)
def test_letters_at_the_four_edges(
    opened: MainWindow,
    session: Session,
    plane: Plane,
    convention: DisplayConvention,
    letters: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    session.viewing.convention = convention
    written = _texts(monkeypatch)
    _view(opened, plane).viewport().grab()
    align = Qt.AlignmentFlag
    places = (
        align.AlignLeft | align.AlignVCenter,
        align.AlignRight | align.AlignVCenter,
        align.AlignHCenter | align.AlignTop,
        align.AlignHCenter | align.AlignBottom,
    )
    assert [next(text for text, place in written if place == wanted) for wanted in places] == list(letters)


def test_title_slice_and_scale_are_written(
    opened: MainWindow, session: Session, case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    written = _texts(monkeypatch)
    session.viewing.crosshair = (10, 11, 12)
    _view(opened, Plane.AXIAL).viewport().grab()
    texts = [text for text, _ in written]
    assert "Axial · T1ce" in texts
    assert "13 / 20" in texts
    assert any(text in [f"{mm} mm" for mm in (100, 50, 20, 10, 5, 2, 1)] for text in texts)


def test_a_modality_that_is_not_there_says_so(
    window: MainWindow, session: Session, case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dataclasses import replace

    session.viewing.layout = ViewLayout.MODALITIES
    partial = replace(case, volumes={Modality.T1: case.volumes[Modality.T1]}, reference=None)
    session.preview(partial)
    written = _texts(monkeypatch)
    for view in window.ortho.views:
        view.viewport().grab()
    titles = [text for text, _ in written if text.startswith("Axial")]
    assert titles == ["Axial · T1", "Axial · T1ce · reading…", "Axial · T2 · reading…", "Axial · FLAIR · reading…"]
    written.clear()
    session.open(partial)
    window.ortho.views[1].viewport().grab()
    assert ("Axial · T1ce · not found") in [text for text, _ in written]


def test_the_crosshair_leaves_its_voxel_free(opened: MainWindow, session: Session) -> None:
    session.viewing.masks_visible = False
    view = _view(opened, Plane.AXIAL)
    place = view.position_of(session.viewing.crosshair)
    without = view.viewport().grab().toImage()
    session.viewing.crosshair_visible = True
    image = view.viewport().grab().toImage()
    assert image.pixelColor(place) == without.pixelColor(place)
    for away in (QPoint(20, 0), QPoint(-20, 0), QPoint(0, 20), QPoint(0, -20)):
        before, after = without.pixelColor(place + away), image.pixelColor(place + away)
        assert after.blue() - after.red() > before.blue() - before.red() + 20


def test_hovering_tells_the_voxel_and_leaving_ends_it(qtbot: QtBot, view: SliceView, opened: MainWindow) -> None:
    from PySide6.QtCore import QEvent
    from PySide6.QtWidgets import QApplication

    heard: list[Any] = []
    view.cursor_moved.connect(lambda: heard.append(view.voxel_under_cursor))
    voxel = list(view._session.viewing.crosshair)
    voxel[view.plane.column_axis] += 2
    qtbot.mouseMove(view.viewport(), view.position_of(tuple(voxel)))
    QApplication.sendEvent(view, QEvent(QEvent.Type.Leave))
    places = [place for place, _ in itertools.groupby(heard)]  # the system may tell of one place twice
    assert places == [tuple(voxel), None]


def test_a_view_that_moved_under_the_resting_mouse_tells_the_place_under_it(qtbot: QtBot, opened: MainWindow) -> None:
    view = _view(opened, Plane.AXIAL)
    place = view.viewport().rect().center()
    qtbot.mouseMove(view.viewport(), place)
    view.move(view.pos() + QPoint(-31, 17))  # no event tells of the mouse, which rests
    view._range.box.scaleBy((0.9, 0.9))
    assert view.cursor is not None
    assert view.cursor.toPoint() == place + QPoint(31, -17)

"""The real window with surfaces in its fourth quarter: shown by a key, linked, enlarged, followed, exported."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog, QMessageBox
from pytestqt.qtbot import QtBot

from brainseg_gui.app import Application
from brainseg_gui.controllers.shell.features.all_features import SURFACES
from brainseg_gui.imaging.plane import Plane
from brainseg_gui.state.slices.viewing import ViewLayout
from brainseg_gui.state.surfaces.seen_surfaces import SeenSurfaces
from brainseg_gui.surfaces.surface import Surface
from brainseg_gui.views.surfaces.solid_view import SolidView
from tests.e2e.painting import LEFT, Hand
from tests.gestures import double_click

pytestmark = pytest.mark.plain


@pytest.fixture
def hand(application: Application, toy_case: Any, tmp_path: Path, open_paths: Callable[..., None]) -> Hand:
    """A hand over the toy case."""
    open_paths(application, toy_case(tmp_path))
    return Hand(application)


@pytest.fixture
def solid(qtbot: QtBot, hand: Hand) -> SolidView:
    """Surfaces, shown by the key, and drawn."""
    QTest.keyClick(hand.view(), Qt.Key.Key_5, Qt.KeyboardModifier.ControlModifier)
    view = hand.application.window.findChild(SolidView)
    state = hand.application.session.solid
    qtbot.waitUntil(lambda: view.rendering is not None and state.shell is not None and state.note == "")
    return view


def _surface(state: SeenSurfaces, name: str) -> Surface:
    return next(surface for surface in state.surfaces if surface.name == name)


def _drawn_again(qtbot: QtBot, view: SolidView, act: Callable[[], object]) -> None:
    before = view.rendering
    act()
    qtbot.waitUntil(lambda: view.rendering is not before)


def test_a_click_goes_there_and_a_double_click_only_enlarges(qtbot: QtBot, hand: Hand, solid: SolidView) -> None:
    session, ortho = hand.application.session, hand.application.window.ortho
    assert not hand.application.window.comparison().isVisible()
    assert not solid.hasFocus(), "the keys stay with the slices"
    start = session.viewing.crosshair = (3, 4, 5)
    tumour = _surface(session.solid, "ET").mesh.points_mm.mean(axis=0)
    x, y = session.solid.camera.project(tumour[None], (solid.width(), solid.height()))[0, :2]
    place = QPoint(round(float(x)), round(float(y)))
    QTest.mouseClick(solid, LEFT, pos=place)
    i, j, k = session.viewing.crosshair
    assert session.case.reference.values[i, j, k] > 0

    session.viewing.crosshair = start
    QTest.mouseClick(solid, LEFT, pos=place)
    double_click(solid, LEFT, place)
    assert session.viewing.crosshair == start
    assert [view.isVisible() for view in ortho.views] == [False] * 3
    assert solid.hasFocus()
    QTest.keyClick(solid, Qt.Key.Key_F)
    assert all(view.isVisible() for view in (*ortho.views, solid))


def test_a_double_click_beside_the_surfaces_takes_no_earlier_click_back(hand: Hand, solid: SolidView) -> None:
    viewing, state = hand.application.session.viewing, hand.application.session.solid
    x, y = state.camera.project(
        _surface(state, "ET").mesh.points_mm.mean(axis=0)[None], (solid.width(), solid.height())
    )[0, :2]
    start = viewing.crosshair = (3, 4, 5)
    QTest.mouseClick(solid, LEFT, pos=QPoint(round(float(x)), round(float(y))))
    assert viewing.crosshair != start
    viewing.crosshair = (6, 7, 8)
    QTest.mouseClick(solid, LEFT, pos=QPoint(1, 1))
    double_click(solid, LEFT, QPoint(1, 1))
    assert viewing.crosshair == (6, 7, 8)


def test_keys_and_drags_turn_zoom_and_fit(qtbot: QtBot, hand: Hand, solid: SolidView) -> None:
    state = hand.application.session.solid
    whole = state.camera
    solid.setFocus()
    _drawn_again(qtbot, solid, lambda: QTest.keyClick(solid, Qt.Key.Key_Left))
    assert state.camera.azimuth_deg == pytest.approx(whole.azimuth_deg - 10)
    crosshair = hand.application.session.viewing.crosshair
    middle = solid.rect().center()
    QTest.mousePress(solid, LEFT, pos=middle)
    QTest.mouseMove(solid, middle + QPoint(40, 0))
    QTest.mouseRelease(solid, LEFT, pos=middle + QPoint(40, 0))
    assert state.camera.azimuth_deg != pytest.approx(whole.azimuth_deg - 10)
    assert hand.application.session.viewing.crosshair == crosshair, "a drag is no click"
    state.camera = state.camera.zoomed(3).moved(50, 0, (400, 400))
    QTest.keyClick(solid, Qt.Key.Key_R)
    assert state.camera.width_mm == pytest.approx(whole.width_mm, rel=0.25)


def test_other_layouts_take_the_quarter_and_give_it_back(qtbot: QtBot, hand: Hand, solid: SolidView) -> None:
    application, viewing = hand.application, hand.application.session.viewing
    action, table = application.window.actions_table["view.surfaces"], application.window.comparison()
    viewing.layout = ViewLayout.MODALITIES
    assert (solid.isVisible(), table.isVisible(), action.isChecked()) == (False, False, False)
    viewing.layout = ViewLayout.COMPARE
    assert (solid.isVisible(), table.isVisible(), action.isChecked()) == (True, False, True)
    hand.view(viewing.plane).setFocus()
    application.window.ortho.enlarge()
    assert not solid.isVisible()
    action.trigger()
    assert (solid.isVisible(), table.isVisible(), action.isChecked()) == (False, True, False)
    viewing.layout = ViewLayout.MODALITIES
    assert not table.isVisible()
    action.trigger()
    assert (viewing.layout, solid.isVisible()) == (ViewLayout.PLANES, True)


def test_a_stroke_is_followed_and_undone(qtbot: QtBot, hand: Hand, solid: SolidView) -> None:
    state = hand.application.session.solid
    hand.application.session.layers.reference.visible = False
    hand.start(brush_mm=5)
    x, y, z = hand.application.session.viewing.crosshair
    qtbot.waitUntil(lambda: state.surfaces == ())
    _drawn_again(qtbot, solid, lambda: hand.stroke([(x, y, z), (x + 4, y, z)]))
    qtbot.waitUntil(lambda: len(state.surfaces) == 1)
    mesh = state.surfaces[0].mesh
    assert mesh.volume_ml == pytest.approx(hand.values.astype(bool).sum() / 1000, rel=0.05)
    qtbot.waitUntil(lambda: [surface.name for surface in solid._named] == ["ET"])  # said of what is drawn
    hand.trigger("annotate.undo")
    qtbot.waitUntil(lambda: state.surfaces == ())


def test_a_picture_shows_the_cut_and_a_copy_the_view(
    qtbot: QtBot, hand: Hand, solid: SolidView, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    session, path = hand.application.session, tmp_path / "brain.png"
    _drawn_again(qtbot, solid, lambda: setattr(session.solid, "cut", Plane.AXIAL))
    monkeypatch.setattr("brainseg_gui.controllers.surfaces.export.ask_path", lambda *_arguments: path)
    monkeypatch.setattr("brainseg_gui.controllers.surfaces.export._LONG_SIDE", 640)  # 1600 take a second
    hand.trigger("layers.export_surfaces")
    qtbot.waitUntil(lambda: session.notice is not None and session.notice.what.startswith("Surfaces exported"))
    picture = np.asarray(Image.open(path)).astype(int)
    assert max(picture.shape) == 640
    grey = (picture.max(axis=2) > 90) & (np.ptp(picture, axis=2) == 0)
    assert grey.mean() > 0.01, "the slice: nothing else is without colour"
    copied = hand.application.window.ortho.picture()
    quarter = solid.mapTo(hand.application.window.ortho, solid.rect().center())
    assert copied.width() / copied.devicePixelRatio() > quarter.x()


def test_a_click_on_the_slice_that_is_seen_stays_in_it(qtbot: QtBot, hand: Hand, solid: SolidView) -> None:
    session = hand.application.session
    session.solid.camera = session.solid.camera.from_side(30, 60)
    for plane in (Plane.AXIAL, Plane.CORONAL):
        session.solid.cut = None
        qtbot.waitUntil(lambda: solid.rendering is not None and not solid.rendering.of_slice.any())
        session.solid.cut = plane
        start = session.viewing.crosshair
        for steps in ((1, 1, 1), (-1, -1, -1), (1, 1, 1)):
            wanted = tuple(at + (0 if axis == plane.axis else steps[axis]) for axis, at in enumerate(start))
            place = np.array([session.case.grid.to_world(wanted)])
            x, y = session.solid.camera.project(place, (solid.width(), solid.height()))[0, :2].tolist()
            qtbot.waitUntil(partial(_shows_slice, solid, x, y))
            QTest.mouseClick(solid, LEFT, pos=QPoint(round(x), round(y)))
            assert session.viewing.crosshair == wanted


def _shows_slice(solid: SolidView, x: float, y: float) -> bool:
    rendering = solid.rendering
    at_rest = rendering is not None and rendering.camera == solid._state.camera
    return at_rest and rendering.shows_slice_at(x / solid.width(), y / solid.height())


def test_files_beside_the_one_that_was_chosen_are_asked_about(
    qtbot: QtBot, hand: Hand, solid: SolidView, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, answers = list[str](), [QMessageBox.StandardButton.No, QMessageBox.StandardButton.Yes]

    def question(_parent: object, _title: str, words: str) -> QMessageBox.StandardButton:
        asked.append(words)
        return answers[len(asked) - 1]

    monkeypatch.setattr(QMessageBox, "question", question)
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(tmp_path / "case.stl"), ""))
    mine = tmp_path / "case_ET.stl"
    mine.write_bytes(b"of somebody else")
    hand.trigger("layers.export_surfaces")
    assert asked == ["case_ET.stl exists. Replace it?"]
    assert mine.read_bytes() == b"of somebody else"
    hand.trigger("layers.export_surfaces")
    qtbot.waitUntil(lambda: mine.read_bytes() != b"of somebody else")
    qtbot.waitUntil(lambda: hand.application.session.notice is not None)
    assert len(asked) == 2


def test_an_export_waits_until_the_surfaces_are_made(
    qtbot: QtBot, hand: Hand, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "tumour.ply"
    asked: list[int] = []

    def ask(*_arguments: object) -> Path:
        asked.append(len(hand.application.session.solid.drawn))
        return path

    monkeypatch.setattr("brainseg_gui.controllers.surfaces.export.ask_path", ask)
    hand.trigger("layers.export_surfaces")
    qtbot.waitUntil(path.exists)
    assert asked == [4], "three labels and the brain"
    assert QApplication.activeModalWidget() is None


@pytest.mark.parametrize("why", ["it could not be made", "another case"])
def test_no_dialog_comes_up_later_for_what_was_not_made(
    why: str, qtbot: QtBot, hand: Hand, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = list[object]()
    monkeypatch.setattr("brainseg_gui.controllers.surfaces.export.ask_path", lambda *told: asked.append(told))
    hand.trigger("layers.export_surfaces")
    surfaces = hand.application.controllers[SURFACES]
    assert surfaces.making.running
    (surfaces.making.failed if why == "it could not be made" else hand.application.session.case_changed).emit()
    qtbot.waitUntil(lambda: len(hand.application.session.solid.drawn) == 4)
    qtbot.waitUntil(lambda: not surfaces.making.running)
    assert asked == []

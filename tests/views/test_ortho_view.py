"""Three layouts of linked views."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QSlider
from pytestqt.qtbot import QtBot

from brainseg_gui.imaging.case import Case
from brainseg_gui.imaging.modality import Modality
from brainseg_gui.imaging.plane import Plane
from brainseg_gui.imaging.window import Window
from brainseg_gui.state.layers.layers import Layer
from brainseg_gui.state.session import Session
from brainseg_gui.state.slices.viewing import ViewLayout
from brainseg_gui.views.shell.main_window import MainWindow
from brainseg_gui.views.slices.slice_picture import Content
from tests.gestures import double_click


def test_three_planes_and_the_comparison(opened: MainWindow) -> None:
    views = opened.ortho.views
    assert [view.plane for view in views] == [Plane.AXIAL, Plane.SAGITTAL, Plane.CORONAL]
    assert all(view.isVisible() for view in views)
    assert opened.comparison().isVisible()
    sizes = [view.parentWidget().size() for view in views] + [opened.comparison().size()]
    assert max(size.width() for size in sizes) - min(size.width() for size in sizes) <= 1
    assert max(size.height() for size in sizes) - min(size.height() for size in sizes) <= 1


@pytest.mark.parametrize("plane", list(Plane))
def test_four_modalities_of_one_plane_are_linked(
    opened: MainWindow,
    session: Session,
    case: Case,
    wheel: Callable[..., None],
    drag: Callable[..., None],
    plane: Plane,
) -> None:
    session.viewing.layout, session.viewing.plane = ViewLayout.MODALITIES, plane
    views = opened.ortho.views
    assert [view.modality for view in views] == [Modality.T1, Modality.T1CE, Modality.T2, Modality.FLAIR]
    assert {view.plane for view in views} == {plane}
    assert not opened.comparison().isVisible()
    before = views[0].screen_pixels_per_mm
    for view in views:
        wheel(view, 240, ctrl=True)
        zooms = [other.screen_pixels_per_mm for other in views]
        assert max(zooms) - min(zooms) < 1e-6 * max(zooms)
    assert zooms[0] == pytest.approx(before * 1.15**8, rel=1e-3)
    drag(views[3], (30, 20), Qt.MouseButton.MiddleButton)
    places = [view.position_of(session.viewing.crosshair) for view in views]
    assert max(p.x() for p in places) - min(p.x() for p in places) <= 1
    assert max(p.y() for p in places) - min(p.y() for p in places) <= 1


def test_each_modality_shows_its_own_values(
    opened: MainWindow, session: Session, case: Case, pixel: Callable[..., Any]
) -> None:
    session.viewing.layout, session.viewing.masks_visible = ViewLayout.MODALITIES, False
    voxel = session.viewing.crosshair
    for view in opened.ortho.views:
        window = session.viewing.windows[view.modality]
        value = float(case.volumes[view.modality].stored[voxel])
        expected = min(max(255 * (value - window.low) / window.width, 0), 255)
        assert pixel(view, voxel).red() == pytest.approx(expected, abs=1)


def test_a_window_is_of_its_modality(
    opened: MainWindow, session: Session, drag: Callable[..., None], pixel: Callable[..., Any]
) -> None:
    session.viewing.layout = ViewLayout.MODALITIES
    before = dict(session.viewing.windows)
    drag(opened.ortho.views[2], (60, 0), keys=Qt.KeyboardModifier.ControlModifier)
    changed = {m for m, window in session.viewing.windows.items() if window != before[m]}
    assert changed == {Modality.T2}
    session.viewing.set_window(Modality.T2, Window(0.0, 1.0))
    assert pixel(opened.ortho.views[2], (12, 14, session.viewing.crosshair[2])).red() > 200


def test_reference_prediction_and_agreement_side_by_side(
    opened: MainWindow, session: Session, predict: Callable[..., Layer]
) -> None:
    predict()
    session.viewing.layout = ViewLayout.COMPARE
    views = opened.ortho.views
    assert [view.content for view in views] == [Content.REFERENCE, Content.PREDICTION, Content.AGREEMENT]
    assert opened.comparison().isVisible()
    views[1].zoom(2.0, views[1].viewport().rect().center().toPointF())
    assert len({round(view.screen_pixels_per_mm, 6) for view in views}) == 1


def test_all_views_share_the_crosshair(qtbot: QtBot, opened: MainWindow, session: Session, case: Case) -> None:
    session.viewing.layout = ViewLayout.MODALITIES
    view = opened.ortho.views[3]
    voxel = (5, 6, view.slice_index)
    qtbot.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=view.position_of(voxel))
    assert session.viewing.crosshair == voxel


@pytest.mark.parametrize("layout", list(ViewLayout))
def test_every_view_of_every_layout_maximises_and_comes_back(
    qtbot: QtBot, opened: MainWindow, session: Session, predict: Callable[..., Layer], layout: ViewLayout
) -> None:
    predict()
    session.viewing.layout = layout
    views = opened.ortho.views
    for view in views:
        before = [other.size() for other in views]
        double_click(view.viewport(), Qt.MouseButton.LeftButton)
        assert [other for other in views if other.isVisible()] == [view]
        qtbot.waitUntil(lambda view=view, size=before[0]: view.height() > 1.8 * size.height())
        double_click(view.viewport(), Qt.MouseButton.LeftButton)
        qtbot.waitUntil(lambda before=before: [other.size() for other in views] == before)


def test_another_layout_ends_the_maximising(qtbot: QtBot, opened: MainWindow, session: Session) -> None:
    double_click(opened.ortho.views[1].viewport(), Qt.MouseButton.LeftButton)
    session.viewing.layout = ViewLayout.MODALITIES
    assert all(view.isVisible() for view in opened.ortho.views)
    session.viewing.layout = ViewLayout.PLANES
    assert all(view.isVisible() for view in opened.ortho.views)
    assert opened.comparison().isVisible()


def test_a_hidden_layout_costs_nothing_and_is_up_to_date_when_shown(
    opened: MainWindow, session: Session, monkeypatch: pytest.MonkeyPatch, pixel: Callable[..., Any], case: Case
) -> None:
    session.viewing.masks_visible = False
    session.viewing.layout = ViewLayout.MODALITIES  # made when it is first shown
    hidden = opened.ortho.views
    session.viewing.layout = ViewLayout.PLANES
    shown: list[Any] = []
    for view in hidden:
        show = view._painting._picture.show
        monkeypatch.setattr(view._painting._picture, "show", lambda *args, show=show: (shown.append(args), show(*args)))
    session.viewing.crosshair = (12, 14, 6)
    assert shown == []
    session.viewing.layout = ViewLayout.MODALITIES
    for view in hidden:
        view.viewport().grab()
    assert len(shown) >= 4
    assert {args[2] for args in shown} == {6}


def test_a_layout_is_made_when_it_is_first_shown_and_stays(opened: MainWindow, session: Session) -> None:
    assert list(opened.ortho._pages) == [ViewLayout.PLANES]
    session.viewing.layout = ViewLayout.COMPARE
    views = opened.ortho.views
    session.viewing.layout = ViewLayout.PLANES
    session.viewing.layout = ViewLayout.COMPARE
    assert opened.ortho.views == views
    assert len(views) == 3


def test_the_slider_follows_and_leads(qtbot: QtBot, opened: MainWindow, session: Session) -> None:
    view = opened.ortho.views[0]
    slider = view.parentWidget().findChild(QSlider)
    assert (slider.minimum(), slider.maximum(), slider.value()) == (0, 19, view.slice_index)
    session.viewing.crosshair = (1, 2, 3)
    assert slider.value() == 3
    slider.setValue(17)
    assert session.viewing.crosshair == (1, 2, 17)


def test_a_smaller_case_behind_a_larger_one(
    window: MainWindow, session: Session, toy_case: Any, tmp_path: Any, case: Case
) -> None:
    """With every layout shown and the crosshair in the last corner of the larger one."""
    from brainseg_gui.imaging.cases.case_folder import find_case
    from brainseg_gui.imaging.cases.read_case import read_case
    from brainseg_gui.progress import run_to_end

    small = run_to_end(read_case(find_case(toy_case(tmp_path, case_id="Small", shape=(9, 8, 7)))))
    for layout in ViewLayout:
        session.viewing.layout = layout
        session.open(case)
        session.viewing.crosshair = (23, 27, 19)
        session.preview(small)
        session.end_preview()
        assert session.viewing.crosshair == (23, 27, 19)
        session.preview(small)
        session.open(small)
        crosshair = session.viewing.crosshair
        assert crosshair == small.grid.clip(crosshair)
        for view in window.ortho.views:
            view.viewport().grab()  # nothing of the larger case is looked for
            assert view.slice_index == crosshair[view.plane.axis]

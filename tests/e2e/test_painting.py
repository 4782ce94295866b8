"""Painting with a real mouse in the real window: every tool, each undone and redone to identity.

The toy case has 24×28×20 voxels of 1 mm; the crosshair is put at (10, 11, 12).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from brainseg_gui.annotation.rules import PaintOver, PaintRules
from brainseg_gui.annotation.tools.threshold import IntensityRange
from brainseg_gui.app import Application
from brainseg_gui.controllers.shell.features.core_features import LEAVING, MASKS
from brainseg_gui.imaging.labelling.known_schemes import scheme_named
from brainseg_gui.imaging.labels import LabelMap
from brainseg_gui.imaging.modality import Modality
from brainseg_gui.imaging.plane import DisplayConvention, Plane
from brainseg_gui.state.annotating.scribbles import BACKGROUND
from brainseg_gui.state.annotating.tools import Painting, Tool
from brainseg_gui.state.layers.layers import Layer, LayerRole
from brainseg_gui.state.slices.viewing import ViewLayout
from tests.e2e.painting import ALT, CTRL, ET, LEFT, MIDDLE, RIGHT, SHIFT, Hand, painted
from tests.gestures import double_click

pytestmark = pytest.mark.plain

START = (10, 11, 12)
PLANES = pytest.mark.parametrize("plane", list(Plane), ids=[plane.title for plane in Plane])
CONVENTIONS = pytest.mark.parametrize("convention", list(DisplayConvention), ids=[c.value for c in DisplayConvention])


@pytest.fixture
def hand(application: Application, toy_case: Any, tmp_path: Path, open_paths: Callable[..., None]) -> Iterator[Hand]:
    """A hand over the toy case; after each test all edits are undone and redone, to identity."""
    open_paths(application, toy_case(tmp_path))
    application.session.viewing.crosshair = START
    hand, starts = Hand(application), {}

    def note_start() -> None:
        annotation = hand.annotating.annotation
        if annotation is not None and not len(annotation.history):
            starts[hand.annotating.layer] = hand.values

    hand.annotating.annotation_changed.connect(note_start)
    yield hand
    annotation = hand.annotating.annotation
    if annotation is not None and len(annotation.history):
        last, position = hand.values, annotation.history.position
        annotation.jump(0)  # the window is closed already: not through its signals
        assert np.array_equal(annotation.values, starts[hand.annotating.layer])
        annotation.jump(position)
        assert np.array_equal(annotation.values, last)


def along(plane: Plane, *steps: tuple[int, int]) -> list[tuple[int, int, int]]:
    """Voxels of the plane's slice through the crosshair, by steps along its column axis and row axis."""
    voxels = []
    for column, row in steps:
        voxel = list(START)
        voxel[plane.column_axis] += column
        voxel[plane.row_axis] += row
        voxels.append((voxel[0], voxel[1], voxel[2]))
    return voxels


# --- the brush --------------------------------------------------------------------------------------------------


@PLANES
@CONVENTIONS
def test_a_stroke_paints_the_voxels_under_it_and_is_one_edit(
    hand: Hand, plane: Plane, convention: DisplayConvention
) -> None:
    hand.application.session.viewing.convention = convention
    hand.start()
    way = along(plane, (0, 0), (1, 0), (2, 0), (3, 0), (3, 1), (3, 2))
    hand.stroke(way, plane)
    assert painted(hand.values) == set(way)
    assert hand.names == [f"Brush ET, {plane.title.lower()} {START[plane.axis] + 1}"]
    hand.key(Qt.Key.Key_Z, CTRL)
    assert not hand.values.any()
    hand.key(Qt.Key.Key_Y, CTRL)
    assert painted(hand.values) == set(way)
    hand.key(Qt.Key.Key_Z, CTRL)
    hand.key(Qt.Key.Key_Z, CTRL | SHIFT)
    assert painted(hand.values) == set(way)


@PLANES
def test_a_fast_stroke_has_no_gaps(hand: Hand, plane: Plane) -> None:
    hand.start()
    ends = along(plane, (-4, 0), (6, 0))
    hand.stroke(ends, plane)
    assert painted(hand.values) == set(along(plane, *((n, 0) for n in range(-4, 7))))


@PLANES
def test_a_disc_has_its_size_in_mm(hand: Hand, plane: Plane) -> None:
    hand.start(brush_mm=4.2)
    hand.click(START, plane)
    reach = range(-3, 4)
    # the mouse is at a pixel, up to half of one off the voxel's centre: 2.1 mm keeps clear of all distances of whole mm
    expected = set(along(plane, *((c, r) for c in reach for r in reach if c * c + r * r <= 2.1**2)))
    assert painted(hand.values) == expected


def test_a_square_paints_its_corners(hand: Hand) -> None:
    hand.start(brush_mm=4.2, square=True)
    hand.click(START)
    assert painted(hand.values) == set(along(Plane.AXIAL, *((c, r) for c in range(-2, 3) for r in range(-2, 3))))


def test_a_ball_paints_through_the_slices(hand: Hand) -> None:
    hand.start(brush_mm=4.2, in_3d=True)
    hand.click(START)
    reach = range(-3, 4)
    expected = {
        (START[0] + i, START[1] + j, START[2] + k)
        for i in reach
        for j in reach
        for k in reach
        if i * i + j * j + k * k <= 2.1**2
    }
    assert painted(hand.values) == expected
    assert hand.names == ["Brush ET, 3-D at axial 13"]


def test_a_cube_has_edges(hand: Hand) -> None:
    hand.start(brush_mm=2.2, in_3d=True, square=True)
    hand.click(START, Plane.CORONAL)
    assert len(painted(hand.values)) == 27


def test_the_right_button_erases_and_erase_turns_the_buttons_round(hand: Hand) -> None:
    hand.start()
    way = along(Plane.AXIAL, (0, 0), (1, 0), (2, 0))
    hand.stroke(way)
    hand.stroke(way[1:2], button=RIGHT)
    assert painted(hand.values) == {way[0], way[2]}
    assert hand.names[-1] == "Erase, axial 13"
    hand.key(Qt.Key.Key_E)
    hand.click(way[0])
    assert painted(hand.values) == {way[2]}
    hand.click(way[0], button=RIGHT)
    assert painted(hand.values) == {way[0], way[2]}


def test_shift_and_click_draw_a_straight_line(hand: Hand) -> None:
    hand.start()
    first, last = along(Plane.AXIAL, (-3, 0), (5, 0))
    hand.click(first)
    hand.stroke([last], keys=SHIFT)
    assert painted(hand.values) == set(along(Plane.AXIAL, *((n, 0) for n in range(-3, 6))))
    assert len(hand.names) == 2


def test_the_wheel_with_shift_sizes_the_brush_and_alone_scrolls(hand: Hand) -> None:
    hand.start(brush_mm=8.0)
    hand.wheel(1, keys=SHIFT)
    assert hand.annotating.options.brush_mm == 9.0
    hand.wheel(-2, keys=SHIFT)
    assert hand.annotating.options.brush_mm == 7.5
    hand.key(Qt.Key.Key_Plus)
    assert hand.annotating.options.brush_mm == 8.0
    hand.key(Qt.Key.Key_Minus)
    assert hand.annotating.options.brush_mm == 7.5
    hand.wheel(1)
    assert hand.application.session.viewing.crosshair == (10, 11, 13)


def test_ctrl_drag_windows_and_the_middle_button_pans_while_a_brush_is_in_the_hand(hand: Hand) -> None:
    hand.start()
    viewing = hand.application.session.viewing
    window, place = viewing.windows[viewing.modality], hand.place(START)
    way = along(Plane.AXIAL, (0, 0), (4, 0))
    hand.stroke(way, keys=CTRL)
    assert viewing.windows[viewing.modality] != window
    hand.stroke(way, button=MIDDLE)
    assert hand.place(START) != place
    assert not hand.values.any()


def test_painting_where_nothing_changes_makes_no_edit(hand: Hand) -> None:
    hand.start()
    hand.click(START, button=RIGHT)
    assert hand.names == []


# --- what interrupts a stroke -----------------------------------------------------------------------------------


def test_scrolling_within_a_stroke_goes_on_in_the_next_slice(hand: Hand) -> None:
    hand.start()
    hand.press(START)
    hand.wheel(1)
    above = (*along(Plane.AXIAL, (3, 0))[0][:2], 13)
    hand.move(above)
    hand.release(above)
    assert painted(hand.values) == {START, above}
    assert hand.names == ["Brush ET, axial 13–14"]


@pytest.mark.parametrize("end", ["tool", "hidden", "focus", "ungrabbed", "unheard release"])
def test_what_takes_the_mouse_away_ends_the_stroke(hand: Hand, end: str) -> None:
    hand.start()
    hand.press(START)
    beside = along(Plane.AXIAL, (1, 0))[0]
    if end == "tool":
        hand.key(Qt.Key.Key_1)
    elif end == "hidden":
        hand.application.session.viewing.layout = ViewLayout.MODALITIES
        hand.application.session.viewing.layout = ViewLayout.PLANES
    elif end == "focus":
        hand.view().setFocus()
        hand.view().clearFocus()
    elif end == "ungrabbed":
        QApplication.sendEvent(hand.view().viewport(), QEvent(QEvent.Type.UngrabMouse))
    else:
        hand.move(beside, button=Qt.MouseButton.NoButton)
    assert hand.names == ["Brush ET, axial 13"]
    hand.move(beside)
    hand.release(beside)
    assert painted(hand.values) == {START}
    assert not hand.annotating.annotation.painting  # type: ignore[union-attr]


def test_undo_within_a_stroke_drops_it(hand: Hand) -> None:
    hand.start()
    hand.press(START)
    hand.key(Qt.Key.Key_Z, CTRL)
    assert not hand.values.any()
    hand.move(along(Plane.AXIAL, (1, 0))[0])
    hand.release(START)
    assert hand.names == []


def test_escape_drops_the_stroke_and_stops_nothing_else(hand: Hand) -> None:
    hand.start()
    hand.press(START)
    hand.key(Qt.Key.Key_Escape)
    hand.release(START)
    assert hand.names == []
    assert not hand.values.any()


def test_distances_come_back_when_a_stroke_is_dropped(hand: Hand, qtbot: QtBot) -> None:
    session = hand.application.session
    hand.start()
    session.layers.compare(session.layers.reference, hand.annotating.layer)
    measured = lambda: session.comparison is not None and session.comparison.rules is not None  # noqa: E731
    qtbot.waitUntil(measured, timeout=20_000)
    before = session.comparison
    hand.press(START)
    qtbot.waitUntil(lambda: not measured(), timeout=20_000)  # live scores have no distances
    hand.key(Qt.Key.Key_Escape)
    hand.release(START)
    qtbot.waitUntil(measured, timeout=20_000)
    assert session.comparison == before


def test_opening_another_case_within_a_stroke_keeps_the_stroke(
    hand: Hand, toy_case: Any, tmp_path: Path, open_paths: Callable[..., None], qtbot: QtBot
) -> None:
    finished: list[str] = []
    hand.annotating.edited.connect(lambda edit: finished.append(edit.name))
    hand.start()
    hand.press(START)
    open_paths(hand.application, toy_case(tmp_path, case_id="Other"))
    assert finished == ["Brush ET, axial 13"]
    assert hand.application.controllers[LEAVING].question is not None
    hand.application.controllers[LEAVING].question.answer("later")
    qtbot.waitUntil(lambda: hand.annotating.annotation is None, timeout=30_000)
    assert hand.annotating.options.tool is Tool.BROWSE
    hand.move(START)
    hand.release(START)
    hand.application.session.viewing.crosshair = START
    hand.start()
    hand.click(START)
    assert painted(hand.values) == {START}


def test_a_second_button_does_not_disturb_the_stroke(hand: Hand) -> None:
    hand.start()
    way = along(Plane.AXIAL, (0, 0), (1, 0), (2, 0))
    hand.press(way[0])
    hand.press(way[1], button=RIGHT)
    hand.release(way[1], button=RIGHT)
    hand.move(way[2])
    hand.release(way[2])
    assert painted(hand.values) == set(way)
    assert hand.names == ["Brush ET, axial 13"]


def test_space_browses_while_it_is_held(qtbot: QtBot, hand: Hand) -> None:
    hand.start()
    view = hand.view()
    view.setFocus()
    qtbot.keyPress(view, Qt.Key.Key_Space)
    beside = along(Plane.AXIAL, (3, 0))[0]
    hand.click(beside)
    assert hand.application.session.viewing.crosshair == beside
    assert not hand.values.any()
    qtbot.keyRelease(view, Qt.Key.Key_Space)
    hand.click(beside)
    assert painted(hand.values) == {beside}


# --- painting by intensity --------------------------------------------------------------------------------------


def test_in_range_paints_only_intensities_in_range(hand: Hand) -> None:
    case = hand.application.session.case
    assert case is not None
    volume = case.volumes[Modality.T1]
    here = volume.value_at(START)
    hand.start(brush_mm=9.0, painting=Painting.IN_RANGE, modality=Modality.T1)
    hand.annotating.options.intensities = IntensityRange(here - 30, here + 30)
    hand.click(START)
    there = painted(hand.values)
    assert START in there
    assert all(here - 30 <= volume.value_at(voxel) <= here + 30 for voxel in there)
    hand.annotating.options.painting = Painting.ALL
    hand.click(START)
    assert len(painted(hand.values)) > len(there)


def test_the_range_is_taken_from_the_crosshair(hand: Hand) -> None:
    hand.start(painting=Painting.IN_RANGE)
    taken = hand.annotating.options.intensities
    assert taken is not None
    hand.application.session.viewing.crosshair = (14, 13, 11)
    hand.key(Qt.Key.Key_T)
    assert hand.annotating.options.intensities != taken


def test_following_edges_stops_at_the_enhancing_rim(hand: Hand) -> None:
    """On T1ce of the toy case the enhancing shell is 400 brighter than the core and what surrounds it."""
    case = hand.application.session.case
    assert case is not None
    assert case.reference is not None
    rim = painted(case.reference.values, 4)
    k = 10
    on_rim = next(voxel for voxel in sorted(rim) if voxel[2] == k)
    hand.application.session.viewing.crosshair = on_rim
    hand.start(brush_mm=7.0, painting=Painting.FOLLOW_EDGES, modality=Modality.T1CE, contrast=1.5)
    hand.click(on_rim)
    there = painted(hand.values)
    assert len(there) > 3
    assert len(there - rim) <= len(there) / 4
    hand.annotating.undo()
    hand.annotating.options.painting = Painting.ALL
    hand.click(on_rim)
    assert len(painted(hand.values) - rim) > len(there)


# --- lasso and polygon ------------------------------------------------------------------------------------------


@PLANES
def test_a_lasso_adds_and_cuts(hand: Hand, plane: Plane) -> None:
    hand.start(tool=Tool.LASSO)
    corners = along(plane, (-3, -3), (3, -3), (3, 3), (-3, 3), (-3, -2))
    hand.stroke(corners, plane)
    whole = painted(hand.values)
    inner = set(along(plane, *((c, r) for c in range(-2, 3) for r in range(-2, 3))))
    assert inner <= whole
    assert hand.names == [f"Lasso ET, {plane.title.lower()} {START[plane.axis] + 1}"]
    hand.stroke(along(plane, (-1, -1), (1, -1), (1, 1), (-1, 1), (-1, 0)), plane, RIGHT)
    assert START not in painted(hand.values)
    assert hand.names[-1] == f"Lasso cut, {plane.title.lower()} {START[plane.axis] + 1}"
    assert painted(hand.values) < whole


def test_clicks_make_a_polygon_that_return_closes(hand: Hand) -> None:
    hand.start(tool=Tool.LASSO)
    for corner in along(Plane.AXIAL, (-3, -3), (3, -3), (3, 3), (-3, 3)):
        hand.click(corner)
    assert not hand.values.any()
    hand.key(Qt.Key.Key_Return)
    inner = set(along(Plane.AXIAL, *((c, r) for c in range(-2, 3) for r in range(-2, 3))))
    assert inner <= painted(hand.values)
    assert hand.names == ["Polygon ET, axial 13"]


def test_a_double_click_closes_the_polygon(qtbot: QtBot, hand: Hand) -> None:
    hand.start(tool=Tool.LASSO)
    corners = along(Plane.AXIAL, (-3, -3), (3, -3), (3, 3))
    for corner in corners:
        hand.click(corner)
    double_click(hand.view().viewport(), LEFT, pos=hand.place(corners[-1]))
    assert hand.names == ["Polygon ET, axial 13"]
    assert hand.application.window.ortho.views[1].isVisible()  # not maximised


def test_a_click_on_the_first_corner_closes_the_polygon(hand: Hand) -> None:
    hand.start(tool=Tool.LASSO)
    corners = along(Plane.AXIAL, (-3, -3), (3, -3), (3, 3))
    for corner in (*corners, corners[0]):
        hand.click(corner)
    assert hand.names == ["Polygon ET, axial 13"]


def test_backspace_and_undo_drop_a_corner_and_escape_drops_all(hand: Hand) -> None:
    hand.start(tool=Tool.LASSO)
    for corner in along(Plane.AXIAL, (-3, -3), (3, -3), (3, 3), (5, 5)):
        hand.click(corner)
    hand.key(Qt.Key.Key_Backspace)
    assert len(hand.annotating.hand.outline.points_ijk) == 3  # type: ignore[union-attr]
    hand.key(Qt.Key.Key_Z, CTRL)
    assert len(hand.annotating.hand.outline.points_ijk) == 4  # type: ignore[union-attr]
    hand.key(Qt.Key.Key_Z, CTRL)
    assert len(hand.annotating.hand.outline.points_ijk) == 3  # type: ignore[union-attr]
    hand.key(Qt.Key.Key_Escape)
    assert hand.annotating.hand.outline is None
    assert hand.names == []


def corners_of(hand: Hand) -> list[tuple[int, ...]]:
    outline = hand.annotating.hand.outline
    return [tuple(round(v) for v in point) for point in outline.points_ijk] if outline is not None else []


def test_corners_are_dragged_set_on_an_edge_and_taken_away_each_with_undo(hand: Hand) -> None:
    hand.start(tool=Tool.LASSO)
    one, two, three = along(Plane.AXIAL, (-4, -4), (4, -4), (4, 4))
    for corner in (one, two, three):
        hand.click(corner)
    begun = [one, two, three]
    assert corners_of(hand) == begun

    away, middle, inside = along(Plane.AXIAL, (6, -6), (0, -4), (0, -2))
    hand.stroke([two, away])
    assert corners_of(hand) == [one, away, three]
    hand.key(Qt.Key.Key_Z, CTRL)
    assert corners_of(hand) == begun

    hand.stroke([middle, inside])  # a press on an edge sets a corner, which follows
    assert corners_of(hand) == [one, inside, two, three]
    hand.click(inside, button=RIGHT)
    assert corners_of(hand) == begun
    hand.key(Qt.Key.Key_Z, CTRL)
    assert corners_of(hand) == [one, inside, two, three]
    hand.move(inside, button=Qt.MouseButton.NoButton)
    hand.key(Qt.Key.Key_Delete)
    assert corners_of(hand) == begun
    hand.click(along(Plane.AXIAL, (-1, 3))[0], button=RIGHT)  # where no corner is, nothing goes
    assert corners_of(hand) == begun

    hand.stroke([one, along(Plane.AXIAL, (-6, -6))[0]])  # the first corner is dragged too; a click on it closes
    assert len(corners_of(hand)) == 3
    hand.key(Qt.Key.Key_Return)
    assert [name[:17] for name in hand.names] == ["Polygon ET, axial"]
    hand.key(Qt.Key.Key_Z, CTRL)
    assert not hand.values.any()


def test_corners_that_were_undone_come_back_until_something_else_is_done(hand: Hand) -> None:
    hand.start(tool=Tool.BRUSH)
    hand.click(START)
    hand.annotating.options.tool = Tool.LASSO
    corners = list(along(Plane.AXIAL, (-4, -4), (4, -4), (4, 4)))
    for corner in corners:
        hand.click(corner)
    for left in (2, 1, 0):
        hand.key(Qt.Key.Key_Z, CTRL)
        assert corners_of(hand) == corners[:left]
    hand.key(Qt.Key.Key_Z, CTRL)  # now the stroke
    assert not hand.values.any()
    hand.key(Qt.Key.Key_Y, CTRL)
    assert hand.values.any()
    assert corners_of(hand) == []
    for there in (1, 2, 3):
        hand.key(Qt.Key.Key_Y, CTRL)
        assert corners_of(hand) == corners[:there]
    hand.key(Qt.Key.Key_Z, CTRL)
    hand.click(along(Plane.AXIAL, (-4, 4))[0])
    hand.key(Qt.Key.Key_Y, CTRL)
    assert len(corners_of(hand)) == 3  # another corner was set: there is nothing to redo
    hand.key(Qt.Key.Key_Z, CTRL)
    hand.key(Qt.Key.Key_Return)
    hand.key(Qt.Key.Key_Y, CTRL)
    assert corners_of(hand) == []


def test_an_open_polygon_is_closed_when_another_tool_is_taken(hand: Hand) -> None:
    hand.start(tool=Tool.LASSO)
    for corner in along(Plane.AXIAL, (-3, -3), (3, -3), (3, 3)):
        hand.click(corner)
    hand.key(Qt.Key.Key_2)
    assert hand.names == ["Polygon ET, axial 13"]


def test_a_corner_in_another_slice_looks_back_at_the_polygon(hand: Hand) -> None:
    hand.start(tool=Tool.LASSO)
    hand.click(START)
    hand.wheel(3)
    hand.click(along(Plane.AXIAL, (3, 0))[0])
    assert hand.application.session.viewing.crosshair == START
    assert len(hand.annotating.hand.outline.points_ijk) == 1  # type: ignore[union-attr]
    notice = hand.application.session.notice
    assert notice is not None
    assert "still open" in notice.what


def test_cutting_in_3d_goes_through_all_slices(hand: Hand) -> None:
    hand.start(brush_mm=9.0, in_3d=True)
    hand.click(START)
    hand.annotating.options.tool = Tool.LASSO
    hand.stroke(along(Plane.AXIAL, (-2, -2), (2, -2), (2, 2), (-2, 2), (-2, -1)), button=RIGHT)
    assert not (hand.values[10, 11] == ET).any()
    assert hand.names[-1] == "Lasso cut, 3-D at axial 13"
    assert (hand.values == ET).any()


# --- fill -------------------------------------------------------------------------------------------------------


def ring(hand: Hand) -> None:
    hand.stroke(along(Plane.AXIAL, (-3, -3), (3, -3), (3, 3), (-3, 3), (-3, -3)))


def test_filling_a_ring_in_its_slice(hand: Hand) -> None:
    hand.start()
    ring(hand)
    hand.key(Qt.Key.Key_4)
    hand.click(START)
    assert painted(hand.values) == set(along(Plane.AXIAL, *((c, r) for c in range(-3, 4) for r in range(-3, 4))))
    assert hand.names[-1] == "Fill ET, axial 13"


def test_the_right_button_clears_the_region(hand: Hand) -> None:
    hand.start()
    ring(hand)
    hand.annotating.options.tool = Tool.FILL
    hand.click(along(Plane.AXIAL, (-3, 0))[0], button=RIGHT)
    assert not hand.values.any()
    assert hand.names[-1] == "Clear region, axial 13"


def test_a_leaking_fill_is_refused_and_says_so(hand: Hand) -> None:
    hand.start(tool=Tool.FILL)
    hand.click(START)
    assert hand.names == []
    notice = hand.application.session.notice
    assert notice is not None
    assert "open to the edge" in notice.what


def test_filling_in_3d_follows_a_label_through_the_slices(hand: Hand) -> None:
    hand.start(brush_mm=5.0, in_3d=True)
    hand.click(START)
    ball = painted(hand.values)
    hand.annotating.options.tool = Tool.FILL
    hand.key(Qt.Key.Key_9)  # ED
    hand.click(START)
    assert painted(hand.values, 2) == ball
    assert hand.names[-1] == "Fill ED, 3-D at axial 13"


def test_filling_by_intensity_stays_within_similar_voxels(hand: Hand) -> None:
    case = hand.application.session.case
    assert case is not None
    hand.start(tool=Tool.FILL, by_intensity=True, modality=Modality.T2, contrast=1.0)
    hand.click(START)
    there = painted(hand.values)
    assert START in there
    assert {voxel[2] for voxel in there} == {12}
    volume = case.volumes[Modality.T2]
    spread = np.std([volume.value_at(voxel) for voxel in there])
    head = [volume.value_at((i, j, 12)) for i in range(24) for j in range(28) if volume.stored[i, j, 12]]
    assert spread < np.std(head)


# --- copying, seeds ---------------------------------------------------------------------------------------------


def test_the_copying_brush_takes_the_prediction(hand: Hand) -> None:
    session = hand.application.session
    assert session.case is not None
    values = np.zeros(session.case.grid.shape, np.uint8)
    values[8:12, 9:13, 12] = 2
    values[10, 11, 12] = 1
    labels = LabelMap(values, session.case.grid, session.case.scheme)
    session.layers.add(Layer("prediction", LayerRole.PREDICTION, labels))
    hand.start(brush_mm=30.0)
    hand.key(Qt.Key.Key_6)
    hand.click(START)
    assert np.array_equal(hand.values, values)
    assert hand.names == ["Copy from prediction, axial 13"]
    edit = hand.annotating.annotation.history.edits[0]  # type: ignore[union-attr]
    assert (edit.source.tool, edit.source.layer) == ("copy", "prediction")


def test_copying_without_another_layer_says_so(
    application: Application, toy_case: Any, tmp_path: Path, open_paths: Callable[..., None]
) -> None:
    open_paths(application, toy_case(tmp_path, mask=False))
    hand = Hand(application)
    hand.start(tool=Tool.COPY)
    hand.click(application.session.viewing.crosshair)
    notice = application.session.notice
    assert notice is not None
    assert "no other layer" in notice.what
    assert hand.names == []


def test_scribbles_are_kept_apart_and_have_an_undo_of_their_own(hand: Hand) -> None:
    hand.start()
    hand.click(START)
    hand.key(Qt.Key.Key_5)
    beside, other = along(Plane.AXIAL, (4, 0), (-4, 0))
    hand.click(beside)
    hand.click(other, button=RIGHT)
    scribbles = hand.annotating.scribbles
    assert scribbles.values is not None
    assert (scribbles.values[beside], scribbles.values[other]) == (ET, BACKGROUND)
    assert painted(hand.values) == {START}
    hand.key(Qt.Key.Key_Z, CTRL)
    assert scribbles.values[other] == 0
    hand.key(Qt.Key.Key_Y, CTRL)
    assert scribbles.values[other] == BACKGROUND
    hand.trigger("annotate.clear_seeds")
    assert scribbles.values is None
    assert painted(hand.values) == {START}


# --- labels and rules -------------------------------------------------------------------------------------------


def test_labels_are_chosen_picked_and_swapped_by_keys(hand: Hand) -> None:
    hand.start()
    active = lambda: hand.annotating.rules.active  # noqa: E731
    hand.key(Qt.Key.Key_8)
    assert active() == 1
    hand.key(Qt.Key.Key_9)
    assert active() == 2
    hand.key(Qt.Key.Key_X)
    assert active() == 1
    hand.key(Qt.Key.Key_X)
    assert active() == 2
    hand.key(Qt.Key.Key_Period)
    assert active() == 4
    hand.key(Qt.Key.Key_Comma)
    assert active() == 2
    hand.click(START)
    hand.key(Qt.Key.Key_8)
    hand.stroke([START], keys=ALT)
    assert active() == 2
    assert len(hand.names) == 1
    hand.key(Qt.Key.Key_8)
    hand.move(START, button=Qt.MouseButton.NoButton)
    hand.key(Qt.Key.Key_I)
    assert active() == 2


def test_a_locked_label_is_kept_from_every_tool(hand: Hand) -> None:
    hand.start(brush_mm=5.0)
    hand.key(Qt.Key.Key_9)
    hand.click(START)
    oedema = painted(hand.values, 2)
    hand.key(Qt.Key.Key_L)
    assert hand.annotating.rules.locked == {2}
    hand.key(Qt.Key.Key_0)
    hand.annotating.options.brush_mm = 9.0
    hand.click(START)
    hand.click(START, button=RIGHT)
    hand.annotating.options.tool = Tool.LASSO
    hand.stroke(along(Plane.AXIAL, (-4, -4), (4, -4), (4, 4), (-4, 4), (-4, -3)))
    hand.annotating.options.tool = Tool.FILL
    hand.click(START, button=RIGHT)
    assert painted(hand.values, 2) == oedema


def test_painting_over_the_background_only(hand: Hand) -> None:
    hand.start()
    hand.click(START)
    hand.annotating.rules = PaintRules(2, PaintOver.BACKGROUND)
    hand.annotating.options.brush_mm = 3.0
    hand.click(START)
    assert hand.values[START] == ET
    assert painted(hand.values, 2)


# --- starting, history ------------------------------------------------------------------------------------------


def test_an_annotation_is_a_layer_of_its_own(hand: Hand) -> None:
    session = hand.application.session
    reference = session.layers.reference
    assert reference is not None
    before = np.array(reference.labels.values)
    hand.trigger("annotate.start")
    layer = hand.annotating.layer
    assert layer is not None
    assert layer.role is LayerRole.ANNOTATION
    assert list(session.layers)[-1] is layer
    assert np.array_equal(layer.labels.values, before)
    hand.annotating.options.brush_mm = 9.0
    hand.click(START)
    assert np.array_equal(reference.labels.values, before)
    assert not np.array_equal(layer.labels.values, before)
    hand.key(Qt.Key.Key_E, CTRL)
    assert hand.annotating.annotation is None
    assert layer in list(session.layers)


def test_a_tool_without_an_annotation_offers_to_start_one(hand: Hand) -> None:
    hand.key(Qt.Key.Key_2)
    notice = hand.application.session.notice
    assert notice is not None
    assert notice.actions == (("Annotate", "annotate.start"),)
    assert hand.annotating.options.tool is Tool.BROWSE
    assert hand.application.window.actions_table["annotate.browse"].isChecked()


def test_undo_looks_at_what_it_changes_if_that_is_out_of_sight(hand: Hand) -> None:
    hand.start()
    hand.click(START)
    viewing = hand.application.session.viewing
    viewing.crosshair = elsewhere = (3, 4, 12)
    hand.key(Qt.Key.Key_Z, CTRL)
    assert viewing.crosshair == elsewhere  # the axial slice is in sight
    viewing.crosshair = (3, 4, 5)
    hand.key(Qt.Key.Key_Y, CTRL)
    assert viewing.crosshair == START


def test_undo_and_redo_name_what_they_do(hand: Hand) -> None:
    hand.start()
    actions = hand.application.window.actions_table
    assert (actions["annotate.undo"].text(), actions["annotate.undo"].isEnabled()) == ("&Undo", False)
    hand.click(START)
    assert (actions["annotate.undo"].text(), actions["annotate.undo"].isEnabled()) == ("&Undo Brush ET, axial 13", True)
    hand.trigger("annotate.undo")
    assert (actions["annotate.redo"].text(), actions["annotate.undo"].isEnabled()) == (
        "&Redo Brush ET, axial 13",
        False,
    )


def test_removing_the_layer_ends_the_annotation(hand: Hand) -> None:
    hand.start()
    hand.click(START)
    hand.application.session.layers.remove(hand.annotating.layer)  # type: ignore[arg-type]
    assert hand.annotating.annotation is None


def test_the_score_waits_until_strokes_pause(hand: Hand, qtbot: QtBot) -> None:
    session = hand.application.session
    hand.trigger("annotate.start")
    qtbot.waitUntil(
        lambda: session.comparison is not None and not hand.application.controllers[MASKS]._jobs, timeout=20_000
    )
    assert session.comparison is not None
    first = session.comparison
    hand.annotating.options.brush_mm = 9.0
    hand.click(START)
    assert hand.application.controllers[MASKS]._scoring is None
    qtbot.waitUntil(lambda: session.comparison is not first, timeout=20_000)


def test_the_keys_alone_can_paint(hand: Hand) -> None:
    hand.start()
    hand.view(Plane.CORONAL).setFocus()
    hand.key(Qt.Key.Key_U, plane=Plane.CORONAL)
    assert painted(hand.values) == {START}
    assert hand.names == ["Brush ET, coronal 12"]
    hand.key(Qt.Key.Key_U, SHIFT)
    assert not hand.values.any()
    hand.key(Qt.Key.Key_3)
    for corner in along(Plane.AXIAL, (-3, -3), (3, -3), (3, 3)):
        hand.application.session.viewing.crosshair = corner
        hand.key(Qt.Key.Key_U)
    hand.key(Qt.Key.Key_Return)
    assert hand.names[-1] == "Polygon ET, axial 13"


def test_an_annotation_is_taken_up_again_with_its_history(hand: Hand) -> None:
    hand.start()
    layer = hand.annotating.layer
    hand.click(START)
    hand.key(Qt.Key.Key_E, CTRL)
    assert hand.annotating.annotation is None
    hand.key(Qt.Key.Key_E, CTRL)
    assert hand.annotating.layer is layer
    assert hand.names == ["Brush ET, axial 13"]
    hand.key(Qt.Key.Key_Z, CTRL)
    assert not hand.values.any()
    assert len([each for each in hand.application.session.layers if each.role is LayerRole.ANNOTATION]) == 1


def test_reading_the_annotation_by_another_scheme_keeps_voxels_and_history(hand: Hand) -> None:
    hand.start()
    hand.click(START)
    layer = hand.annotating.layer
    assert layer is not None
    layer.labels = layer.labels.with_scheme(scheme_named("brats-ped"))
    assert hand.names == ["Brush ET, axial 13"]
    other = along(Plane.AXIAL, (4, 0))[0]
    hand.click(other)
    assert hand.names[-1] == "Brush ED, axial 13"  # 4 is oedema there
    assert layer.labels.scheme.name == "brats-ped"
    assert painted(hand.values) == {START, other}


def test_an_open_polygon_is_kept_when_the_annotation_is_read_by_another_scheme(hand: Hand) -> None:
    hand.start(tool=Tool.LASSO)
    for corner in ((8, 8, 10), (14, 8, 10), (14, 14, 10)):
        hand.click(corner)
    layer = hand.annotating.layer
    assert layer is not None
    assert hand.annotating.hand.outline is not None
    layer.labels = layer.labels.with_scheme(scheme_named("brats-ped"))
    there = painted(hand.values)
    assert len(there) > 10
    assert hand.names == ["Polygon ET, axial 13"]
    assert layer.labels.scheme.name == "brats-ped"
    assert np.array_equal(layer.labels.values, hand.values)
    hand.trigger("annotate.undo")
    assert not hand.values.any()
    hand.trigger("annotate.redo")
    assert painted(hand.values) == there


def test_a_hidden_label_is_shown_when_it_is_painted(hand: Hand) -> None:
    hand.start()
    viewing = hand.application.session.viewing
    viewing.hidden = frozenset({"ED"})
    hand.key(Qt.Key.Key_9)
    assert viewing.hidden == frozenset()

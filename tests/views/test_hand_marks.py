"""The outline of the brush: where it is drawn, and how large; and the way between the mouse and voxels."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import numpy as np
import pytest
from PySide6.QtCore import QPointF

from brainseg_gui.annotation.annotation import Annotation
from brainseg_gui.imaging.case import Case
from brainseg_gui.imaging.grid import Grid
from brainseg_gui.imaging.labelling.known_schemes import scheme_named
from brainseg_gui.imaging.labels import LabelMap
from brainseg_gui.imaging.plane import DisplayConvention, Plane, pixel_to_voxel, voxel_to_pixel
from brainseg_gui.state.annotating.active_annotation import ActiveAnnotation
from brainseg_gui.state.annotating.hand import Outline, Pointer
from brainseg_gui.state.annotating.tools import Tool
from brainseg_gui.state.layers.layers import Layer, LayerRole
from brainseg_gui.state.session import Session
from brainseg_gui.views.shell.main_window import MainWindow
from brainseg_gui.views.slices.overlays.hand_marks import brush_mark

pytestmark = pytest.mark.plain

GRID = Grid((20, 24, 16), np.diag([1.0, 1.5, 2.0, 1.0]))
EVERY_WAY_UP = list(itertools.product(Plane, DisplayConvention))


@pytest.fixture
def annotating() -> ActiveAnnotation:
    labels = LabelMap(np.zeros(GRID.shape, np.uint8), GRID, scheme_named("brats2020"))
    state = ActiveAnnotation()
    state.begin(Annotation(labels), Layer("annotation", LayerRole.ANNOTATION, labels))
    state.options.tool, state.options.brush_mm = Tool.BRUSH, 10.0
    state.hand.pointer = Pointer((10.0, 11.0, 8.0), Plane.AXIAL)
    return state


def test_a_disc_is_drawn_where_it_paints(annotating: ActiveAnnotation) -> None:
    assert brush_mark(annotating, Plane.AXIAL, 8, GRID).radius_mm == 5.0  # type: ignore[union-attr]
    assert brush_mark(annotating, Plane.AXIAL, 9, GRID) is None
    assert brush_mark(annotating, Plane.CORONAL, 11, GRID) is None


def test_a_ball_is_a_smaller_circle_away_from_its_middle(annotating: ActiveAnnotation) -> None:
    annotating.options.in_3d = True
    assert brush_mark(annotating, Plane.CORONAL, 11, GRID).radius_mm == 5.0  # type: ignore[union-attr]
    # two slices of 1.5 mm away: a triangle of 3, 4 and 5
    assert brush_mark(annotating, Plane.CORONAL, 13, GRID).radius_mm == pytest.approx(4.0)  # type: ignore[union-attr]
    assert brush_mark(annotating, Plane.CORONAL, 15, GRID) is None  # 6 mm
    annotating.options.square = True
    assert brush_mark(annotating, Plane.CORONAL, 13, GRID).radius_mm == 5.0  # type: ignore[union-attr]


def test_no_outline_without_a_brush_to_paint_with(annotating: ActiveAnnotation) -> None:
    assert brush_mark(annotating, Plane.AXIAL, 8, GRID) is not None
    annotating.hand.browsing = True
    assert brush_mark(annotating, Plane.AXIAL, 8, GRID) is None
    annotating.hand.browsing = False
    annotating.options.tool = Tool.LASSO
    assert brush_mark(annotating, Plane.AXIAL, 8, GRID) is None
    annotating.options.tool = Tool.BRUSH
    annotating.hand.pointer = None
    assert brush_mark(annotating, Plane.AXIAL, 8, GRID) is None


def test_the_outline_tells_erasing(annotating: ActiveAnnotation) -> None:
    def erasing() -> bool:
        mark = brush_mark(annotating, Plane.AXIAL, 8, GRID)
        assert mark is not None
        return mark.erasing

    assert not erasing()
    annotating.hand.erasing = True  # the right button is down
    assert erasing()
    annotating.options.erasing = True
    assert not erasing()


@pytest.mark.parametrize(("plane", "convention"), EVERY_WAY_UP)
def test_points_and_pixels_agree_with_voxels(plane: Plane, convention: DisplayConvention) -> None:
    voxel = (3, 17, 9)
    as_point = voxel_to_pixel((3.0, 17.0, 9.0), plane, GRID, convention)
    assert as_point == voxel_to_pixel(voxel, plane, GRID, convention)
    point = (3.25, 16.5, 9.125)
    pixel = voxel_to_pixel(point, plane, GRID, convention)
    back = pixel_to_voxel(pixel, plane, round(point[plane.axis]), GRID, convention)
    expected = [*point]
    expected[plane.axis] = round(point[plane.axis])
    assert back == pytest.approx(expected)


@pytest.mark.parametrize("convention", list(DisplayConvention))
def test_the_mouse_finds_the_point_that_is_drawn_there(
    opened: MainWindow, session: Session, convention: DisplayConvention
) -> None:
    session.viewing.convention = convention
    for view in opened.ortho.views:
        point = [4.25, 9.5, 6.75]
        point[view.plane.axis] = float(view.slice_index)
        mapping = view.mapping
        assert mapping is not None
        place = mapping.position_at((point[0], point[1], point[2]))
        assert view.point_at(place) == pytest.approx(tuple(point), abs=1e-3)
        outside = view.point_at(QPointF(-5.0, -5.0))
        assert outside is not None
        assert view.voxel_at(view.position_of(session.viewing.crosshair).toPointF()) == session.viewing.crosshair


@pytest.fixture
def painting(opened: MainWindow, session: Session, case: Case) -> Iterator[MainWindow]:
    labels = LabelMap(np.zeros(case.grid.shape, np.uint8), case.grid, case.scheme)
    layer = session.layers.add(Layer("annotation", LayerRole.ANNOTATION, labels))
    session.annotating.begin(Annotation(labels), layer)
    session.annotating.options.tool = Tool.BRUSH
    yield opened
    session.annotating.end()


def test_the_brush_is_drawn_over_the_picture(painting: MainWindow, session: Session) -> None:
    view = painting.ortho.views[0]
    session.viewing.masks_visible = False
    voxel = session.viewing.crosshair
    before = view.viewport().grab().toImage()
    session.annotating.hand.pointer = Pointer((float(voxel[0]), float(voxel[1]), float(voxel[2])), view.plane)
    after = view.viewport().grab().toImage()
    assert before != after
    radius = session.annotating.options.brush_mm / 2 * view.screen_pixels_per_mm
    place = view.position_of(voxel)
    ways = ((1, 0), (-1, 0), (0, 1), (0, -1))  # where the ring falls between pixels depends on the zoom
    around = [(radius + step, *way) for step in range(-3, 4) for way in ways]
    spots = [(round(place.x() + far * x), round(place.y() + far * y)) for far, x, y in around]
    ring = [after.pixelColor(*spot).lightness() for spot in spots]
    assert max(ring) > 200  # the light line
    assert min(ring) < 90  # the dark one on both sides
    session.annotating.hand.pointer = None
    assert view.viewport().grab().toImage() == before


def test_a_polygon_is_drawn_in_its_own_slice_only(painting: MainWindow, session: Session) -> None:
    view = painting.ortho.views[0]
    i, j, k = (float(v) for v in session.viewing.crosshair)
    before = view.viewport().grab().toImage()
    corners = ((i - 4, j - 4, k), (i + 4, j - 4, k), (i, j + 4, k))
    session.annotating.hand.outline = Outline(corners, view.plane, round(k))
    assert view.viewport().grab().toImage() != before
    session.annotating.hand.outline = Outline(corners, view.plane, round(k) + 1)
    assert view.viewport().grab().toImage() == before


def test_only_views_whose_slice_meets_the_box_draw_again(
    painting: MainWindow, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn: list[Plane] = []
    for view in painting.ortho.views:
        view.viewport().grab()
        monkeypatch.setattr(view._painting._picture, "show", lambda *_: pytest.fail("the image was taken again"))
        show = view._painting._picture.show_masks
        monkeypatch.setattr(
            view._painting._picture,
            "show_masks",
            lambda *args, view=view, show=show: (drawn.append(view.plane), show(*args)),
        )
    i, j, k = session.viewing.crosshair
    session.annotating.voxels_changed.emit((slice(0, i), slice(0, j), slice(k, k + 1)))
    _paint(painting)
    assert drawn == [Plane.AXIAL]
    session.annotating.voxels_changed.emit((slice(i, i + 2), slice(0, j), slice(0, k)))
    _paint(painting)
    assert drawn == [Plane.AXIAL, Plane.SAGITTAL]


def _paint(window: MainWindow) -> None:
    for view in window.ortho.views:
        view.viewport().grab()

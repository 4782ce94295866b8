"""Masks as they are really painted: the colour at the place of a voxel."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from PySide6.QtGui import QColor, QImage, QPainter, QPainterPath
from PySide6.QtWidgets import QApplication

from brainseg_gui.imaging.case import Case
from brainseg_gui.imaging.colours import AGREEMENT_COLOURS, colour_of, safe_colours
from brainseg_gui.imaging.labelling.known_schemes import scheme_named
from brainseg_gui.imaging.labels import regions
from brainseg_gui.imaging.plane import DisplayConvention
from brainseg_gui.state.layers.layers import Layer, OverlayStyle
from brainseg_gui.state.session import Session
from brainseg_gui.state.slices.viewing import ViewLayout
from brainseg_gui.views.shell.main_window import MainWindow
from brainseg_gui.views.slices.overlays.outline import Outlines, edge_path

pytestmark = pytest.mark.plain

WT, TC, ET = regions()
VALUES = {"NCR": 1, "ED": 2, "ET": 4}


@pytest.fixture
def filled(opened: MainWindow, session: Session) -> MainWindow:
    """The window with the reference filled."""
    session.layers.reference.style = OverlayStyle.FILL
    return opened


def _voxel_of(case: Case, value: int, k: int) -> tuple[int, int, int]:
    """A voxel of an axial slice whose neighbours have the same label, so that no outline crosses it."""
    assert case.reference is not None
    same = case.reference.values[:, :, k] == value
    inner = same.copy()
    for axis in (0, 1):
        inner &= np.roll(same, 1, axis) & np.roll(same, -1, axis)
    i, j = np.argwhere(inner if inner.any() else same)[0]
    return int(i), int(j), k


def _mixed(session: Session, case: Case, voxel: tuple[int, int, int], over: str, opacity: float) -> np.ndarray:
    """Grey of the image under a colour of some opacity."""
    window = session.viewing.windows[session.viewing.modality]
    value = float(case.volumes[session.viewing.modality].stored[voxel])
    grey = min(max(255 * (value - window.low) / window.width, 0), 255)
    colour = QColor(over)
    return opacity * np.array([colour.red(), colour.green(), colour.blue()]) + (1 - opacity) * grey


def _close(found: QColor, expected: np.ndarray, tolerance: float = 3) -> bool:
    return bool(np.abs(np.array([found.red(), found.green(), found.blue()]) - expected).max() <= tolerance)


@pytest.mark.parametrize("meaning", VALUES)
@pytest.mark.parametrize("convention", list(DisplayConvention))
def test_a_label_has_its_colour_in_every_plane(
    filled: MainWindow,
    session: Session,
    case: Case,
    pixel: Callable[..., QColor],
    meaning: str,
    convention: DisplayConvention,
) -> None:
    session.viewing.convention = convention
    voxel = _voxel_of(case, VALUES[meaning], session.viewing.crosshair[2])
    session.viewing.crosshair = voxel
    for view in filled.ortho.views:
        assert _close(pixel(view, voxel), _mixed(session, case, voxel, colour_of(meaning), 0.3))


def test_the_safe_colours(filled: MainWindow, session: Session, case: Case, pixel: Callable[..., QColor]) -> None:
    session.viewing.colours = safe_colours()
    voxel = _voxel_of(case, 4, session.viewing.crosshair[2])
    assert _close(pixel(filled.ortho.views[0], voxel), _mixed(session, case, voxel, "#F0E442", 0.3))


@pytest.mark.parametrize("opacity", [0.0, 1.0])
def test_the_opacity_of_fills_does_not_fade_outlines(opened: MainWindow, session: Session, opacity: float) -> None:
    session.layers.reference.style = OverlayStyle.OUTLINE
    view = opened.ortho.views[0].viewport()
    usual = view.grab().toImage()
    session.viewing.opacity = opacity
    assert view.grab().toImage() == usual
    session.viewing.masks_visible = False
    assert view.grab().toImage() != usual


def test_fills_of_no_opacity_are_not_seen(filled: MainWindow, session: Session) -> None:
    view = filled.ortho.views[0].viewport()
    session.viewing.opacity = 0.0
    drawn = view.grab().toImage()
    session.viewing.masks_visible = False
    assert view.grab().toImage() == drawn


@pytest.mark.parametrize("opacity", [0.1, 0.8, 1.0])
def test_opacity(
    filled: MainWindow, session: Session, case: Case, pixel: Callable[..., QColor], opacity: float
) -> None:
    session.viewing.opacity = opacity
    voxel = _voxel_of(case, 2, session.viewing.crosshair[2])
    assert _close(pixel(filled.ortho.views[0], voxel), _mixed(session, case, voxel, colour_of("ED"), opacity))


def test_masks_off_a_hidden_label_and_a_hidden_layer(
    filled: MainWindow, session: Session, case: Case, pixel: Callable[..., QColor]
) -> None:
    view, viewing, k = filled.ortho.views[0], session.viewing, session.viewing.crosshair[2]
    oedema, enhancing = _voxel_of(case, 2, k), _voxel_of(case, 4, k)
    bare = {voxel: _mixed(session, case, voxel, "#000000", 0.0) for voxel in (oedema, enhancing)}
    viewing.toggle_meaning("ED")
    assert _close(pixel(view, oedema), bare[oedema])
    assert not _close(pixel(view, enhancing), bare[enhancing])
    viewing.toggle_meaning("ED")
    assert not _close(pixel(view, oedema), bare[oedema])
    viewing.masks_visible = False
    assert _close(pixel(view, enhancing), bare[enhancing])
    viewing.masks_visible = True
    session.layers.reference.visible = False
    assert _close(pixel(view, enhancing), bare[enhancing])


def test_another_scheme_is_another_colour(
    filled: MainWindow, session: Session, case: Case, pixel: Callable[..., QColor]
) -> None:
    layer = session.layers.reference
    layer.labels = layer.labels.with_scheme(scheme_named("brats2023"))  # where 4 is the resection cavity
    voxel = _voxel_of(case, 4, session.viewing.crosshair[2])
    assert _close(pixel(filled.ortho.views[0], voxel), _mixed(session, case, voxel, colour_of("RC"), 0.3))


def test_an_outline_leaves_the_inside_free_and_colours_the_edge(
    opened: MainWindow, session: Session, case: Case, pixel: Callable[..., QColor]
) -> None:
    view, k = opened.ortho.views[0], session.viewing.crosshair[2]
    inside = _voxel_of(case, 2, k)
    assert _close(pixel(view, inside), _mixed(session, case, inside, "#000000", 0.0))
    values = case.reference.values[:, :, k]
    i, j = np.argwhere((values[:-1] == 2) & (values[1:] == 0))[0]  # oedema, and nothing to its right
    here, there = view.position_of((int(i), int(j), k)), view.position_of((int(i) + 1, int(j), k))
    image = view.viewport().grab().toImage()
    between = [image.pixelColor(here.x() + (there.x() - here.x()) * step // 20, here.y()) for step in range(6, 14)]
    green = QColor(colour_of("ED"))
    distance = min(
        abs(c.red() - green.red()) + abs(c.green() - green.green()) + abs(c.blue() - green.blue()) for c in between
    )
    assert distance < 60


def test_peeking_shows_the_reference_as_the_prediction_is_drawn(
    opened: MainWindow,
    session: Session,
    case: Case,
    predict: Callable[..., Layer],
    pixel: Callable[..., QColor],
) -> None:
    prediction = predict(shift=-6)
    view, k = opened.ortho.views[0], session.viewing.crosshair[2]
    only_reference = (case.reference.values == 2) & (prediction.labels.values == 0)
    only_prediction = (case.reference.values == 0) & (prediction.labels.values == 2)
    a, b = ((*map(int, np.argwhere(mask[:, :, k])[0]), k) for mask in (only_reference, only_prediction))
    for voxel, peek, coloured in ((a, False, False), (b, False, True), (a, True, True), (b, True, False)):
        session.viewing.peek = peek
        expected = _mixed(session, case, voxel, colour_of("ED"), 0.3 if coloured else 0.0)
        assert _close(pixel(view, voxel), expected), (voxel, peek)


@pytest.mark.parametrize("layout", [ViewLayout.PLANES, ViewLayout.COMPARE])
def test_agreement_has_three_colours(
    opened: MainWindow,
    session: Session,
    case: Case,
    predict: Callable[..., Layer],
    pixel: Callable[..., QColor],
    layout: ViewLayout,
) -> None:
    prediction = predict(shift=3)
    session.viewing.layout, session.viewing.agreement = layout, WT
    view = opened.ortho.views[2 if layout is ViewLayout.COMPARE else 0]
    k = session.viewing.crosshair[2]
    a, b = case.reference.values[:, :, k] > 0, prediction.labels.values[:, :, k] > 0
    for mask, colour, opacity in zip((a & b, a & ~b, ~a & b), AGREEMENT_COLOURS, (0.35, 0.7, 0.7), strict=True):
        i, j = np.argwhere(mask)[0]
        voxel = (int(i), int(j), k)
        assert _close(pixel(view, voxel), _mixed(session, case, voxel, colour, opacity))


def test_agreement_is_of_the_chosen_region(
    opened: MainWindow,
    session: Session,
    case: Case,
    predict: Callable[..., Layer],
    pixel: Callable[..., QColor],
) -> None:
    predict(shift=0)
    k = session.viewing.crosshair[2]
    oedema = _voxel_of(case, 2, k)
    session.viewing.agreement = WT
    assert _close(pixel(opened.ortho.views[0], oedema), _mixed(session, case, oedema, AGREEMENT_COLOURS[0], 0.35))
    session.viewing.agreement = TC
    assert _close(pixel(opened.ortho.views[0], oedema), _mixed(session, case, oedema, "#000000", 0.0))


def test_two_layers_lie_over_each_other_and_go_away(
    filled: MainWindow,
    session: Session,
    case: Case,
    predict: Callable[..., Layer],
    pixel: Callable[..., QColor],
) -> None:
    voxel = _voxel_of(case, 2, session.viewing.crosshair[2])
    once = _mixed(session, case, voxel, colour_of("ED"), 0.3)
    layer = predict(shift=0)
    green = QColor(colour_of("ED"))
    twice = 0.3 * np.array([green.red(), green.green(), green.blue()]) + 0.7 * once
    assert _close(pixel(filled.ortho.views[0], voxel), twice)
    session.layers.remove(layer)
    assert _close(pixel(filled.ortho.views[0], voxel), once)


def test_no_masks_while_a_case_is_being_read(
    filled: MainWindow, session: Session, case: Case, pixel: Callable[..., QColor]
) -> None:
    session.preview(case)
    voxel = _voxel_of(case, 2, session.viewing.crosshair[2])
    assert _close(pixel(filled.ortho.views[0], voxel), _mixed(session, case, voxel, "#000000", 0.0))


# --- outlines ---------------------------------------------------------------------------------------------------


def _lines(path: QPainterPath) -> set[tuple[tuple[float, float], tuple[float, float]]]:
    """The straight lines of a path, edge by edge, each with its ends in order."""
    points = [path.elementAt(n) for n in range(path.elementCount())]
    pairs = zip(points[::2], points[1::2], strict=True)
    ends = [((round(a.x, 3), round(a.y, 3)), (round(b.x, 3), round(b.y, 3))) for a, b in pairs]
    return {edge for pair in ends for edge in _edges(min(pair), max(pair))}


def _edges(first: tuple[float, float], last: tuple[float, float]) -> list[tuple[tuple[float, float], ...]]:
    """A straight line cut into pieces of one pixel."""
    (x, y), count = first, round(max(last[0] - first[0], last[1] - first[1]))
    dx, dy = (1, 0) if last[0] > first[0] else (0, 1)
    return [((x + n * dx, y + n * dy), (x + (n + 1) * dx, y + (n + 1) * dy)) for n in range(count)]


def test_the_outline_of_one_pixel_is_its_four_edges_a_little_inside() -> None:
    mask = np.zeros((3, 4), bool)
    mask[1, 2] = True  # x from 2 to 3, y from 1 to 2
    assert _lines(edge_path(mask)) == {
        ((2.12, 1.0), (2.12, 2.0)),
        ((2.88, 1.0), (2.88, 2.0)),
        ((2.0, 1.12), (3.0, 1.12)),
        ((2.0, 1.88), (3.0, 1.88)),
    }


def test_the_outline_of_a_hand_made_mask_runs_between_inside_and_outside_only() -> None:
    mask = np.array([[1, 1, 0], [0, 1, 0]], bool)  # an L that touches two borders
    assert _lines(edge_path(mask)) == {
        ((0.12, 0.0), (0.12, 1.0)),  # left of the first pixel, at the border
        ((1.88, 0.0), (1.88, 1.0)),  # right of the second
        ((1.12, 1.0), (1.12, 2.0)),  # left and right of the lower one
        ((1.88, 1.0), (1.88, 2.0)),
        ((0.0, 0.12), (1.0, 0.12)),  # above, at the border
        ((1.0, 0.12), (2.0, 0.12)),
        ((0.0, 0.88), (1.0, 0.88)),  # below the first pixel
        ((1.0, 1.88), (2.0, 1.88)),  # below the lower one
    }


@pytest.mark.parametrize("value", [False, True])
def test_an_empty_and_a_full_mask(value: bool) -> None:
    lines = _lines(edge_path(np.full((2, 3), value)))
    assert len(lines) == (10 if value else 0)


@pytest.mark.parametrize("scale", [1.6, 2.4, 8.0])
def test_outlines_of_labels_that_touch_are_both_seen_at_any_zoom(scale: float) -> None:
    values = np.zeros((12, 20), np.uint8)
    values[2:10, 2:10], values[2:10, 10:18] = 1, 4
    table = np.zeros((256, 4), np.uint8)
    table[1], table[4] = (255, 0, 0, 255), (0, 0, 255, 255)
    image = QImage(round(20 * scale), round(12 * scale), QImage.Format.Format_RGB32)
    image.fill(0)
    outlines = Outlines()
    outlines.show(values, table)
    painter = QPainter(image)
    painter.scale(scale, scale)
    outlines.draw(painter)
    painter.end()
    row = round(6 * scale)
    border = range(round(9 * scale), round(11 * scale))
    red = max(image.pixelColor(x, row).red() for x in border)
    blue = max(image.pixelColor(x, row).blue() for x in border)
    assert red > 150
    assert blue > 150


def test_an_outline_is_seen_on_a_fill_of_its_own_colour() -> None:
    """A reference's yellow on a prediction's yellow: something dark lies on both sides of the line."""
    image = QImage(120, 120, QImage.Format.Format_RGB32)
    yellow = QColor(colour_of("ET"))
    image.fill(yellow)
    values = np.zeros((12, 12), np.uint8)
    values[3:9, 3:9] = 4
    outlines = Outlines()
    table = np.zeros((256, 4), np.uint8)
    table[4] = (yellow.red(), yellow.green(), yellow.blue(), 255)
    outlines.show(values, table)
    painter = QPainter(image)
    painter.scale(10, 10)
    outlines.draw_casing(painter)
    outlines.draw(painter)
    painter.end()
    row = [image.pixelColor(x, 60).lightness() for x in range(20, 45)]
    dark = [x for x, lightness in enumerate(row) if lightness < 80]
    assert dark
    assert max(row[dark[0] : dark[-1]]) > yellow.lightness() - 25  # the line, between what is dark
    assert row[0] == row[-1] == yellow.lightness()


@pytest.mark.parametrize("ratio", [1, 2])
def test_an_outline_is_as_wide_on_a_screen_of_twice_the_dots(qapp: QApplication, ratio: int) -> None:
    values = np.zeros((40, 40), np.uint8)
    values[10:30, 10:30] = 1
    table = np.zeros((256, 4), np.uint8)
    table[1] = 255
    image = QImage(400 * ratio, 400 * ratio, QImage.Format.Format_ARGB32_Premultiplied)
    image.setDevicePixelRatio(ratio)
    image.fill(0)
    painter, outlines = QPainter(image), Outlines()
    painter.scale(10, 10)
    outlines.show(values, table)
    outlines.draw(painter)
    painter.end()
    lit = sum(image.pixelColor(x, 200 * ratio).alphaF() for x in range(image.width())) / ratio
    assert lit == pytest.approx(2 * 1.5, abs=0.2)  # two sides of the square, in pixels as people count them

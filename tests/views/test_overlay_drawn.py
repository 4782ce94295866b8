"""A quantity over the images: its colours where its numbers are, transparent where there are none, and its legend."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from PySide6.QtGui import QColor

from brainseg_gui.imaging.case import Case
from brainseg_gui.imaging.colour_maps import map_table, viridis
from brainseg_gui.imaging.scalar_map import ScalarMap
from brainseg_gui.state.session import Session
from brainseg_gui.views.shell.main_window import MainWindow

pytestmark = pytest.mark.plain


@pytest.fixture
def counts(case: Case) -> ScalarMap:
    """5 of 5 in one cube, 1 of 5 in another."""
    levels = np.zeros((8, 8, 8), np.uint8)
    levels[1:4], levels[5:8] = 5, 1
    return ScalarMap("WT", levels, (8, 10, 6), case.grid, 1.0, 5, "of 5 masks", whole=True, outlined=False)


def test_viridis_is_ordered_by_lightness_and_ends_where_it_should() -> None:
    lightness = viridis().astype(float) @ (0.2126, 0.7152, 0.0722)
    assert (np.diff(lightness) > -1).all()
    assert viridis()[0].tolist() == [68, 1, 84]
    assert viridis()[255].tolist() == [253, 231, 37]
    assert map_table(5, 0.5)[0, 3] == 0
    assert map_table(5, 0.5)[5].tolist() == [253, 231, 37, 128]
    assert map_table(255, 1.0, 3)[:3, 3].max() == 0


def test_counts_are_drawn_in_every_plane(
    opened: MainWindow, session: Session, counts: ScalarMap, pixel: Callable[..., QColor]
) -> None:
    session.viewing.opacity = 1.0
    session.set_overlay(counts)
    for voxel, level in (((10, 14, 9), 5), ((14, 14, 9), 1)):
        session.viewing.crosshair = voxel
        expected = viridis()[round(255 * level / 5)]
        for view in opened.ortho.views:
            drawn = pixel(view, voxel)
            assert np.abs(np.array(drawn.getRgb()[:3]) - expected).max() <= 2, view.plane
    outside = (12, 14, 9)
    session.viewing.crosshair = outside
    grey = pixel(opened.ortho.views[0], outside)
    assert grey.red() == grey.green() == grey.blue()


def test_without_masks_nothing_is_drawn_and_the_readout_still_tells(
    opened: MainWindow, session: Session, counts: ScalarMap, pixel: Callable[..., QColor]
) -> None:
    session.viewing.opacity = 1.0
    session.viewing.crosshair = (10, 14, 9)
    session.set_overlay(counts)
    assert "WT 5 of 5 masks" in opened.readout._labels.text()
    session.viewing.masks_visible = False
    colour = pixel(opened.ortho.views[0], (10, 14, 9))
    assert colour.red() == colour.green() == colour.blue()


def test_a_certain_background_is_not_drawn_over_the_air(
    opened: MainWindow, session: Session, case: Case, pixel: Callable[..., QColor]
) -> None:
    session.viewing.opacity = 1.0
    levels = np.full((2, 2, 2), 255, np.uint8)
    session.set_overlay(ScalarMap("P(bg)", levels, (11, 13, 9), case.grid, 1 / 255, 255, faintest=3, outside=255))
    session.viewing.crosshair = (12, 14, 10)
    view = opened.ortho.views[0]
    assert pixel(view, (6, 14, 10)).getRgb()[:3] == tuple(viridis()[255])  # in the head, beyond the box
    assert case.volumes[session.viewing.modality].stored[0, 0, 10] == 0
    assert pixel(view, (0, 0, 10)).getRgb()[:3] == (0, 0, 0)


def test_the_legend_is_drawn_in_the_corner(opened: MainWindow, session: Session, counts: ScalarMap) -> None:
    view = opened.ortho.views[0]
    before = view.viewport().grab().toImage()
    session.set_overlay(counts)
    after = view.viewport().grab().toImage()
    x, y = after.width() - 20, 30
    last = tuple(viridis()[255])
    column = [after.pixelColor(x, row).getRgb()[:3] for row in range(y + 20)]
    assert last in column
    assert last not in [before.pixelColor(x, row).getRgb()[:3] for row in range(y + 20)]


def test_new_panels_are_closed_until_they_are_asked_for(opened: MainWindow, qtbot: Any) -> None:
    for title, panel in (
        ("Raters", opened.panels.named("Raters")()),
        ("Probabilities", opened.panels.named("Probabilities")()),
        ("Histograms", opened.panels.named("Histograms")()),
    ):
        assert not panel.isVisible()
        opened.panels.show(title)
        qtbot.waitUntil(panel.isVisible)
    opened.reset_layout()
    qtbot.waitUntil(lambda: not opened.panels.named("Histograms")().isVisible())
    assert opened.panels.named("Layers")().isVisible()

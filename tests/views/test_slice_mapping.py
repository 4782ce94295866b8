"""Screen -> voxel -> screen is where one began, in all planes and both conventions, without a window."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF
from PySide6.QtGui import QTransform

from brainseg_gui.imaging.grid import Grid
from brainseg_gui.imaging.plane import DisplayConvention, Plane
from brainseg_gui.views.slices.slice_mapping import SliceMapping

GRID = Grid((7, 9, 5), np.diag([1.0, 2.0, 3.5, 1.0]))
TO_SCREEN = QTransform(11.0, 0.0, 0.0, 11.0, -23.0, 40.0)  # zoomed and panned, as square as pictures are
VIEWS = list(product(Plane, DisplayConvention))


def _mapping(plane: Plane, convention: DisplayConvention) -> SliceMapping:
    return SliceMapping(plane, 3, GRID, convention, TO_SCREEN)


@pytest.mark.parametrize(("plane", "convention"), VIEWS)
def test_every_voxel_is_found_where_it_is_drawn(plane: Plane, convention: DisplayConvention) -> None:
    mapping = _mapping(plane, convention)
    for voxel in np.ndindex(*GRID.shape):
        if voxel[plane.axis] == 3:
            assert mapping.voxel_at(mapping.position_of(voxel)) == voxel
            assert mapping.point_at(mapping.position_at(voxel)) == pytest.approx(voxel)


@pytest.mark.parametrize(("plane", "convention"), VIEWS)
def test_beside_the_slice_there_is_no_voxel_but_a_point(plane: Plane, convention: DisplayConvention) -> None:
    mapping = _mapping(plane, convention)
    assert mapping.voxel_at(QPoint(-24, 41)) is None
    point = mapping.point_at(QPointF(-24.0, 39.0))
    outside = [not -0.5 <= point[axis] <= GRID.shape[axis] - 0.5 for axis in range(3)]
    assert [axis for axis in range(3) if outside[axis]] == sorted((plane.row_axis, plane.column_axis))


def test_a_millimetre_is_as_long_on_both_sides() -> None:
    mapping = _mapping(Plane.AXIAL, DisplayConvention.RADIOLOGICAL)
    first, right, up = (mapping.position_at(point) for point in ((2.0, 2.0, 3.0), (3.0, 2.0, 3.0), (2.0, 3.0, 3.0)))
    assert abs(right.x() - first.x()) == pytest.approx(11.0)  # 1 mm
    assert abs(up.y() - first.y()) == pytest.approx(22.0)  # 2 mm
    assert up.y() < first.y()  # the front is at the top
    assert right.x() < first.x()  # the patient's right is on the left

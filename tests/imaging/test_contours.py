"""Contours around regions, and the pixels inside: the very region comes back, one contour for each piece."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.ndimage import label

from brainseg_gui.imaging.contours import contours_of, inside_of, rows_crossed

RING = np.array([[1, 1, 1], [1, 0, 1], [1, 1, 1]], bool)
CORNER = np.array([[1, 0], [0, 1]], bool)


def test_a_pixel_is_a_square_around_its_centre() -> None:
    (contour,) = contours_of(np.ones((1, 1), bool))
    assert sorted(map(tuple, contour)) == [(-0.5, -0.5), (-0.5, 0.5), (0.5, -0.5), (0.5, 0.5)]


def test_straight_edges_have_no_points_between_corners() -> None:
    (contour,) = contours_of(np.ones((5, 9), bool))
    assert len(contour) == 4


def test_a_hole_is_joined_by_a_channel_there_and_back() -> None:
    (contour,) = contours_of(RING)
    rows, columns = contour.T
    area = 0.5 * abs(rows @ np.roll(columns, -1) - columns @ np.roll(rows, -1))
    assert area == 8, "the hole runs the other way round, and the channel encloses nothing"
    assert (inside_of([contour], RING.shape) == RING).all()


def test_pixels_that_touch_at_a_corner_have_contours_of_their_own() -> None:
    assert len(contours_of(CORNER)) == 2
    assert len(contours_of(np.pad(~CORNER, 1, constant_values=True))) == 1


def winding(contour: NDArray[np.float64], row: int, column: int) -> int:
    """How often a contour runs around a point, by another way than `inside_of` goes."""
    turns = 0
    for (y0, x0), (y1, x1) in zip(contour, np.roll(contour, -1, axis=0), strict=True):
        if (y0 <= row) != (y1 <= row) and x0 + (row - y0) * (x1 - x0) / (y1 - y0) > column:
            turns += 1 if y1 > y0 else -1
    return turns


@pytest.mark.parametrize("share", [0.2, 0.5, 0.8, 0.95])
def test_any_region_comes_back_whatever_rule_a_reader_has(share: float) -> None:
    """Even-odd or winding, united or subtracted: each contour is a piece with its holes, and no two share a pixel."""
    random = np.random.default_rng(round(100 * share))
    for _ in range(60):
        region = random.random(random.integers(1, 9, 2)) < share
        contours = contours_of(region)
        assert len(contours) == label(region)[1]
        np.testing.assert_array_equal(inside_of(contours, region.shape), region)
        places = np.moveaxis(np.indices(region.shape), 0, -1).tolist()
        turns = np.array([[[winding(c, *at) for c in contours] for at in row] for row in places])
        if contours:
            assert set(np.unique(turns)) <= {-1, 0, 1}
            np.testing.assert_array_equal(np.abs(turns).sum(axis=-1), region)


def test_contours_beyond_the_grid_are_cut_off() -> None:
    square = np.array([[-5.0, -5.0], [-5.0, 1.5], [50.0, 1.5], [50.0, -5.0]])
    inside = inside_of([square], (3, 4))
    assert inside.tolist() == [[True, True, False, False]] * 3
    assert rows_crossed(square, 3) == 2 * 3

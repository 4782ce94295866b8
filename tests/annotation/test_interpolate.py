"""Shapes between painted slices."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from brainseg_gui.annotation.tools.interpolate import Gap, gaps, interpolated
from brainseg_gui.imaging.grid import Grid

GridOf = Callable[..., Grid]


def _disc(radius: float, row: float, column: float, size: int = 41) -> np.ndarray:
    i, j = np.ogrid[:size, :size]
    return (i - row) ** 2 + (j - column) ** 2 <= radius**2


def _filled(values: np.ndarray, axis: int, grid_of: GridOf) -> np.ndarray:
    area = interpolated(values, 1, axis, grid_of(values.shape))
    assert area is not None
    return area.on_grid(values.shape)


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_a_cone_between_two_discs(axis: int, grid_of: GridOf) -> None:
    values = np.zeros((11, 41, 41), np.uint8)
    values[0][_disc(5, 20, 20)] = 1
    values[10][_disc(15, 20, 20)] = 1
    turned = np.moveaxis(values, 0, axis)
    filled = np.moveaxis(_filled(turned, axis, grid_of), axis, 0)
    assert not filled[[0, 10]].any()
    for k in range(1, 10):
        radius = np.sqrt(filled[k].sum() / np.pi)
        assert radius == pytest.approx(5 + k, abs=0.6)


def test_gaps_of_any_width_are_found() -> None:
    values = np.zeros((3, 3, 12), np.uint8)
    values[1, 1, [1, 2, 5, 7, 11]] = 1
    assert gaps(values, 1, 2) == (Gap(2, 5), Gap(5, 7), Gap(7, 11))
    assert gaps(values, 2, 2) == ()


def test_no_gap_is_nothing_to_fill(grid_of: GridOf) -> None:
    values = np.zeros((4, 4, 4), np.uint8)
    values[1, 1, 1:3] = 1
    assert interpolated(values, 1, 2, grid_of((4, 4, 4))) is None
    assert interpolated(values, 3, 2, grid_of((4, 4, 4))) is None


def test_a_disc_that_shifts_farther_than_its_size_stays_whole(grid_of: GridOf) -> None:
    values = np.zeros((5, 41, 41), np.uint8)
    values[0][_disc(4, 12, 12)] = 1
    values[4][_disc(4, 12, 22)] = 1
    filled = _filled(values, 0, grid_of)
    middle = np.argwhere(filled[2]).mean(axis=0)
    assert middle == pytest.approx((12, 17), abs=0.3)
    assert filled[2].sum() == pytest.approx(_disc(4, 12, 12).sum(), rel=0.15)


def test_parts_go_to_their_own_partners(grid_of: GridOf) -> None:
    values = np.zeros((5, 41, 41), np.uint8)
    values[0] = _disc(4, 8, 8) | _disc(4, 30, 30)
    values[4] = _disc(4, 8, 12) | _disc(4, 30, 26)
    filled = _filled(values, 0, grid_of)
    assert filled[2, 8, 10]
    assert filled[2, 30, 28]
    assert not filled[2, 15:24].any()


def test_a_part_without_a_partner_ends_half_way(grid_of: GridOf) -> None:
    values = np.zeros((9, 41, 41), np.uint8)
    values[0] = _disc(5, 8, 8) | _disc(5, 30, 30)
    values[8] = _disc(5, 8, 8)
    filled = _filled(values, 0, grid_of)
    ended = [int(filled[k, 22:, 22:].sum()) for k in range(1, 8)]
    assert ended[0] > ended[1] > ended[2] > 0
    assert ended[3:] == [0, 0, 0, 0]
    assert all(filled[k, 8, 8] for k in range(1, 8))


def test_one_part_that_splits_stays_connected_to_both(grid_of: GridOf) -> None:
    values = np.zeros((5, 41, 41), np.uint8)
    values[0] = _disc(9, 20, 20)
    values[4] = _disc(4, 13, 20) | _disc(4, 27, 20)
    filled = _filled(values, 0, grid_of)
    assert filled[3, 13, 20]
    assert filled[3, 27, 20]
    assert filled[1, 20, 20]


def test_distances_are_in_mm(grid_of: GridOf) -> None:
    # voxels twice as long along j: the same shape in mm has half as many of them
    values = np.zeros((3, 41, 41), np.uint8)
    i, j = np.ogrid[:41, :41]
    values[0] = (i - 20.0) ** 2 + (2 * (j - 20.0)) ** 2 <= 6**2
    values[2] = (i - 20.0) ** 2 + (2 * (j - 20.0)) ** 2 <= 14**2
    area = interpolated(values, 1, 0, grid_of((3, 41, 41), (1.0, 1.0, 2.0)))
    assert area is not None
    wanted = (i - 20.0) ** 2 + (2 * (j - 20.0)) ** 2 <= 10**2
    assert (area.on_grid((3, 41, 41))[1] ^ wanted).sum() < 0.12 * wanted.sum()

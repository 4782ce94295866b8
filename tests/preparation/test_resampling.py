"""Masks come back on thick and oblique series: in place, none lost, none added."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from brainseg_gui.imaging.grid import Grid
from brainseg_gui.preparation.resampling import labels_on

SHAPE = (40, 44, 36)


def mm(shape: tuple[int, int, int]) -> Grid:
    return Grid(shape, np.eye(4))


def test_the_same_grid_gives_the_same_mask() -> None:
    values = np.random.default_rng(0).integers(0, 4, SHAPE).astype(np.uint8)
    assert np.array_equal(labels_on(values, mm(SHAPE), mm(SHAPE)), values)


@pytest.mark.parametrize("first", [7, 8, 9, 10, 11])
def test_a_lesion_thinner_than_a_slice_is_kept_wherever_it_lies(first: int) -> None:
    values = np.zeros(SHAPE, np.uint8)
    values[10:20, 10:20, first : first + 3] = 3  # 3 mm, in slices of 5
    affine = np.diag([1.0, 1.0, 5.0, 1.0])
    affine[2, 3] = 2.0  # the first slice's middle: it covers the planes 0 to 4
    back = labels_on(values, mm(SHAPE), Grid((40, 44, 7), affine))
    inside = np.array([np.count_nonzero(np.arange(first, first + 3) // 5 == number) for number in range(7)])
    assert np.array_equal(back[15, 15] == 3, inside == inside.max())
    assert np.count_nonzero(back) == 100


def test_a_speck_does_not_grow_to_a_slice() -> None:
    values = np.zeros(SHAPE, np.uint8)
    values[10, 10, 8] = 3
    affine = np.diag([1.0, 1.0, 5.0, 1.0])
    affine[2, 3] = 2.0
    assert not labels_on(values, mm(SHAPE), Grid((40, 44, 7), affine)).any()


def test_a_stroke_on_one_slice_is_kept_where_it_fills_most() -> None:
    values = np.zeros(SHAPE, np.uint8)
    values[5:17, 10:14, 8] = 3
    affine = np.diag([1.0, 1.0, 5.0, 1.0])
    affine[2, 3] = 2.0
    found = labels_on(values, mm(SHAPE), Grid((40, 44, 7), affine))
    assert np.array_equal(np.unique(np.argwhere(found)[:, 2]), [1])
    assert np.array_equal(found[:, :, 1] == 3, values[:, :, 8] == 3)


@pytest.mark.parametrize("label", [0, 2])
def test_a_mask_that_fills_none_of_a_grid_or_touches_its_edge_comes_back(label: int) -> None:
    values = np.zeros((6, 6, 6), np.uint8)
    values[:2, 4:, 5:] = label
    assert np.array_equal(labels_on(values, mm((6, 6, 6)), mm((6, 6, 6))), values)


def test_of_several_labels_the_one_that_fills_most_wins() -> None:
    values = np.zeros((4, 4, 5), np.uint8)
    values[..., :2], values[..., 2:4] = 1, 2
    values[0, 0, 4], values[1, 1, 4] = 1, 2
    affine = np.diag([1.0, 1.0, 5.0, 1.0])
    affine[2, 3] = 2.0
    back = labels_on(values, mm((4, 4, 5)), Grid((4, 4, 1), affine))
    assert back[0, 0, 0] == 1
    assert back[1, 1, 0] == 2


def test_a_mask_comes_through_an_oblique_series_and_back() -> None:
    i, j, k = np.indices(SHAPE) - np.array([19.5, 21.5, 17.5])[:, None, None, None]
    values = (i**2 / 81 + j**2 / 100 + k**2 / 64 < 1).astype(np.uint8)
    affine = np.eye(4)
    affine[:3, :3] = Rotation.from_euler("xyz", (12, -7, 20), degrees=True).as_matrix() * (0.9, 0.9, 2.5)
    affine[:3, 3] = np.array([19.5, 21.5, 17.5]) - affine[:3, :3] @ (29.5, 29.5, 11.5)
    oblique = Grid((60, 60, 24), affine)
    there = labels_on(values, mm(SHAPE), oblique)
    back = labels_on(there, oblique, mm(SHAPE))
    assert np.count_nonzero(there) * 0.9 * 0.9 * 2.5 == pytest.approx(np.count_nonzero(values), rel=0.02)
    assert 2 * np.count_nonzero(values & back) / (values.sum() + back.sum()) > 0.93

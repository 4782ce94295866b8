"""Islands, smoothing, growing and shrinking, label algebra."""

from __future__ import annotations

import numpy as np
import pytest

from brainseg_gui.annotation.tools import algebra, islands, morphology
from brainseg_gui.annotation.tools.algebra import Operation
from brainseg_gui.errors import BrainsegError
from brainseg_gui.imaging.grid import Grid
from brainseg_gui.imaging.labelling.known_schemes import scheme_named
from brainseg_gui.imaging.labels import LabelMap

UNIT = (1.0, 1.0, 1.0)


def _three_islands() -> np.ndarray:
    values = np.zeros((12, 6, 6), np.uint8)
    values[0:3, 0, 0] = 2  # 3 voxels
    values[5:10, 3, 3] = 2  # 5 voxels, touched by a 4 at its corner
    values[10, 4, 4] = 4
    values[0, 5, 5] = 2  # 1 voxel
    return values


def test_all_but_the_largest() -> None:
    values = _three_islands()
    area = islands.but_the_largest(values, 2)
    assert area is not None
    assert area.voxels == 4
    assert not (area.on_grid((12, 6, 6)) & (values != 2)).any()
    together = islands.but_the_largest(values, islands.ALL_LABELS)
    assert together is not None
    assert together.voxels == 4  # the 4 hangs on the largest by a corner
    faces = islands.but_the_largest(values, islands.ALL_LABELS, connectivity=6)
    assert faces is not None
    assert faces.voxels == 5


def test_the_largest_alone_leaves_nothing_to_remove() -> None:
    values = np.zeros((4, 4, 4), np.uint8)
    values[1:3] = 1
    assert islands.but_the_largest(values, 1) is None
    assert islands.but_the_largest(values, 2) is None


@pytest.mark.parametrize(("voxels", "removed"), [(1, 0), (2, 1), (3, 1), (4, 4), (6, 9)])
def test_islands_smaller_than_a_size(voxels: int, removed: int) -> None:
    area = islands.smaller_than(_three_islands(), 2, voxels)
    assert (area.voxels if area is not None else 0) == removed


def test_a_size_in_ml_is_rounded_up() -> None:
    grid = Grid((4, 4, 4), np.diag([1.0, 1.0, 3.0, 1.0]))  # 0.003 ml
    assert islands.voxels_in(0.03, grid) == 10
    assert islands.voxels_in(0.031, grid) == 11


def test_the_island_under_the_cursor() -> None:
    values = _three_islands()
    area = islands.island_at(values, (6, 3, 3))
    assert area is not None
    assert area.voxels == 5
    together = islands.island_at(values, (6, 3, 3), any_label=True)
    assert together is not None
    assert together.voxels == 6
    assert islands.island_at(values, (11, 0, 0)) is None


def test_growth_is_in_mm_on_thick_slices() -> None:
    values = np.zeros((9, 9, 5), np.uint8)
    values[4, 4, 2] = 1
    area = morphology.growth(values, 1, 3.0, (1.0, 1.0, 3.0))
    assert area is not None
    # in the plane the disc of radius 3 has 29 voxels, one of them there already; above and below one each
    assert area.mask.sum(axis=(0, 1)).tolist() == [1, 28, 1]


def test_shrinking_takes_off_a_shell_but_not_at_the_edge_of_the_grid() -> None:
    values = np.zeros((6, 7, 7), np.uint8)
    values[0:4, 1:6, 1:6] = 3
    area = morphology.shrinkage(values, 3, 1.0, UNIT)
    assert area is not None
    left = (values == 3) & ~area.on_grid((6, 7, 7))
    assert left.sum() == 3 * 3 * 3
    assert left[0, 3, 3]
    assert morphology.shrinkage(np.full((3, 3, 3), 3, np.uint8), 3, 1.0, UNIT) is None


def test_growing_and_then_shrinking_a_block_gives_it_back() -> None:
    values = np.zeros((12, 12, 12), np.uint8)
    values[4:8, 4:8, 4:8] = 1
    grown = morphology.growth(values, 1, 1.0, UNIT)
    assert grown is not None
    bigger = values.copy()
    bigger[grown.slab][grown.mask] = 1
    lost = morphology.shrinkage(bigger, 1, 1.0, UNIT)
    assert lost is not None
    assert (bigger - lost.on_grid((12, 12, 12)) == values).all()


def test_smoothing_fills_a_dent_and_takes_off_a_spike() -> None:
    values = np.zeros((11, 11, 11), np.uint8)
    values[3:8, 3:8, 3:8] = 2
    values[5, 5, 3] = 0  # a dent
    values[5, 5, 8:10] = 2  # a spike
    change = morphology.smoothed(values, 2, 1.0, UNIT)
    assert change is not None
    after = values.copy()
    np.copyto(after[change.slab], change.labels, where=change.mask)
    assert after[5, 5, 3] == 2
    assert after[5, 5, 9] == after[5, 5, 8] == 0
    assert after[5, 5, 5] == 2


def test_what_a_smoothed_label_loses_goes_to_its_neighbour() -> None:
    values = np.full((9, 9, 9), 1, np.uint8)
    values[4, 4, 4] = 4
    change = morphology.smoothed(values, 4, 1.0, UNIT)
    assert change is not None
    assert change.slab == (slice(4, 5),) * 3
    assert change.labels.item() == 1


def test_smoothing_one_label_leaves_the_others() -> None:
    random = np.random.default_rng(2)
    values = random.integers(0, 4, (10, 10, 10), dtype=np.uint8)
    change = morphology.smoothed(values, 2, 1.0, UNIT)
    assert change is not None
    before, after = values[change.slab][change.mask], change.labels[change.mask]
    assert ((before == 2) | (after == 2)).all()


def test_a_straight_border_is_smooth_already() -> None:
    values = np.zeros((10, 10, 10), np.uint8)
    values[:5] = 1
    values[5:] = 2
    assert morphology.smoothed(values, None, 1.0, UNIT) is None


@pytest.mark.parametrize(
    ("operation", "expected"),
    [
        (Operation.UNION, [1, 1, 1, 0, 4]),
        (Operation.INTERSECTION, [0, 1, 0, 0, 4]),
        (Operation.DIFFERENCE, [1, 0, 0, 0, 4]),
        (Operation.EXCLUSIVE, [1, 0, 1, 0, 4]),
    ],
)
def test_boolean_operations(operation: Operation, expected: list[int]) -> None:
    values = np.array([1, 1, 0, 0, 4], np.uint8).reshape(5, 1, 1)
    other = np.array([0, 1, 1, 0, 0], bool).reshape(5, 1, 1)
    change = algebra.combined(values, 1, other, operation)
    assert change is not None
    np.copyto(values[change.slab], change.labels, where=change.mask)
    assert values.ravel().tolist() == expected


def test_labels_are_renamed_exchanged_and_joined() -> None:
    values = np.array([0, 1, 2, 4], np.uint8).reshape(4, 1, 1)

    def after(change: algebra.LabelChange | None) -> list[int]:
        result = values.copy()
        if change is not None:
            np.copyto(result[change.slab], change.labels, where=change.mask)
        return result.ravel().tolist()

    assert after(algebra.relabelled(values, 4, 3)) == [0, 1, 2, 3]
    assert after(algebra.swapped(values, 1, 4)) == [0, 4, 2, 1]
    assert after(algebra.merged(values, [1, 4], 2)) == [0, 2, 2, 2]
    assert after(algebra.replaced(values, values[::-1])) == [4, 2, 1, 0]
    assert algebra.relabelled(values, 7, 3) is None
    assert algebra.replaced(values, values) is None


def test_a_layer_of_another_scheme_is_translated_by_meaning() -> None:
    grid = Grid((1, 1, 4), np.eye(4))
    values = np.array([[[0, 1, 2, 3]]], np.uint8)  # BraTS 2023: NCR, ED, ET
    labels = LabelMap(values, grid, scheme_named("brats2023"))
    assert algebra.translated(labels, scheme_named("brats2020")).ravel().tolist() == [0, 1, 2, 4]
    assert algebra.translated(labels, scheme_named("msd")).ravel().tolist() == [0, 2, 1, 3]
    unknown = LabelMap(np.array([[[0, 9, 0, 0]]], np.uint8), grid, scheme_named("brats2023"))
    with pytest.raises(BrainsegError, match="number 9 means nothing"):
        algebra.translated(unknown, scheme_named("msd"))

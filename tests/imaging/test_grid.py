"""Grids: places, differences in words, and masks that come from another grid."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from brainseg_gui.errors import GridMismatchError
from brainseg_gui.imaging.formats.reading import read_label_map
from brainseg_gui.imaging.grid import Grid, StoredGrid, is_singular
from brainseg_gui.imaging.labelling.known_schemes import scheme_named
from brainseg_gui.imaging.regrid import regridded
from brainseg_gui.imaging.regrid_policy import RegridPolicy
from brainseg_gui.imaging.volume import Volume

HERE = Path("mask.nii.gz")


def labels_on_grid(values: np.ndarray, own: Grid, target: Grid, path: Path, *, resample: bool) -> np.ndarray:
    stored = (StoredGrid(grid.shape, grid.affine) for grid in (own, target))
    return regridded(values, *stored, path, RegridPolicy.NEAREST if resample else RegridPolicy.STRICT).values


def _grid(
    shape: tuple[int, int, int] = (10, 12, 14),
    spacing: tuple[float, float, float] = (1, 1, 1),
    origin: tuple[float, float, float] = (0, 0, 0),
) -> Grid:
    affine = np.diag([*spacing, 1.0]).astype(float)
    affine[:3, 3] = origin
    return Grid(shape, affine)


def test_places_and_sizes_of_an_oblique_grid() -> None:
    """Axes turned by 90° about z and stretched: i steps 2 mm anterior, j steps 3 mm left, k steps 4 mm up."""
    grid = Grid((5, 6, 7), np.array([[0, -3, 0, 10], [2, 0, 0, 20], [0, 0, 4, 30], [0, 0, 0, 1]], float))
    assert grid.spacing_mm == (2.0, 3.0, 4.0)
    assert grid.voxel_ml == pytest.approx(0.024)
    assert grid.to_world((1, 1, 1)) == (7.0, 22.0, 34.0)
    assert grid.centre == (2, 3, 3)


def test_positions_are_clipped_to_the_nearest_voxel() -> None:
    assert _grid().clip((-3.0, 5.4, 99.0)) == (0, 5, 13)


@pytest.mark.parametrize(
    ("other", "words"),
    [
        (_grid(), ""),
        (_grid(origin=(0.009, 0, 0)), ""),
        (_grid(shape=(10, 12, 15)), "it has 10×12×15 voxels instead of 10×12×14"),
        (_grid(spacing=(1, 1, 3)), "its voxels measure 1×1×3 mm instead of 1×1×1 mm"),
        (_grid(origin=(0, -2.5, 0)), "it lies up to 2.50 mm away in the patient"),
    ],
)
def test_differences_are_told_in_words(other: Grid, words: str) -> None:
    assert _grid().difference_to(other) == words
    assert _grid().same_as(other) == (words == "")


def test_a_turned_grid_of_the_same_spacing_differs() -> None:
    angle = np.deg2rad(10)
    affine = np.eye(4)
    affine[:2, :2] = [[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]
    # the corner (9, 11, z) moves by 2·sin(5°)·√(9² + 11²) = 2.4775 mm, along y by 1.396 mm and along x by 2.047 mm
    assert _grid().difference_to(Grid((10, 12, 14), affine)) == "it lies up to 2.05 mm away in the patient"


@pytest.mark.parametrize("spacing", [0.001, 5.0])
def test_a_grid_of_any_spacing_has_an_orientation(spacing: float) -> None:
    assert StoredGrid((3, 3, 3), np.diag([spacing, -spacing, spacing, 1.0])).codes == "RPS"


def test_numbers_next_to_zero_are_singular_and_no_warning() -> None:
    affine = np.eye(4)
    affine[:3, :3] = [[0, 1, 0], [1e-320, 0, 0], [0, 0, 1]]
    assert is_singular(affine)
    assert is_singular(np.full((4, 4), np.nan))
    assert not is_singular(np.eye(4))


def test_a_singular_grid_is_refused() -> None:
    with pytest.raises(ValueError, match="singular"):
        StoredGrid((3, 3, 3), np.diag([1.0, 0.0, 1.0, 1.0]))


def test_a_mask_on_the_same_grid_is_not_copied() -> None:
    values = np.zeros((10, 12, 14), np.uint8)
    assert labels_on_grid(values, _grid(), _grid(origin=(0.001, 0, 0)), HERE, resample=False) is values


def test_a_mask_on_another_grid_is_refused_with_its_difference() -> None:
    with pytest.raises(GridMismatchError, match="10×12×14 voxels instead of 10×12×15") as caught:
        labels_on_grid(np.zeros((10, 12, 14), np.uint8), _grid(), _grid(shape=(10, 12, 15)), HERE, resample=False)
    assert caught.value.path == HERE
    assert "resampled" in caught.value.remedy


def test_nearest_neighbour_keeps_labels_and_places() -> None:
    values = np.zeros((4, 4, 4), np.uint8)
    values[1, 2, 3] = 4
    fine = Grid((8, 8, 8), np.diag([0.5, 0.5, 0.5, 1.0]) + 0.0)
    fine.affine[:3, 3] = -0.25  # the outer edges of both grids coincide
    moved = labels_on_grid(values, Grid((4, 4, 4), np.eye(4)), fine, HERE, resample=True)
    expected = np.zeros((8, 8, 8), np.uint8)
    expected[2:4, 4:6, 6:8] = 4
    np.testing.assert_array_equal(moved, expected)


def test_the_edge_voxels_reach_as_far_as_their_edges() -> None:
    """A grid shifted by 0.4 voxels: the nearest voxel of the outermost one still is the edge voxel."""
    values = np.full((4, 4, 4), 2, np.uint8)
    for shift in (-0.4, 0.4):
        moved = labels_on_grid(values, _grid((4, 4, 4)), _grid((4, 4, 4), origin=(shift,) * 3), HERE, resample=True)
        assert (moved == 2).all()


def test_outside_of_a_mask_is_background() -> None:
    values = np.full((4, 4, 4), 2, np.uint8)
    moved = labels_on_grid(values, _grid((4, 4, 4)), _grid((4, 4, 4), origin=(2, 0, 0)), HERE, resample=True)
    assert (moved[:2] == 2).all()
    assert not moved[2:].any()


def test_a_mask_file_is_resampled_only_when_allowed(write_nifti: Any) -> None:
    values = np.zeros((4, 5, 6), np.uint8)
    values[1, 2, 3] = 4
    path = write_nifti(values, np.diag([-1.0, -1.0, 1.0, 1.0]))  # RAS grid from (-3, -4, 0) to (0, 0, 5)
    grid = Grid((4, 5, 7), np.array([[1, 0, 0, -3], [0, 1, 0, -4], [0, 0, 1, -1], [0, 0, 0, 1]], float))
    scheme = scheme_named("brats2020")
    with pytest.raises(GridMismatchError):
        read_label_map(path, grid, scheme)
    labels = read_label_map(path, grid, scheme, resample=True)
    assert np.argwhere(labels.values).tolist() == [[2, 2, 4]]  # world (-1, -2, 3)
    assert labels.present() == (4,)


def test_a_volume_on_another_grid_is_linear_with_background_outside() -> None:
    stored = np.full((4, 4, 4), -5, np.int16)
    stored[1:3, 1:3, 1:3] = 95
    volume = Volume(stored, _grid((4, 4, 4)), 2.0, 1.0, HERE)  # background −9, inside 191
    half = volume.on_grid(_grid((4, 4, 4), origin=(0.5, 0, 0)))
    assert half.stored.dtype == np.float32
    assert half.value_at((0, 1, 1)) == pytest.approx((-9 + 191) / 2)
    assert half.value_at((1, 1, 1)) == pytest.approx(191)
    assert half.value_at((3, 0, 0)) == pytest.approx(-9)
    far = volume.on_grid(_grid((4, 4, 4), origin=(50, 0, 0)))
    np.testing.assert_allclose(far.stored, -9)


def test_a_volume_on_an_equal_grid_keeps_its_edges() -> None:
    """Rounding in the product of two affines must not push the last slice outside."""
    stored = np.arange(1, 5 * 6 * 7 + 1, dtype=np.int16).reshape(5, 6, 7)
    affine = np.diag([0.9375, 1.1, 1.3, 1.0])
    affine[:3, 3] = (-119.53125, 17.3, 3.7)
    volume = Volume(stored, Grid((5, 6, 7), affine), 1.0, 0.0, HERE)
    np.testing.assert_allclose(volume.on_grid(Grid((5, 6, 7), affine * (1 + 1e-12))).stored, stored, rtol=1e-5)

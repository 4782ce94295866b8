"""Images at several resolutions show everything where it is."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import SimpleITK

from brainseg_gui.imaging.grid import Affine, Grid
from brainseg_gui.imaging.volume import Volume
from brainseg_gui.preparation.registration.pyramid import itk_image, placed, points_of, thinned
from tests.preparation.heads import grid_of
from tests.preparation.test_registration import motion

TURNED = motion((4, 7, 3), (11.3, -20.7, 5.1))


def world_ras(image: SimpleITK.Image) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    return points_of(image * 0 + 1, most=image.GetNumberOfPixels())


@pytest.mark.parametrize("factors", [(2, 2, 1), (3, 2, 1), (4, 3, 2), (1, 1, 1)])
@pytest.mark.parametrize("moved_mm", [0.0, 1e-5, -1e-5])
@pytest.mark.parametrize("turn", [np.eye(4), TURNED])
def test_thinned_voxels_lie_where_they_were(factors: tuple[int, int, int], moved_mm: float, turn: Affine) -> None:
    grid = grid_of((13, 16, 8), (0.9, 0.9, 5.5), turn)
    affine = grid.affine + np.pad(np.full((3, 1), moved_mm), ((0, 1), (3, 0)))
    places = np.moveaxis(np.indices(grid.shape), 0, -1) @ affine[:3, :3].T + affine[:3, 3]
    for axis in range(3):
        few = thinned(placed(places[..., axis].astype(np.float32), Grid(grid.shape, affine)), factors)
        values = SimpleITK.GetArrayFromImage(few).ravel()
        assert values == pytest.approx(world_ras(few)[:, axis], abs=1e-4)


def test_voxels_at_slanted_angles_are_squared_and_keep_their_sizes() -> None:
    affine = TURNED @ np.diag([1.0, 1.0, 5.0, 1.0])
    affine[:3, 2] += 0.6 * affine[:3, 1]  # a gantry that was tilted by 7°
    grid = Grid((40, 40, 12), affine)
    values = np.zeros(grid.shape, np.int16)
    values[18:22, 10:14, 5:7] = 100
    image = itk_image(Volume(values, grid, 1.0, 0.0, Path("tilted.nii.gz")))
    assert image.GetSpacing() == pytest.approx(grid.spacing_mm)
    assert image.GetNumberOfPixels() < 1.5 * values.size
    weights = SimpleITK.GetArrayFromImage(image).ravel()
    middle = affine[:3, :3] @ (19.5, 11.5, 5.5) + affine[:3, 3]
    assert weights @ world_ras(image) / weights.sum() == pytest.approx(middle, abs=0.2)

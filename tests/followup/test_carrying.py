"""The mask of one visit read and laid on the voxels of another, each on its own grid."""

from __future__ import annotations

from pathlib import Path

import nibabel as nib
import numpy as np
import pytest

from brainseg_gui.errors import CaseError
from brainseg_gui.followup.aligning.carrying import carried_to
from brainseg_gui.followup.visits import time_line_of
from brainseg_gui.imaging.grid import Grid
from brainseg_gui.progress import run_to_end

_AFFINE = np.diag([1.0, 1.0, 1.0, 1.0])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two visits; the first has a cavity of eight voxels beside one enhancing voxel, the second no mask."""
    values = np.zeros((8, 8, 8), dtype=np.uint8)
    values[2:4, 2:4, 2:4], values[5, 2, 2] = 4, 3
    values[6, 2, 2], values[7, 2, 2] = 1, 2  # all four numbers: 4 is a cavity
    for name in ("2021-01-01", "2021-03-01"):
        (tmp_path / "P1" / name).mkdir(parents=True)
        image = nib.Nifti1Image(np.full((8, 8, 8), 50, dtype=np.int16), _AFFINE)
        nib.save(image, tmp_path / "P1" / name / "t1ce.nii.gz")
    nib.save(nib.Nifti1Image(values, _AFFINE), tmp_path / "P1" / "2021-01-01" / "seg.nii.gz")
    return tmp_path / "P1"


def test_a_cavity_comes_along_and_the_other_grid_is_kept(folder: Path) -> None:
    visits = time_line_of(folder).visits
    target = Grid((16, 8, 8), np.diag([0.5, 1.0, 1.0, 1.0]))  # voxel i begins at i / 2 mm
    way = np.eye(4)
    way[0, 3] = 2.0  # what lay at R 2 mm lies at R 4 mm on the other visit
    found = run_to_end(carried_to(visits, {0: folder / "2021-01-01" / "seg.nii.gz"}, 0, target, way))
    assert found.grid == target
    cavity = next(value for value, meaning in found.scheme.labels.items() if meaning == "RC")
    assert {tuple(place) for place in np.argwhere(found.values == cavity)} <= {
        (i, j, k) for i in range(7, 12) for j in (2, 3) for k in (2, 3)
    }
    assert np.count_nonzero(found.values == cavity) * 0.5 == pytest.approx(8, abs=2)


def test_what_has_no_mask_is_not_carried(folder: Path) -> None:
    visits = time_line_of(folder).visits
    with pytest.raises(CaseError, match="no mask"):
        run_to_end(carried_to(visits, {}, 1, Grid((8, 8, 8), _AFFINE), np.eye(4)))

"""Images of another grid: the numbers of one pass over the whole, in steps that can be stopped."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import pytest
from scipy.ndimage import affine_transform

from brainseg_gui.errors import Cancelled, CaseError
from brainseg_gui.imaging import sampling
from brainseg_gui.imaging.cases import read_case as reading
from brainseg_gui.imaging.cases.case_folder import find_case
from brainseg_gui.imaging.cases.read_case import read_case
from brainseg_gui.imaging.grid import Grid
from brainseg_gui.imaging.sampling import sampled
from brainseg_gui.imaging.volume import Volume
from brainseg_gui.progress import run_to_end

OBLIQUE = np.array([[0.9, 0.1, 0, -3], [-0.1, 0.9, 0.05, 2], [0, -0.05, 1.1, 1], [0, 0, 0, 1]])
GRIDS = {
    "coarser": Grid((11, 7, 5), np.diag([2.0, 2, 2, 1])),
    "finer": Grid((60, 48, 32), np.diag([0.5, 0.5, 0.5, 1])),
    "oblique": Grid((20, 22, 18), OBLIQUE),
    "of one plane": Grid((1, 24, 16), np.diag([1.0, 1, 1, 1])),
    "beside it": Grid((9, 9, 9), np.diag([1.0, 1, 1, 1]) + np.eye(4, k=3) * 500),
}


def volume(dtype: Any, slope: float = 1.0) -> Volume:
    values = np.random.default_rng(0).integers(1, 250, (30, 24, 16)).astype(dtype)
    return Volume(values, Grid((30, 24, 16), np.diag([1.0, 1, 1, 1])), slope, 0.0, Path("t1.nii.gz"))


def in_one_pass(source: Volume, grid: Grid) -> np.ndarray:
    to_source = np.linalg.inv(source.grid.affine) @ grid.affine
    outside = source.scaled(source.background)
    given = {"output_shape": grid.shape, "order": 1, "mode": "grid-constant", "cval": outside}
    return affine_transform(source.intensities(), to_source[:3, :3], to_source[:3, 3], **given)


@pytest.mark.parametrize("planes", [1, 3, 10_000])
@pytest.mark.parametrize(
    ("dtype", "slope"), [("u1", 1.0), ("<i2", 1.0), (">i2", 1.0), ("f4", 1.0), ("f8", 1.0), ("i2", 0.3)]
)
@pytest.mark.parametrize("name", GRIDS)
def test_in_slabs_it_is_what_it_is_in_one_pass(
    name: str, dtype: str, slope: float, planes: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    grid = GRIDS[name]
    monkeypatch.setattr(sampling, "_SLAB_VOXELS", planes * grid.shape[1] * grid.shape[2])
    source = volume(dtype, slope)
    # the place of a plane is one sum instead of another: beyond the twelfth digit
    np.testing.assert_allclose(source.on_grid(grid).stored, in_one_pass(source, grid), rtol=1e-6, atol=1e-6)


def test_it_stops_between_two_slabs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sampling, "_SLAB_VOXELS", 1)
    source, asked = volume("u1"), []

    def third_time() -> bool:
        asked.append(True)
        return len(asked) == 3

    with pytest.raises(Cancelled):
        sampled(source.stored, source.grid, GRIDS["finer"], 0.0, third_time)
    assert len(asked) == 3


@pytest.fixture
def fine_and_coarse(toy_case: Any, tmp_path: Path) -> Path:
    """A case whose T1 has half of the planes of the others."""
    folder = Path(toy_case(tmp_path))
    path = next(p for p in folder.iterdir() if p.name.endswith("_t1.nii.gz"))
    image = nib.load(path)
    nib.save(nib.Nifti1Image(np.asarray(image.dataobj)[:, :, ::2], image.affine @ np.diag([1, 1, 2, 1])), path)
    return folder


def test_a_case_is_left_while_its_images_are_resampled(fine_and_coarse: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stopped = []

    def long(self: Volume, grid: Grid, should_stop: Any = None) -> Volume:
        while not should_stop():
            time.sleep(0.005)
        stopped.append(True)
        raise Cancelled

    monkeypatch.setattr(Volume, "on_grid", long)
    work = read_case(find_case(fine_and_coarse))
    stages = [next(work).stage]
    while stages[-1] != "resampling":
        stages.append(next(work).stage)
    next(work)
    work.close()
    assert stopped


def test_images_that_would_not_fit_on_the_finest_grid_are_refused(
    fine_and_coarse: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "usable_bytes", lambda: 1000.0)
    with pytest.raises(CaseError, match=r"on the finest, 24×28×20, they need 0 MiB of memory, and 0 MiB can be used"):
        run_to_end(read_case(find_case(fine_and_coarse)))
    monkeypatch.undo()
    assert len(run_to_end(read_case(find_case(fine_and_coarse))).volumes) == 4

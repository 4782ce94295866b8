"""Some slices of a head or of a brain without its skull: told apart by what lies at their edge."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
from numpy.typing import NDArray

from brainseg_gui.imaging.grid import Grid
from brainseg_gui.imaging.volume import Volume
from brainseg_gui.preparation.heads.slab import inward_profile, is_slab, shows_scalp
from brainseg_gui.preparation.looking import bare_brain
from brainseg_gui.preparation.needs import has_skull
from tests.preparation.heads import T1CE, T2, brain, grid_of, head

GRID = grid_of((88, 108, 40), (2.0, 2.0, 5.0))
COUNTS = (3, 5, 10, 20)


def slab(volume: Volume, stored: NDArray[np.generic], first: int, count: int, axis: int = 2) -> Volume:
    part = [slice(None)] * 3
    part[axis] = slice(first, first + count)
    cut = stored[tuple(part)]
    return replace(volume, stored=cut, grid=Grid((cut.shape[0], cut.shape[1], cut.shape[2]), volume.grid.affine))


@pytest.mark.parametrize("count", COUNTS)
@pytest.mark.parametrize("contrast", [T1CE, T2])
def test_slabs_of_a_head_are_no_brains_and_slabs_of_a_brain_are(contrast: int, count: int) -> None:
    whole = head(GRID, contrast)
    clean = np.where(whole.stored > 8, whole.stored, 0)  # as scanners that cut noise off leave the air
    bare = np.where(brain(GRID), whole.stored, 0)
    for first in (8, 14, 20):
        for stored in (clean, whole.stored):
            cut = slab(whole, stored, first, count)
            assert is_slab(cut)
            assert bare_brain(cut) is None
        assert has_skull(slab(whole, clean, first, count))
        cut = slab(whole, bare, first, count)
        found = bare_brain(cut)
        assert found is not None
        assert np.array_equal(found, cut.stored != 0)
        assert not has_skull(cut)


def test_slices_may_lie_across_any_axis() -> None:
    whole = head(grid_of((60, 108, 100), (5.0, 2.0, 2.0)), T1CE)
    clean = np.where(whole.stored > 8, whole.stored, 0)
    assert shows_scalp(slab(whole, clean, 28, 4, axis=0))
    assert not is_slab(whole)


def test_brightness_from_the_edge_inwards_is_told_by_rings() -> None:
    """A disc of 1 within a ring of 0.5 within one of 2, each 6 mm wide."""
    i, j, _ = np.indices((60, 60, 3)) - 29.5
    away = 2.0 * np.hypot(i, j)
    image = np.where(away < 44, 1.0, np.where(away < 50, 0.5, np.where(away < 56, 2.0, 0.0))).astype(np.float32)
    profile = inward_profile(image, 0.1, (2.0, 2.0, 5.0))
    assert profile[1] == pytest.approx(2.0)
    assert profile[3] == pytest.approx(0.5)
    assert profile[8] == pytest.approx(1.0)
    assert not inward_profile(np.zeros_like(image), 0.1, (2.0, 2.0, 5.0)).size


@pytest.mark.parametrize("series", ["t1", "t1c", "t2", "fla"])
def test_slabs_of_a_patient(shared_folder: Path, series: str) -> None:
    raw = shared_folder / "raw" / "TCGA-FG-6692"
    image = nib.load(next((raw / "native").glob(f"*_{series}.nii.gz")))
    mask = nib.load(next((raw / "reference").glob(f"*_hdbet_mask_native_{series}.nii.gz")))
    values = np.asarray(image.dataobj).astype(np.float32)
    clean = np.where(values > 0.1 * np.percentile(values, 95), values, 0)
    bare = np.where(np.asarray(mask.dataobj) > 0, values, 0)
    shape = (values.shape[0], values.shape[1], values.shape[2])
    volume = Volume(values, Grid(shape, image.affine), 1.0, 0.0, Path("x.nii.gz"))
    for count in (3, 5, 10):
        for first in range(2, 16 - count // 2, 3):
            assert bare_brain(slab(volume, clean, first, count)) is None
            assert bare_brain(slab(volume, bare, first, count)) is not None

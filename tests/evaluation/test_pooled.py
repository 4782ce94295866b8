"""The source recipe's pooled metrics, and the trap in them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from brainseg_gui.errors import GridMismatchError
from brainseg_gui.evaluation.metrics.comparison import compare
from brainseg_gui.evaluation.metrics.pooled import PooledScore, PooledVoxels, pooled
from brainseg_gui.imaging.formats.reading import read_labels
from brainseg_gui.imaging.grid import Grid
from brainseg_gui.imaging.labelling.known_schemes import scheme_named
from brainseg_gui.imaging.labels import LabelMap

MakeLabels = Callable[..., LabelMap]


def _as_written_in_the_recipe(reference: np.ndarray, prediction: np.ndarray) -> PooledScore:
    """dice_coeff, iou and mean_iou over one-hot arrays, as plainly as can be."""
    y, p = (np.eye(4)[classes.ravel()] for classes in (reference, prediction))  # (N,) -> (N, 4)
    both, total = (y * p).sum(), y.sum() + p.sum()
    per_class = [
        ((y[:, c] * p[:, c]).sum() + 1e-6) / (y[:, c].sum() + p[:, c].sum() - (y[:, c] * p[:, c]).sum() + 1e-6)
        for c in range(4)
    ]
    return PooledScore((2 * both + 1e-6) / (total + 1e-6), (both + 1e-6) / (total - both + 1e-6), np.mean(per_class))


def test_numbers_of_a_worked_example(label_map: MakeLabels) -> None:
    # 10 voxels, 7 of one class in both masks: dice_coeff 14/20, iou 7/13
    reference = label_map([0, 0, 0, 0, 0, 0, 1, 2, 4, 4])
    prediction = label_map([0, 0, 0, 0, 0, 2, 1, 4, 4, 0])
    score = pooled(reference, prediction)
    assert score is not None
    assert score.prediction.dice_coeff == pytest.approx(14 / 20, abs=1e-6)
    assert score.prediction.iou == pytest.approx(7 / 13, abs=1e-6)
    # per class: background 5/7, NCR 1/1, ED 0/2, ET 1/3
    assert score.prediction.mean_iou == pytest.approx((5 / 7 + 1 + 0 + 1 / 3) / 4, abs=1e-6)
    # nothing but background: 6 of 10 voxels agree, and only background has any
    assert score.all_background.dice_coeff == pytest.approx(12 / 20, abs=1e-6)
    assert score.all_background.iou == pytest.approx(6 / 14, abs=1e-6)
    assert score.all_background.mean_iou == pytest.approx(6 / 10 / 4, abs=1e-6)


def test_the_counted_form_equals_the_one_hot_form() -> None:
    random = np.random.default_rng(5)
    grid = Grid((9, 8, 7), np.eye(4))
    reference, prediction = (
        LabelMap(random.integers(0, 4, grid.shape, dtype=np.uint8), grid, scheme_named("brats2023")) for _ in range(2)
    )
    score = pooled(reference, prediction)
    assert score is not None
    expected = _as_written_in_the_recipe(reference.values, prediction.values)
    assert vars(score.prediction) == pytest.approx(vars(expected), abs=1e-12)


def test_a_class_in_neither_mask_counts_as_found(label_map: MakeLabels) -> None:
    score = pooled(label_map([0, 0, 2]), label_map([0, 0, 0]))
    assert score is not None
    assert score.prediction.mean_iou == pytest.approx((2 / 3 + 1 + 0 + 1) / 4, abs=1e-6)
    assert score.prediction == score.all_background


def test_predicting_nothing_looks_excellent_while_every_dice_is_zero() -> None:
    """The trap: a tumour of usual size, 1 % of the volume, none of it found."""
    grid = Grid((40, 40, 40), np.eye(4))
    values = np.zeros(grid.shape, dtype=np.uint8)
    values[10:18, 10:18, 10:20] = 2  # 640 of 64,000 voxels
    values[12:16, 12:16, 12:18] = 4
    values[13:15, 13:15, 14:16] = 1
    reference = LabelMap(values, grid, scheme_named("brats2020"))
    nothing = LabelMap(np.zeros_like(values), grid, reference.scheme)
    score = pooled(reference, nothing)
    assert score is not None
    assert score.prediction.dice_coeff == pytest.approx(0.99, abs=1e-6)
    assert score.prediction.iou == pytest.approx(63_360 / 64_640, abs=1e-6)
    assert score.prediction == score.all_background
    assert [row.dice for row in compare(reference, nothing).rows] == [0.0] * 5


def test_the_crop_is_that_of_the_recipe() -> None:
    grid = Grid((240, 240, 155), np.eye(4))
    values = np.zeros(grid.shape, dtype=np.uint8)
    values[:8], values[-8:], values[:, :8], values[:, -8:] = 1, 1, 1, 1
    values[:, :, :6], values[:, :, -5:] = 1, 1
    reference = LabelMap(values, grid, scheme_named("brats2020"))
    nothing = LabelMap(np.zeros_like(values), grid, reference.scheme)
    score = pooled(reference, nothing, PooledVoxels.RECIPE_CROP)
    assert score is not None
    assert score.prediction == PooledScore(1.0, 1.0, 1.0)  # everything that was marked is cropped away
    values[8, 120, 6] = 1
    inside = pooled(reference, nothing, PooledVoxels.RECIPE_CROP)
    assert inside is not None
    assert inside.prediction.dice_coeff == pytest.approx(1 - 1 / (224 * 224 * 144), abs=1e-12)


def test_other_volumes_have_no_crop(label_map: MakeLabels) -> None:
    assert pooled(label_map([0, 1]), label_map([0, 1]), PooledVoxels.RECIPE_CROP) is None


def test_masks_on_different_grids_are_refused(label_map: MakeLabels) -> None:
    with pytest.raises(GridMismatchError):
        pooled(label_map([0, 1]), label_map([0, 1, 1]))


def test_the_published_trap_on_a_real_case(shared_folder: Path) -> None:
    """Nothing but background scores .992 and .984 over the recipe's crop, .994 and .987 over the whole volume."""
    path = shared_folder / "cases" / "BraTS-GLI-00000-000" / "BraTS-GLI-00000-000-seg.nii.gz"
    values, stored = read_labels(path)
    reference = LabelMap(values, stored.grid, scheme_named("brats2023"))
    crop = pooled(reference, reference, PooledVoxels.RECIPE_CROP)
    whole = pooled(reference, reference)
    assert crop is not None
    assert whole is not None
    assert crop.prediction == PooledScore(1.0, 1.0, 1.0)
    assert (round(crop.all_background.dice_coeff, 3), round(crop.all_background.iou, 3)) == (0.992, 0.984)
    assert (round(whole.all_background.dice_coeff, 3), round(whole.all_background.iou, 3)) == (0.994, 0.987)

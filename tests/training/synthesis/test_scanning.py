"""Outline, field of view, scan and storage."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from scipy import ndimage

from training.synthesis.acquisition import AcquisitionPriors, scan
from training.synthesis.anatomy import Tissue
from training.synthesis.brain import Brain
from training.synthesis.outline import OutlinePriors, draw_outline, draw_views, leave_skull
from training.synthesis.storage import StoragePriors, draw_form, store

STILL = AcquisitionPriors(
    thickness_mm=(4.0, 4.0), thick=1.0, blur_mm=(0.01, 0.01), bias=(0.0, 0.0), gamma=(1.0, 1.0), noise=(0.0, 0.0),
    slice_axes=(0.0, 0.0, 1.0),
)  # fmt: skip


def _box(count: int = 40, spacing: float = 1.0) -> Brain:
    shape = (count, count, count)
    fractions = np.zeros((len(Tissue), *shape), np.float32)
    fractions[Tissue.WHITE] = 1.0
    far = np.full(shape, 50.0, np.float32)
    return Brain(fractions, far, far, spacing)


def _scan(image: Any, priors: AcquisitionPriors, spacing: float = 1.0) -> Any:
    box = _box(image.shape[0], spacing)
    return scan(np.random.default_rng(0), image, box, np.zeros(image.shape, np.float32), priors)


def test_thick_slices_blur_along_their_axis_only_and_keep_the_mean() -> None:
    image = np.ones((40, 40, 40), np.float32)
    image[:, :, ::2] = 3.0
    inner = _scan(image, STILL)[5:-5, 5:-5, 8:-8]
    assert inner.mean() == pytest.approx(2.0, rel=0.03)
    assert inner.std() < 0.15
    assert _scan(image, replace(STILL, thick=0.0))[5:-5, 5:-5, 8:-8].std() > 0.5
    across = np.moveaxis(image, 2, 0)
    assert _scan(across, STILL)[8:-8, 5:-5, 5:-5].std() > 0.5


def test_slices_thinner_than_the_grid_change_nothing_at_two_millimetres() -> None:
    image = np.random.default_rng(1).uniform(0.5, 1.5, (24, 24, 24)).astype(np.float32)
    thin = replace(STILL, thickness_mm=(1.5, 1.5))
    np.testing.assert_array_equal(_scan(image, thin, 2.0), _scan(image, replace(thin, thick=0.0), 2.0))
    assert np.abs(_scan(image, replace(thin, thickness_mm=(6.0, 6.0)), 2.0) - image).max() > 0.2


def test_a_moved_scan_is_shifted_by_the_asked_spread() -> None:
    image = np.zeros((40, 40, 40), np.float32)
    image[14:26, 14:26, 14:26] = 1.0
    still = replace(STILL, thick=0.0)
    shifts = []
    for seed in range(12):
        moving = replace(still, moved=1.0, moved_mm=1.0, moved_deg=0.0)
        moved = scan(np.random.default_rng(seed), image, _box(), np.zeros(image.shape, np.float32), moving)
        shifts.append(np.array(ndimage.center_of_mass(moved > 0.5)) - 19.5)
    assert 0.5 < np.std(shifts) < 1.6


def test_noise_and_bias_are_as_strong_as_asked() -> None:
    flat = np.ones((40, 40, 40), np.float32)
    noisy = _scan(flat, replace(STILL, thick=0.0, noise=(0.05, 0.05)))
    assert noisy.std() == pytest.approx(0.05, rel=0.35)
    biased = _scan(flat, replace(STILL, thick=0.0, bias=(0.2, 0.2)))
    assert 0.04 < np.log(biased).std() < 0.3


def test_bumps_and_level_move_the_outline(brain: Brain) -> None:
    rng = np.random.default_rng(0)
    tight = draw_outline(rng, brain, OutlinePriors(level_mm=(3.0, 3.0)))
    wide = draw_outline(rng, brain, OutlinePriors(level_mm=(-1.0, -1.0)))
    assert wide[tight].all()
    assert wide.sum() > 1.15 * tight.sum()
    bumpy = draw_outline(rng, brain, OutlinePriors(level_mm=(1.0, 1.0), bumps_mm=(2.0, 2.0)))
    edge = brain.hull_mm[bumpy & ~ndimage.binary_erosion(bumpy)]
    assert edge.std() > 1.0


def test_bits_of_skull_lie_outside_the_brain_and_are_painted(brain: Brain) -> None:
    rng = np.random.default_rng(1)
    mask = draw_outline(rng, brain, OutlinePriors())
    images = np.full((4, *brain.shape), 0.01, np.float32)
    left = leave_skull(rng, brain, mask, images, OutlinePriors(leftover=1.0))
    bits = left & ~mask
    assert left[mask].all()
    assert bits.sum() > 100
    assert brain.hull_mm[bits].max() <= 0.5
    assert np.median(images[:, bits]) > 0.15
    assert (leave_skull(rng, brain, mask, images, OutlinePriors()) == mask).all()


def test_a_truncated_view_lacks_a_slab_of_the_brain() -> None:
    mask = np.zeros((40, 40, 40), bool)
    mask[4:36, 4:36, 4:36] = True
    priors = OutlinePriors(truncated=1.0, truncated_mm=(6.0, 12.0), truncated_alone=0.0)
    for seed in range(10):
        views = draw_views(np.random.default_rng(seed), mask, priors, 1.0)
        assert all((view == views[0]).all() for view in views)
        lost = mask & ~views[0]
        assert 0.08 < lost.sum() / mask.sum() < 0.5
        thickness = [np.ptp(np.flatnonzero(lost.any(axis=tuple({0, 1, 2} - {axis})))) for axis in range(3)]
        assert min(thickness) < 20  # a slab: thin along one axis
        assert sorted(thickness)[1] == 31  # and as wide as the brain along the others


def test_some_modalities_alone_may_be_truncated() -> None:
    mask = np.ones((20, 20, 20), bool)
    priors = OutlinePriors(truncated=1.0, truncated_alone=1.0)
    counts = {
        sum(not view.all() for view in draw_views(np.random.default_rng(seed), mask, priors, 1.0)) for seed in range(20)
    }
    assert counts == {1, 2}


def test_dark_voxels_of_the_brain_are_stored_above_zero() -> None:
    mask = np.zeros((24, 24, 24), bool)
    mask[4:-4, 4:-4, 4:-4] = True
    stored = store(np.random.default_rng(0), np.zeros(mask.shape, np.float32), mask, "integers", (5.0, 5.0))
    assert stored.dtype == np.int16
    np.testing.assert_array_equal(stored > 0, mask)


def test_every_form_of_storage_keeps_the_order_of_intensities() -> None:
    image = np.random.default_rng(1).uniform(0.1, 3.0, (20, 20, 20)).astype(np.float32)
    mask = np.ones_like(image, bool)
    mask[0] = False
    stored = {
        form: store(np.random.default_rng(0), image, mask, form, (500.0, 500.0))
        for form in ("integers", "large", "negative", "fractions", "zscores")
    }
    order = np.argsort(image[mask])
    for values in stored.values():
        assert (values[~mask] == 0).all()
        assert (np.diff(values[mask][order].astype(float)) >= 0).all()
    assert stored["large"].max() > 10_000
    assert stored["negative"].min() < 0 < stored["negative"][mask].mean()
    assert 0 < stored["fractions"][mask].min() < stored["fractions"].max() == 1.0
    assert stored["zscores"][mask].mean() == pytest.approx(0.0, abs=1e-4)
    assert stored["zscores"][mask].std() == pytest.approx(1.0, abs=1e-3)


def test_forms_are_drawn_as_often_as_asked() -> None:
    rng = np.random.default_rng(0)
    assert draw_form(rng, StoragePriors()) == "integers"
    drawn = [draw_form(rng, StoragePriors(forms=(0.5, 0.0, 0.5, 0.0, 0.0))) for _ in range(60)]
    assert set(drawn) == {"integers", "negative"}

"""Batches: what they hold, and that the same seed and step give the same one."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from brainseg_gui.imaging.modality import Modality
from brainseg_gui.runs.config import Augmentation, Data, Sampling, TrainingConfig
from training.data.cache import Cache, CachedCase
from training.data.cases import check_data
from training.data.order import CaseOrder
from training.recipe import recipe_of

pytestmark = pytest.mark.engine

NO_CHANGE = Augmentation(rotation_deg=0.0, scale=0.0, probability=0.0)
SAMPLING = Sampling(patch=(16, 12, 8), batch=2, foreground=0.5, workers=2)


@pytest.fixture
def entries(cohort: Callable[..., Path], tmp_path: Path) -> list[CachedCase]:
    cases = check_data(Data(train=(str(cohort(3)),), split=0.0), tuple(Modality), 0).training
    cache = Cache(tmp_path / "cache", recipe_of(TrainingConfig(), 4), "float16")
    return [cache.get(case) for case in cases]


def test_a_batch_holds_images_and_one_hot_truth(entries: list[CachedCase]) -> None:
    from training.data.data import Patches

    images, truth = Patches(CaseOrder(entries), SAMPLING.patch, SAMPLING, Augmentation())[0]
    assert images.shape == (2, 16, 12, 8, 4)
    assert truth.shape == (2, 16, 12, 8, 4)
    assert (images.dtype, truth.dtype) == (np.float32, np.uint8)
    assert (truth.sum(axis=-1) == 1).all()


def test_the_channels_of_the_truth_follow_the_network(entries: list[CachedCase]) -> None:
    from training.data.data import Patches

    usual = Patches(CaseOrder(entries), SAMPLING.patch, SAMPLING, None)[3][1]
    turned = Patches(CaseOrder(entries), SAMPLING.patch, SAMPLING, None, channels=("ET", "background", "ED", "NCR"))[3][
        1
    ]
    assert np.array_equal(turned, usual[..., [3, 0, 2, 1]])


def test_a_resumed_run_gets_the_batches_that_would_have_come(entries: list[CachedCase]) -> None:
    from training.data.data import Patches

    whole = Patches(CaseOrder(entries, seed=7), SAMPLING.patch, SAMPLING, Augmentation(), seed=7)
    rest = Patches(CaseOrder(entries, seed=7), SAMPLING.patch, SAMPLING, Augmentation(), seed=7, first_step=5)
    with ThreadPoolExecutor(3) as pool:  # in any thread, in any order
        later = list(pool.map(rest.__getitem__, [2, 0, 1]))
    for batch, step in zip(later, (7, 5, 6), strict=True):
        for found, expected in zip(batch, whole[step], strict=True):
            assert np.array_equal(found, expected)
    other = Patches(CaseOrder(entries), SAMPLING.patch, SAMPLING, Augmentation(), seed=8)
    assert not np.array_equal(other[5][0], whole[5][0])


def test_foreground_patches_hold_tumour_and_lie_inside(entries: list[CachedCase]) -> None:
    from training.data.patch import cut, draw_centre

    entry = entries[0]
    patch = (8, 8, 8)
    for number in range(30):
        centre = draw_centre(entry, patch, 1.0, np.random.default_rng(number))
        labels = cut(entry.labels(), centre, patch)
        assert labels.any()
        assert all(p // 2 <= c <= n - p // 2 for c, n, p in zip(centre, entry.shape, patch, strict=True))
    fractions = [
        cut(entry.labels(), draw_centre(entry, patch, 0.0, np.random.default_rng(n)), patch).any() for n in range(40)
    ]
    assert not all(fractions)


def test_a_patch_larger_than_the_case_is_padded_with_nothing() -> None:
    from training.data.patch import cut

    volume = np.arange(1, 28).reshape(3, 3, 3)
    box = cut(volume, (1, 1, 1), (5, 3, 7))
    assert box.shape == (5, 3, 7)
    assert np.array_equal(box[1:4, :, 2:5], volume)
    assert np.count_nonzero(box) == 27
    assert np.array_equal(cut(volume, (0, 2, 1), (2, 2, 2)), np.pad(volume, 1)[0:2, 2:4, 1:3])
    assert not cut(volume, (9, 9, 9), (2, 2, 2)).any()


def test_whole_volumes_share_one_size_that_the_network_divides(entries: list[CachedCase]) -> None:
    from training.data.data import Patches
    from training.data.patch import patch_size

    whole = replace(SAMPLING, patch=(0, 0, 0), batch=1)
    size = patch_size(whole, entries, 8)
    assert not any(n % 8 for n in size)
    assert all(size[axis] >= max(entry.shape[axis] for entry in entries) for axis in range(3))
    _, truth = Patches(CaseOrder(entries), size, whole, None)[0]
    assert truth[..., 1:].sum() in [int((entry.labels() > 0).sum()) for entry in entries]


def test_an_unreadable_case_is_told_once_and_passed_over(entries: list[CachedCase]) -> None:
    from training.data.data import Patches

    gone = replace(entries[1], folder=Path("/nowhere"))
    said: list[str] = []
    patches = Patches(CaseOrder([entries[0], gone, entries[2]]), SAMPLING.patch, SAMPLING, None, warn=said.append)
    for step in range(4):
        assert patches[step][0].shape == (2, 16, 12, 8, 4)
    assert len(said) == 1
    assert said[0].startswith("Toy_001 cannot be read any more and is passed over")


def test_transplanted_tumours_and_blank_modalities_reach_the_batches(entries: list[CachedCase]) -> None:
    from training.data.data import Patches

    still = replace(NO_CHANGE, flip=0.0)
    size = replace(SAMPLING, patch=(24, 24, 16), batch=1, foreground=0.0)
    usual, mixed, blank = (
        Patches(CaseOrder(entries, seed=1), size.patch, size, change, seed=1)
        for change in (still, replace(still, transplant=1.0), replace(still, drop_modalities=1.0))
    )
    for step in range(4):
        images, truth = usual[step]
        assert (mixed[step][0] != images).any()  # the toys' tumours differ in their images alone
        empty = [not blank[step][0][..., channel].any() for channel in range(4)]
        assert 1 <= sum(empty) <= 3
        assert np.array_equal(blank[step][1], truth)

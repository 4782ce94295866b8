"""Each process makes its part of every batch; together they are the batch of one process."""

from __future__ import annotations

import contextlib
from pathlib import Path

import numpy as np
import pytest

from brainseg_gui.runs.config import Augmentation, Sampling
from training.data.cache import CachedCase
from training.data.data import Batch, Patches
from training.data.order import CaseOrder

pytestmark = pytest.mark.engine


def _batches(folder: Path, part: tuple[int, int]) -> list[Batch]:
    order = CaseOrder([CachedCase(folder / name, name, (12, 12, 12)) for name in "abc"], seed=4)
    sampling = Sampling(patch=(8, 8, 8), batch=4, workers=1)
    with contextlib.closing(Patches(order, sampling.patch, sampling, Augmentation(), seed=4, part=part)) as patches:
        return [patches[n] for n in range(3)]


@pytest.mark.parametrize("count", [2, 4])
def test_the_parts_of_all_processes_are_the_batch_of_one(tmp_path: Path, count: int) -> None:
    random = np.random.default_rng(0)
    for name in "abc":
        (tmp_path / name).mkdir()
        labels = random.integers(0, 4, (12, 12, 12)).astype(np.uint8)
        np.save(tmp_path / name / "labels.npy", labels)
        np.save(tmp_path / name / "image.npy", (random.random((12, 12, 12, 4)) + labels[..., None]).astype(np.float16))
        np.save(tmp_path / name / "centres.npy", np.array([[1, 6, 6, 6]], np.int16))
    whole = _batches(tmp_path, (0, 1))
    parts = [_batches(tmp_path, (rank, count)) for rank in range(count)]
    for step, (images, truth) in enumerate(whole):
        np.testing.assert_array_equal(np.concatenate([part[step][0] for part in parts]), images)
        np.testing.assert_array_equal(np.concatenate([part[step][1] for part in parts]), truth)

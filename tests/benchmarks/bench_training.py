"""Samples per second from the warm cache beside a straightforward generator by the source recipe, in one run.

``python -m tests.benchmarks.bench_training CASE_FOLDER`` prints the seconds. The generator does for every sample what
the recipe says, with nibabel and scipy; ours has done the first half of that once, when the cache was filled.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import Any

import nibabel
import numpy as np
from scipy.ndimage import gaussian_filter, laplace, rotate

from brainseg_gui.errors import BrainsegError
from brainseg_gui.imaging.case import CaseSource
from brainseg_gui.imaging.cases.case_folder import find_case
from brainseg_gui.imaging.modality import Modality
from tests.benchmarks.cases import Cases
from tests.benchmarks.rows import Row, Section

CHANNELS = (Modality.FLAIR, Modality.T1, Modality.T1CE, Modality.T2)
PLAIN_SAMPLES, WARM_UP, SAMPLES = 2, 6, 24
PATCH, STEPS = 96, 4


def measure(cases: Cases) -> Section:
    """Samples, and steps of training in both precisions."""
    found = _seconds_of(cases.one) | steps_of_training()
    rows = [
        Row(
            "training: a sample of the source recipe",
            found["ours_sample_s"],
            beside="plain generator",
            theirs=found["plain_sample_s"],
            times=10.0,
        )
    ]
    for device in ("cpu", "gpu"):
        if f"{device} bfloat16 step s" in found:
            words = f"training: a step at {PATCH}³ in bfloat16, {device}"
            ours, theirs = found[f"{device} bfloat16 step s"], found[f"{device} float32 step s"]
            rows.append(Row(words, ours, beside="float32", theirs=theirs, times=1.4))
    return Section(rows, found)


def _seconds_of(case_folder: Path) -> dict[str, float]:
    """Seconds of a sample.

    Parameters
    ----------
    case_folder
        A case of 240×240×155 voxels with a mask.

    Returns
    -------
    dict
        ``plain_sample_s`` of the generator, ``ours_sample_s`` with as many threads as there are cores.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    source = find_case(case_folder)
    plain = straightforward(source, np.random.default_rng(0))
    started = time.perf_counter()
    for _ in range(PLAIN_SAMPLES):
        next(plain)
    seconds = {"plain_sample_s": (time.perf_counter() - started) / PLAIN_SAMPLES}
    return seconds | {"ours_sample_s": _seconds_of_ours(source, os.cpu_count() or 1)}


def steps_of_training() -> dict[str, float]:
    """Median seconds of a step of the source article's network on a patch, per device and precision."""
    from brainseg_gui.inference.network.devices import choose_device
    from training.network.start import on_devices

    found: dict[str, float] = {}
    for device in ("cpu", "gpu"):
        try:
            place = choose_device(device)  # type: ignore[arg-type]
        except BrainsegError:
            continue  # there is no such device
        for precision in ("float32", "bfloat16"):
            if precision == "float32" or place.has_bfloat16:
                with on_devices([place.keras_name]):
                    found[f"{device} {precision} step s"] = _step_s(precision)
    return found


def _step_s(precision: str) -> float:
    import keras

    from brainseg_gui.runs.config_file import read_preset
    from training.network.start import compile_for, start_of, trained_copy

    config = read_preset("seed")
    start = start_of(config)
    model = compile_for(trained_copy(start.build((PATCH,) * 3), precision), config, start.recipe, 100)
    random = np.random.default_rng(0)
    images = random.random((1, PATCH, PATCH, PATCH, 4), dtype=np.float32)
    truth = keras.utils.to_categorical(random.integers(0, 4, images.shape[:4]), 4)
    seconds = []
    for _ in range(1 + STEPS):
        started = time.perf_counter()
        model.train_on_batch(images, truth)
        seconds.append(time.perf_counter() - started)
    return median(seconds[1:])


def _seconds_of_ours(source: CaseSource, workers: int) -> float:
    import dataclasses

    from brainseg_gui.imaging.cases.read_case import read_case
    from brainseg_gui.progress import run_to_end
    from brainseg_gui.runs.config_file import read_preset
    from training.data.cache import Cache
    from training.data.data import Patches
    from training.data.data_set import TrainingCase
    from training.data.order import CaseOrder
    from training.data.patch import patch_size
    from training.recipe import recipe_of

    scheme = run_to_end(read_case(source)).reference.scheme
    config = read_preset("seed")
    sampling = dataclasses.replace(config.sampling, workers=workers)
    with tempfile.TemporaryDirectory() as folder:
        cache = Cache(Path(folder), recipe_of(config, 8), "float32")
        entries = [cache.get(TrainingCase(source, scheme))]
        size = patch_size(sampling, entries, 8)
        batches = Patches(CaseOrder(entries), size, sampling, config.augmentation, in_plane=True)
        for index in range(WARM_UP):
            batches[index]
        started = time.perf_counter()
        for index in range(WARM_UP, WARM_UP + SAMPLES):
            batches[index]
        seconds = (time.perf_counter() - started) / SAMPLES
        batches.close()
    return seconds


def straightforward(source: CaseSource, random: np.random.Generator) -> Iterator[tuple[Any, Any]]:
    """The source recipe's samples, one after the other: (1, D, H, W, 4) images and one-hot truth."""
    while True:
        image = np.stack([_prepared(_loaded(source.modalities[modality])) for modality in CHANNELS], -1).astype(
            np.float32
        )
        labels = _loaded(source.reference)
        labels[labels == 4] = 3
        angle = random.uniform(-20, 20)
        turn = {"axes": (2, 1), "reshape": False, "mode": "nearest"}
        turned = np.stack([rotate(image[..., n], angle, order=1, **turn) for n in range(4)], -1)
        truth = np.eye(4, dtype=np.float32)[rotate(labels, angle, order=0, **turn).astype(int).clip(0, 3)]
        for axis in (1, 2):
            if random.random() < 0.5:
                turned, truth = np.flip(turned, axis), np.flip(truth, axis)
        yield np.ascontiguousarray(turned[None]), np.ascontiguousarray(truth[None])


def _loaded(path: Path) -> Any:
    """(H, W, D) as stored to (D, H, W), cropped."""
    return np.moveaxis(nibabel.load(path).get_fdata(), [2, 0, 1], [0, 1, 2])[6:-5, 8:-8, 8:-8]


def _prepared(volume: Any) -> Any:
    scaled = np.round((volume - volume.min()) / (volume.max() - volume.min()), 3)
    smooth = gaussian_filter(scaled, (1, 1, 1))
    return smooth - 0.3 * laplace(smooth)


if __name__ == "__main__":
    print(json.dumps(_seconds_of(Path(sys.argv[1])), indent=1))

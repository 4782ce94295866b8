"""Preparing four volumes for a network, beside straightforward code for the same recipe, in one run."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from statistics import median
from typing import Any

import numpy as np
from scipy.ndimage import gaussian_filter, laplace

from brainseg_gui.imaging.cases.case_folder import find_case
from brainseg_gui.imaging.cases.read_case import read_case
from brainseg_gui.imaging.modality import Modality
from brainseg_gui.imaging.volume import Volume
from brainseg_gui.inference.models.model_folder import default_model
from brainseg_gui.inference.models.passport import Passport
from brainseg_gui.inference.preprocess import prepare
from brainseg_gui.progress import run_to_end
from brainseg_gui.runs.config_file import read_preset
from tests.benchmarks.cases import Cases
from tests.benchmarks.rows import Row, Section
from training.recipe import passport_of, recipe_of

RUNS = 5
_SEED_CROP = np.s_[8:-8, 8:-8, 6:-5]


def measure(cases: Cases) -> Section:
    """Median seconds of ours (second run on), and of the plain code (once after a warm-up)."""
    volumes = run_to_end(read_case(find_case(cases.one))).volumes
    default = default_model().passport
    seed = passport_of(recipe_of(read_preset("seed"), 8))
    found = {
        "default": _of(lambda: _prepared(volumes, default), RUNS),
        "default, plain": _of(lambda: plain_default(volumes, default), 2),
        "seed": _of(lambda: _prepared(volumes, seed), RUNS),
        "seed, plain": _of(lambda: plain_seed(volumes, seed), 2),
    }
    rows = [
        Row(f"preprocess, {name} recipe", found[name], beside="plain", theirs=found[f"{name}, plain"], times=times)
        for name, times in (("default", 4.0), ("seed", 3.0))
    ]
    return Section(rows, found)


def _of(work: Callable[[], object], runs: int) -> float:
    seconds = []
    for _ in range(runs + 1):
        start = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - start)
    return median(seconds[1:])


def _prepared(volumes: Mapping[Modality, Volume], passport: Passport) -> Any:
    return run_to_end(prepare(volumes, passport)).batch


def plain_default(volumes: Mapping[Modality, Volume], passport: Passport) -> Any:
    """The default recipe as one would write it down: z-score of the brain, smoothed, every second voxel."""
    images = [volumes[modality].stored.astype(np.float64) for modality in passport.modalities]
    brain = np.any([image > 0 for image in images], axis=0)
    places = np.argwhere(brain)
    low, high = np.maximum(places.min(0) - 2, 0), np.minimum(places.max(0) + 3, brain.shape)
    box = tuple(slice(a, b) for a, b in zip(low, high, strict=True))
    inside, channels = brain[box], []
    for image in images:
        cut = image[box]
        scaled = (cut - cut[inside].mean()) / cut[inside].std()
        scaled = np.where(inside, np.clip(scaled, -5, 5), 0)
        channels.append(gaussian_filter(scaled, 0.5)[::2, ::2, ::2])
    batch = np.stack(channels, axis=-1)
    grown = [(0, -n % passport.divisor) for n in batch.shape[:3]]
    return np.pad(batch, [*grown, (0, 0)])[None].astype(np.float32)


def plain_seed(volumes: Mapping[Modality, Volume], passport: Passport) -> Any:
    """The source recipe as its article writes it."""
    channels = []
    for modality in passport.modalities:
        volume = np.asarray(volumes[modality].stored, dtype=np.float64)[::-1, ::-1][_SEED_CROP]
        scaled = np.round((volume - volume.min()) / (volume.max() - volume.min()), 3)
        smooth = gaussian_filter(scaled, sigma=(1, 1, 1))
        channels.append(smooth - 0.3 * laplace(smooth))
    # (H, W, D, C) -> (1, D, H, W, C)
    return np.moveaxis(np.stack(channels, axis=-1), 2, 0)[None].astype(np.float32)

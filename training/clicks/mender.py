"""Training of what mends masks: two small layers on the traits of voxels near the hints of simulated people."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from brainseg_gui.inference.clicks.mender import OUTPUTS, Mender
from brainseg_gui.inference.clicks.mender_file import MENDER
from brainseg_gui.inference.clicks.traits import Floats
from brainseg_gui.storage.writing import replacing, write_text
from training.clicks.case import load_click_case
from training.clicks.mending import Rows, coarse, joined, sitting_rows

_SITTINGS, _CLICKS, _VOXELS = 15, 6, 330  # of each case, of each sitting, of each click
_HIDDEN = (32, 16)
_BATCH, _EPOCHS, _RATE, _DECAY = 1024, 5, 3e-3, 1e-3
_BIAS = 0.5
_FIRST, _SECOND = 0.9, 0.999  # decay of the moments (Adam: Kingma and Ba, 2015)


def rows_of(files: Sequence[Path], seed: int) -> Rows:
    """What people at some cases come to; cases without a tumour are left out."""
    found: list[Rows] = []
    for number, file in enumerate(files):
        rng, case = np.random.default_rng((seed, number)), coarse(load_click_case(file))
        if case.truth.any():
            found += [rows for _ in range(_SITTINGS) for rows in sitting_rows(case, _CLICKS, _VOXELS, rng)]
    return joined(found)


def trained_mender(rows: Rows, seed: int, bias: float = _BIAS) -> Mender:
    """Train on rows of many cases.

    Parameters
    ----------
    bias
        Added to the logit of “is wrong”: people forget a voxel too many sooner than half an error that stays.
    """
    rng = np.random.default_rng(seed)
    mean, spread = rows.traits.mean(axis=0), rows.traits.std(axis=0) + 1e-3
    values = np.clip((rows.traits - mean) / spread, -5, 5)
    wanted, counts = _wanted(rows)
    widths = (values.shape[1], *_HIDDEN, len(OUTPUTS))
    weights = []
    for before, after in pairwise(widths):
        weights += [rng.normal(0, np.sqrt(2 / before), (before, after)).astype(np.float32), np.zeros(after, np.float32)]
    _fit(weights, values, wanted, counts, rng)
    weights[-1][0] += bias
    return Mender(mean, spread, tuple(zip(weights[::2], weights[1::2], strict=True)))


def save_mender(mender: Mender, file: Path) -> None:
    """Write its file, whole or not at all."""
    arrays: dict[str, Any] = dict(mender.arrays())
    with replacing(file, chosen=False) as temporary, temporary.open("wb") as stream:
        np.savez(stream, **arrays)


def name_in_passport(file: Path) -> None:
    """Give its digest in the passport of the network for clicks beside it: the program takes no other file."""
    passport = file.parent / "model.json"
    if file.name == MENDER and passport.is_file():
        about = json.loads(passport.read_text("utf-8"))
        about["mender_sha256"] = hashlib.sha256(file.read_bytes()).hexdigest()
        write_text(passport, json.dumps(about, indent=1, ensure_ascii=False), chosen=False)


def _wanted(rows: Rows) -> tuple[Floats, Floats]:
    """What each output should be, and whether it counts: the tissue only where something is missing."""
    core = (rows.truth == 1) | (rows.truth == 3)
    wanted = np.stack([rows.wrong, core, rows.truth == 3], axis=-1).astype(np.float32)
    missing = rows.wrong & rows.adds
    return wanted, np.stack([np.ones_like(missing), missing, missing], axis=-1).astype(np.float32)


def _fit(weights: list[Floats], values: Floats, wanted: Floats, counts: Floats, rng: np.random.Generator) -> None:
    """Adam with decoupled weight decay and a cosine for the rate; the weights are changed in place."""
    moments = [np.zeros_like(part) for part in weights], [np.zeros_like(part) for part in weights]
    steps = _EPOCHS * (len(values) // _BATCH)
    done = 0
    for _ in range(_EPOCHS):
        order = rng.permutation(len(values))
        for start in range(0, len(values) - _BATCH + 1, _BATCH):
            chosen = order[start : start + _BATCH]
            slopes = _slopes(weights, values[chosen], wanted[chosen], counts[chosen])
            rate = _RATE * 0.5 * (1 + np.cos(np.pi * done / steps))
            done += 1
            for part, slope, first, second in zip(weights, slopes, *moments, strict=True):
                first += (1 - _FIRST) * (slope - first)
                second += (1 - _SECOND) * (slope**2 - second)
                step = first / (1 - _FIRST**done) / (np.sqrt(second / (1 - _SECOND**done)) + 1e-8)
                part -= np.float32(rate) * (step + (_DECAY * part if part.ndim == 2 else 0))


def _slopes(weights: Sequence[Floats], values: Floats, wanted: Floats, counts: Floats) -> list[Floats]:
    """How the cross entropy of a batch changes with each weight."""
    layers = [values]
    for number in range(0, len(weights), 2):
        after = layers[-1] @ weights[number] + weights[number + 1]
        layers.append(np.maximum(after, 0) if number + 2 < len(weights) else after)
    slope = np.asarray((1 / (1 + np.exp(-layers[-1])) - wanted) * counts / len(values), np.float32)
    found: list[Floats] = []
    for number in range(len(weights) - 2, -1, -2):
        before = layers[number // 2]
        found = [np.asarray(before.T @ slope, np.float32), np.asarray(slope.sum(axis=0), np.float32), *found]
        slope = (slope @ weights[number].T) * (before > 0)
    return found

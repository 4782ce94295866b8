"""Bad networks all the way into Keras, for `measure`: what the check lets through must be built or refused in words.

Each process imports TensorFlow, so these are for `make fuzz` alone.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Sequence
from functools import cache, partial
from pathlib import Path

from tests.fuzz import models
from tests.fuzz.measure import Trial
from tests.inference.strangers import description, hostile_layers, model_folder, passport

_EVERY = 10
_BYTES = 2**25  # what Keras and TensorFlow take for the smallest network


@cache
def trials(seed: int) -> Sequence[Trial]:
    """About 1,100 inputs: every tenth of those of `models` that reach Keras, and all that ask for code."""
    os.environ.setdefault("KERAS_BACKEND", "tensorflow")
    os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")
    good = Trial("good", "a network in order", partial(_good), _open, _BYTES)
    drawn = [trial for trial in models.trials(seed) if trial.family.startswith(("descriptions", "weights"))]
    spoiled = [Trial(t.family, t.name, partial(_in_folder, t.write), _open, _BYTES) for t in drawn[::_EVERY]]
    code = [
        Trial("code", f"{name} in {suffix}", partial(_hostile, name, suffix), _must_not_run, _BYTES)
        for name in hostile_layers(Path("marker"))
        for suffix in (".keras", ".h5")
    ]
    return (good, *spoiled, *code)


def _good(folder: Path) -> Path:
    return model_folder(folder, description())


def _in_folder(write: Callable[[Path], Path], folder: Path) -> Path:
    """Put a passport with the right digest beside the weights."""
    weights = write(folder)
    content = passport(weights) | {"sha256": hashlib.sha256(weights.read_bytes()).hexdigest()}
    (folder / "model.json").write_text(json.dumps(content))
    return folder


def _hostile(name: str, suffix: str, folder: Path) -> Path:
    return model_folder(folder, description(hostile_layers(folder / "marker")[name]), suffix)


def _open(folder: Path) -> None:
    from brainseg_gui.inference.models.model_folder import read_model_folder
    from brainseg_gui.inference.network.keras_network import open_network

    open_network(read_model_folder(folder))


def _must_not_run(folder: Path) -> None:
    try:
        _open(folder)
    finally:
        if (folder / "marker").exists():
            raise SystemError("the code of a file was run")

"""How images become the network's input: the passport of the model that is going to come of the run.

Training prepares its images by the passport that inference will read, with the same code.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from brainseg_gui.imaging.labels import NETWORK_CLASSES
from brainseg_gui.inference.models.model_folder import PASSPORT_NAME
from brainseg_gui.inference.models.passport import LINEAR, LINEAR_IN_BRAIN, Passport
from brainseg_gui.inference.models.passport_reading import FORMAT, parse_passport
from brainseg_gui.runs.config import Preprocess, TrainingConfig

KERAS_FILE = "model.keras"
MODALITIES = ["flair", "t1", "t1ce", "t2"]
BRAIN = "any modality unlike the corners"
SMOOTHING = "gaussian sigma 0.5 voxel of the source grid"

Recipe = Mapping[str, Any]


def recipe_of(config: TrainingConfig, divisor: int) -> dict[str, Any]:
    """The parts of a passport that say how images are prepared and what the output means.

    Parameters
    ----------
    config
        Whose preprocessing and patch.
    divisor
        What the network's axes must be multiples of.
    """
    recipe = _article(divisor) if config.preprocess.recipe == "seed" else _brain(config.preprocess, divisor)
    return with_patch(recipe, config.sampling.patch, divisor)


def with_patch(recipe: Recipe, patch: Sequence[int], divisor: int) -> dict[str, Any]:
    """The recipe, with the training's patch as the window that inference slides; 0 0 0 leaves it."""
    if not any(patch) or any(n % divisor for n in patch):
        return dict(recipe)
    return {**recipe, "input": {**recipe["input"], "patch": list(patch)}}


def with_optional(recipe: Recipe) -> dict[str, Any]:
    """The recipe of a network that is trained without some modalities at times; what a missing one costs is unknown."""
    given = recipe["input"]
    known = given.get("may_be_missing", {})
    optional = {name: known.get(name, "how much worse was not measured") for name in given["modalities"]}
    return {**recipe, "input": {**given, "may_be_missing": optional}}


def _brain(config: Preprocess, divisor: int) -> dict[str, Any]:
    """Z-score inside the brain's box."""
    spacing = [config.spacing_mm] * 3 if config.spacing_mm else None
    clip = [-config.clip, config.clip] if config.clip else None
    steps: list[dict[str, Any]] = [
        {"step": "crop", "to": "brain box", "brain": BRAIN, "margin_voxels": config.margin},
        {"step": "zscore", "over": "brain", "outside": 0.0, "clip": clip},
    ]
    if spacing:
        steps.append({"step": "resample", "filter": SMOOTHING, "interpolation": "linear"})
    steps.append({"step": "pad", "to": "divisor", "value": 0.0, "side": "end"})
    return {
        "input": _input("IJKC", "RAS", spacing, divisor),
        "preprocess": steps,
        "output": _output(LINEAR_IN_BRAIN),
        "postprocess": [],
    }


def _article(divisor: int) -> dict[str, Any]:
    """The source article's: axes (D, H, W) of the stored volume, a fixed crop, min–max, Gaussian, Laplacian."""
    steps = [
        {"step": "crop", "to": "fixed", "start": [8, 8, 6], "end": [-8, -8, -5]},
        {"step": "minmax", "over": "crop", "decimals": 3},
        {"step": "gaussian", "sigma_voxels": [1, 1, 1]},
        {"step": "laplacian", "weight": -0.3},
    ]
    return {
        "input": _input("KIJC", "LPS", None, divisor),
        "preprocess": steps,
        "output": _output(LINEAR),
        "postprocess": [],
    }


def _input(axes: str, orientation: str, spacing: list[float] | None, divisor: int) -> dict[str, Any]:
    return {
        "modalities": MODALITIES,
        "axes": axes,
        "orientation": orientation,
        "spacing_mm": spacing,
        "divisor": divisor,
    }


def _output(resample: str) -> dict[str, Any]:
    return {"activation": "softmax", "channels": list(NETWORK_CLASSES), "resample": resample}


def passport_content(recipe: Recipe, **about: Any) -> dict[str, Any]:
    """The content of a ``model.json``: a recipe and what is known about the model; unknown texts stay open."""
    open_fields = {
        "format": FORMAT,
        "name": "untrained",
        "version": "1",
        "weights": KERAS_FILE,
        "sha256": "0" * 64,
        "framework": {},
        "licence": "not stated",
        "trained_on": "not stated",
        "results": "not measured",
        "intended_use": "research; not a medical device",
    }
    parts = ("input", "preprocess", "output", "postprocess")
    return {**open_fields, **about, **{key: recipe[key] for key in parts}}


def passport_of(recipe: Recipe) -> Passport:
    """The passport that prepares cases before there is a model."""
    return parse_passport(passport_content(recipe), Path(PASSPORT_NAME))

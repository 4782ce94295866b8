"""The model folder that comes of a run: weights in float32 and the passport that says how to use them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import keras

from brainseg_gui.errors import BrainsegError
from brainseg_gui.inference.models.model_folder import PASSPORT_NAME, ModelFolder, read_model_folder
from brainseg_gui.runs.config import TrainingConfig
from brainseg_gui.storage.whole_folder import whole_folder
from brainseg_gui.storage.writing import write_text
from training.beside.files import pass_on_estimators
from training.beside.finer import pass_on_finer
from training.beside.incomplete import pass_on_incomplete
from training.errors import TrainingError
from training.recipe import KERAS_FILE, Recipe, passport_content

H5_FILE = "model.h5"


@dataclass(frozen=True)
class About:
    """What a passport says beyond how to use the network.

    Parameters
    ----------
    name
        Of the model.
    trained_on, results
        Sentences.
    legacy_file
        Write an ``.h5`` file too, as the source article does.
    """

    name: str
    trained_on: str
    results: str
    legacy_file: bool = False


def export_model(
    folder: Path, network: Any, weights: list[Any], recipe: Recipe, about: About, parent: ModelFolder | None = None
) -> None:
    """Write a model folder and read it back; a folder that is there is replaced once the new one is whole.

    Parameters
    ----------
    network
        The network in float32, uncompiled; gets the weights.
    weights
        As `keras.Model.get_weights` gives them.
    parent
        The model that it began with: its finer network goes along, and that for incomplete cases.

    Raises
    ------
    TrainingError
        If it cannot be written.
    """
    try:
        with whole_folder(folder, replace=True) as making:  # not its parents: a run folder that was removed stays so
            network.set_weights(weights)
            network.save(making / KERAS_FILE)
            if about.legacy_file:
                network.save(making / H5_FILE)
            _write_passport(making, network, recipe, about)
            if parent is not None:
                pass_on_finer(parent, read_model_folder(making))
                pass_on_incomplete(parent, read_model_folder(making))
                pass_on_estimators(parent, read_model_folder(making))
            read_model_folder(making)
    except OSError as error:
        reason = error.strerror or str(error)
        remedy = "Free some space and resume; the last checkpoint is untouched"
        raise TrainingError(f"the model cannot be written ({reason})", remedy, folder) from error
    except TrainingError:
        raise
    except BrainsegError as error:
        raise RuntimeError(f"the model that was written cannot be read: {error}") from error


def _write_passport(folder: Path, network: Any, recipe: Recipe, about: About) -> None:
    content = passport_content(
        recipe,
        name=about.name,
        weights=KERAS_FILE,
        sha256=hashlib.sha256((folder / KERAS_FILE).read_bytes()).hexdigest(),
        parameters=int(network.count_params()),
        framework=framework_versions(),
        trained_on=about.trained_on,
        results=about.results,
        licence="that of the training data; ask whoever trained it",
    )
    write_text(folder / PASSPORT_NAME, json.dumps(content, indent=1, ensure_ascii=False), chosen=False)


def framework_versions() -> Mapping[str, str]:
    """Versions of Keras and of the backend that runs it."""
    backend = keras.backend.backend()
    versions = {"keras": keras.__version__}
    try:
        versions[backend] = version(backend)
    except PackageNotFoundError:
        versions[backend] = "unknown"
    return versions


def about_run(config: TrainingConfig, cases: int, step: int, metrics: Mapping[str, float]) -> About:
    """What the passport of a run's model says about it.

    Parameters
    ----------
    cases, step
        How much it was trained.
    metrics
        What it scored.
    """
    plural = "case" if cases == 1 else "cases"
    trained_on = f"{cases} {plural}, {step} steps, preset {config.preset}, seed {config.compute.seed}"
    if config.network.start_from:
        trained_on += f", from {config.network.start_from}"
    dice = {name: metrics[key] for name in ("WT", "TC", "ET") if (key := f"val_dice_{name.lower()}") in metrics}
    words = " / ".join(f"{value:.3f}" for value in dice.values())
    results = f"mean Dice of the held-back cases, {' / '.join(dice)}: {words}" if dice else "not measured"
    return About(config.name, trained_on, results, legacy_file=config.network.kind == "seed")

"""The network that a run starts with, the recipe that goes with it, and the devices that it is trained on."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import keras

from brainseg_gui.inference.models.model_folder import (
    PASSPORT_NAME,
    ModelFolder,
    default_model,
    read_model_folder,
    shipped_models,
)
from brainseg_gui.inference.network.devices import ComputeDevice
from brainseg_gui.inference.network.keras_network import open_network
from brainseg_gui.inference.network.rebuild import rebuilt
from brainseg_gui.plain_files import read_json
from brainseg_gui.runs.config import TrainingConfig
from training.errors import TrainingError
from training.network.fast_norm import TrainedGroupNormalization
from training.network.losses import build_loss
from training.network.metrics import build_metrics
from training.network.schedule import build_optimiser
from training.network.unet import build_network, divisor
from training.recipe import Recipe, recipe_of, with_optional, with_patch

SHIPPED = "shipped"
Spatial = tuple[int | None, int | None, int | None]
ANY_SIZE: Spatial = (None, None, None)


@dataclass(frozen=True)
class Start:
    """What a run begins with.

    Parameters
    ----------
    recipe
        How images are prepared and what the output means.
    divisor
        What the axes of a patch must be multiples of.
    build
        Makes the network in float32 for a spatial shape; each call gives another one with the same layers.
    takes_shape
        Whether the network is built for the shape of the patches, as the source article's is.
    model
        The model that it begins with; None for new weights.
    """

    recipe: Recipe
    divisor: int
    build: Callable[[Spatial], Any]
    takes_shape: bool = False
    model: ModelFolder | None = None


def start_of(config: TrainingConfig) -> Start:
    """The start that a configuration asks for: new weights, or those of a model folder.

    Raises
    ------
    ModelError
        If the model folder cannot be used.
    TrainingError
        If the patch does not suit the network.
    """
    if config.network.start_from:
        start = _from_model(find_model(config.network.start_from))
        start = replace(start, recipe=with_patch(start.recipe, config.sampling.patch, start.divisor))
    else:
        multiple = 2 ** (config.network.levels - 1)
        recipe = recipe_of(config, multiple)
        fixed = config.network.kind == "seed"
        start = Start(recipe, multiple, lambda shape: build_network(config.network, (*shape, 4)), fixed)
    if config.augmentation.drop_modalities:
        start = replace(start, recipe=with_optional(start.recipe))
    _check_patch(config, start.divisor)
    return start


def find_model(name: str) -> ModelFolder:
    """A model folder by path, or one that comes with the program by its name; ``shipped`` is the default one."""
    if name == SHIPPED:
        return default_model()
    for model in shipped_models():
        if model.path.name == name:
            return model
    return read_model_folder(Path(name).expanduser())


def _from_model(folder: ModelFolder) -> Start:
    original = open_network(folder)
    recipe = read_json(folder.path / PASSPORT_NAME)

    def build(shape: Spatial) -> Any:
        copy = keras.models.clone_model(original)
        copy.set_weights(original.get_weights())
        return copy

    return Start(recipe, max(divisor(original), folder.passport.divisor), build, model=folder)


def _check_patch(config: TrainingConfig, multiple: int) -> None:
    patch = config.sampling.patch
    if any(patch) and not all(patch):
        raise TrainingError("sampling.patch mixes 0 with other sizes", "Give three sizes, or 0 0 0 for whole volumes")
    if odd := [n for n in patch if n % multiple]:
        sentence = f"sampling.patch holds {odd[0]}, but this network needs multiples of {multiple}"
        raise TrainingError(sentence, "Change the patch or network.levels")


def trained_copy(network: Any, precision: str) -> Any:
    """The network as it is trained: the same weights, computing in `precision`, with faster normalisation."""
    return rebuilt(network, precision, TrainedGroupNormalization)


def compile_for(model: Any, config: TrainingConfig, recipe: Recipe, total_steps: int) -> Any:
    """Give a network its optimiser, loss and metrics."""
    channels = recipe["output"]["channels"]
    model.compile(
        optimizer=build_optimiser(config.optimiser, config.compute, total_steps),
        loss=build_loss(config.loss, channels),
        metrics=build_metrics(channels, article=config.network.kind == "seed"),
        # XLA made a training step seven times slower on the CPU; JAX runs nothing without it
        jit_compile="auto" if keras.backend.backend() == "jax" else False,
    )
    model.optimizer.build(model.trainable_variables)
    return model


def devices_for(device: ComputeDevice, batch: int, processes: int = 1) -> list[str]:
    """The devices that a batch is divided among: as many of the place's kind as divide it evenly.

    Raises
    ------
    TrainingError
        If several processes cannot share it.
    """
    if processes > 1:
        return _devices_of_all(device, batch, processes)
    if not device.is_gpu:
        return [device.keras_name]
    found = keras.distribution.list_devices("gpu") or [device.keras_name]
    count = max(n for n in range(1, len(found) + 1) if batch % n == 0)
    return list(found[:count])


def _devices_of_all(device: ComputeDevice, batch: int, processes: int) -> list[str]:
    """Those of several processes, all of which take part."""
    if keras.backend.backend() == "torch":
        found = [device.keras_name] * processes  # one in each
    else:
        found = list(keras.distribution.list_devices("gpu" if device.is_gpu else "cpu"))
    if batch % len(found):
        sentence = f"sampling.batch is {batch}, which {len(found)} devices of {processes} processes cannot share evenly"
        raise TrainingError(sentence, f"Set it to a multiple of {len(found)}, or start fewer processes")
    return found


@contextlib.contextmanager
def undivided() -> Iterator[None]:
    """What is made and run inside is this process's own, though JAX divides the batches of training among several."""
    divided = keras.distribution.distribution()
    keras.distribution.set_distribution(None)
    try:
        yield
    finally:
        keras.distribution.set_distribution(divided)


@contextlib.contextmanager
def on_devices(names: list[str]) -> Iterator[None]:
    """Build and train inside: on one device, or the same network on several with the batch divided among them.

    Every device sums its own part for `loss.batch_dice`.
    """
    backend = keras.backend.backend()
    if len(set(names)) == 1:
        with keras.device(names[0]):
            yield
    elif backend == "tensorflow":
        import tensorflow as tf

        with tf.distribute.MirroredStrategy(names).scope():
            yield
    else:
        if backend == "jax":
            divided = keras.distribution.DataParallel(devices=names, auto_shard_dataset=False)
            keras.distribution.set_distribution(divided)
        yield

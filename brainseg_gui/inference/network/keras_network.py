"""The one way by which weights become a network. Imported by the network's process, and by the trainer, only."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Iterator, Sequence
from typing import Any

import keras

from brainseg_gui.errors import ModelError
from brainseg_gui.imaging.grid import describe_shape
from brainseg_gui.inference.models.head_model import HeadModel
from brainseg_gui.inference.models.known_layers import MOST_GROWTH, TRIED_VOXELS
from brainseg_gui.inference.models.model_folder import ModelFolder, verify_weights
from brainseg_gui.inference.models.weights_process import read_apart
from brainseg_gui.inference.network.layer_sizes import LayerSize, layer_sizes
from brainseg_gui.plain_files import visible

_OUT_OF_MEMORY = ("resource_exhausted", "resourceexhausted", "out of memory", "oom when allocating")


def open_network(folder: ModelFolder | HeadModel) -> Any:
    """Build the network of a model folder from the checked description of its file, and give it the file's weights.

    Keras never reads the description itself, so nothing that a file names is imported, called or unpickled.

    Raises
    ------
    ModelError
        If the weights are not those of the passport, hold what is not known, or do not fit it.
    """
    verify_weights(folder)
    architecture = read_apart(folder.weights_path)
    try:
        with _no_more_weights_than(architecture.weights):
            model = keras.saving.deserialize_keras_object(architecture.config, safe_mode=True)
        model.load_weights(folder.weights_path)
    except Exception as error:
        if is_out_of_memory(error):
            raise
        raise _not_loaded(folder, error) from error
    check_shapes(model, folder)
    return model


class _TooMany(Exception):  # noqa: N818  it never leaves this module
    """A network has more weights than its file."""


@contextlib.contextmanager
def _no_more_weights_than(count: int) -> Iterator[None]:
    """Before memory is taken: a description may promise layers of any size, the file's weights are what it has."""
    layer, original, left = keras.layers.Layer, keras.layers.Layer.add_weight, count

    def counted(self: Any, shape: Any = None, *args: Any, **kwargs: Any) -> Any:
        nonlocal left
        left -= math.prod(int(n) for n in shape or ())
        if left < 0:
            raise _TooMany(f"it describes more weights than the {count:,} that the file holds")
        return original(self, shape, *args, **kwargs)

    layer.add_weight = counted
    try:
        yield
    finally:
        layer.add_weight = original


def _not_loaded(folder: ModelFolder | HeadModel, error: Exception) -> ModelError:
    saved = ", ".join(f"{visible(name)} {visible(version)}" for name, version in folder.passport.framework.items())
    if isinstance(error, _TooMany):
        return ModelError(str(error), "Copy the model folder again from its source", folder.weights_path)
    # Keras wraps a mistake into its whole description, several times; what it was stands last
    last = str(error).rpartition("Exception encountered: ")[2]
    reason = visible(last.strip().partition("\n")[0].rstrip("."), 160) or type(error).__name__
    return ModelError(
        f"Keras {keras.__version__} cannot load the network, saved with {saved or 'an unknown version'} ({reason})",
        "Install the version that saved it, or save it again",
        folder.weights_path,
    )


def check_shapes(model: Any, folder: ModelFolder | HeadModel) -> None:
    """Refuse a network whose input or output differs from its passport, before it is run.

    Raises
    ------
    ModelError
        Says which number differs.
    """
    inputs, outputs = model.input_shape, model.output_shape
    passport = folder.passport
    for words, shape in (("input", inputs), ("output", outputs)):
        if not isinstance(shape, tuple) or len(shape) != 5:
            sentence = f"the network's {words} is not one array (batch, three axes, channels)"
            raise ModelError(sentence, "Use a 3-D network with the channels last", folder.weights_path)
    wanted = {"input": (inputs[-1], len(passport.inputs)), "output": (outputs[-1], len(passport.outputs))}
    for words, (found, promised) in wanted.items():
        if found != promised:
            raise ModelError(
                f"the network has {found} {words} channels, its passport names {promised}",
                "Correct model.json",
                folder.weights_path,
            )
    _check_sizes(model, folder)


def _check_sizes(model: Any, folder: ModelFolder | HeadModel) -> None:
    """Refuse a network that gives fewer or more voxels than it takes: found without computing anything."""
    divisor = folder.passport.divisor
    given = tuple(n or -(-TRIED_VOXELS // divisor) * divisor for n in model.input_shape[1:4])
    try:
        sizes = layer_sizes(model, (*given, model.input_shape[-1]))
    except (ValueError, TypeError) as error:
        sentence = f"the network does not take {describe_shape(given)} voxels, which the divisor of its passport allows"
        raise ModelError(sentence, "Correct the divisor in model.json", folder.weights_path) from error
    _refuse_giants(sizes, given, folder)
    found = sizes[-1].shape[1:4]
    if found != given:
        ours, theirs = describe_shape(given), describe_shape(found)
        raise ModelError(f"the network turns {ours} voxels into {theirs}", "Use one that keeps the shape",
                         folder.weights_path)  # fmt: skip


def _refuse_giants(sizes: Sequence[LayerSize], given: tuple[int, ...], folder: ModelFolder | HeadModel) -> None:
    """Refuse a network that makes far more voxels than it gets: no case would fit into any memory."""
    for size in sizes:
        inner = size.shape[1:-1]
        if math.prod(inner) > MOST_GROWTH * math.prod(given):
            sentence = (
                f"its layer “{visible(size.name)}” makes {describe_shape(inner)} voxels of {describe_shape(given)}"
            )
            raise ModelError(sentence, "Use a network that does not enlarge its images", folder.weights_path)


def is_out_of_memory(error: Exception) -> bool:
    """Whether an exception of any backend says that the memory was too small."""
    text = f"{type(error).__name__} {error}".lower()
    return isinstance(error, MemoryError) or any(words in text for words in _OUT_OF_MEMORY)

"""The networks: the source article's U-Net, and ours. Backend-neutral Keras 3, channels last."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
from keras import layers

from brainseg_gui.imaging.labels import NETWORK_CLASSES
from brainseg_gui.runs.config import Network

Shape = tuple[int | None, int | None, int | None, int]
Block = Callable[[Any, int, str], Any]

CLASSES = len(NETWORK_CLASSES)
GROUPS = 8  # of channels that are normalised together


def create_unet(
    num_layers: int = 4,
    num_neurons: int = 16,
    filter_size: int = 3,
    dropout_rate: float = 0.25,
    input_shape: Shape = (144, 224, 224, 4),
) -> Any:
    """The network of the source article: 2,345,924 parameters at its defaults.

    Each level has two convolutions with ReLU, each followed by dropout. The deepest level is passed through a
    decoder block too, which neither up-samples nor joins anything.

    Parameters
    ----------
    num_layers
        Levels.
    num_neurons
        Filters of the first level; level i has ``num_neurons · 2^i``.
    filter_size
        Edge of the kernels.
    dropout_rate
        Dropout after each convolution.
    input_shape
        (D, H, W, 4).

    Returns
    -------
    keras.Model
        Probabilities of the four classes, (batch, D, H, W, 4).
    """

    def block(tensor: Any, filters: int, name: str) -> Any:
        for part in (1, 2):
            convolution = layers.Conv3D(filters, filter_size, padding="same", activation="relu", name=f"{name}_{part}")
            tensor = layers.Dropout(dropout_rate, name=f"{name}_{part}_dropout")(convolution(tensor))
        return tensor

    filters = [num_neurons * 2**level for level in range(num_layers)]
    return _u_shape(input_shape, filters, block, deepest_decoder=True, name="article_unet")


def unet(config: Network, input_shape: Shape = (None, None, None, 4)) -> Any:
    """Our network: as the article's, with normalisation, and without the deepest decoder block.

    Parameters
    ----------
    config
        Levels, filters, kernel, dropout, normalisation, activation.
    input_shape
        Spatial axes of any length that ``2^(levels - 1)`` divides when they are None.
    """
    filters = [min(config.filters * 2**level, config.max_filters) for level in range(config.levels)]
    return _u_shape(input_shape, filters, _block_of(config), deepest_decoder=False, name="unet")


def patch_unet(config: Network, input_shape: Shape, classes: int, finish: int, edge: int = 2) -> Any:
    """A U-Net that sees its image in patches of `edge` voxels along each axis, and the image itself at its end.

    Several times cheaper than one that works at the image's own resolution throughout: what lies where is told
    coarsely, and its edges are drawn by two convolutions with `finish` filters that see the image's voxels.
    """
    image = keras.Input(input_shape, name="image")
    filters = [min(config.filters * 2**level, config.max_filters) for level in range(config.levels)]
    block = _block_of(config)
    patches = layers.Conv3D(filters[0], edge, strides=edge, name="patches")(image)
    tensor = _down_and_up(patches, filters, block, deepest_decoder=False)
    apart = layers.Conv3DTranspose(finish - input_shape[-1], edge, strides=edge, name="taken_apart")(tensor)
    tensor = block(layers.Concatenate(name="with_image")([apart, image]), finish, "finish")
    scores = layers.Conv3D(classes, 1, dtype="float32", name="scores")(tensor)
    output = layers.Activation("softmax", dtype="float32", name="probabilities")(scores)
    return keras.Model(image, output, name="patch_unet")


def _block_of(config: Network) -> Block:
    """Two convolutions with what a configuration wants after each."""
    slope = 0.01 if config.activation == "leaky_relu" else 0.0

    def block(tensor: Any, filters: int, name: str) -> Any:
        for part in (1, 2):
            label = f"{name}_{part}"
            biased = config.normalisation == "none"
            tensor = layers.Conv3D(filters, config.kernel, padding="same", use_bias=biased, name=label)(tensor)
            if not biased:
                tensor = _normalisation(config.normalisation, filters, f"{label}_norm")(tensor)
            tensor = layers.ReLU(negative_slope=slope, name=f"{label}_activation")(tensor)
            if config.dropout:
                tensor = layers.Dropout(config.dropout, name=f"{label}_dropout")(tensor)
        return tensor

    return block


def build_network(config: Network, input_shape: Shape = (None, None, None, 4)) -> Any:
    """The network that a configuration asks for, in float32."""
    if config.kind == "seed":
        return create_unet(config.levels, config.filters, config.kernel, config.dropout, input_shape)
    return unet(config, input_shape)


def _u_shape(input_shape: Shape, filters: list[int], block: Block, *, deepest_decoder: bool, name: str) -> Any:
    image = keras.Input(input_shape, name="image")
    tensor = _down_and_up(image, filters, block, deepest_decoder=deepest_decoder)
    # probabilities stay in float32, whatever the rest computes in
    output = layers.Conv3D(CLASSES, 1, activation="softmax", dtype="float32", name="probabilities")(tensor)
    return keras.Model(image, output, name=name)


def _down_and_up(tensor: Any, filters: list[int], block: Block, *, deepest_decoder: bool) -> Any:
    skips = []
    for level, count in enumerate(filters):
        tensor = block(tensor, count, f"encoder_{level}")
        if level < len(filters) - 1:
            skips.append(tensor)
            tensor = layers.MaxPooling3D(2, name=f"pool_{level}")(tensor)
    if deepest_decoder:
        tensor = block(tensor, filters[-1], f"decoder_{len(filters) - 1}")
    for level in reversed(range(len(skips))):
        tensor = layers.UpSampling3D(2, name=f"up_{level}")(tensor)
        tensor = layers.Concatenate(name=f"join_{level}")([tensor, skips[level]])
        tensor = block(tensor, filters[level], f"decoder_{level}")
    return tensor


def _normalisation(kind: str, filters: int, name: str) -> Any:
    if kind == "batch":
        return layers.BatchNormalization(name=name)
    groups = filters if kind == "instance" else next(n for n in range(min(GROUPS, filters), 0, -1) if filters % n == 0)
    return layers.GroupNormalization(groups, name=name)


def divisor(model: Any) -> int:
    """What the spatial axes of a network's input must be multiples of: the product of its poolings."""
    result = 1
    for layer in model.layers:
        if isinstance(layer, (layers.MaxPooling3D, layers.AveragePooling3D, layers.Conv3D)):
            result *= max(layer.strides)
    return result


def receptive_field(model: Any) -> int:
    """Edge of the cube of input voxels that one output voxel can see at most, in voxels.

    Each kernel of edge k at a spacing of s input voxels adds (k - 1)·s; the longest path through the network counts.
    """
    seen: dict[str, tuple[int, float]] = {}
    for layer in model.layers:
        before = [seen[tensor._keras_history.operation.name] for tensor in _inputs(layer)]
        field, spacing = max(before, default=(1, 1.0))
        if isinstance(layer, layers.Conv3D):
            field, spacing = field + int((max(layer.kernel_size) - 1) * spacing), spacing * max(layer.strides)
        elif isinstance(layer, (layers.MaxPooling3D, layers.AveragePooling3D)):
            field, spacing = field + int((max(layer.pool_size) - 1) * spacing), spacing * max(layer.strides)
        elif isinstance(layer, layers.UpSampling3D):
            spacing /= max(layer.size)
        seen[layer.name] = (field, spacing)
    return seen[model.layers[-1].name][0]


def _inputs(layer: Any) -> list[Any]:
    if isinstance(layer, layers.InputLayer):
        return []
    given = layer.input
    return list(given) if isinstance(given, (list, tuple)) else [given]

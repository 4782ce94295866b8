"""A network made anew for a precision. Imported by the network's process, and by the trainer, only."""

from __future__ import annotations

from typing import Any

import keras


def rebuilt(model: Any, precision: str, normalisation: type[Any]) -> Any:
    """The same network with the same weights: in a precision, with faster normalisation.

    Parameters
    ----------
    model
        Any functional network.
    precision
        ``float32``, or ``bfloat16``: then the weights and the last layer stay in float32 (Keras' ``mixed_bfloat16``).
    normalisation
        Layer that takes the place of each `keras.layers.GroupNormalization` that it can compute.
    """
    last = {tensor._keras_history.operation.name for tensor in model.outputs}

    def clone(layer: Any) -> Any:
        config = layer.get_config()
        mixed = precision == "bfloat16" and layer.name not in last
        config["dtype"] = "mixed_bfloat16" if mixed else "float32"
        kind = normalisation if can_be_fast(layer) else layer.__class__
        return kind.from_config(config)

    copy = keras.models.clone_model(model, clone_function=clone)
    copy.set_weights(model.get_weights())
    return copy


def can_be_fast(layer: Any) -> bool:
    """Whether a layer is a group normalisation that our own layers compute: as usual, over the last axis."""
    plain = type(layer) is keras.layers.GroupNormalization
    return plain and layer.scale and layer.center and layer.axis in (-1, 4)

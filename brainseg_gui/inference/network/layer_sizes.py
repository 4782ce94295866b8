"""How large a network's tensors get, found without computing any. Imported by the network's process and the trainer.

A file of a few kilobytes can describe a network that makes thousands of voxels out of one.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import keras

_BYTES = 4  # of a number in float32


@dataclass(frozen=True)
class LayerSize:
    """What one call of a layer gives.

    Parameters
    ----------
    name
        The layer.
    shape
        Of its output, with the batch.
    """

    name: str
    shape: tuple[int, ...]

    @property
    def bytes(self) -> int:
        """Memory of the output in float32."""
        return _BYTES * math.prod(self.shape)


def layer_sizes(model: Any, shape: tuple[int, ...]) -> list[LayerSize]:
    """The output of every layer, also in networks within the network, for one image of this shape (…, channels)."""
    found: list[LayerSize] = []

    def recorded(operation: Any) -> Callable[..., Any]:
        if isinstance(operation, keras.Model):
            return lambda given, **_: _graph_of(operation)._run_through_graph(given, operation_fn=recorded)

        def call(*args: Any, **kwargs: Any) -> Any:
            output = operation.compute_output_spec(*args, **kwargs)
            found.extend(LayerSize(operation.name, tuple(tensor.shape)) for tensor in keras.tree.flatten(output))
            return output

        return call

    _graph_of(model)._run_through_graph(keras.KerasTensor((1, *shape)), operation_fn=recorded)
    return found


def _graph_of(model: Any) -> Any:
    return model._functional if isinstance(model, keras.Sequential) else model

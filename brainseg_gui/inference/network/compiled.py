"""A network made ready to run, for any shape. Imported by the network's process only."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, cast

import keras

from brainseg_gui.inference.infer import Batch

Run = Callable[[Batch, Sequence[Any]], Any]


class CompiledNetwork:
    """A network of which each pass is told the weights, so that networks of one description share what is compiled.

    Compiling takes longer than a pass: 1.3 of the 2.5 s that it takes to load one of ours.

    Parameters
    ----------
    model
        The network; with its own weights, where the backend takes no others.
    """

    def __init__(self, model: Any) -> None:
        self.model = model
        self.takes_weights = keras.backend.backend() == "tensorflow"
        self._run = _compiled(model) if self.takes_weights else _plain(model)

    def __call__(self, batch: Batch, weights: Sequence[Any]) -> Any:
        """(1, …, C) to what the network makes of it.

        Parameters
        ----------
        weights
            As `weights_of` gives them.
        """
        return self._run(batch, weights)

    def weights_of(self, model: Any) -> Sequence[Any]:
        """The weights of a network of the same description, as a pass takes them."""
        if not self.takes_weights:
            return ()
        pairs = zip(model.weights, self.model.weights, strict=True)  # they may have been saved in half precision
        return [keras.ops.convert_to_tensor(weight, dtype=own.dtype) for weight, own in pairs]

    def to_features(self) -> CompiledNetwork:
        """The same network, which gives what its last layer makes the answer of, too."""
        last = self.model.layers[-1]
        return CompiledNetwork(keras.Model(self.model.inputs, [last.output, last.input]))


def _compiled(model: Any) -> Run:
    """One graph for any shape. XLA stays off: on the CPU it is several times slower."""
    import tensorflow as tf

    def forward(batch: Any, weights: Sequence[Any]) -> Any:
        with keras.StatelessScope(state_mapping=list(zip(model.weights, weights, strict=True))):
            return model(batch, training=False)

    image = tf.TensorSpec((1, *model.input_shape[1:]), tf.float32)
    signature = [image, [tf.TensorSpec(weight.shape, weight.dtype) for weight in model.weights]]
    return cast(Run, tf.function(forward, input_signature=signature, jit_compile=False, autograph=False))


def _plain(model: Any) -> Run:
    model.jit_compile = False
    return lambda batch, _weights: model.predict_on_batch(batch)

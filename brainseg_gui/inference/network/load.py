"""Loading a model folder with what runs its weights. Imported by the network's process only."""

from __future__ import annotations

from collections.abc import Generator
from typing import Protocol

from brainseg_gui.inference.infer import Batch, Predictor
from brainseg_gui.inference.models.head_model import HeadModel
from brainseg_gui.inference.models.model_folder import ModelFolder
from brainseg_gui.inference.network.keras_import import import_keras
from brainseg_gui.inference.options import SegmentOptions
from brainseg_gui.progress import Progress


class NamedDevice(Protocol):
    """Where a network runs."""

    @property
    def words(self) -> str:
        """For people."""


class ReadyNetwork(Predictor, Protocol):
    """A network that is loaded, whatever runs it."""

    @property
    def notes(self) -> tuple[str, ...]:
        """Sentences about what had to be done differently."""

    @property
    def device(self) -> NamedDevice:
        """Where it runs."""

    @property
    def precision(self) -> str:
        """``float32`` or ``bfloat16``."""

    def predict_with_features(self, batch: Batch) -> tuple[Batch, Batch]:
        """(1, …, C) to probabilities, (1, …, channels), and what the last layer makes them of, (1, …, F)."""


def load(folder: ModelFolder | HeadModel, options: SegmentOptions) -> Generator[Progress, None, ReadyNetwork]:
    """Load a model by the ending of its weights, fit it to the device and run it once.

    Raises
    ------
    ModelError
        If the weights are not those of the passport, hold what is not known, or do not fit it.
    EngineError
        If the device is not there.
    """
    if isinstance(folder, ModelFolder) and folder.passport.weights.endswith(".onnx"):
        from brainseg_gui.inference.network.onnx_network import load_onnx_network

        return (yield from load_onnx_network(folder, options))
    import_keras()
    from brainseg_gui.inference.network.network import load_network

    return (yield from load_network(folder, options))

"""A Keras network, loaded and warm. Imported by the network's process only."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any, cast

import keras
import numpy as np

from brainseg_gui.errors import EngineError, ModelError
from brainseg_gui.free_memory import described_bytes, free_memory_bytes, usable_bytes
from brainseg_gui.imaging.grid import describe_shape
from brainseg_gui.imaging.modality import Modality
from brainseg_gui.inference.estimated import file_of
from brainseg_gui.inference.infer import Batch
from brainseg_gui.inference.memory import PeakMemory
from brainseg_gui.inference.models.dense import DenseNetwork
from brainseg_gui.inference.models.head_model import HeadModel, HeadPassport
from brainseg_gui.inference.models.model_folder import ModelFolder
from brainseg_gui.inference.models.passport import Passport
from brainseg_gui.inference.network.compiled import CompiledNetwork
from brainseg_gui.inference.network.devices import ComputeDevice, choose_device, choose_precision, cpu_device
from brainseg_gui.inference.network.fast_norm import FastGroupNormalization
from brainseg_gui.inference.network.keras_network import is_out_of_memory, open_network
from brainseg_gui.inference.network.layer_sizes import layer_sizes
from brainseg_gui.inference.network.rebuild import rebuilt
from brainseg_gui.inference.network.warm_up import warm_up_shape
from brainseg_gui.inference.options import LOADING, Precision, SegmentOptions
from brainseg_gui.inference.sliding_window import Shape
from brainseg_gui.plain_files import visible
from brainseg_gui.progress import Progress


class LoadedNetwork:
    """A network on a device, in a precision; fits `infer.Predictor`. With the others of its model.

    Parameters
    ----------
    precision
        As asked for: ``"auto"``, ``"bfloat16"`` or ``"float32"``.
    like
        Another network, which shares what is compiled where it is of the same description.
    """

    def __init__(
        self, model: Any, device: ComputeDevice, precision: Precision, like: LoadedNetwork | None = None
    ) -> None:
        self._original, self._asked = model, precision
        self._like = like if like is not None and like.is_described_as(model) else None
        self.notes: tuple[str, ...] = ()
        self.bytes_per_voxel = 0.0
        self.finer: LoadedNetwork | None = None
        self._incomplete: LoadedNetwork | None = None
        self._to_load: tuple[ModelFolder, SegmentOptions] | None = (
            None  # the one for incomplete cases, until it is there
        )
        self._estimators: tuple[ModelFolder, dict[Modality, DenseNetwork]] | None = None
        self._with_features: CompiledNetwork | None = None
        self._settle(device, choose_precision(precision, device))

    @property
    def fixed_shape(self) -> Shape | None:
        """The only spatial shape that it takes, or None when it takes any."""
        spatial = self._original.input_shape[1:4]
        return None if None in spatial else cast(Shape, tuple(spatial))

    def predict(self, batch: Batch) -> Batch:
        """(1, …, C) to probabilities (1, …, channels)."""
        try:
            with keras.device(self.device.keras_name):
                return np.asarray(self._compiled(batch, self._weights), dtype=np.float32)
        except Exception as error:
            if is_out_of_memory(error):
                raise MemoryError(str(error)) from error
            raise

    def predict_with_features(self, batch: Batch) -> tuple[Batch, Batch]:
        """(1, …, C) to probabilities, (1, …, channels), and what the last layer makes them of, (1, …, F)."""
        if self._with_features is None:
            self._with_features = self._compiled.to_features()
        with keras.device(self.device.keras_name):
            probabilities, features = self._with_features(batch, self._weights)
        return np.asarray(probabilities, dtype=np.float32), np.asarray(features, dtype=np.float32)

    def load_when_incomplete(self, folder: ModelFolder, options: SegmentOptions) -> None:
        """Another network for cases that lack a modality, which is loaded when one first does."""
        self._to_load = (folder, options)

    def for_incomplete(self) -> Generator[Progress, None, LoadedNetwork]:
        """The network for cases that lack a modality, loaded when one first does; this one where there is no other."""
        if self._to_load is not None:
            self._incomplete = other = yield from load_network(*self._to_load, self)
            self._to_load = None
            self.notes += tuple(note for note in other.notes if note not in self.notes)
        return self._incomplete or self

    def take_estimators(self, folder: ModelFolder) -> None:
        """What estimates images that are missing: files of a model folder, which are read when they are needed."""
        self._estimators = (folder, {})

    def estimator(self, modality: Modality) -> DenseNetwork | None:
        """What estimates an image from the others; None where nothing does.

        Raises
        ------
        ModelError
            If its file is missing, damaged, or another one.
        """
        if self._estimators is None:
            return None
        folder, read = self._estimators
        if modality not in read and (found := folder.passport.estimated) is not None and modality in found.files:
            name, sha256 = found.files[modality]
            read[modality] = file_of(len(folder.passport.modalities) - 1).read(folder.path / name, sha256)
        return read.get(modality)

    def free_bytes(self) -> float:
        """Free memory of the computer; a GPU is tried and answers by itself."""
        return float("inf") if self.device.is_gpu else free_memory_bytes()

    def move_to_cpu(self) -> bool:
        """Run on the CPU from now on; False when it does already."""
        if not self.device.is_gpu:
            return False
        device = cpu_device()
        self._settle(device, choose_precision(self._asked, device))
        return True

    def take_weights(self, weights: list[Any]) -> None:
        """Use other weights of the same network: those of a training that goes on."""
        self._original.set_weights(weights)
        self._take_own_weights()

    def compute_in_float32(self) -> None:
        """Compute in float32 from now on, on the same device."""
        self._settle(self.device, "float32")

    def is_described_as(self, model: Any) -> bool:
        """Whether a network differs from this one in nothing but the weights."""
        return bool(self._original.get_config() == model.get_config())

    def warm_up(self, passport: Passport | HeadPassport) -> None:
        """Run once on a typical shape: the first case then takes no longer than the next, and memory is known."""
        if self._like is not None and self._compiled is self._like._compiled:
            self.bytes_per_voxel = self._like.bytes_per_voxel
            return
        shape = warm_up_shape(passport, self.fixed_shape)
        self._refuse_giants(shape)
        batch = np.zeros((1, *shape, len(passport.inputs)), dtype=np.float32)
        with PeakMemory() as memory:
            output = self.predict(batch)
        self.bytes_per_voxel = memory.growth_bytes / float(np.prod(shape))
        if output.shape[:4] != batch.shape[:4]:
            ours, theirs = describe_shape(batch.shape[1:4]), describe_shape(output.shape[1:4])
            raise ModelError(f"the network turns {ours} voxels into {theirs}", "Use one that keeps the shape")

    def _refuse_giants(self, shape: Shape) -> None:
        """Before anything is computed: a GPU answers by itself, the computer's memory would be gone."""
        largest = max(
            layer_sizes(self._original, (*shape, self._original.input_shape[-1])), key=lambda size: size.bytes
        )
        if not self.device.is_gpu and largest.bytes > usable_bytes():
            need = f"{described_bytes(largest.bytes)} of memory, and {described_bytes(usable_bytes())} can be used"
            sentence = f"its layer “{visible(largest.name)}” alone needs {need}"
            raise ModelError(sentence, "Use a smaller network, or close other programs")

    def _settle(self, device: ComputeDevice, precision: str) -> None:
        self.device = device
        self.precision = precision
        like = self._like
        self._compiled: CompiledNetwork
        with keras.device(device.keras_name):
            if (
                like is not None
                and like._compiled.takes_weights
                and (like.device, like.precision) == (device, precision)
            ):
                self._compiled = like._compiled
            else:
                self._compiled = CompiledNetwork(rebuilt(self._original, precision, FastGroupNormalization))
        self._take_own_weights()
        self._with_features = None

    def _take_own_weights(self) -> None:
        with keras.device(self.device.keras_name):
            if not self._compiled.takes_weights:
                self._compiled.model.set_weights(self._original.get_weights())
            self._weights = self._compiled.weights_of(self._original)


def load_network(
    folder: ModelFolder | HeadModel, options: SegmentOptions, like: LoadedNetwork | None = None
) -> Generator[Progress, None, LoadedNetwork]:
    """A Keras model as `load` gives it; `like` as in `LoadedNetwork`."""
    yield Progress(LOADING, 0.3, folder.title)
    device = choose_device(options.device)
    model = open_network(folder)
    yield Progress(LOADING, 0.6, f"{folder.title} on {device.words}")
    network = LoadedNetwork(model, device, options.precision, like)
    yield Progress(LOADING, 0.7, "warming up")
    _warm_up(network, folder.passport)
    if isinstance(folder, ModelFolder) and (finer := folder.passport.of_finer) is not None:
        network.finer = yield from load_network(ModelFolder(folder.path, finer), options, network)
        network.notes += tuple(note for note in network.finer.notes if note not in network.notes)
    if isinstance(folder, ModelFolder) and (other := folder.passport.of_incomplete) is not None:
        network.load_when_incomplete(ModelFolder(folder.path, other), options)
    if isinstance(folder, ModelFolder) and folder.passport.estimated is not None:
        network.take_estimators(folder)
    return network


def _warm_up(network: LoadedNetwork, passport: Passport | HeadPassport) -> None:
    """Run a network once; where that fails, in float32, or on the CPU."""
    try:
        network.warm_up(passport)
    except ModelError:
        raise
    except MemoryError as error:
        if not network.move_to_cpu():
            raise EngineError("the memory is too small for this network", "Close other programs") from error
        network.notes += ("The GPU's memory is too small for this network: it ran on the CPU",)
        network.warm_up(passport)
    except Exception as error:
        if network.precision == "float32":
            raise
        network.compute_in_float32()
        reason = str(error).strip().splitlines()[0][:120]
        network.notes += (f"bfloat16 does not run here ({reason}): float32 was used",)
        network.warm_up(passport)

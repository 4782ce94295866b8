"""What a run is going to need, before it starts: memory by the network's activations, time by a measured step."""

from __future__ import annotations

import shutil
import subprocess
import time
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import psutil

from brainseg_gui.imaging.grid import describe_shape
from brainseg_gui.inference.devices import Place
from brainseg_gui.runs.config import Sampling, TrainingConfig
from training.data import batches_ahead, bytes_of_batch

Shape = tuple[int, int, int]

# Measured on the article's network at full size on the CPU: activations kept for the way back, gradients, and work
# space of the convolutions, relative to the sum of all layers' outputs.
TRAINING_SHARE = 1.4
BASE_BYTES = 0.8 * 2**30  # the framework itself
PARAMETER_BYTES = 4 * 4  # weight, gradient, two moments
PROBE_VOXELS = 48**3
STEPS_MEASURED = 3


@dataclass(frozen=True)
class Estimate:
    """What a run needs.

    Parameters
    ----------
    seconds_per_step, seconds_per_epoch
        By the measured step.
    memory_bytes
        Peak of the trainer.
    available_bytes
        What is free now; None when nobody knows.
    """

    seconds_per_step: float
    seconds_per_epoch: float
    memory_bytes: float
    available_bytes: float | None

    @property
    def fits(self) -> bool:
        """Whether the memory is large enough, as far as known."""
        return self.available_bytes is None or self.memory_bytes <= self.available_bytes

    def sentence(self, patch: Shape, batch: int) -> str:
        """The estimate for people."""
        need = f"training on {describe_shape(patch)} voxels, batch {batch}, needs about {_gib(self.memory_bytes)}"
        if self.available_bytes is None:
            return f"{need} of memory"
        have = _gib(self.available_bytes)
        if self.fits:
            return f"{need} of memory; {have} are free"
        return f"{need} of memory; you have {have}. Choose a smaller patch, batch or network"


def _gib(count: float) -> str:
    return f"{count / 2**30:.1f} GiB"


def activation_bytes_per_voxel(model: Any) -> float:
    """Bytes of all layers' outputs per voxel of the input, in the precision that each layer computes in."""
    total = 0.0
    scale: dict[str, float] = {}
    for layer in model.layers:
        source = [] if isinstance(layer, keras.layers.InputLayer) else _sources(layer)
        spacing = max((scale[name] for name in source), default=1.0)
        if isinstance(layer, (keras.layers.MaxPooling3D, keras.layers.Conv3D)):
            spacing /= float(np.prod(layer.strides))
        elif isinstance(layer, keras.layers.UpSampling3D):
            spacing *= float(np.prod(layer.size))
        scale[layer.name] = spacing
        size = 2 if "16" in str(layer.compute_dtype) else 4
        total += spacing * layer.output.shape[-1] * size
    return total


def _sources(layer: Any) -> list[str]:
    given = layer.input
    tensors = given if isinstance(given, (list, tuple)) else [given]
    return [tensor._keras_history.operation.name for tensor in tensors]


def memory_of_training(model: Any, patch: Shape, sampling: Sampling) -> float:
    """Estimated peak memory of training with its queue of batches, in bytes."""
    activations = activation_bytes_per_voxel(model) * float(np.prod(patch)) * sampling.batch
    queue = (batches_ahead(patch, sampling) + 2) * float(bytes_of_batch(patch, sampling))
    return BASE_BYTES + TRAINING_SHARE * activations + PARAMETER_BYTES * float(model.count_params()) + queue


def available_bytes(place: Place) -> float | None:
    """Memory that training may take: of the GPU if it runs there, as far as its driver tells."""
    if not place.is_gpu:
        own = psutil.Process().memory_info().rss
        return float(psutil.virtual_memory().available + own)
    tool = shutil.which("nvidia-smi")
    if tool is None:
        return None
    command = [tool, "--query-gpu=memory.free", "--format=csv,noheader,nounits"]
    try:
        answer = subprocess.run(command, capture_output=True, text=True, check=True, timeout=20).stdout
        return float(answer.split()[0]) * 2**20
    except (OSError, subprocess.SubprocessError, ValueError, IndexError):
        return None


def probe_shape(patch: Shape, divisor: int) -> Shape:
    """The patch if it is small, else one of its proportions with about 48³ voxels."""
    shrink = min(1.0, (PROBE_VOXELS / float(np.prod(patch))) ** (1 / 3))
    x, y, z = (max(divisor, round(n * shrink / divisor) * divisor) for n in patch)
    return x, y, z


def seconds_of_step(model: Any, shape: Shape, batch: int) -> float:
    """Measure a training step of a compiled network on zeros; the first one, which builds the graph, is not counted."""
    images = np.zeros((batch, *shape, model.input_shape[-1]), np.float32)
    truth = np.zeros((batch, *shape, model.output_shape[-1]), np.uint8)
    truth[..., 0] = 1
    seconds = []
    for _ in range(1 + STEPS_MEASURED):
        started = time.perf_counter()
        model.train_on_batch(images, truth)
        seconds.append(time.perf_counter() - started)
    return min(seconds[1:])


def estimate(
    probe: Any, model: Any, small: Shape, patch: Shape, config: TrainingConfig, steps_per_epoch: int, place: Place
) -> Estimate:
    """Estimate a run.

    Parameters
    ----------
    probe
        A compiled network like `model`, for patches of the size `small`; its weights are spoilt.
    model
        The network that is going to be trained.
    """
    batch = config.sampling.batch
    need = memory_of_training(model, patch, config.sampling)
    seconds = seconds_of_step(probe, small, batch) * float(np.prod(patch)) / float(np.prod(small))
    return Estimate(seconds, seconds * steps_per_epoch, need, available_bytes(place))

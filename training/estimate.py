"""What a run is going to need, before it starts: memory by the network's activations, time by a measured step."""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import psutil

from brainseg_gui.free_memory import free_memory_bytes
from brainseg_gui.imaging.grid import describe_shape
from brainseg_gui.inference.network.devices import ComputeDevice
from brainseg_gui.runs.config import Sampling, TrainingConfig
from training.data.data import batches_ahead, bytes_of_batch

Shape = tuple[int, int, int]

# Measured on the article's network at full size on the CPU: activations kept for the way back, gradients, and work
# space of the convolutions, relative to the sum of all layers' outputs.
TRAINING_SHARE = 1.4
BASE_BYTES = 0.8 * 2**30  # the framework itself
PARAMETER_BYTES = 4 * 4  # weight, gradient, two moments
PROBE_VOXELS = (24**3, 48**3)
FEWEST_STEPS, MOST_STEPS, MEASURED_S = 3, 10, 2.0


@dataclass(frozen=True)
class RunEstimate:
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


def available_bytes(device: ComputeDevice) -> float | None:
    """Memory that training may take: of the GPU if it runs there, as far as its driver tells."""
    if not device.is_gpu:
        own = psutil.Process().memory_info().rss
        return free_memory_bytes() + own
    tool = shutil.which("nvidia-smi")
    if tool is None:
        return None
    command = [tool, "--query-gpu=memory.free", "--format=csv,noheader,nounits"]
    try:
        answer = subprocess.run(command, capture_output=True, text=True, check=True, timeout=20).stdout
        return float(answer.split()[0]) * 2**20
    except (OSError, subprocess.SubprocessError, ValueError, IndexError):
        return None


def probe_shapes(patch: Shape, divisor: int) -> list[Shape]:
    """The patch if it is small, else two sizes of its proportions, with about 24³ and 48³ voxels."""
    if np.prod(patch) <= PROBE_VOXELS[-1]:
        return [patch]
    shapes = [_shrunk(patch, divisor, voxels) for voxels in PROBE_VOXELS]
    return list(dict.fromkeys(shapes))


def _shrunk(patch: Shape, divisor: int, voxels: int) -> Shape:
    shrink = (voxels / float(np.prod(patch))) ** (1 / 3)
    x, y, z = (max(divisor, round(n * shrink / divisor) * divisor) for n in patch)
    return x, y, z


def seconds_of_step(model: Any, shape: Shape, batch: int) -> float:
    """Measure a training step of a compiled network on zeros: the quickest of several, without the first.

    The first one builds the graph; what else runs on the computer makes the others slower, never quicker.
    """
    images = np.zeros((batch, *shape, model.input_shape[-1]), np.float32)
    truth = np.zeros((batch, *shape, model.output_shape[-1]), np.uint8)
    truth[..., 0] = 1
    seconds: list[float] = []
    model.train_on_batch(images, truth)
    while len(seconds) < MOST_STEPS and (len(seconds) < FEWEST_STEPS or sum(seconds) < MEASURED_S):
        started = time.perf_counter()
        model.train_on_batch(images, truth)
        seconds.append(time.perf_counter() - started)
    return min(seconds)


def seconds_at(voxels: float, measured: Mapping[float, float]) -> float:
    """Seconds of a step on so many voxels, from those of smaller ones.

    A step takes some time whatever its size (a change of all weights, a start of every operation) and some per voxel.
    To scale a small step by its voxels alone would multiply the former too.

    Parameters
    ----------
    measured
        Voxels -> seconds, of one or two sizes.
    """
    (small, short), (large, long) = min(measured.items()), max(measured.items())
    per_voxel = (long - short) / (large - small) if large > small else 0.0
    fixed = long - per_voxel * large
    if per_voxel <= 0 or fixed < 0:  # no line through two measurements that noise has bent
        return long * voxels / large
    return fixed + per_voxel * voxels


def estimate(
    build_probe: Callable[[Shape], Any],
    shapes: Sequence[Shape],
    model: Any,
    patch: Shape,
    config: TrainingConfig,
    steps_per_epoch: int,
    device: ComputeDevice,
) -> RunEstimate:
    """Estimate a run.

    Parameters
    ----------
    build_probe
        Makes a compiled network like `model` for patches of a size; its weights are spoilt.
    shapes
        Sizes of patches that are measured.
    model
        The network that is going to be trained; it is left as it is.
    """
    batch = config.sampling.batch
    need = memory_of_training(model, patch, config.sampling)
    measured = {float(np.prod(shape)): seconds_of_step(build_probe(shape), shape, batch) for shape in shapes}
    seconds = seconds_at(float(np.prod(patch)), measured)
    return RunEstimate(seconds, seconds * steps_per_epoch, need, available_bytes(device))

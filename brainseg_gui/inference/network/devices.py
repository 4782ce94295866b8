"""Where a network can run, and how precisely. Imported by the network's process only."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass

import keras

from brainseg_gui.errors import EngineError
from brainseg_gui.free_memory import usable_cores
from brainseg_gui.inference.options import Device, Precision
from brainseg_gui.processor import described_processor, is_faster_in_bfloat16


@dataclass(frozen=True)
class ComputeDevice:
    """A device.

    Parameters
    ----------
    keras_name
        Name for `keras.device`.
    words
        Name for people.
    has_bfloat16
        Whether it is faster in bfloat16 than in float32.
    """

    keras_name: str
    words: str
    has_bfloat16: bool

    @property
    def is_gpu(self) -> bool:
        """Whether it is a GPU."""
        return self.keras_name.startswith("gpu")


def choose_device(device: Device) -> ComputeDevice:
    """The GPU if there is one and the choice allows it, else the CPU.

    Raises
    ------
    EngineError
        If a GPU is asked for and there is none.
    """
    gpu = None if device == "cpu" else _find_gpu()
    if device == "gpu" and gpu is None:
        raise EngineError("no GPU was found", "Choose the device cpu or auto; brainseg doctor says more")
    return gpu or cpu_device()


def choose_precision(precision: Precision, device: ComputeDevice) -> str:
    """``float32`` or ``bfloat16``."""
    if precision != "auto":
        return precision
    return "bfloat16" if device.has_bfloat16 else "float32"


def cpu_device() -> ComputeDevice:
    """The CPU."""
    cores = usable_cores()
    # torch moves the weights to "cpu:0" as copies, which get no gradients
    name = "cpu" if keras.backend.backend() == "torch" else "cpu:0"
    return ComputeDevice(
        name, f"CPU ({cores} core{'s' if cores > 1 else ''})", is_faster_in_bfloat16(described_processor())
    )


def _find_gpu() -> ComputeDevice | None:
    backend = keras.backend.backend()
    if backend == "tensorflow":
        return _find_tensorflow_gpu()
    if backend == "torch":
        import torch

        if torch.cuda.is_available():
            major, _ = torch.cuda.get_device_capability()
            return ComputeDevice("gpu:0", torch.cuda.get_device_name(), major >= 8)
    return None


def _find_tensorflow_gpu() -> ComputeDevice | None:
    import tensorflow as tf

    found = tf.config.list_physical_devices("GPU")
    if not found:
        return None
    for gpu in found:
        with contextlib.suppress(RuntimeError):  # it is in use already
            tf.config.experimental.set_memory_growth(gpu, True)
    details = tf.config.experimental.get_device_details(found[0])
    major, _ = details.get("compute_capability", (0, 0))
    return ComputeDevice("gpu:0", details.get("device_name", "GPU"), major >= 8)

"""One full-size pass of the source recipe's network beside its floor: operations over the measured matrix peak."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from statistics import median
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
import tensorflow as tf

from brainseg_gui.inference.network.devices import choose_device
from brainseg_gui.inference.network.network import LoadedNetwork
from tests.benchmarks.cases import Cases
from tests.benchmarks.rows import Row, Section
from training.network.unet import create_unet

SHAPE = (144, 224, 224, 4)
_MATRIX = 4096
_TERA = 1e12


def measure(cases: Cases) -> Section:
    """Seconds of a warm pass in bfloat16 and float32, and the floors, on the CPU and on a GPU if there is one."""
    model = create_unet()
    operations = operations_of(model)
    rows, found = [], {"operations, 1e12": operations / _TERA}
    for device in ("cpu", *(["gpu"] if tf.config.list_physical_devices("GPU") else [])):
        place = choose_device(device)  # type: ignore[arg-type]
        for wanted in ("bfloat16", "float32"):
            if wanted == "bfloat16" and not place.has_bfloat16:  # it would take minutes, and nobody is given it
                continue
            with tf.device(place.keras_name):
                peak = matrix_peak(wanted)
                seconds = _pass_s(LoadedNetwork(model, place, wanted))
            floor, name = operations / peak, f"{device} {wanted}"
            found |= {f"{name}, s": seconds, f"{name}, floor s": floor, f"{name}, peak TFLOP/s": peak / _TERA}
            limit = 1 / 1.3 if name == "cpu bfloat16" else None
            words = f"seed network at full size, {name}"
            rows.append(Row(words, seconds, beside="its floor", theirs=floor, floor=floor, times=limit))
    return Section(rows, found)


def operations_of(model: Any) -> float:
    """Multiplications and additions of one pass: two for every weight of a kernel, at every output voxel."""
    total = 0.0
    for layer in model.layers:
        if isinstance(layer, keras.layers.Conv3D):
            total += 2.0 * float(np.prod(layer.output.shape[1:4])) * float(np.prod(layer.kernel.shape))
    return total


def matrix_peak(precision: str) -> float:
    """Operations per second of a large matrix product in TensorFlow."""
    kind = tf.bfloat16 if precision == "bfloat16" else tf.float32
    left = tf.cast(tf.random.normal((_MATRIX, _MATRIX)), kind)
    product = tf.function(lambda: tf.reduce_sum(tf.cast(tf.matmul(left, left), tf.float32)))
    return 2.0 * _MATRIX**3 / _best(lambda: float(product()), 4)


def _pass_s(network: LoadedNetwork) -> float:
    batch = np.random.default_rng(0).random((1, *SHAPE), dtype=np.float32)
    seconds = [_best(lambda: network.predict(batch), 1) for _ in range(4)]
    return median(seconds[1:])


def _best(work: Callable[[], object], runs: int) -> float:
    seconds = []
    for _ in range(runs):
        start = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - start)
    return min(seconds)

"""Several devices and other backends: each in a process of its own, for they are chosen before the first import."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

pytestmark = pytest.mark.engine

# A few steps of our loss and of the article's on the same global batches, on one or two logical CPU devices.
_SEVERAL = """
import json, sys
import numpy as np, tensorflow as tf, keras
cpu = tf.config.list_physical_devices("CPU")[0]
tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
from brainseg_gui.runs.config import Loss, Network, Sampling, TrainingConfig
from training.network.start import compile_for, on_devices, trained_copy
from training.recipe import recipe_of
from training.network.unet import build_network
config = TrainingConfig(network=Network(levels=2, filters=4), loss=Loss(batch_dice=False))
import pathlib
from brainseg_gui.runs.config import Augmentation
from training.data.cache import CachedCase
from training.data.data import Patches
from training.data.order import CaseOrder
folder = pathlib.Path(sys.argv[1])
random = np.random.default_rng(0)
labels = random.integers(0, 4, (24, 24, 24)).astype(np.uint8)
np.save(folder / "labels.npy", labels)
np.save(folder / "image.npy", (random.random((24, 24, 24, 4)) + labels[..., None]).astype(np.float16))
np.save(folder / "centres.npy", np.array([[1, 8, 8, 8]], np.int16))
sampling = Sampling(patch=(8, 8, 8), batch=4, foreground=0.0, workers=3)
class Tell(keras.callbacks.Callback):
    def __init__(self):
        super().__init__()
        self.losses = []
    def on_train_batch_end(self, batch, logs=None):
        self.losses.append(float(logs["loss"]))
for names in (["cpu:0"], ["cpu:0", "cpu:1"]):
    order = CaseOrder([CachedCase(folder, "a", (24, 24, 24))])
    patches = Patches(order, sampling.patch, sampling, Augmentation(), seed=1)
    with on_devices(names):
        keras.utils.set_random_seed(3)
        model = compile_for(trained_copy(build_network(config.network), "float32"), config, recipe_of(config, 2), 8)
        tell = Tell()
        model.fit(patches, steps_per_epoch=4, epochs=1, verbose=0, callbacks=[tell])
        weights = float(sum(np.abs(w).sum() for w in model.get_weights()))
        replicas = model.distribute_strategy.num_replicas_in_sync if model.distribute_strategy else 1
        print(json.dumps({"losses": tell.losses, "replicas": replicas, "weights": weights}))
    patches.close()
"""

# One step of our network with everything that a run compiles, and the loss that it must give.
_ONE_STEP = """
import json
import numpy as np, keras
from brainseg_gui.runs.config import Compute, Network, TrainingConfig
from training.checkpoint import Position, averaged_weights, latest_checkpoint, restore, save_checkpoint, synchronised
from training.network.start import compile_for, trained_copy
from training.recipe import recipe_of
from training.network.unet import build_network
import pathlib, tempfile
config = TrainingConfig(network=Network(levels=2, filters=4), compute=Compute(average_weights=0.9))
plain = build_network(config.network)
random = np.random.default_rng(0)
plain.set_weights([random.normal(0, 0.1, w.shape).astype("float32") for w in plain.get_weights()])
model = compile_for(trained_copy(plain, "float32"), config, recipe_of(config, 2), 4)
class Batches(keras.utils.PyDataset):
    num_batches = None
    def __getitem__(self, index):
        random = np.random.default_rng(index)
        labels = random.integers(0, 4, (2, 8, 8, 8))
        return random.random((2, 8, 8, 8, 4), np.float32), np.eye(4, dtype=np.uint8)[labels]
losses = []
folder = pathlib.Path(tempfile.mkdtemp())
class Tell(keras.callbacks.Callback):
    def on_train_batch_end(self, batch, logs=None):
        losses.append(float(logs["loss"]))
        save_checkpoint(folder, synchronised(self.model), Position(step=batch + 1))
        with averaged_weights(self.model):
            pass
model.fit(Batches(), steps_per_epoch=3, epochs=1, verbose=0, callbacks=[Tell()])
found = latest_checkpoint(folder)
restore(model, found.arrays, found.path)
print(json.dumps({"backend": keras.backend.backend(), "losses": losses, "step": found.position.step}))
"""


def _run(code: str, *arguments: str, backend: str = "tensorflow") -> list[dict]:
    environment = {**os.environ, "KERAS_BACKEND": backend, "CUDA_VISIBLE_DEVICES": "-1", "TF_CPP_MIN_LOG_LEVEL": "3"}
    done = subprocess.run(
        [sys.executable, "-P", "-c", code, *arguments], capture_output=True, text=True, env=environment, timeout=200
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]


@pytest.mark.slow
def test_two_devices_train_like_one_on_the_same_global_batch(tmp_path: Path) -> None:
    one, two = _run(_SEVERAL, str(tmp_path))
    assert (one["replicas"], two["replicas"]) == (1, 2)
    assert two["losses"] == pytest.approx(one["losses"], rel=1e-4)
    assert two["weights"] == pytest.approx(one["weights"], rel=1e-4)
    assert one["losses"][-1] < one["losses"][0]


@pytest.mark.slow
@pytest.mark.parametrize("backend", ["tensorflow", "jax", "torch"])
def test_a_step_gives_the_same_loss_on_every_backend(backend: str) -> None:
    if find_spec(backend) is None:
        pytest.skip(f"{backend} is not installed; pip install -e '.[{backend}]'")
    (found,) = _run(_ONE_STEP, backend=backend)
    assert found["backend"] == backend
    assert found["step"] == 3
    # means over the steps so far; the first one was worked out with TensorFlow, the others drift with rounding
    assert found["losses"] == pytest.approx(EXPECTED, rel=2e-3)


EXPECTED = [1.89674, 1.89329, 1.89384]


def test_fast_normalisation_is_normalisation() -> None:
    import keras

    from training.network.fast_norm import TrainedGroupNormalization

    random = np.random.default_rng(0)
    images = (random.standard_normal((2, 5, 6, 7, 8)) * 3 + 1).astype(np.float32)
    usual, fast = keras.layers.GroupNormalization(4), TrainedGroupNormalization(4)
    weights = [random.random(8), random.random(8)]
    for layer in (usual, fast):
        layer.build(images.shape)
        layer.set_weights(weights)
    assert np.asarray(fast(images)) == pytest.approx(np.asarray(usual(images)), abs=1e-4)
    groups = images.reshape(2, -1, 4, 2).astype(np.float64)
    mean, deviation = groups.mean(axis=(1, 3), keepdims=True), groups.std(axis=(1, 3), keepdims=True)
    by_hand = ((groups - mean) / np.sqrt(deviation**2 + 1e-3)).reshape(images.shape) * weights[0] + weights[1]
    assert np.asarray(fast(images)) == pytest.approx(by_hand, abs=1e-4)

"""What a run is going to need, and what is said of it; and the sentences of the ends that no test can bring about."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from brainseg_gui.runs.config import Network, Sampling
from training.errors import describe

pytestmark = pytest.mark.engine


def test_the_articles_network_needs_twelve_gigabytes_at_full_size() -> None:
    from training.estimate import activation_bytes_per_voxel, memory_of_training
    from training.network.unet import build_network

    network = build_network(Network(kind="seed", dropout=0.25), (144, 224, 224, 4))
    # Level 0: 4 in, 64 encoder, 32 up, 48 joined, 64 decoder, 4 out = 216 channels; level 1: 16 pooled, 128 encoder,
    # 64 up, 96 joined, 128 decoder = 432; level 2: 32, 256, 128, 192, 256 = 864; level 3: 64, 512, 512 = 1088.
    channels = 216 + 432 / 8 + 864 / 64 + 1088 / 512
    assert activation_bytes_per_voxel(network) == pytest.approx(4 * channels)
    need = memory_of_training(network, (144, 224, 224), Sampling(batch=1, workers=6)) / 2**30
    assert 11.5 < need < 13  # 11.7 GiB were measured


def test_the_sentence_says_what_is_missing() -> None:
    from training.estimate import RunEstimate

    small = RunEstimate(1.0, 100.0, 12 * 2**30, 8 * 2**30)
    assert not small.fits
    assert small.sentence((144, 224, 224), 1) == (
        "training on 144×224×224 voxels, batch 1, needs about 12.0 GiB of memory; you have 8.0 GiB. "
        "Choose a smaller patch, batch or network"
    )
    assert RunEstimate(1.0, 1.0, 2**30, None).fits
    assert (
        RunEstimate(1.0, 1.0, 2**30, 2 * 2**30).sentence((8, 8, 8), 2).endswith("1.0 GiB of memory; 2.0 GiB are free")
    )


def test_the_measured_steps_are_small_and_fit_the_network() -> None:
    from training.estimate import probe_shapes

    assert probe_shapes((16, 16, 16), 8) == [(16, 16, 16)]
    assert probe_shapes((48, 48, 48), 8) == [(48, 48, 48)]
    assert probe_shapes((96, 96, 96), 8) == [(24, 24, 24), (48, 48, 48)]
    assert probe_shapes((128, 128, 64), 32) == [(32, 32, 32), (64, 64, 32)]
    for shape, voxels in zip(probe_shapes((144, 224, 224), 8), (24**3, 48**3), strict=True):
        assert not any(n % 8 for n in shape)
        assert 0.4 * voxels < shape[0] * shape[1] * shape[2] < 2.5 * voxels


def test_what_every_step_costs_is_not_multiplied_by_the_voxels() -> None:
    from training.estimate import seconds_at

    # 0.2 s for every step and 1 s per 1000 voxels
    assert seconds_at(50_000, {1000.0: 1.2, 4000.0: 4.2}) == pytest.approx(50.2)
    assert seconds_at(4000, {4000.0: 4.2}) == pytest.approx(4.2)
    # noise: more voxels took no longer, or so much longer that nothing is left for what every step costs
    assert seconds_at(8000, {1000.0: 2.0, 4000.0: 1.0}) == pytest.approx(2.0)
    assert seconds_at(8000, {1000.0: 0.1, 4000.0: 1.0}) == pytest.approx(2.0)


def test_the_quickest_of_several_steps_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    from training import estimate

    clock = [0.0]
    lasts = iter([30.0, 0.5, 0.75, 0.25, 1.0, 0.5, 0.5])  # the first builds the graph; 2 s are full after the fifth
    steps: list[tuple[int, ...]] = []

    def train_on_batch(images: Any, truth: Any) -> None:
        steps.append(images.shape)
        clock[0] += next(lasts)

    model = SimpleNamespace(input_shape=(None, 8, 8, 8, 4), output_shape=(None, 8, 8, 8, 4))
    model.train_on_batch = train_on_batch
    monkeypatch.setattr(estimate.time, "perf_counter", lambda: clock[0])
    assert estimate.seconds_of_step(model, (8, 8, 8), 2) == 0.25
    assert steps == [(2, 8, 8, 8, 4)] * 5


def test_an_estimate_leaves_the_run_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    import random

    import keras
    import numpy as np

    from brainseg_gui.inference.network.devices import cpu_device
    from brainseg_gui.runs.config import Compute, TrainingConfig
    from training import estimate
    from training.announce import tell_estimate
    from training.network.start import ANY_SIZE, compile_for, start_of, trained_copy

    config = TrainingConfig(
        network=Network(levels=2, filters=4, dropout=0.2),
        sampling=Sampling(patch=(8, 8, 8), batch=1),
        compute=Compute(average_weights=0.9, precision="float32"),
    )
    keras.utils.set_random_seed(1)
    start = start_of(config)
    model = compile_for(trained_copy(start.build(ANY_SIZE), "float32"), config, start.recipe, 10)
    labels = np.random.default_rng(0).integers(0, 4, (1, 8, 8, 8))
    model.run_eagerly = True  # one step: making a graph of it would take longer
    model.train_on_batch(np.eye(4, dtype=np.float32)[labels], np.eye(4, dtype=np.uint8)[labels])
    model.run_eagerly = False
    monkeypatch.setattr(estimate, "FEWEST_STEPS", 1)
    monkeypatch.setattr(estimate, "MEASURED_S", 0.0)
    written: list[tuple[str, dict[str, Any]]] = []
    run = SimpleNamespace(
        check_stop=lambda: None,
        total_steps=10,
        position=SimpleNamespace(steps_per_epoch=5),
        events=SimpleNamespace(write=lambda kind, **values: written.append((kind, values))),
        warn=written.append,
    )
    variables = [*model.variables, *model.optimizer.variables]
    before = [np.array(variable.numpy()) for variable in variables]
    drawn = random.getstate(), np.random.get_state()[1].copy()  # noqa: NPY002
    tell_estimate(run, config, start, model, (8, 8, 8), cpu_device())  # type: ignore[arg-type]
    assert [kind for kind, _ in written] == ["estimated"]
    assert written[0][1]["seconds_per_epoch"] == pytest.approx(5 * written[0][1]["seconds_per_step"])
    assert len(before) > 20
    for variable, earlier in zip(variables, before, strict=True):
        assert np.array_equal(variable.numpy(), earlier), variable.path
    assert random.getstate() == drawn[0]
    assert np.array_equal(np.random.get_state()[1], drawn[1])  # noqa: NPY002


def test_batches_in_waiting_never_take_the_memory_of_training() -> None:
    from training.data.data import batches_ahead

    assert batches_ahead((96, 96, 96), Sampling(batch=2, workers=2)) == 4
    assert batches_ahead((144, 224, 224), Sampling(batch=1, workers=6)) == 3
    assert batches_ahead((512, 512, 512), Sampling(batch=4, workers=6)) == 1
    assert batches_ahead((16, 16, 16), Sampling(batch=1, workers=0)) == 1


def test_the_batch_is_divided_evenly(monkeypatch: pytest.MonkeyPatch) -> None:
    import keras

    from brainseg_gui.inference.network.devices import ComputeDevice
    from training.network.start import devices_for

    gpu = ComputeDevice("gpu:0", "a GPU", True)
    monkeypatch.setattr(keras.distribution, "list_devices", lambda kind: ["gpu:0", "gpu:1", "gpu:2"])
    assert devices_for(gpu, 6) == ["gpu:0", "gpu:1", "gpu:2"]
    assert devices_for(gpu, 4) == ["gpu:0", "gpu:1"]
    assert devices_for(gpu, 1) == ["gpu:0"]
    assert devices_for(ComputeDevice("cpu:0", "CPU", False), 4) == ["cpu:0"]


def test_every_end_has_a_sentence_with_a_remedy() -> None:
    import brainseg_gui.inference.network.network  # noqa: F401  knows how each backend says that the memory is too small

    exhausted = type("ResourceExhaustedError", (Exception,), {})
    for error in (MemoryError(), exhausted("OOM when allocating tensor")):
        assert describe(error).startswith("The memory is too small for this run. Choose a smaller")
    assert describe(OSError(28, "No space left on device")).startswith("The disk is full. Free some space and resume")
    assert describe(ValueError("x")) == "Unexpected ValueError: x. The log has the details."


def test_a_model_of_the_program_can_be_the_start() -> None:
    import numpy as np

    from brainseg_gui.runs.config_file import read_preset, with_changes
    from training.network.start import start_of, trained_copy
    from training.recipe import passport_of

    start = start_of(with_changes(read_preset("fine-tune"), {"sampling.patch": "[16, 16, 16]"}))
    plain = start.build((None, None, None))
    image = np.random.default_rng(0).random((1, 16, 16, 16, 4), np.float32)
    trained = trained_copy(plain, "float32")
    assert np.asarray(trained(image)) == pytest.approx(np.asarray(plain(image)), abs=1e-3)
    assert passport_of(start.recipe).spacing_mm is not None


@pytest.mark.parametrize(
    ("patch", "words"),
    [("[20, 16, 16]", "holds 20, but this network needs multiples of 8"), ("[0, 16, 16]", "mixes 0")],
)
def test_a_patch_that_the_network_cannot_halve_is_refused(patch: str, words: str) -> None:
    from brainseg_gui.errors import BrainsegError
    from brainseg_gui.runs.config_file import read_preset, with_changes
    from training.network.start import start_of

    with pytest.raises(BrainsegError, match=words):
        start_of(with_changes(read_preset("default"), {"sampling.patch": patch}))


def test_a_run_without_an_end_is_refused() -> None:
    from brainseg_gui.errors import BrainsegError
    from brainseg_gui.runs.config import Length, TrainingConfig
    from training.checkpoint import Position
    from training.train import plan_steps

    run = SimpleNamespace(position=Position())
    with pytest.raises(BrainsegError, match="the run has no end"):
        plan_steps(run, TrainingConfig(length=Length(epochs=0)), 10)  # type: ignore[arg-type]
    config = TrainingConfig(length=Length(epochs=3, steps_per_epoch=0, steps=100), sampling=Sampling(batch=4))
    plan_steps(run, config, 10)  # type: ignore[arg-type]
    assert (run.position.steps_per_epoch, run.total_steps) == (3, 9)

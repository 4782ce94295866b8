"""Checkpoints: whole or not there, and everything comes back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from brainseg_gui.runs.config import Compute, Network, TrainingConfig
from training.errors import TrainingError

pytestmark = pytest.mark.engine


def tiny(seed: int, average: float = 0.9, levels: int = 2) -> Any:
    import keras

    from training.network.start import compile_for, trained_copy
    from training.network.unet import build_network
    from training.recipe import recipe_of

    keras.utils.set_random_seed(seed)
    network = Network(levels=levels, filters=2, dropout=0.2)
    config = TrainingConfig(network=network, compute=Compute(average_weights=average))
    model = compile_for(trained_copy(build_network(network), "float32"), config, recipe_of(config, 2), 50)
    model.run_eagerly = True  # a few steps: making a graph of one would take many times as long
    return model


def batch(seed: int) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    return random.random((2, 8, 8, 8, 4), np.float32), np.eye(4, dtype=np.uint8)[random.integers(0, 4, (2, 8, 8, 8))]


def test_training_goes_on_as_if_nothing_had_happened(tmp_path: Path) -> None:
    from training.checkpoint import Position, latest_checkpoint, restore, save_checkpoint

    one = tiny(0)
    for step in range(3):
        one.train_on_batch(*batch(step))
    save_checkpoint(tmp_path, one, Position(step=3, seed=5, best=0.25, epoch_metrics={"loss": 1.5}))
    other = tiny(99)
    found = latest_checkpoint(tmp_path)
    assert found is not None
    position = found.position
    assert (position.step, position.seed, position.best, position.epoch_metrics) == (3, 5, 0.25, {"loss": 1.5})
    restore(other, found.arrays, found.path)
    losses = [[float(model.train_on_batch(*batch(step))[0]) for step in range(3, 6)] for model in (one, other)]
    assert losses[1] == pytest.approx(losses[0], rel=1e-4)
    assert int(other.optimizer.iterations) == 6
    for ours, theirs in zip(one.get_weights(), other.get_weights(), strict=True):
        assert theirs == pytest.approx(ours, abs=1e-4)


def test_the_average_replaces_the_weights_only_inside(tmp_path: Path) -> None:
    from training.checkpoint import averaged_weights

    model = tiny(0, average=0.5)
    first = model.get_weights()
    model.train_on_batch(*batch(0))
    model.train_on_batch(*batch(1))
    own = model.get_weights()
    with averaged_weights(model):
        averaged = model.get_weights()
    assert all(np.array_equal(a, b) for a, b in zip(own, model.get_weights(), strict=True))
    assert not np.array_equal(averaged[0], own[0])
    low, high = np.minimum(first[0], own[0]), np.maximum(first[0], own[0])
    assert ((averaged[0] >= low - 0.002) & (averaged[0] <= high + 0.002)).mean() > 0.9


def test_the_newest_two_are_kept_and_a_damaged_one_is_passed_over(tmp_path: Path) -> None:
    from training.checkpoint import Position, latest_checkpoint, save_checkpoint

    model = tiny(0)
    for step in (5, 10, 15):
        save_checkpoint(tmp_path, model, Position(step=step))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["step-000000010.npz", "step-000000015.npz"]
    newest = tmp_path / "step-000000015.npz"
    newest.write_bytes(newest.read_bytes()[:-500])
    found = latest_checkpoint(tmp_path)
    assert found is not None
    assert found.position.step == 10
    assert found.passed_over == (newest,)
    (tmp_path / "step-000000010.npz").write_bytes(b"")
    with pytest.raises(TrainingError, match="none of the run's checkpoints can be read"):
        latest_checkpoint(tmp_path)
    assert latest_checkpoint(tmp_path / "new") is None


def test_a_full_disk_is_a_sentence_and_the_old_checkpoint_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from training.checkpoint import Position, save_checkpoint

    model = tiny(0)
    save_checkpoint(tmp_path, model, Position(step=5))

    def full(stream: Any, **arrays: Any) -> None:
        stream.write(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np, "savez", full)
    with pytest.raises(TrainingError, match=r"\(the disk is full\)\. Free some space and resume"):
        save_checkpoint(tmp_path, model, Position(step=10))
    assert [path.name for path in tmp_path.iterdir()] == ["step-000000005.npz"]


def test_a_changed_network_is_refused(tmp_path: Path) -> None:
    from training.checkpoint import Position, latest_checkpoint, restore, save_checkpoint

    path = save_checkpoint(tmp_path, tiny(0), Position(step=5))
    found = latest_checkpoint(tmp_path)
    assert found is not None
    with pytest.raises(TrainingError, match="does not fit the network and optimiser"):
        restore(tiny(0, levels=3), found.arrays, path)


def test_a_run_goes_on_from_the_newest_that_can_be_read_and_keeps_what_it_writes_then(tmp_path: Path) -> None:
    from types import SimpleNamespace

    from brainseg_gui.runs.config import TrainingConfig
    from training.checkpoint import Position, save_checkpoint
    from training.processes.group import ALONE
    from training.train import resume

    model, said = tiny(0), []
    for step in (10, 20):
        save_checkpoint(tmp_path, model, Position(step=step))
    (tmp_path / "step-000000020.npz").write_bytes(b"cut off")
    folder = SimpleNamespace(checkpoints=tmp_path)
    run = SimpleNamespace(folder=folder, position=Position(), warn=said.append, group=ALONE, is_writer=True)
    resume(run, TrainingConfig(), tiny(0))  # type: ignore[arg-type]
    assert run.position.step == 10
    assert said == ["step-000000020.npz cannot be read; the run goes on from step-000000010.npz"]
    for step in (12, 14):
        save_checkpoint(tmp_path, model, Position(step=step))
    names = sorted(path.name for path in tmp_path.iterdir())
    assert names == ["step-000000012.npz", "step-000000014.npz", "step-000000020.npz.damaged"]


def test_weights_that_are_no_numbers_are_never_kept(tmp_path: Path) -> None:
    from training.checkpoint import Position, save_best, save_checkpoint

    model = tiny(0)
    save_checkpoint(tmp_path, model, Position(step=5))
    model.set_weights([np.full_like(weight, np.nan) for weight in model.get_weights()])
    for save in (save_checkpoint, save_best):
        with pytest.raises(TrainingError, match=r"no numbers any more after step 6.*resume from the checkpoint"):
            save(tmp_path, model, Position(step=6))
    assert [path.name for path in tmp_path.iterdir()] == ["step-000000005.npz"]


@pytest.mark.parametrize("end", ["", "stopped"])
def test_an_epoch_whose_last_step_is_the_last_before_a_stop_is_closed(tmp_path: Path, end: str) -> None:
    from types import SimpleNamespace

    from brainseg_gui.runs.config import Length
    from training.callbacks import Epochs
    from training.checkpoint import Position

    told: list[dict[str, object]] = []
    run = SimpleNamespace(
        position=Position(step=8, steps_per_epoch=4, epoch_steps=1), epoch=2, epoch_seen=3,
        end=end, must_stop=bool(end), is_writer=True,
        merged_metrics=lambda: {"loss": 0.5}, events=SimpleNamespace(write=lambda kind, **v: told.append(v)),
    )  # fmt: skip
    validation = SimpleNamespace(cases=("one",), expected=0, run=lambda: iter(()))
    steps = SimpleNamespace(restart_clock=lambda: None)
    epochs = Epochs(run, validation, Length(validate_every=1), None, steps=steps)  # type: ignore[arg-type]
    epochs.set_model(tiny(0))
    epochs.on_train_batch_end(3)
    assert [each["metrics"] for each in told] == [{"loss": 0.5}]
    assert (run.position.epoch_steps, run.position.epoch_metrics, run.epoch_seen) == (0, {}, 0)
    run.position.step = 9
    epochs.on_train_batch_end(4)
    assert len(told) == 1


@pytest.mark.parametrize(
    ("keep", "kept"),
    [("best", [(0.5, "val_dice_mean"), (0.6, "val_dice_mean")]),
     ("loss", [(0.5, "loss"), (0.4, "loss")]),
     ("last", [(0.5, ""), (0.4, ""), (0.6, "")])],
)  # fmt: skip
def test_what_a_run_keeps(keep: str, kept: list[tuple[float, str]], tmp_path: Path) -> None:
    from types import SimpleNamespace

    from brainseg_gui.runs.config import Length
    from training.callbacks import Epochs
    from training.checkpoint import Position

    exported: list[tuple[float, str]] = []

    def export(model: object, metrics: dict[str, float], judged_by: str) -> None:
        exported.append((metrics["val_dice_mean"], judged_by))

    folder = SimpleNamespace(checkpoints=tmp_path)
    run = SimpleNamespace(position=Position(), epoch=1, folder=folder, is_writer=True)
    validation = SimpleNamespace(cases=("one",), expected=0)
    epochs = Epochs(run, validation, Length(keep=keep), export, steps=None)  # type: ignore[arg-type]
    epochs.set_model(tiny(0))
    for loss, dice in ((0.9, 0.5), (0.8, 0.4), (1.0, 0.6)):
        epochs._keep_best({"loss": loss, "val_dice_mean": dice})
    assert exported == kept


def test_a_loss_that_is_no_number_ends_the_run() -> None:
    from types import SimpleNamespace

    from training.callbacks import Steps

    run = SimpleNamespace(position=SimpleNamespace(step=12))
    steps = Steps(run, None, float)  # type: ignore[arg-type]
    steps._check(1.0)
    with pytest.raises(TrainingError, match=r"not a number since step 12.*Lower optimiser.learning_rate"):
        steps._check(float("nan"))

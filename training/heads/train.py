"""The training of a head's network, as a method section would tell it."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np
from keras import ops

from brainseg_gui.preparation.heads.field import FloatArray
from brainseg_gui.runs.config import Compute, Optimiser
from brainseg_gui.storage.writing import open_derived
from training.checkpoint import Checkpoint, Position, averaged_weights, latest_checkpoint, restore, save_checkpoint
from training.heads.batches import Row
from training.heads.network import brain_network
from training.heads.sharing import Circle
from training.network.losses import SMOOTH
from training.network.schedule import build_optimiser
from training.network.start import trained_copy
from training.recipe import KERAS_FILE

_OPTIMISER = Optimiser(learning_rate=3e-3, schedule="cosine", warmup_steps=40)
_AVERAGE = 0.98
_EVERY = 40
"""Steps between checkpoints."""
_SHARED = 10
"""Steps between two times that the members average their weights."""


@dataclass(frozen=True)
class Plan:
    """What is trained, on what, where and for how long; members of one run average their weights.

    `start` is a network whose weights are taken over where layers are the same.
    """

    task: str
    pictures: Path
    run: Path
    steps: int
    batch: int
    seed: int
    member: int = 0
    start: Path | None = None


def train(plan: Plan) -> None:
    """Train from the newest checkpoint to the last step, or until a file ``stop`` lies in the run folder.

    Raises
    ------
    TrainingError
        If there are no pictures, or the checkpoints cannot be used.
    """
    checkpoints = plan.run / f"checkpoints-{plan.member}"
    checkpoints.mkdir(parents=True, exist_ok=True)
    task = TASKS[plan.task]
    network = task.build()
    found = latest_checkpoint(checkpoints)
    if found is None and plan.start is not None:
        take_over(network, plan.start)
    model = compiled(task, network, plan.steps, found)
    _run(plan, model, found.position if found else Position(seed=plan.seed), checkpoints)
    with averaged_weights(model):
        network.set_weights(model.get_weights())
    if plan.member == 0:
        network.save(plan.run / KERAS_FILE)


def compiled(task: Task, network: Any, steps: int, checkpoint: Checkpoint | None) -> Any:
    """The copy of a network that is trained, as a checkpoint left it.

    Raises
    ------
    TrainingError
        If the checkpoint is of another network.
    """
    model = trained_copy(network, "float32")
    model.compile(
        optimizer=build_optimiser(_OPTIMISER, Compute(average_weights=_AVERAGE), steps),
        loss=task.loss,
        jit_compile=False,
    )
    model.optimizer.build(model.trainable_variables)
    if checkpoint is not None:
        restore(model, checkpoint.arrays, checkpoint.path)
    return model


def take_over(network: Any, start: Path) -> None:
    """Begin with the weights of an older network, in layers that have kept name and shape."""
    older = {layer.name: layer.get_weights() for layer in keras.models.load_model(start, compile=False).layers}
    for layer in network.layers:
        weights = older.get(layer.name, ())
        if [w.shape for w in weights] == [w.shape for w in layer.get_weights()]:
            layer.set_weights(weights)


def _run(plan: Plan, model: Any, position: Position, checkpoints: Path) -> None:
    task = TASKS[plan.task]
    row = Row(plan.pictures, (plan.seed, plan.member, position.step), task.kinds)
    circle = Circle(plan.run, plan.member)
    started, losses, together = time.monotonic() - position.elapsed_s, [], 1
    while position.step < plan.steps and not (plan.run / "stop").exists():
        losses.append(float(model.train_on_batch(*task.batch(row, plan.batch))))
        position.step += 1
        together = circle.share(model) if position.step % _SHARED == 0 else together
        if position.step % _EVERY == 0 or position.step == plan.steps:
            position.elapsed_s = time.monotonic() - started
            save_checkpoint(checkpoints, model, position)
            _log(plan, position, float(np.mean(losses)), together)
            losses.clear()


def _log(plan: Plan, position: Position, loss: float, together: int) -> None:
    told = {
        "member": plan.member,
        "step": position.step,
        "loss": round(loss, 5),
        "elapsed_s": round(position.elapsed_s),
        "cpu_s": round(time.process_time()),
        "together": together,
    }
    with open_derived(plan.run / "log.jsonl", "ab") as log:
        log.write(f"{json.dumps(told)}\n".encode())


def brain_batch(row: Row, count: int) -> tuple[FloatArray, FloatArray]:
    """Images and shares of background and brain: (B, I, J, K, 1) and (B, I, J, K, 2)."""
    images, brains = zip(*(row.draw()[:2] for _ in range(count)), strict=True)
    brain = np.stack(brains)  # (I, J, K) -> (B, I, J, K)
    return np.stack(images)[..., None], np.stack((1.0 - brain, brain), axis=-1)


def brain_loss(y_true: Any, y_pred: Any) -> Any:
    """Cross-entropy plus one minus the soft Dice of the brain, both with shares of voxels as truth."""
    crossentropy = ops.mean(keras.losses.categorical_crossentropy(y_true, y_pred))
    truth, found = y_true[..., 1], y_pred[..., 1]
    dice = (2.0 * ops.sum(truth * found) + SMOOTH) / (ops.sum(truth) + ops.sum(found) + SMOOTH)
    return crossentropy + 1.0 - dice


@dataclass(frozen=True)
class Task:
    """A network: how it is built, fed and judged, and by which pictures; all when none are named."""

    build: Callable[[], Any]
    batch: Callable[[Row, int], tuple[FloatArray, FloatArray]]
    loss: Callable[[Any, Any], Any]
    kinds: tuple[str, ...] = ()


TASKS: Mapping[str, Task] = {
    "brain": Task(brain_network, brain_batch, brain_loss),
}

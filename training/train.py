"""A training run: data, network, loss, fit."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Mapping, Sequence
from typing import Any, cast

import keras

from brainseg_gui.inference.network.devices import ComputeDevice, choose_device, choose_precision
from brainseg_gui.inference.options import Device, Precision
from brainseg_gui.runs.config import TrainingConfig
from training.announce import tell_estimate, tell_of_data, tell_of_network
from training.best_so_far import compared_alike
from training.callbacks import Checkpoints, Epochs, Export, Steps, Together, tensorboard
from training.checkpoint import BEST, averaged_weights, latest_checkpoint, restore
from training.data.cache import CachedCase
from training.data.cases import check_data
from training.data.data import Patches
from training.data.data_set import DataSet, TrainingCase
from training.data.kept_split import as_before, first_split
from training.data.order import CaseOrder
from training.data.patch import Shape, patch_size
from training.errors import TrainingError
from training.evaluate import Validation
from training.export import about_run, export_model
from training.network.schedule import build_schedule
from training.network.start import (
    ANY_SIZE,
    Start,
    compile_for,
    devices_for,
    on_devices,
    start_of,
    trained_copy,
    undivided,
)
from training.prepare_set import prepare_all
from training.processes.step import part_generators, share_step
from training.processes.turn import in_turn
from training.recipe import Recipe, passport_of
from training.run_state import Run


def train(run: Run, config: TrainingConfig) -> None:
    """Run a configuration to its end, or on from its last checkpoint; `run.end` says how it ended.

    Raises
    ------
    BrainsegError
        If it cannot start or go on.
    """
    keras.utils.set_random_seed(config.compute.seed)
    device = choose_device(cast(Device, config.compute.device))
    check_devices(run, device)
    precision = run.group.agree(choose_precision(cast(Precision, config.compute.precision), device))
    devices = devices_for(device, config.sampling.batch, run.group.count)
    run.events.write("device", device=device.words, precision=precision, devices=len(devices))

    # Data
    start = start_of(config)
    passport = passport_of(start.recipe)
    data, held_back = split_as_before(run, config, check_data(config.data, passport.modalities, config.compute.seed))
    tell_of_data(run, config, data)
    entries = prepared_alike(run, config, start.recipe, data.training)
    further = prepared_alike(run, config, start.recipe, data.further) if data.further else []
    order = CaseOrder(entries, further, config.sampling.further, config.compute.seed)
    patch = patch_size(config.sampling, [*entries, *further], start.divisor)
    plan_steps(run, config, len(entries))

    with on_devices(devices):
        # Network and loss
        with undivided():
            plain = start.build(patch if start.takes_shape else ANY_SIZE)
        model = compile_for(trained_copy(plain, precision), config, start.recipe, run.total_steps)
        share_step(model, run.group)
        tell_of_network(run, model, patch)
        resume(run, config, model)
        part_generators(model, run.group)
        if run.is_writer:
            with undivided():
                tell_estimate(run, config, start, model, patch, device)

        # Fit
        with undivided():
            validation = Validation(model, plain, device, precision, passport, data.validation, run.warn)
            ids = [case.case_id for case in data.validation]
            validation.expected = compared_alike(run, config.length, ids, held_back)
        with contextlib.closing(patches_of(run, config, start, order, patch)) as patches:
            fit(run, config, model, patches, validation, exporter(run, config, start, plain, len(order)))


def split_as_before(run: Run, config: TrainingConfig, data: DataSet) -> tuple[DataSet, int]:
    """The data of a run that goes on, split as at its beginning, and how many cases it held back; 0 for a new run."""
    goes_on = any(run.folder.checkpoints.glob("step-*.npz"))
    before = first_split(run.folder.events()) if goes_on else None
    if before is None or config.data.validation:
        return data, 0
    return as_before(data, *before, run.warn), len(before[1])


def check_devices(run: Run, device: ComputeDevice) -> None:
    """Refuse processes on a GPU and on a CPU in one run.

    Raises
    ------
    TrainingError
        If this process is one of another kind than process 0.
    """
    on_gpu = run.group.agree(device.is_gpu)
    if device.is_gpu != on_gpu:
        kinds = ("a GPU", "the CPU") if device.is_gpu else ("the CPU", "a GPU")
        sentence = f"process {run.group.rank} of {run.group.count} trains on {kinds[0]}, and process 0 on {kinds[1]}"
        raise TrainingError(sentence, "Give each process a GPU of its own, or set compute.device to cpu")


def prepared_alike(run: Run, config: TrainingConfig, recipe: Recipe, cases: Sequence[TrainingCase]) -> list[CachedCase]:
    """Process 0 prepares the cases, the others find them in the cache."""
    return in_turn(
        run.group,
        lambda: prepare_all(run, config, recipe, cases),
        lambda entries: [entry.case_id for entry in entries],
        "cases",
    )


def patches_of(run: Run, config: TrainingConfig, start: Start, order: CaseOrder, patch: Shape) -> Patches:
    """The batches from the run's present step on."""
    return Patches(
        order,
        patch,
        config.sampling,
        config.augmentation,
        channels=start.recipe["output"]["channels"],
        seed=config.compute.seed,
        first_step=run.position.step,
        in_plane=config.preprocess.recipe == "seed",
        part=(run.group.rank, run.group.count),
        warn=run.warn,
    )


def exporter(run: Run, config: TrainingConfig, start: Start, plain: Any, cases: int) -> Export:
    """What writes the model folder whenever there is a better model."""

    def export(trained: Any, metrics: Mapping[str, float], judged_by: str) -> None:
        if not run.is_writer:
            return
        about = about_run(config, cases, run.position.step, metrics)
        export_model(run.folder.model, plain, trained.get_weights(), start.recipe, about, start.model)
        best = {"epoch": run.epoch, "step": run.position.step, "judged_by": judged_by} if judged_by else {}
        run.events.write("model", folder=str(run.folder.model), metrics=dict(metrics), **best)

    return export


def fit(run: Run, config: TrainingConfig, model: Any, patches: Patches, validation: Validation, export: Export) -> None:
    """Train until an end is reached, and leave a checkpoint and a usable model."""
    steps = Steps(run, patches, build_schedule(config.optimiser, run.total_steps))
    epochs = Epochs(run, validation, config.length, export, steps=steps)
    checkpoints = Checkpoints(run, config.length.checkpoint_every)
    left = run.total_steps - run.position.step
    run.started = time.perf_counter()
    if run.total_steps and left <= 0:
        run.end = "finished"
    else:
        epochs.also = tensorboard(run.folder.path, model)
        callbacks = [steps, epochs, checkpoints, Together(run)]
        arguments = {"steps_per_epoch": left} if run.total_steps else {}
        model.fit(patches, epochs=1, verbose=0, shuffle=False, callbacks=callbacks, **arguments)
    has_best = (run.folder.checkpoints / BEST).exists() or epochs.exported_step == run.position.step
    if run.group.agree(not has_best or not run.folder.has_model):
        with averaged_weights(model), undivided():
            export(model, run.merged_metrics(), "")


def plan_steps(run: Run, config: TrainingConfig, cases: int) -> None:
    """How many steps an epoch and the run have."""
    length = config.length
    per_epoch = length.steps_per_epoch or -(-cases // config.sampling.batch)
    limits = [limit for limit in (length.epochs * per_epoch, length.steps) if limit]
    if not limits and not length.hours:
        raise TrainingError("the run has no end", "Set length.epochs, length.steps or length.hours")
    run.position.steps_per_epoch = per_epoch
    run.position.seed = config.compute.seed
    run.total_steps = min(limits, default=0)
    run.hours = length.hours


def resume(run: Run, config: TrainingConfig, model: Any) -> None:
    """Put the newest checkpoint, if there is one, into the model and the run.

    Raises
    ------
    TrainingError
        If there are checkpoints and none can be read, or the newest does not fit the configuration.
    """
    folder = run.folder.checkpoints
    found = in_turn(run.group, lambda: latest_checkpoint(folder), lambda it: it and it.path.name, "checkpoints")
    if found is None:
        return
    for damaged in found.passed_over if run.is_writer else ():  # else they would count among the newest that are kept
        damaged.rename(damaged.with_name(f"{damaged.name}.damaged"))
        run.warn(f"{damaged.name} cannot be read; the run goes on from {found.path.name}")
    position = found.position
    if position.seed != config.compute.seed:
        run.warn("The seed was changed since the last checkpoint; the batches that follow are other ones")
    restore(model, found.arrays, found.path)
    per_epoch = run.position.steps_per_epoch
    if position.steps_per_epoch != per_epoch:
        position.epoch_steps, position.epoch_metrics = 0, {}
    position.steps_per_epoch = per_epoch
    position.seed = config.compute.seed
    run.position = position

"""What a run tells before its first step: the data set, the network, and what it is going to need."""

from __future__ import annotations

import contextlib
import random
from collections.abc import Iterator
from typing import Any

import numpy as np

from brainseg_gui.inference.network.devices import ComputeDevice
from brainseg_gui.runs.config import TrainingConfig
from training.data.data_set import DataSet
from training.data.patch import Shape
from training.estimate import estimate, probe_shapes
from training.network.start import Start, compile_for, trained_copy
from training.network.unet import receptive_field
from training.run_state import Run


def tell_of_data(run: Run, config: TrainingConfig, data: DataSet) -> None:
    """Write what the data-set check found."""
    run.check_stop()
    asked = config.data
    part = {"fold": asked.fold} if asked.folds or asked.folds_file else {"fraction": asked.split}
    split = {"by": asked.split_by, "seed": config.compute.seed, **part}
    run.events.write(
        "checked",
        cases=len(data.training) + len(data.validation),
        training=[case.case_id for case in data.training],
        validation=[case.case_id for case in data.validation],
        further=len(data.further),
        schemes=sorted({case.scheme.name for case in (*data.training, *data.validation)}),
        split=None if config.data.validation else split,
        problems=[problem.sentence for problem in data.problems],
    )


def tell_of_network(run: Run, model: Any, patch: Shape) -> None:
    """Write the summary of the network."""
    run.events.write(
        "network",
        parameters=int(model.count_params()),
        layers=len(model.layers),
        receptive_field=receptive_field(model),
        input=[*patch, model.input_shape[-1]],
    )


def tell_estimate(
    run: Run, config: TrainingConfig, start: Start, model: Any, patch: Shape, device: ComputeDevice
) -> None:
    """Measure steps of networks like this one, and write what the run is going to need; `model` stays as it is."""
    run.check_stop()
    # a network of fixed shape that was loaded cannot be made smaller: its own patch is measured
    own = model.input_shape[1:4]
    loaded = None not in own and config.network.start_from
    shapes = [patch] if loaded else probe_shapes(patch, start.divisor)
    precision = "bfloat16" if any("bfloat16" in str(layer.compute_dtype) for layer in model.layers) else "float32"

    def build_probe(shape: Shape) -> Any:
        run.check_stop()
        return compile_for(trained_copy(start.build(shape), precision), config, start.recipe, run.total_steps)

    with untouched_generators():
        found = estimate(build_probe, shapes, model, patch, config, run.position.steps_per_epoch, device)
    message = found.sentence(patch, config.sampling.batch)
    run.events.write(
        "estimated",
        seconds_per_step=found.seconds_per_step,
        seconds_per_epoch=found.seconds_per_epoch,
        memory_bytes=found.memory_bytes,
        available_bytes=found.available_bytes,
        fits=found.fits,
        message=message,
    )
    if not found.fits:
        run.warn(f"{message[0].upper()}{message[1:]}")


@contextlib.contextmanager
def untouched_generators() -> Iterator[None]:
    """The global random generators are afterwards as they were: a run is the same with and without an estimate."""
    states = random.getstate(), np.random.get_state()  # noqa: NPY002  those that Keras draws its seeds from
    try:
        yield
    finally:
        random.setstate(states[0])
        np.random.set_state(states[1])  # noqa: NPY002

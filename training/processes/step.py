"""What processes share of a step on PyTorch, which leaves it to its callers; on JAX Keras' distribution does it.

As `torch.nn.parallel.DistributedDataParallel` does, gradients become the mean of all processes when backward has made
them; that class itself would have to be called in place of the network, which Keras' `fit` does not.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

import keras

from training.errors import TrainingError
from training.processes.group import ProcessGroup


def share_step(model: Any, group: ProcessGroup) -> None:
    """Let a compiled network be trained by all processes as by one; to be called once, before its first step.

    The sums that `loss.batch_dice` is made of are those of the whole batch, so that the loss is that of one process.

    Raises
    ------
    TrainingError
        If its normalisation counts over the batch, of which each process would see its part.
    """
    if group.count == 1 or keras.backend.backend() != "torch":
        return
    if any(isinstance(layer, keras.layers.BatchNormalization) for layer in model.layers):
        sentence = "batch normalisation is not shared by several processes on PyTorch"
        raise TrainingError(
            sentence, "Set KERAS_BACKEND=jax, compute.processes to 1, or network.normalisation to group"
        )
    for variable in model.trainable_variables:
        variable.value.register_post_accumulate_grad_hook(_mean_gradient)
    if hasattr(model.loss, "over_processes"):
        model.loss.over_processes = sum_over_processes


def part_generators(model: Any, group: ProcessGroup) -> None:
    """Let dropout draw otherwise in each process; to be called when the generators stand as in process 0."""
    if group.count == 1 or keras.backend.backend() != "torch":
        return
    for variable in model.non_trainable_variables:
        if variable.name == "seed_generator_state":
            seed, count = variable.numpy()
            variable.assign([seed + group.rank, count])


def sum_over_processes(value: Any) -> Any:
    """The sum over all processes; the gradient of each goes to its own part, as many times as there are processes, for
    the mean of gradients divides by that.
    """
    import torch

    if value.is_meta:  # Keras works out shapes
        return value
    total = value.detach().clone()
    torch.distributed.all_reduce(total)
    return total + torch.distributed.get_world_size() * (value - value.detach())


def logs_of_all(model: Any, logs: Mapping[str, Any]) -> Mapping[str, Any]:
    """Loss and metrics over the batches of all processes; those of this one where Keras has seen to that.

    What metrics keep are sums and counts: those of all processes, added up, give the metric of the whole.
    """
    if not _is_joined():
        return logs
    import torch

    own = [(variable, variable.value.detach().clone()) for variable in model.metrics_variables]
    with torch.no_grad():
        for variable, _ in own:
            torch.distributed.all_reduce(variable.value)
        found = {name: float(value) for name, value in model.get_metrics_result().items()}
        for variable, value in own:
            variable.assign(value)
    return found


def _is_joined() -> bool:
    torch = sys.modules.get("torch")
    return torch is not None and torch.distributed.is_initialized()


def _mean_gradient(parameter: Any) -> None:
    import torch

    torch.distributed.all_reduce(parameter.grad)
    parameter.grad /= torch.distributed.get_world_size()

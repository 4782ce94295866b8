"""What several processes train on: JAX, by Keras' data-parallel distribution, or PyTorch."""

from __future__ import annotations

import os
import socket
import sys

from brainseg_gui.runs.several_processes import BACKENDS, is_installed
from training.errors import TrainingError
from training.processes.group import ProcessGroup
from training.processes.place import RANK

_LOCAL_RANKS = (RANK, "LOCAL_RANK", "SLURM_LOCALID")  # of a run that starts its own, of torchrun, of SLURM


def choose_backend() -> None:
    """Before the first import of Keras: the backend that several processes train on, unless a person chose one.

    JAX's own reaction to signals is turned off, since process 0 decides when a run stops, and so is its way to end
    all processes without a word when one is gone. PyTorch is given one GPU for each process of a computer.
    """
    chosen = os.environ.setdefault("KERAS_BACKEND", next(filter(is_installed, BACKENDS), "jax"))
    os.environ.setdefault("JAX_ENABLE_PREEMPTION_SERVICE", "0")
    os.environ.setdefault("JAX_ENABLE_RECOVERABILITY", "1")
    os.environ.setdefault("JAX_CPU_COLLECTIVES_IMPLEMENTATION", "gloo")
    local = next((os.environ[name] for name in _LOCAL_RANKS if name in os.environ), None)
    if chosen == "torch" and local is not None:
        os.environ.setdefault("CUDA_VISIBLE_DEVICES", local)


def check_backend() -> None:
    """Refuse what cannot share a batch among processes.

    Raises
    ------
    TrainingError
        If it is another backend, or is not installed.
    """
    chosen = os.environ.get("KERAS_BACKEND", "")
    if chosen not in BACKENDS:
        sentence = f"several processes train together on JAX or PyTorch, and KERAS_BACKEND is {chosen}"
        raise TrainingError(sentence, "Set KERAS_BACKEND to jax or torch, or compute.processes to 1")
    if not is_installed(chosen):
        sentence = f"several processes would train together on {BACKENDS[chosen]}, which is not installed"
        raise TrainingError(sentence, f"pip install 'brainseg[{chosen}]', or set compute.processes to 1")


def join_backend(group: ProcessGroup, host: str) -> None:
    """Connect the backend of all processes; to be called in each of them before anything is computed.

    Parameters
    ----------
    host
        Name by which the others reach process 0.

    Raises
    ------
    TrainingError
        If this process has another backend than process 0.
    """
    chosen = os.environ["KERAS_BACKEND"]
    expected, address = group.agree((chosen, f"{host}:{_free_port()}" if group.rank == 0 else ""))
    if chosen != expected:
        sentence = f"process {group.rank} of {group.count} has KERAS_BACKEND {chosen}, and process 0 {expected}"
        raise TrainingError(sentence, "Install and set the same for all of them")
    if chosen == "jax":
        import jax

        jax.distributed.initialize(address, group.count, group.rank, cluster_detection_method="deactivate")
    else:
        _join_torch(group, address)


def _join_torch(group: ProcessGroup, address: str) -> None:
    """Connect PyTorch: gloo for what is on CPUs, NCCL for what is on GPUs.

    The store is opened here: below torchrun `init_process_group` takes any address for that of torchrun's own store.
    """
    import torch

    host, _, port = address.rpartition(":")
    store = torch.distributed.TCPStore(host, int(port), group.count, group.rank == 0)
    torch.distributed.init_process_group(store=store, rank=group.rank, world_size=group.count)


def is_joined() -> bool:
    """Whether this process is connected with others; its way out waits for those that are gone."""
    jax, torch = (sys.modules.get(name) for name in BACKENDS)
    return (jax is not None and jax.distributed.is_initialized()) or (
        torch is not None and torch.distributed.is_initialized()
    )


def _free_port() -> int:
    with socket.create_server(("", 0)) as server:
        return int(server.getsockname()[1])

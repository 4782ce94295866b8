"""Gradients over several processes: Keras' data-parallel distribution on JAX."""

from __future__ import annotations

import importlib.util
import os
import socket

from training.errors import TrainingError
from training.processes.group import ProcessGroup

BACKEND = "jax"


def choose_backend() -> None:
    """Before the first import of Keras: the backend that several processes train on, unless a person chose one.

    JAX's own reaction to signals is turned off, since process 0 decides when a run stops, and so is its way to end
    all processes without a word when one is gone.
    """
    os.environ.setdefault("KERAS_BACKEND", BACKEND)
    os.environ.setdefault("JAX_ENABLE_PREEMPTION_SERVICE", "0")
    os.environ.setdefault("JAX_ENABLE_RECOVERABILITY", "1")
    os.environ.setdefault("JAX_CPU_COLLECTIVES_IMPLEMENTATION", "gloo")


def check_backend() -> None:
    """Refuse what cannot share a batch among processes.

    Raises
    ------
    TrainingError
        If it is another backend, or is not installed.
    """
    chosen = os.environ.get("KERAS_BACKEND")
    if chosen != BACKEND:
        sentence = f"several processes train together on JAX only, and KERAS_BACKEND is {chosen}"
        raise TrainingError(sentence, "Set KERAS_BACKEND=jax, or compute.processes to 1")
    if importlib.util.find_spec(BACKEND) is None:
        sentence = "several processes train together on JAX, which is not installed"
        raise TrainingError(sentence, "pip install 'brainseg[jax]', or set compute.processes to 1")


def join_backend(group: ProcessGroup, host: str) -> None:
    """Connect JAX of all processes; to be called in each of them before anything is computed.

    Parameters
    ----------
    host
        Name by which the others reach process 0.
    """
    import jax

    address = group.agree(f"{host}:{_free_port()}" if group.rank == 0 else "")
    jax.distributed.initialize(address, group.count, group.rank, cluster_detection_method="deactivate")


def _free_port() -> int:
    with socket.create_server(("", 0)) as server:
        return int(server.getsockname()[1])

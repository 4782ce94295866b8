"""What several processes train on: chosen before Keras is imported, alike in all, refused in words."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import pytest

from training.errors import TrainingError
from training.processes import backend
from training.processes.group import ProcessGroup

NAMES = ("KERAS_BACKEND", "CUDA_VISIBLE_DEVICES", "BRAINSEG_RANK", "LOCAL_RANK", "SLURM_LOCALID")
Install = Callable[..., None]


@pytest.fixture
def install(monkeypatch: pytest.MonkeyPatch) -> Install:
    """Let these backends be installed, and no others; the environment says nothing yet."""
    for name in (*NAMES, "JAX_ENABLE_PREEMPTION_SERVICE", "JAX_ENABLE_RECOVERABILITY"):
        monkeypatch.setenv(name, "")  # put back at the end, whatever was set
        monkeypatch.delenv(name)
    monkeypatch.setenv("JAX_CPU_COLLECTIVES_IMPLEMENTATION", "gloo")
    return lambda *names: monkeypatch.setattr(backend, "is_installed", lambda name: name in names)


@pytest.mark.parametrize(
    ("installed", "chosen", "expected"),
    [
        (("jax", "torch"), None, "jax"),
        (("torch",), None, "torch"),
        ((), None, "jax"),
        (("jax", "torch"), "torch", "torch"),
    ],
)
def test_the_first_that_is_there_is_taken_unless_a_person_chose(
    install: Install, monkeypatch: pytest.MonkeyPatch, installed: tuple[str, ...], chosen: str | None, expected: str
) -> None:
    install(*installed)
    if chosen is not None:
        monkeypatch.setenv("KERAS_BACKEND", chosen)
    backend.choose_backend()
    assert os.environ["KERAS_BACKEND"] == expected


@pytest.mark.parametrize("name", ["BRAINSEG_RANK", "LOCAL_RANK", "SLURM_LOCALID"])
@pytest.mark.parametrize(("chosen", "seen"), [("torch", "3"), ("jax", None)])
def test_pytorch_is_given_one_gpu_in_each_process(
    install: Install, monkeypatch: pytest.MonkeyPatch, name: str, chosen: str, seen: str | None
) -> None:
    install("jax", "torch")
    monkeypatch.setenv("KERAS_BACKEND", chosen)
    monkeypatch.setenv(name, "3")
    backend.choose_backend()
    assert os.environ.get("CUDA_VISIBLE_DEVICES") == seen


@pytest.mark.parametrize(
    ("chosen", "sentence"),
    [
        ("tensorflow", "train together on JAX or PyTorch, and KERAS_BACKEND is tensorflow"),
        ("torch", r"on PyTorch, which is not installed. pip install 'brainseg\[torch\]'"),
    ],
)
def test_what_cannot_share_a_batch_is_refused(
    install: Install, monkeypatch: pytest.MonkeyPatch, chosen: str, sentence: str
) -> None:
    install("jax")
    monkeypatch.setenv("KERAS_BACKEND", chosen)
    with pytest.raises(TrainingError, match=sentence):
        backend.check_backend()


def test_all_processes_have_the_same(install: Install, monkeypatch: pytest.MonkeyPatch) -> None:
    class Second(ProcessGroup):
        rank, count = 1, 2

        def agree(self, value: Any) -> Any:
            return ["jax", "node0:1234"]

    install("torch")
    monkeypatch.setenv("KERAS_BACKEND", "torch")
    with pytest.raises(TrainingError, match="process 1 of 2 has KERAS_BACKEND torch, and process 0 jax"):
        backend.join_backend(Second(), "node0")

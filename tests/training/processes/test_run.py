"""Whole runs of several processes on this computer, on JAX and on PyTorch; see docs/cluster.md."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import psutil
import pytest

from brainseg_gui.runs.config import TrainingConfig
from brainseg_gui.runs.events import Event
from brainseg_gui.runs.run_folder import RunFolder
from brainseg_gui.runs.run_status import RunStatus

pytestmark = [pytest.mark.engine, pytest.mark.slow, pytest.mark.timeout(600)]
MakeRun = Callable[..., RunFolder]
WAIT_S = 300


@pytest.fixture(autouse=True, params=["jax", "torch"])
def backend(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    chosen: str = request.param
    if find_spec(chosen) is None:
        pytest.skip(f"{chosen} is not installed; pip install -e '.[{chosen}]'")
    monkeypatch.setenv("KERAS_BACKEND", chosen)
    # tiny networks: XLA would think longer about them than they take
    monkeypatch.setenv("XLA_FLAGS", "--xla_backend_optimization_level=0 --xla_llvm_disable_expensive_passes=true")
    return chosen


@pytest.fixture
def make_run(
    cohort: Callable[..., Path], tiny_config: Callable[..., TrainingConfig], tmp_path: Path, backend: str
) -> MakeRun:
    cases = cohort(4)

    def make(name: str, **changes: str) -> RunFolder:
        length = {"length__epochs": "2", "length__steps_per_epoch": "4", "length__checkpoint_every": "2"}
        same = {
            "network__dropout": "0.1" if backend == "jax" else "0",  # on PyTorch each process draws for itself
            "optimiser__schedule": "constant",
            "compute__average_weights": "0.5",
            **length,
        }
        return RunFolder.create(tmp_path / name, tiny_config(cases, **(same | changes)))

    return make


def _command(folder: RunFolder, processes: int) -> list[str]:
    return [sys.executable, "-P", "-m", "training", str(folder.path), "--processes", str(processes)]


def _run(folder: RunFolder, processes: int) -> None:
    done = subprocess.run(_command(folder, processes), capture_output=True, text=True, timeout=WAIT_S)
    assert done.returncode == 0, done.stderr[-3000:]
    assert folder.status() is RunStatus.FINISHED


def _values(folder: RunFolder, kind: str, name: str) -> list[float]:
    return [event.values[name] for event in folder.events() if event.kind == kind]


def test_two_processes_train_as_one_and_one_goes_on_from_two(make_run: MakeRun) -> None:
    one, two = make_run("one"), make_run("two", length__epochs="1")
    _run(one, 1)
    _run(two, 2)
    two.config_file.write_text(one.config_file.read_text())  # a longer run of the same
    _run(two, 1)
    assert _values(two, "started", "processes") == [2, 1]
    assert _values(two, "step", "step") == list(range(1, 9))
    assert _values(two, "step", "loss") == pytest.approx(_values(one, "step", "loss"), rel=1e-4)
    last_of_one, last_of_two = (_values(run, "epoch", "metrics")[-1] for run in (one, two))
    assert last_of_two == pytest.approx(last_of_one, rel=1e-3)
    assert two.has_model


@pytest.mark.parametrize("killed", [1, 0])
def test_a_killed_process_ends_the_run_with_a_sentence_and_it_goes_on(make_run: MakeRun, killed: int) -> None:
    run = make_run("run", length__epochs="200", length__steps_per_epoch="20")
    trainer = subprocess.Popen(_command(run, 2), stderr=subprocess.DEVNULL)
    _wait(trainer, run, lambda event: event.kind == "checkpoint")
    follower = psutil.Process(trainer.pid).children()[0]
    victim = (trainer.pid, follower.pid)[killed]
    os.kill(victim, signal.SIGKILL)
    trainer.wait(30)
    follower.wait(30)
    failed = run.events()[-1]
    assert failed.kind == "failed"
    message = failed.values["message"]
    assert message.startswith(f"process {killed} of 2 (")
    assert f"pid {victim}) ended without a word" in message
    assert "Resume the run" in message
    saved = max(_values(run, "checkpoint", "step"))

    again = subprocess.Popen(_command(run, 2), stderr=subprocess.DEVNULL)
    _wait(again, run, lambda event: event.kind == "step" and event.time > failed.time)
    run.ask_to_stop()
    assert again.wait(60) == 0
    assert run.status() is RunStatus.STOPPED
    resumed = [event for event in run.events() if event.kind == "started"][-1]
    assert resumed.values["resumed_from"] == saved


def _wait(trainer: subprocess.Popen[bytes], run: RunFolder, reached: Callable[[Event], bool]) -> None:
    while not any(reached(event) for event in run.events()):
        try:
            trainer.wait(timeout=0.05)
        except subprocess.TimeoutExpired:
            continue
        pytest.fail(f"it ended: {run.events()[-1]}")

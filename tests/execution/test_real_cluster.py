"""Clusters of real processes: killed workers, a full memory, a scheduler and a client that go away in mid-work."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from brainseg_gui.execution.clusters import cluster_workers
from brainseg_gui.execution.manifest import FOLDER, read_manifest
from brainseg_gui.execution.run import ClusterLostError, run_tasks
from tests.benchmarks.cluster_trial import trial
from tests.execution import stand_in_tasks

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]
dask = pytest.importorskip("dask")
distributed = pytest.importorskip("distributed")
ROOT = Path(__file__).resolve().parents[2]
ToyCase = Callable[..., Path]


@pytest.fixture(autouse=True)
def _findable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(ROOT))


def _until(condition: Callable[[], object], seconds: float = 120) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it never came"
        time.sleep(0.02)


def test_workers_that_are_killed_at_random_cost_no_mask_and_change_none(tmp_path: Path) -> None:
    numbers = trial(tmp_path, cases=60, workers=2, every=15)  # compares all bytes
    assert numbers["killed"]
    assert numbers["left half written, killed"] == 0


def test_a_task_that_takes_all_memory_is_given_up_and_others_go_on() -> None:
    limits = {"distributed.scheduler.allowed-failures": 0, "distributed.worker.memory.terminate": 0.9}
    with (
        dask.config.set(limits),
        distributed.LocalCluster(
            n_workers=1, threads_per_worker=1, memory_limit="400MB", dashboard_address=":0"
        ) as made,
        cluster_workers(made.scheduler_address) as workers,
    ):
        (full,) = filter(None, run_tasks(workers.executor, stand_in_tasks.fill_memory, [{}], at_once=1))
        assert full.fault == "its workers died, one after the other (perhaps of memory)"
        (good,) = filter(None, run_tasks(workers.executor, stand_in_tasks.double, [{"value": 2}], at_once=1))
        assert good.reply == {"value": 4}


@contextmanager
def _scheduler(folder: Path) -> Iterator[tuple[subprocess.Popen[bytes], Path]]:
    file = folder / "scheduler.json"
    file.unlink(missing_ok=True)
    module, where = [sys.executable, "-m", "distributed.cli.dask_scheduler"], ["--port", "0", "--host", "127.0.0.1"]
    words = [*module, *where, "--no-dashboard", "--scheduler-file", str(file)]
    worker = [sys.executable, "-m", "distributed.cli.dask_worker", "--scheduler-file", str(file), "--no-dashboard"]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    with subprocess.Popen(words, **quiet) as scheduler:  # type: ignore[call-overload]
        _until(lambda: file.exists() and file.stat().st_size)
        with subprocess.Popen([*worker, "--nthreads", "1", "--no-nanny"], **quiet) as one:  # type: ignore[call-overload]
            try:
                yield scheduler, file
            finally:
                one.kill()
                scheduler.kill()


def test_a_scheduler_that_is_killed_is_one_sentence_and_the_next_one_serves(tmp_path: Path) -> None:
    with _scheduler(tmp_path) as (scheduler, file), cluster_workers(str(file)) as workers:
        work = run_tasks(workers.executor, stand_in_tasks.wait_at_gate, [{}, {}], at_once=2)
        assert next(work) is None
        scheduler.kill()
        with pytest.raises(ClusterLostError, match="Give the same command again: it goes on from here"):
            list(work)
    with _scheduler(tmp_path) as (_, file), cluster_workers(str(file)) as workers:
        (end,) = filter(None, run_tasks(workers.executor, stand_in_tasks.double, [{"value": 1}], at_once=1))
        assert end.reply == {"value": 2}


@pytest.mark.engine
def test_a_client_that_is_killed_leaves_no_process_and_the_next_goes_on(tmp_path: Path, toy_case: ToyCase) -> None:
    """With the real network: client, workers and engines are gone; what was done is not done again."""
    for number in range(6):
        toy_case(tmp_path / "cohort", case_id=f"C{number}", seed=number)
    output = tmp_path / "out"
    words = ["segment", tmp_path / "cohort", "-o", output, "--cluster", "local", "--processes", 1, "--device", "cpu"]
    command = [sys.executable, "-P", "-m", "brainseg_gui", *map(str, words)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as client:
        _until(lambda: len(read_manifest(output)) >= 2, 300)
        children = psutil.Process(client.pid).children(recursive=True)
        assert any("inference.engine.child" in " ".join(child.cmdline()) for child in children)
        os.kill(client.pid, signal.SIGKILL)
    _until(lambda: not any(child.is_running() and child.status() != psutil.STATUS_ZOMBIE for child in children))
    before = {path.name: path.stat().st_mtime_ns for path in output.glob("*.nii.gz")}
    done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=400)
    assert "6 of 6 masks are there" in done.stderr
    assert len(list(output.glob("*.nii.gz"))) == 6
    assert all((output / name).stat().st_mtime_ns == stamp for name, stamp in before.items())
    assert all(len(entries) == 1 for entries in read_manifest(output).values())
    assert not list((output / FOLDER).glob("*.lock"))
    assert not [path for path in output.iterdir() if path.name.startswith(".")]


@pytest.mark.skipif(sys.platform == "win32", reason="needs signals")
@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM"])
def test_a_request_to_end_ends_local_workers_without_a_word_of_theirs(name: str) -> None:
    """They have the terminal of whoever asked, to whom Dask's words on cancelled tasks say nothing."""
    script = f"""
import signal
from brainseg_gui.execution.clusters import cluster_workers
from brainseg_gui.execution.run import run_tasks
from brainseg_gui.faults.process_guard import ending_in_order
from tests.execution.stand_in_tasks import wait_at_gate

signal.signal(signal.SIGINT, signal.default_int_handler)
with ending_in_order(), cluster_workers("local", 1) as workers:
    on_begun = lambda number: signal.raise_signal(signal.{name})
    list(run_tasks(workers.executor, wait_at_gate, [{{}}], at_once=1, on_begun=on_begun, has_begun=workers.has_begun))
"""
    with subprocess.Popen([sys.executable, "-c", script], stderr=subprocess.PIPE, text=True) as process:
        _, words = process.communicate(timeout=300)
    assert process.returncode == (-signal.SIGINT if name == "SIGINT" else 128 + signal.SIGTERM)
    assert "distributed.worker" not in words

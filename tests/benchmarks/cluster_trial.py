"""A cohort on a cluster whose workers are killed at random: every mask there, byte for byte as one process makes them.

``python -m tests.benchmarks.cluster_trial --cases 1000`` writes small cases, segments them in one process, then by
``segment --cluster local`` while workers are killed, and once more without killing. A stand-in for the network makes
what is measured what is ours: reading, hashing, entering, writing, scheduling. With ``--seconds .5`` it keeps a core
busy as a network does, and the workers show what they are worth.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import os
import random
import resource
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil

from brainseg_gui.commands import segment
from brainseg_gui.commands.segmenting.cluster import segment_on_cluster
from brainseg_gui.commands.segmenting.jobs import plan_jobs
from brainseg_gui.execution.manifest import read_manifest
from brainseg_gui.free_memory import usable_cores
from brainseg_gui.inference.cohorts.cohort import CohortSegmentation
from brainseg_gui.inference.models.model_folder import default_model
from tests.conftest import _write_toy_case
from tests.execution import stand_in_engine
from tests.execution.stand_in_engine import StandInEngine


def main() -> None:
    """Run the trial and print its numbers as JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--cases", type=int, default=1000)
    parser.add_argument("--workers", type=int, default=4)
    parser.add_argument("--every", type=int, default=40, help="masks between two killings, on the average")
    parser.add_argument("--seconds", type=float, default=0.0, help="of a core, that the stand-in takes for a case")
    given = parser.parse_args()
    os.environ[stand_in_engine.WORK_S] = str(given.seconds)
    with tempfile.TemporaryDirectory(prefix="cluster-trial-") as folder:
        print(json.dumps(trial(Path(folder), given.cases, given.workers, given.every), indent=1))


def trial(folder: Path, cases: int, workers: int, every: int) -> dict[str, object]:
    """The trial in a folder; raises where a mask is missing or differs."""
    for number in range(cases):
        _write_toy_case(folder / "cohort", case_id=f"T{number:05}", seed=number)
    numbers: dict[str, object] = {"cases": cases, "workers": workers, "cores": usable_cores()}
    alone = _timed(lambda: _alone(folder / "cohort", folder / "alone"))
    with _killing(folder / "killed", every) as killed:
        disturbed = _timed(lambda: _on_cluster(folder / "cohort", folder / "killed", workers))
    calm = _timed(lambda: _on_cluster(folder / "cohort", folder / "calm", workers))
    second = _timed(lambda: _on_cluster(folder / "cohort", folder / "calm", workers))
    for name, cost in (
        ("one process", alone),
        ("workers killed", disturbed),
        ("undisturbed", calm),
        ("second call", second),
    ):
        numbers[name] = {"s": round(cost.wall_s, 1), "processor s": round(cost.processor_s, 1)}
    numbers["killed"] = len(killed)
    numbers["times as fast as one process"] = round(alone.wall_s / calm.wall_s, 2)
    # as many cores as there are, all of them busy with what one process spends, and nothing else
    bound_s = alone.processor_s / min(usable_cores(), workers)
    numbers["times as fast at most"] = round(alone.wall_s / bound_s, 2)
    numbers["overhead of a case, processor ms"] = round(1e3 * (calm.processor_s - alone.processor_s) / cases, 1)
    expected = _masks(folder / "alone")
    for name in ("killed", "calm"):
        found = _masks(folder / name)
        if len(expected) != cases or found != expected:
            raise SystemExit(f"{name}: {len(found)} masks of {len(expected)}, or other bytes")
        left = [path.name for path in (folder / name).iterdir() if path.name.startswith(".")]
        numbers[f"left half written, {name}"] = len(left)
    numbers["entries, killed"] = sum(map(len, read_manifest(folder / "killed").values()))
    return numbers


def _alone(cohort: Path, output: Path) -> None:
    output.mkdir()
    jobs = plan_jobs([cohort], output)
    sources = [job.source for job in jobs if job.source is not None]
    work = CohortSegmentation(StandInEngine(), default_model(), None, cohort=sources)  # type: ignore[arg-type]
    with contextlib.closing(work.run(jobs)) as steps:
        for _ in steps:
            pass


def _on_cluster(cohort: Path, output: Path, workers: int) -> None:
    parser = argparse.ArgumentParser()
    segment.add_parser(parser.add_subparsers())
    words = ["segment", cohort, "-o", output, "--cluster", "local", "--processes", workers, "--retries", 20, "--json"]
    with contextlib.redirect_stdout(io.StringIO()):
        code = segment_on_cluster(parser.parse_args([*map(str, words)]), default_model(), stand_in_engine.segment)
    if code:
        raise SystemExit(f"the command ended with {code}")


@contextlib.contextmanager
def _killing(output: Path, every: int) -> Iterator[list[int]]:
    """Kill one of the workers now and then, whatever it does, from the first mask on."""
    killed: list[int] = []
    end = threading.Event()

    def kill() -> None:
        due = 1  # counted in masks: however slow the machine is, the work goes on between two killings
        while not end.wait(0.05):
            workers = [child for child in psutil.Process().children() if _is_worker(child)]
            if workers and sum(1 for _ in output.glob("*.nii.gz")) >= due:
                victim = random.choice(workers)
                victim.kill()
                killed.append(victim.pid)
                due += random.randint(1, 2 * every)

    thread = threading.Thread(target=kill, daemon=True)
    thread.start()
    try:
        yield killed
    finally:
        end.set()
        thread.join()


def _is_worker(process: psutil.Process) -> bool:
    with contextlib.suppress(psutil.Error):
        return any("spawn_main" in word for word in process.cmdline())
    return False


def _masks(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.glob("*.nii.gz")}


@dataclass(frozen=True)
class Cost:
    """What something took: seconds by the clock, and of processors in this process and all that it started."""

    wall_s: float
    processor_s: float


def _timed(work: Callable[[], object]) -> Cost:
    started, spent = time.perf_counter(), _processor_s()
    work()
    return Cost(time.perf_counter() - started, _processor_s() - spent)


def _processor_s() -> float:
    uses = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(use.ru_utime + use.ru_stime for use in uses)


if __name__ == "__main__":
    main()

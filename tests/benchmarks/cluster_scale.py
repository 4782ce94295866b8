"""What a cohort of 10^2 to 10^5 cases costs before and besides any work, with tasks that do nothing.

``python -m tests.benchmarks.cluster_scale`` prints a table for each: finding cases, entering into and reading the
manifest, scheduling on local processes and on Dask; with the exponent of a power law through the points.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from brainseg_gui.execution.clusters import Workers, cluster_workers, local_workers
from brainseg_gui.execution.manifest import FOLDER, Entry, ManifestWriter, read_manifest
from brainseg_gui.execution.run import run_tasks
from brainseg_gui.imaging.cases.case_folder import find_cohort
from brainseg_gui.imaging.file_mark import FileMark
from brainseg_gui.inference.cohorts.case_record import inputs_of
from tests.conftest import ROOT
from tests.execution.stand_in_tasks import double

_FILES = ("t1", "t1ce", "t2", "flair", "seg")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--largest", type=int, default=100_000)
    largest = parser.parse_args().largest
    os.environ["PYTHONPATH"] = str(ROOT)
    with tempfile.TemporaryDirectory(prefix="cluster-scale-") as folder:
        _table("finding cases, planning", _sizes(largest // 10), lambda n: _listing(Path(folder) / f"c{n}", n))
        _table("entering into the manifest", _sizes(largest), lambda n: _entering(Path(folder) / f"m{n}", n))
        _table("reading the manifest", _sizes(largest), lambda n: _reading(Path(folder) / f"m{n}", n))
    for title, workers, most in (
        ("empty tasks, 2 local processes", lambda: local_workers(2), largest),
        ("empty tasks, Dask with 2 workers", lambda: cluster_workers("local", 2), largest),
    ):
        with workers() as found:
            list(_ends(found, 100))  # both have started
            _table(title, _sizes(most), lambda n, found=found: _scheduling(found, n))  # type: ignore[misc]


def _sizes(largest: int) -> Iterator[int]:
    size = 100
    while size <= largest:
        yield size
        size *= 10


def _table(title: str, sizes: Iterator[int], measure: Callable[[int], float]) -> None:
    seconds = {size: measure(size) for size in sizes}
    exponent = float(np.polyfit(np.log(list(seconds)), np.log(list(seconds.values())), 1)[0])
    print(f"\n{title} (exponent {exponent:.2f})", flush=True)
    for size, value in seconds.items():
        print(f"{size:>9,} cases{value:12.3f} s{1e3 * value / size:10.3f} ms each", flush=True)


@contextmanager
def _clock() -> Iterator[list[float]]:
    spent: list[float] = []
    started = time.perf_counter()
    yield spent
    spent.append(time.perf_counter() - started)


def _listing(folder: Path, cases: int) -> float:
    for number in range(cases):
        case = folder / f"T{number:06}"
        case.mkdir(parents=True)
        for name in _FILES:
            (case / f"T{number:06}_{name}.nii.gz").touch()
    with _clock() as spent:
        sources = find_cohort(folder)
        files = sum(len(inputs_of(source)) for source in sources)
    if (len(sources), files) != (cases, len(_FILES) * cases):
        raise SystemExit(f"{len(sources)} cases with {files} files were found")
    return spent[0]


def _entry(number: int) -> Entry:
    mark = FileMark(2_000_000, 1_700_000_000_000_000_000, "a" * 64)
    inputs = {f"/data/cohort/T{number:06}/T{number:06}_{name}.nii.gz": mark for name in _FILES}
    return Entry(f"T{number:06}_pred.nii.gz", "b" * 64, inputs, mark, {"case": f"T{number:06}"})


def _entering(folder: Path, cases: int) -> float:
    (folder / FOLDER).mkdir(parents=True)
    writer = ManifestWriter(folder)
    with _clock() as spent:
        for number in range(cases):
            writer.append(_entry(number))
    return spent[0]


def _reading(folder: Path, cases: int) -> float:
    with _clock() as spent:
        found = read_manifest(folder)
    if len(found) != cases:
        raise SystemExit(f"{len(found)} entries were found")
    return spent[0]


def _ends(workers: Workers, tasks: int) -> Iterator[object]:
    records = ({"value": number, "of the size of a case": "x" * 2000} for number in range(tasks))
    work = run_tasks(workers.executor, double, records, at_once=workers.at_once)
    return (end for end in work if end is not None)


def _scheduling(workers: Workers, tasks: int) -> float:
    with _clock() as spent:
        done = sum(1 for _ in _ends(workers, tasks))
    if done != tasks:
        raise SystemExit(f"{done} tasks of {tasks} ended")
    return spent[0]


if __name__ == "__main__":
    main()

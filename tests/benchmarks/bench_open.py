"""Opening a case: first picture and everything, beside reading the same files one after the other with nibabel."""

from __future__ import annotations

import gzip
import os
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import nibabel as nib
import numpy as np

from brainseg_gui.imaging.case import CaseSource
from brainseg_gui.imaging.cases.case_folder import find_case
from brainseg_gui.imaging.cases.read_case import read_case
from brainseg_gui.inference.memory import PeakMemory
from brainseg_gui.progress import run_to_end
from tests.benchmarks.cases import Cases
from tests.benchmarks.rows import Row, Section

RUNS = 5


def measure(cases: Cases) -> Section:
    """Median seconds until the first modality and until everything can be shown, the plain code's, and memory.

    The first run of either, which imports what it needs, is not counted. The floor is what Python's own gzip takes to
    unpack the same bytes, shared among the cores.
    """
    source = find_case(cases.one)
    files = [*source.modalities.values(), *([source.reference] if source.reference else [])]
    with PeakMemory() as memory:
        run_to_end(read_case(source))
    seconds: dict[str, list[float]] = {"first picture": [], "complete": [], "nibabel": [], "unpacking": []}
    for run in range(RUNS + 1):
        first, complete = _times(source)
        plain, unpacking = _seconds(lambda: _plain(files)), _seconds(lambda: _unpack(files))
        if run:
            for name, value in zip(seconds, (first, complete, plain, unpacking), strict=True):
                seconds[name].append(value)
    found = {name: median(values) for name, values in seconds.items()}
    found["memory per stored byte"] = memory.growth_bytes / sum(_unpacked_bytes(path) for path in files)
    cores = os.cpu_count() or 1
    floor = found["unpacking"] / min(cores, len(files))
    rows = [
        Row(
            "read the first modality",
            found["first picture"],
            beside="nibabel, all",
            theirs=found["nibabel"],
            floor=found["unpacking"] / len(files),
            times=1 / 0.3,
        ),
        Row(
            "read the complete case",
            found["complete"],
            beside="nibabel, all",
            theirs=found["nibabel"],
            floor=floor,
            times=3.0,
        ),
        Row("peak memory while reading, per stored byte", found["memory per stored byte"], "B", floor=1.0, at_most=1.2),
    ]
    return Section(rows, found)


def _times(source: CaseSource) -> tuple[float, float]:
    first, start, work = 0.0, time.perf_counter(), read_case(source)
    try:
        while True:
            progress = next(work)
            if progress.partial is not None and not first:
                first = time.perf_counter() - start
    except StopIteration:
        return first, time.perf_counter() - start


def _seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def _unpacked_bytes(path: Path) -> int:
    """What the file stores: its voxels in the type that it keeps them in."""
    image = nib.load(path)
    return int(np.prod(image.shape)) * image.get_data_dtype().itemsize


def _plain(files: list[Path]) -> None:
    volumes = [nib.as_closest_canonical(nib.load(path)).get_fdata() for path in files]
    del volumes


def _unpack(files: list[Path]) -> None:
    for path in files:
        with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as stream:
            while stream.read(2**20):
                pass

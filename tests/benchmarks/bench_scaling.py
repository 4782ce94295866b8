"""How cost grows with size: a small table each, with the exponent of a power law through its points.

Processor time of the calling thread, or of the process where the work has threads: other programs lengthen it less
than they lengthen the clock's. An exponent of 1 is linear.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from tests.benchmarks import scaling_files, scaling_voxels
from tests.benchmarks.cases import Cases
from tests.benchmarks.rows import Section
from tests.benchmarks.scaling_work import Growth, Work

_LEAST_S = 0.05  # measured at least so long
_MOST_RUNS = 50


@dataclass(frozen=True)
class _Measured:
    growth: Growth
    seconds: Mapping[int, float]

    @property
    def exponent(self) -> float:
        """Slope of a straight line through the logarithms."""
        sizes, seconds = np.log(list(self.seconds)), np.log(list(self.seconds.values()))
        return float(np.polyfit(sizes, seconds, 1)[0])


def measure(cases: Cases) -> Section:
    """All tables."""
    growths = (*scaling_files.growths(cases), *scaling_voxels.growths(cases))
    measured = [_Measured(growth, {size: _seconds(work) for size, work in growth.works()}) for growth in growths]
    text = "\n\n".join(_table(one) for one in measured)
    numbers = {one.growth.title: {"seconds": one.seconds, "exponent": one.exponent} for one in measured}
    large = scaling_voxels.large_study(cases)
    text += "\n\n512×512×400 float32: " + ", ".join(f"{name} {value:.3g}" for name, value in large.items())
    return Section((), {**numbers, "512×512×400 float32": large}, text)


def _seconds(work: Work) -> float:
    """Least processor time of one run, in a few."""
    clock: Callable[[], float] = time.process_time if work.threaded else time.thread_time
    best, spent, runs = float("inf"), 0.0, 0
    while runs == 0 or (spent < _LEAST_S and runs < _MOST_RUNS):
        work.prepare()
        start = clock()
        work.run()
        seconds = clock() - start
        best, spent, runs = min(best, seconds), spent + seconds, runs + 1
    return max(best, 1e-7)


def _table(one: _Measured) -> str:
    lines = [f"{one.growth.title} (exponent {one.exponent:.2f})"]
    lines += [f"{size:>12,} {one.growth.unit:12}{1e3 * seconds:12.3f} ms" for size, seconds in one.seconds.items()]
    return "\n".join(lines)

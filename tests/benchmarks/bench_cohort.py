"""``brainseg segment`` on a folder of cases, beside the network alone: reading, preparing and writing should hide."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

from brainseg_gui.imaging.cases.case_folder import find_case
from brainseg_gui.imaging.cases.read_case import read_case
from brainseg_gui.inference.engine.engine import Engine
from brainseg_gui.inference.models.model_folder import default_model
from brainseg_gui.inference.options import INFERRING, SegmentOptions
from brainseg_gui.progress import run_to_end
from tests.benchmarks.cases import Cases
from tests.benchmarks.rows import Row, Section

CASES = 12


def measure(cases: Cases) -> Section:
    """Seconds per case, start of the engine left out, beside the seconds in which the network itself works."""
    cohort = cases.cohort(CASES)
    output = cases.folder / "masks"
    pure = _network_alone(next(path for path in sorted(cohort.iterdir())))
    command = [sys.executable, "-m", "brainseg_gui", "segment", str(cohort), "-o", str(output), "--json"]
    done = _timed_lines(command)
    first, last = done[0][0], done[-1][0]
    per_case = (last - first) / (len(done) - 1)  # from the first mask on: the engine is running then
    found = {"seconds per case": per_case, "network alone": pure, "until the first mask": first}
    stages = [json.loads(line)["seconds"] for _, line in done[1:]]
    found |= {f"stage {stage}": sum(s[stage] for s in stages) / len(stages) for stage in stages[0]}
    found["stages one after the other"] = sum(value for name, value in found.items() if name.startswith("stage "))
    rows = [
        Row("brainseg segment on a cohort, per case", per_case, beside="network alone", theirs=pure, times=1 / 1.2),
        Row(
            "the same, beside its stages in a row",
            per_case,
            beside="stages",
            theirs=found["stages one after the other"],
        ),
    ]
    return Section(rows, found)


def _network_alone(folder: Path) -> float:
    """Seconds that a warm network works on one case that lies in memory."""
    case, engine = run_to_end(read_case(find_case(folder))), Engine()
    try:
        runs = [run_to_end(engine.segment(case, default_model(), SegmentOptions())).seconds for _ in range(4)]
    finally:
        engine.close()
    return sorted(seconds[INFERRING] for seconds in runs[1:])[1]


def _timed_lines(command: list[str]) -> list[tuple[float, str]]:
    """Lines of standard output, with the seconds after which each came."""
    start = time.perf_counter()
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        found = [(time.perf_counter() - start, line) for line in process.stdout or ()]
    if process.returncode:
        raise RuntimeError(f"{command[3]} ended with {process.returncode}")
    return found

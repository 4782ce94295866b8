"""``make bench``: every measurement in one run, as one table and as ``bench.json``.

``python -m tests.benchmarks --only scroll open`` measures parts; ``--list`` names them. Every part runs in a process
of its own, so that none finds the other's memory, threads or warm caches.
"""

from __future__ import annotations

import argparse
import dataclasses
import importlib
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

from brainseg_gui.inference.engine.environment import NETWORK_ENVIRONMENT
from tests.benchmarks.cases import ROOT, Cases
from tests.benchmarks.rows import Row, Section, table

# part: the module that measures it
PARTS = {
    "start": "bench_start",
    "open": "bench_open",
    "scroll": "bench_hand",
    "window": "bench_window",
    "evaluate": "bench_evaluate",
    "prepare": "bench_prepare",
    "preprocess": "bench_preprocess",
    "segment": "bench_segment",
    "cohort": "bench_cohort",
    "clicks": "bench_clicks",
    "network": "bench_network",
    "training": "bench_training",
}
ON_REQUEST = {
    "scaling": "bench_scaling",
    "followup": "bench_followup",
    "visits": "bench_visits",
    "predictions": "bench_predictions",
    "surfaces": "bench_surfaces",
}
# as the network's own process has it
_ENVIRONMENT = dict.fromkeys(("preprocess", "network", "training"), NETWORK_ENVIRONMENT)
_LONGEST_S = 900
_LONGEST_ON_REQUEST_S = 7200


def main() -> int:
    """Measure, print the table, write the file; 1 if a part failed."""
    arguments = _arguments()
    if arguments.part:
        _measure_here(arguments.part, arguments.folder, arguments.into)
        return 0
    if arguments.list:
        print("\n".join([*PARTS, *ON_REQUEST]))
        return 0
    with tempfile.TemporaryDirectory(prefix="brainseg-bench-") as folder:
        found = {part: _measure(part, Path(folder)) for part in arguments.only or PARTS}
    rows = [Row(**row) for part in found.values() for row in part["rows"]]
    machine = f"{os.cpu_count()} cores, {_processor()}, Python {platform.python_version()}"
    print(f"\n{machine}\n\n{table(rows)}" if rows else f"\n{machine}")
    for part in found.values():
        if part["text"]:
            print(f"\n{part['text']}")
    _write(machine, found)
    return int(any(part["error"] for part in found.values()))


def _arguments() -> argparse.Namespace:
    everything = {**PARTS, **ON_REQUEST}
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description="Measure speed and memory.")
    parser.add_argument(
        "--only", nargs="+", choices=everything, metavar="PART", help="parts; all but those on request if none"
    )
    parser.add_argument("--list", action="store_true", help="name the parts")
    parser.add_argument("--part", choices=everything, help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--into", type=Path, help=argparse.SUPPRESS)
    return parser.parse_args()


def _measure(part: str, folder: Path) -> dict[str, Any]:
    """Measure a part in a process of its own; a fault is told, and the other parts go on."""
    sys.stderr.write(f"{part} … ")
    sys.stderr.flush()
    start, into = time.perf_counter(), folder / f"{part}.json"
    command = [sys.executable, "-m", "tests.benchmarks", "--part", part, "--folder", str(folder), "--into", str(into)]
    error, longest = "", _LONGEST_ON_REQUEST_S if part in ON_REQUEST else _LONGEST_S
    try:
        environment = {**os.environ, **_ENVIRONMENT.get(part, {})}
        done = subprocess.run(command, cwd=ROOT, env=environment, stderr=subprocess.PIPE, text=True, timeout=longest)
        if done.returncode:
            error = done.stderr.strip()[-2000:] or f"it ended with {done.returncode}"
    except subprocess.TimeoutExpired:
        error = f"it took longer than {longest} s"
    sys.stderr.write(f"{time.perf_counter() - start:.0f} s\n" if not error else f"failed:\n{error}\n")
    found = {"rows": [], "numbers": {}, "text": ""} if error else json.loads(into.read_text("utf-8"))
    return {**found, "error": error}


def _measure_here(part: str, folder: Path, into: Path) -> None:
    module = importlib.import_module(f"tests.benchmarks.{(PARTS | ON_REQUEST)[part]}")
    section: Section = module.measure(Cases(folder))
    into.write_text(json.dumps(dataclasses.asdict(section)), "utf-8")


def _processor() -> str:
    """The processor's name where the system tells it."""
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    return next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), platform.machine())


def _write(machine: str, found: dict[str, dict[str, Any]]) -> None:
    """Put what was measured into ``bench.json``; parts that were not measured now stay as they are."""
    file = ROOT / "bench.json"
    try:
        before = json.loads(file.read_text("utf-8")).get("parts", {})
    except (OSError, ValueError):
        before = {}
    parts = {name: {"rows": part["rows"], "numbers": part["numbers"]} for name, part in found.items() if part["rows"]}
    parts |= {name: {"rows": [], "numbers": part["numbers"]} for name, part in found.items() if part["text"]}
    content = {"machine": machine, "parts": {**before, **parts}}
    file.write_text(json.dumps(content, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    sys.exit(main())

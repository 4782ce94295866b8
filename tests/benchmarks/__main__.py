"""``make bench``: every measurement in one run, as a table of ratios and as ``bench.json``."""

from __future__ import annotations

import json
import os
import platform
import sys
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

ROOT = Path(__file__).resolve().parents[2]


def _case() -> Path:
    """A real case beside the checkout, else the demonstration case."""
    real = ROOT.parent / "shared" / "cases" / "BraTS-GLI-00000-000"
    demo = ROOT / "resources" / "demo"
    return real if real.is_dir() else next(path for path in sorted(demo.iterdir()) if path.is_dir())


def main() -> int:
    """Measure, print the table, write the file."""
    from tests.benchmarks import bench_open, bench_segment, bench_window

    case = _case()
    print(f"{case.name} on {os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}")
    start = bench_window.measure_start()
    opened = bench_open.measure(case)
    worked = bench_window.measure_work(case)
    network = bench_segment.measure(case)
    rows = [
        ("start to first paint", start["ours"], "bare Qt and pyqtgraph window", start["bare Qt and pyqtgraph"]),
        ("read: first modality", opened["first picture"], "nibabel get_fdata, all", opened["nibabel get_fdata"]),
        ("read: complete case", opened["complete"], "nibabel get_fdata, all", opened["nibabel get_fdata"]),
        *((name, seconds, "", 0.0) for name, seconds in worked.items()),
        *((name, seconds, "", 0.0) for name, seconds in network.items()),
    ]
    _print(rows)
    everything = {"case": case.name, "start": start, "open": opened, "window": worked, "segment": network}
    (ROOT / "bench.json").write_text(json.dumps(everything, indent=1) + "\n", "utf-8")
    return 0


def _print(rows: list[tuple[str, float, str, float]]) -> None:
    print(f"{'work':44}{'ours, s':>10}   {'beside':32}{'s':>8}{'ratio':>8}")
    for work, ours, beside, theirs in rows:
        other = f"{theirs:8.3f}{ours / theirs:8.2f}" if theirs else ""
        print(f"{work:44}{ours:10.3f}   {beside:32}{other}")


if __name__ == "__main__":
    sys.exit(main())

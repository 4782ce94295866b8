"""``make bench``: every measurement in one run, as a table of ratios and as ``bench.json``."""

from __future__ import annotations

import json
import os
import platform
import sys
from dataclasses import dataclass
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Row:
    """One line of the table: our seconds beside somebody else's for the same work; 0 where nothing compares."""

    work: str
    ours: float
    beside: str = ""
    theirs: float = 0.0


def _case() -> Path:
    """A real case beside the checkout, else the demonstration case."""
    real = ROOT.parent / "shared" / "cases" / "BraTS-GLI-00000-000"
    demo = ROOT / "resources" / "demo"
    return real if real.is_dir() else next(path for path in sorted(demo.iterdir()) if path.is_dir())


def main() -> int:
    """Measure, print the table, write the file."""
    from tests.benchmarks import bench_evaluate, bench_open, bench_segment, bench_training, bench_window

    case = _case()
    print(f"{case.name} on {os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}")
    start = bench_window.measure_start()
    opened = bench_open.measure(case)
    worked = bench_window.measure_work(case)
    scores = bench_evaluate.measure(case)
    network = bench_segment.measure(case)
    fed = bench_training.measure(case)
    recipe = network["recipe_preprocess_s"] + network["recipe_predict_warm_s"]
    recipe_all = recipe + network["recipe_load_s"]
    _print(
        [
            Row("start to first paint", start["ours"], "bare Qt and pyqtgraph", start["bare Qt and pyqtgraph"]),
            Row("read the first modality", opened["first picture"], "nibabel, all", opened["nibabel get_fdata"]),
            Row("read the complete case", opened["complete"], "nibabel, all", opened["nibabel get_fdata"]),
            Row("window: open to first picture", worked["open to first picture"]),
            Row("window: open to complete case", worked["open to complete case"]),
            Row("window: first Segment to picture", worked["first Segment to picture"]),
            Row("window: warm Segment to picture", worked["warm Segment to picture"], "source recipe", recipe_all),
            Row("window: longest stall meanwhile", worked["longest stall while segmenting"]),
            Row("window: scroll three planes, p95", worked["scroll, state to painted, p95"]),
            Row("compare two masks: Dice alone", scores["ours_dice_s"], "numpy, whole", scores["plain_dice_s"]),
            Row("compare two masks: the table", scores["ours_table_s"], "libraries, whole", scores["plain_table_s"]),
            Row("volumes in memory to mask", network["ours_segment_warm_s"], "source recipe", recipe),
            Row("training: a sample of its recipe", fed["ours_sample_s"], "plain generator", fed["plain_sample_s"]),
        ]
    )
    everything = {
        "case": case.name,
        "start": start,
        "open": opened,
        "window": worked,
        "evaluate": scores,
        "segment": network,
        "training": fed,
    }
    (ROOT / "bench.json").write_text(json.dumps(everything, indent=1) + "\n", "utf-8")
    return 0


def _print(rows: list[Row]) -> None:
    print(f"{'work':36}{'ours, s':>10}   {'beside':24}{'s':>8}{'times faster':>14}")
    for row in rows:
        other = f"{row.theirs:8.2f}{row.theirs / row.ours:14.1f}" if row.theirs else ""
        print(f"{row.work:36}{row.ours:10.3f}   {row.beside:24}{other}")


if __name__ == "__main__":
    sys.exit(main())

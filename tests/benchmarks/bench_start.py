"""From the start of the process to the first picture of an empty window, ours and a bare one in turn."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from statistics import median

from tests.benchmarks.cases import Cases
from tests.benchmarks.rows import Row, Section

_BARE = """
import json, os, time
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication, QMainWindow
import pyqtgraph

class View(pyqtgraph.GraphicsView):
    def paintEvent(self, event):
        super().paintEvent(event)
        QTimer.singleShot(0, tell)

def tell():
    print(json.dumps([time.perf_counter(), time.process_time(), []]), flush=True)
    os._exit(0)

qt = QApplication([])
window = QMainWindow()
window.setCentralWidget(View())
window.show()
qt.exec()
"""
_OURS = """
import gc, json, os, sys, time
from brainseg_gui.cli import build_parser
build_parser(["window"]).parse_args(["window", "--safe"])
gc.disable()  # as the command does
from PySide6.QtWidgets import QApplication
from brainseg_gui.app import Application

def tell():
    print(json.dumps([time.perf_counter(), time.process_time(), sorted(sys.modules)]), flush=True)
    os._exit(0)

qt = QApplication([])
ours = Application(qt, safe=True)
ours.window.painted.connect(tell)
ours.start([])
qt.exec()
"""
RUNS = 5
_HEAVY = {"tensorflow", "keras", "scipy", "nibabel", "matplotlib", "pyqtgraph"}


def measure(_cases: Cases) -> Section:
    """The start beside a bare window's."""
    found = measure_start()
    row = Row("start to first paint", found["ours"], beside="bare Qt, pyqtgraph", theirs=found["bare"], times=1 / 1.5)
    return Section([row], found)


def measure_start(runs: int = RUNS) -> dict[str, float]:
    """Median seconds from process start to the first picture: "ours", "bare", and both again as processor time.

    Byte code is compiled before the first run that counts, as an installation does it. Processor time (all threads,
    user and system) is the steadier one where other work runs beside.
    """
    found: dict[str, list[float]] = {"ours": [], "bare": [], "ours, processor": [], "bare, processor": []}
    with tempfile.TemporaryDirectory() as cache:
        for run in range(runs + 1):
            for name, program in (("bare", _BARE), ("ours", _OURS)):
                wall, processor = _first_picture(program, cache)
                if run:
                    found[name].append(wall)
                    found[f"{name}, processor"].append(processor)
    return {name: median(values) for name, values in found.items()}


def _first_picture(program: str, cache: str) -> tuple[float, float]:
    environment = {**os.environ, "PYTHONPYCACHEPREFIX": cache}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    start = time.perf_counter()  # one clock for all processes
    command = [sys.executable, "-c", program]
    answer = subprocess.run(command, check=True, capture_output=True, text=True, env=environment).stdout
    end, processor, modules = json.loads(answer)
    heavy = _HEAVY & set(modules)
    if heavy:
        raise RuntimeError(f"imported before the first picture: {sorted(heavy)}")
    return end - start, processor


if __name__ == "__main__":
    seconds = measure_start(int(sys.argv[1]) if len(sys.argv) > 1 else 5)
    for kind in ("", ", processor"):
        ours, bare = seconds[f"ours{kind}"], seconds[f"bare{kind}"]
        print(f"{kind.strip(', ') or 'wall'}: ours {ours:.3f} s, bare {bare:.3f} s, ratio {ours / bare:.2f}")

"""The real window, without a screen: start, scroll, Segment to picture, and the longest stall meanwhile."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median, quantiles

from PySide6.QtCore import QEventLoop, QTimer
from PySide6.QtWidgets import QApplication

from brainseg_gui.app import Application

_EMPTY = """
from PySide6.QtWidgets import QApplication, QMainWindow
import pyqtgraph
app = QApplication([]); window = QMainWindow(); window.setCentralWidget(pyqtgraph.GraphicsView())
window.show(); app.processEvents()
"""
_OURS = """
from PySide6.QtWidgets import QApplication
from brainseg_gui.app import Application
app = QApplication([]); ours = Application(app, safe=True); ours.window.show(); app.processEvents()
import sys
heavy = [name for name in ("tensorflow", "keras", "scipy", "nibabel", "matplotlib") if name in sys.modules]
sys.exit(f"imported before the first picture: {heavy}" if heavy else 0)
"""
_SCROLLS = 600


def measure_start(runs: int = 5) -> dict[str, float]:
    """Seconds from process start to the first picture of an empty window, ours and a bare Qt one, in turn."""
    seconds: dict[str, list[float]] = {"ours": [], "bare Qt and pyqtgraph": []}
    for _ in range(runs):
        for name, program in (("bare Qt and pyqtgraph", _EMPTY), ("ours", _OURS)):
            start = time.perf_counter()
            subprocess.run([sys.executable, "-c", program], check=True, stderr=subprocess.DEVNULL)
            seconds[name].append(time.perf_counter() - start)
    return {name: median(values) for name, values in seconds.items()}


class _Watch:
    """The longest time for which the GUI thread answered no timer."""

    def __init__(self) -> None:
        self._last = time.perf_counter()
        self.longest = 0.0
        self._timer = QTimer()
        self._timer.setInterval(5)
        self._timer.timeout.connect(self._on_tick)
        self._timer.start()

    def _on_tick(self) -> None:
        now = time.perf_counter()
        self.longest = max(self.longest, now - self._last)
        self._last = now

    def stop(self) -> float:
        self._timer.stop()
        return self.longest


def _run_until(condition: Callable[[], bool], seconds: float = 120) -> None:
    loop, timer = QEventLoop(), QTimer()
    end = time.perf_counter() + seconds
    timer.timeout.connect(lambda: loop.quit() if condition() or time.perf_counter() > end else None)
    timer.start(1)
    loop.exec()
    timer.stop()
    if not condition():
        raise TimeoutError("the window did not get there")


def measure_work(case_folder: Path) -> dict[str, float]:
    """Seconds from gestures to pictures on one case."""
    qt = QApplication.instance() or QApplication(sys.argv[:1])
    ours = Application(qt, safe=True)
    ours.window.resize(1440, 900)
    ours.start([])
    session = ours.session
    result: dict[str, float] = {}
    start = time.perf_counter()
    ours.files.open_paths([case_folder])
    _run_until(lambda: session.displayed is not None)
    ours.window.grab()
    result["open to first picture"] = time.perf_counter() - start
    _run_until(lambda: session.case is not None and not session.opening.running)
    ours.window.grab()
    result["open to complete case"] = time.perf_counter() - start
    result["first Segment to picture"], _ = _segment(ours)
    result["warm Segment to picture"], result["longest stall while segmenting"] = _segment(ours)
    result["scroll, state to painted, p95"] = _scroll(ours)
    ours.window.close()
    return result


def _segment(ours: Application) -> tuple[float, float]:
    session = ours.session
    layers = len(session.layers)
    watch, start = _Watch(), time.perf_counter()
    ours.run_action("segment.run")
    _run_until(lambda: len(session.layers) > layers)
    stall = watch.stop()
    for view in ours.window.ortho.views:
        view.viewport().repaint()
    return time.perf_counter() - start, stall


def _scroll(ours: Application) -> float:
    """95th percentile of one step through all three planes, painted."""
    viewing, case = ours.session.viewing, ours.session.case
    times = []
    for step in range(_SCROLLS):
        start = time.perf_counter()
        i, j, k = (20 + step % (n - 40) for n in case.grid.shape)
        viewing.crosshair = (i, j, k)
        for view in ours.window.ortho.views:
            view.viewport().repaint()
        times.append(time.perf_counter() - start)
    return quantiles(times, n=20)[-1]

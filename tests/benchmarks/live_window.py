"""The real window without a screen, for what is measured in it."""

from __future__ import annotations

import gc
import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median, quantiles

import numpy as np
from PySide6.QtCore import QEventLoop, QTimer
from PySide6.QtWidgets import QApplication

from brainseg_gui.app import Application
from brainseg_gui.controllers.shell.features.core_features import FILES
from brainseg_gui.imaging.labels import LabelMap
from brainseg_gui.inference.engine.engine import Engine
from brainseg_gui.state.layers.layers import Layer, LayerRole, OverlayStyle

SIZE = (1440, 900)


def qt_application() -> QApplication:
    """The Qt application of this process."""
    found = QApplication.instance() or QApplication(sys.argv[:1])
    if not isinstance(found, QApplication):
        raise TypeError("a Qt application without windows is running already")
    return found


def started(engine: Engine | None = None) -> Application:
    """The program with its window shown, as it is after its first picture."""
    application = Application(qt_application(), safe=True, engine=engine)
    application.window.resize(*SIZE)
    application.start([])
    run_until(lambda: bool(application.session.segmenting.models))
    gc.collect()
    gc.freeze()  # as the program does once its window is shown
    return application


def open_case(application: Application, case_folder: Path) -> None:
    """Open a case and wait until all of it is there."""
    session = application.session
    application.controllers[FILES].open_paths([case_folder])
    run_until(lambda: session.case is not None and not session.opening.running)


def add_prediction(application: Application) -> None:
    """Two overlays: the reference outlined, and over it a filled prediction, the reference moved a little."""
    session = application.session
    reference = session.layers.reference
    if reference is None:
        raise ValueError("the case has no mask")
    reference.style = OverlayStyle.OUTLINE
    values = np.roll(reference.labels.values, (3, 2, 1), (0, 1, 2)).copy(order="K")
    labels = LabelMap(values, reference.labels.grid, reference.labels.scheme)
    _ = labels.counts
    session.layers.add(Layer("prediction", LayerRole.PREDICTION, labels, style=OverlayStyle.FILL))
    run_until(lambda: application.session.errors.slices is not None)
    run_for(1.0)


def run_until(condition: Callable[[], bool], seconds: float = 180) -> None:
    """Let the program work until something is so."""
    loop, timer = QEventLoop(), QTimer()
    end = time.perf_counter() + seconds
    timer.timeout.connect(lambda: loop.quit() if condition() or time.perf_counter() > end else None)
    timer.start(1)
    loop.exec()
    timer.stop()
    if not condition():
        raise TimeoutError("the window did not get there")


def run_for(seconds: float) -> None:
    """Let the program work for a while."""
    end = time.perf_counter() + seconds
    run_until(lambda: time.perf_counter() >= end)


class StallWatch:
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
        """End watching; returns the longest time."""
        self._timer.stop()
        return self.longest


class GarbageWatch:
    """How long the garbage collector held the program, since it was last asked."""

    def __init__(self) -> None:
        self._start = self._seconds = 0.0
        gc.callbacks.append(self._note)

    def _note(self, phase: str, _details: object) -> None:
        if phase == "start":
            self._start = time.perf_counter()
        else:
            self._seconds += time.perf_counter() - self._start

    def taken(self) -> float:
        """Seconds since the last call."""
        seconds, self._seconds = self._seconds, 0.0
        return seconds

    def close(self) -> None:
        """Stop listening."""
        gc.callbacks.remove(self._note)


def gestures(move: Callable[[int], object], count: int) -> dict[str, float]:
    """Milliseconds from a gesture to everything that it changed being painted.

    One turn of the event loop delivers the repaint that all views asked for, as in the running program.

    Returns
    -------
    dict
        ``median``, ``p95``, ``longest``; ``processor p95``, the same in this thread's own time, which other programs
        lengthen less; ``over 16 by garbage``, how many gestures would have stayed below 16 ms without collection.
    """
    qt, watch = qt_application(), GarbageWatch()
    wall, processor, garbage = [], [], 0
    for step in range(count):
        watch.taken()
        start, own = time.perf_counter(), time.thread_time()
        move(step)
        qt.sendPostedEvents()
        wall.append(1e3 * (time.perf_counter() - start))
        processor.append(1e3 * (time.thread_time() - own))
        garbage += wall[-1] > 16 >= wall[-1] - 1e3 * watch.taken()
        qt.processEvents()  # timers: what the program puts off until there is time
    watch.close()
    p95 = quantiles(wall, n=20)[-1]
    return {
        "median": median(wall),
        "p95": p95,
        "longest": max(wall),
        "processor p95": quantiles(processor, n=20)[-1],
        "over 16 by garbage": float(garbage),
    }

"""From the end of a brush stroke to the surface that shows it, in the real window beside the slices.

A generated case as BraTS has them and the demonstration case (2 mm), an annotation of the tumour with three labels, the
brain as glass around them. Each stroke paints one label over the border of another, so that two surfaces change. The
clock is lengthened by whatever else the machine does; the processor's time of the whole program until the picture is
there is not.
"""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from statistics import median, quantiles

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QEventLoop, QPointF, QTimer

from brainseg_gui.app import Application
from brainseg_gui.controllers.shell.features.surfaces_feature import SURFACES
from brainseg_gui.imaging.cases.demo_case import shipped_demo
from brainseg_gui.imaging.plane import Plane
from brainseg_gui.state.annotating.tools import Tool
from brainseg_gui.surfaces.rendering import Rendering
from brainseg_gui.surfaces.surface import Surface
from brainseg_gui.views.slices.slice_view import SliceView
from tests.benchmarks.bench_hand import send
from tests.benchmarks.cases import Cases, write_study
from tests.benchmarks.live_window import open_case, run_for, run_until, started
from tests.benchmarks.rows import Row, Section

_STROKES = 40
_CLOCKS = ("clock", "processor")
_LABELS = (1, 2, 3)
_BRUSH_MM, _MOVES, _STEP_PX = 10.0, 6, 2.0


def measure(_cases: Cases) -> Section:
    """Milliseconds by the clock and of the processor."""
    with tempfile.TemporaryDirectory() as folder:
        demo = Path(shutil.copytree(shipped_demo(), Path(folder) / "demo"))
        cases = {"BraTS's size": write_study(Path(folder), 0), "demonstration": demo}
        times = {name: np.array(_in_window(case)).T * 1e3 for name, case in cases.items()}
    rows = [
        row for name, (clock, processor) in times.items() for row in _rows(name, clock.tolist(), processor.tolist())
    ]
    numbers = {
        f"{name}, {what} ms": one
        for name, both in times.items()
        for what, one in zip(_CLOCKS, both.tolist(), strict=True)
    }
    return Section(rows, numbers)


def _rows(name: str, clock: list[float], processor: list[float]) -> list[Row]:
    return [
        Row(f"stroke to 3-D, {name}, clock, median", median(clock), "ms", at_most=100.0),
        Row(f"stroke to 3-D, {name}, clock, p95", quantiles(clock, n=20)[-1], "ms"),
        Row(f"the same, {name}, processor, median", median(processor), "ms", at_most=100.0),
        Row(f"the same, {name}, processor, p95", quantiles(processor, n=20)[-1], "ms"),
    ]


class _Shown:
    """What the view was given last; waiting for it costs the processor nothing."""

    def __init__(self, application: Application) -> None:
        self._controller = application.controllers[SURFACES]
        self._state = application.session.solid
        self._loop = QEventLoop()
        self._surfaces: Sequence[Surface] = ()
        view = self._controller.panel.solid
        self._show = view.show_rendering
        view.show_rendering = self._noted  # type: ignore[method-assign]

    def _noted(self, rendering: Rendering | None, surfaces: Sequence[Surface] = ()) -> None:
        self._surfaces = surfaces
        self._show(rendering, surfaces)
        QTimer.singleShot(0, self._loop.quit)  # after it is painted

    def wait_for_others(self, before: Sequence[Surface] = ()) -> None:
        """Wait until it is what the masks are now, and no more what it was before."""
        while not (self._newest and tuple(before) != self._state.surfaces):
            self._loop.exec()

    @property
    def _newest(self) -> bool:
        drawn = self._state.drawn
        same = len(drawn) == len(self._surfaces) and all(a is b for a, b in zip(drawn, self._surfaces, strict=True))
        return same and bool(drawn) and not self._controller.making.running


def _in_window(case: Path) -> list[tuple[float, float]]:
    """The strokes in a window of their own: nothing of another case is left in it."""
    application = started()
    open_case(application, case)
    times = _strokes(application)
    application.leave()
    return times


def _strokes(application: Application) -> list[tuple[float, float]]:
    """Seconds by the clock and of the processor, of each stroke."""
    session = application.session
    application.run_action("annotate.start_reference")
    run_until(lambda: session.annotating.annotation is not None)
    for layer in session.layers:
        layer.visible = layer is session.annotating.layer
    options = session.annotating.options
    options.tool, options.brush_mm, options.in_3d = Tool.BRUSH, _BRUSH_MM, False
    application.run_action("view.surfaces")
    shown = _Shown(application)
    run_until(lambda: session.solid.shell is not None)
    shown.wait_for_others()
    view = next(view for view in application.window.ortho.views if view.plane is Plane.AXIAL)
    random = np.random.default_rng(5)
    return [_stroke(application, shown, view, voxel, random) for voxel in _border(application, random)]


def _border(application: Application, random: np.random.Generator) -> NDArray[np.intp]:
    """Voxels at the border of the tumour, one for each stroke."""
    mask = application.session.annotating.layer.labels.values > 0
    edge = np.argwhere(mask[:-1] != mask[1:])
    return np.asarray(random.choice(edge, _STROKES, replace=False))


def _stroke(
    application: Application, shown: _Shown, view: SliceView, voxel: NDArray[np.intp], random: np.random.Generator
) -> tuple[float, float]:
    session = application.session
    i, j, k = voxel.tolist()
    session.viewing.crosshair = (i, j, k)
    here = int(session.annotating.layer.labels.values[i, j, k])
    other = int(random.choice([label for label in _LABELS if label != here]))
    session.annotating.rules = replace(session.annotating.rules, active=other)
    run_for(0.4)  # the fine picture of the stroke before is there
    place = QPointF(view.position_of((i, j, k)))
    before = session.solid.surfaces
    send(view, QEvent.Type.MouseButtonPress, place)
    for _ in range(_MOVES):
        place += QPointF(*random.uniform(-_STEP_PX, _STEP_PX, 2))
        send(view, QEvent.Type.MouseMove, place)
    start, own = time.perf_counter(), time.process_time()
    send(view, QEvent.Type.MouseButtonRelease, place)
    shown.wait_for_others(before)
    return time.perf_counter() - start, time.process_time() - own

"""The real window, without a screen: opening a case, Segment to picture, Cancel, and stalls meanwhile."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

import psutil

from brainseg_gui.app import Application
from brainseg_gui.controllers.shell.features.core_features import FILES, SEGMENTING
from brainseg_gui.inference.engine.engine import Engine
from tests.benchmarks.cases import Cases
from tests.benchmarks.live_window import StallWatch, run_for, run_until, started
from tests.benchmarks.rows import Row, Section

_GIB = 2**30


def measure(cases: Cases) -> Section:
    """Seconds from gestures to pictures on one case."""
    begin = time.perf_counter()
    engine = Engine()
    application = started(engine)
    found = _open(application, cases)
    found["engine ready after start"] = _wait_for_engine(engine) - begin
    first = _segment(application)
    found["first Segment"], found["stall at first"] = first.seconds, first.stall
    warm = sorted((_segment(application) for _ in range(3)), key=lambda click: click.seconds)
    found["warm Segment"] = warm[1].seconds
    found["longest stall"] = max(click.stall for click in warm)
    found["engine peak GiB"] = _peak_bytes(engine) / _GIB
    found["Cancel to idle"] = _cancel(application)  # the last: a busy engine may be ended by it
    application.leave()
    warm_s = found["warm Segment"]
    rows = [
        Row("window: open to first picture", found["open to first picture"]),
        Row("window: open to complete case", found["open to complete case"]),
        Row("window: engine ready, from start", found["engine ready after start"]),
        Row("window: first Segment to picture", found["first Segment"], at_most=warm_s + 1.0),
        Row("window: warm Segment to picture", warm_s, at_most=1.5),
        Row("window: longest stall meanwhile", 1e3 * found["longest stall"], "ms"),
        Row("window: Cancel to idle", found["Cancel to idle"], at_most=0.5),
        Row("window: peak memory of the engine", found["engine peak GiB"], "GiB", at_most=3.0),
    ]
    found |= {f"warm Segment: {stage}": seconds for stage, seconds in warm[1].stages.items()}
    return Section(rows, found, _stages_text(warm[1]))


@dataclass(frozen=True)
class _Click:
    """A click on Segment: seconds until the mask is on the screen, of each stage of it, and of the longest stall."""

    seconds: float
    stages: Mapping[str, float]
    stall: float


def _stages_text(click: _Click) -> str:
    lines = [f"  {1e3 * seconds:6.0f} ms  {stage}" for stage, seconds in click.stages.items()]
    return "\n".join(["Where a warm click on Segment goes, by the stages that the window shows:", *lines])


def _open(application: Application, cases: Cases) -> dict[str, float]:
    session, start = application.session, time.perf_counter()
    application.controllers[FILES].open_paths([cases.one])
    run_until(lambda: session.displayed is not None)
    application.window.grab()
    found = {"open to first picture": time.perf_counter() - start}
    run_until(lambda: session.case is not None and not session.opening.running)
    application.window.grab()
    return found | {"open to complete case": time.perf_counter() - start}


def _wait_for_engine(engine: Engine) -> float:
    """When the engine, which starts by itself once nothing else happens, has loaded and run its network once."""
    run_until(lambda: engine.pid is not None)
    child = psutil.Process(engine.pid)
    ready = last = time.perf_counter()
    busy = child.cpu_times().user
    while last - ready < 2.0:  # it is idle when it has used no time for so long
        run_for(0.1)
        last, now = time.perf_counter(), child.cpu_times().user
        if now > busy + 0.005:
            ready, busy = last, now
    return ready


def _segment(application: Application) -> _Click:
    session = application.session
    layers, state = len(session.layers), session.segmenting
    watch, start = StallWatch(), time.perf_counter()
    begun = [("asking the engine", start)]
    note = state.events.stage.connect(lambda stage: begun.append((stage, time.perf_counter())))
    application.run_action("segment.run")
    run_until(lambda: len(session.layers) > layers)
    begun.append(("painting", time.perf_counter()))
    for view in application.window.ortho.views:
        view.viewport().repaint()
    end = time.perf_counter()
    state.events.stage.disconnect(note)
    run_for(0.5)  # what the new mask sets off: the comparison, the list of errors
    stages: dict[str, float] = {}
    for (stage, since), (_, until) in pairwise([*begun, ("", end)]):
        stages[stage or "a new layer"] = stages.get(stage or "a new layer", 0.0) + until - since
    return _Click(end - start, stages, watch.stop())


def _cancel(application: Application) -> float:
    """Seconds from Cancel, in the middle of the network's work, to idle."""
    state = application.session.segmenting
    application.run_action("segment.run")
    run_until(lambda: state.stage == "inferring")
    run_for(0.05)
    start = time.perf_counter()
    application.controllers[SEGMENTING].cancel()
    run_until(lambda: not state.running)
    return time.perf_counter() - start


def _peak_bytes(engine: Engine) -> float:
    """Largest resident memory of the engine's process; 0 where the system does not tell."""
    pid = engine.pid
    path = f"/proc/{pid}/status"
    if pid is None or not os.path.exists(path):
        return 0.0
    with open(path, encoding="utf-8") as lines:
        return next((1024.0 * int(line.split()[1]) for line in lines if line.startswith("VmHWM")), 0.0)

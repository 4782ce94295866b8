"""From a click on an error to its mended picture, in the real window with the real engine.

A robot clicks in the demonstration case where the largest error is; each click is accepted before the next. The first
one waits for the engine and for what the network sees of the case, which begin when the tool is taken: it is measured
some seconds after that, with a network's process that starts anew each time.
"""

from __future__ import annotations

import gc
import shutil
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import psutil
from PySide6.QtCore import Qt

from brainseg_gui.annotation.tools.clicks import number_joining
from brainseg_gui.app import Application
from brainseg_gui.imaging.hints import Hint
from brainseg_gui.inference.engine.engine import Engine
from brainseg_gui.state.annotating.tools import Tool
from tests.benchmarks.cases import ROOT, Cases
from tests.benchmarks.live_window import StallWatch, add_prediction, open_case, run_for, run_until, started
from tests.benchmarks.rows import Row, Section
from tests.e2e.painting import LEFT, RIGHT, Hand
from training.clicks.case import network_classes
from training.clicks.people import Person, next_hint

_CLICKS = 20
_IN_HAND_S = (0, 2, 6)
_TIMES = 3
_MIB = 2**20


def measure(_cases: Cases) -> Section:
    """First clicks, then twenty in a row."""
    engine = Engine()
    application = started(engine)
    first = {seconds: list(_first_clicks(application, engine, seconds)) for seconds in _IN_HAND_S}
    rows = [
        Row(f"first click, engine cold, tool held {seconds} s, p50", float(np.median(found)))
        for seconds, found in first.items()
    ]
    later = _later_clicks(application)
    application.leave()
    engine.close()
    return Section(
        [*rows, *later.rows], {"first clicks": {str(s): found for s, found in first.items()}, **later.numbers}
    )


def _first_clicks(application: Application, engine: Engine, in_hand_s: int) -> Iterator[float]:
    """Seconds that the first click of a case takes, some seconds after the tool was taken."""
    hand, session = Hand(application), application.session
    for _ in range(_TIMES):
        with tempfile.TemporaryDirectory() as folder:
            case_folder = Path(folder) / "case"
            shutil.copytree(ROOT / "resources" / "demo", case_folder)
            application.run_action("annotate.browse")
            open_case(application, case_folder)
            reference = session.layers.reference
            if reference is None:
                raise ValueError("the case has no mask")
            hint = next_hint(
                np.zeros_like(reference.labels.values),
                network_classes(reference.labels),
                Person(),
                np.random.default_rng(0),
                reference.labels.grid.spacing_mm,
            )
            if hint is None:
                raise ValueError("the case has no tumour")
            application.run_action("annotate.start_empty")
            session.viewing.crosshair = hint.voxels_ijk[0]
            run_for(2.0)  # the window's own work on the case
            engine.close()
            application.run_action("annotate.click")
            run_for(in_hand_s)
            yield _click(hand, hint)[0]
            application.run_action("annotate.undo")


def _later_clicks(application: Application) -> Section:
    """Twenty clicks, after a first one."""
    open_case(application, ROOT / "resources" / "demo")
    add_prediction(application)
    application.run_action("annotate.start_prediction")
    hand = Hand(application)
    hand.annotating.options.tool = Tool.CLICK
    run_for(0.5)
    rng = np.random.default_rng(0)
    seconds, own, pauses, answers = list[float](), list[float](), list[float](), list[str]()
    for _ in range(1 + _CLICKS):
        hint = _next(application, rng)
        if hint is None:
            break
        before = time.process_time()
        taken, pause = _click(hand, hint)
        seconds.append(taken)
        pauses.append(pause)
        own.append(time.process_time() - before)
        answers.append(hand.annotating.clicking.words.rpartition(", ")[2])
        hand.key(Qt.Key.Key_Return)
        run_for(0.2)
    memory = _memory_mib()
    mine = float(np.median(own[1:]))
    usual, slow = np.quantile(seconds[1:], (0.5, 0.95)).tolist()
    rows = [
        Row("later clicks to their picture, p50", usual, at_most=0.3),
        Row("later clicks to their picture, p95", slow, at_most=0.5),
        Row("the program's own processor time of a later click", mine),
        Row("longest pause of the window, first click", 1000 * pauses[0], "ms", at_most=100.0),
        Row("longest pause of the window, later clicks", 1000 * max(pauses[1:]), "ms", at_most=100.0),
        Row("memory of the engine while clicking", memory, "MiB"),
    ]
    found = {
        "seconds": seconds,
        "processor seconds": own,
        "answers": {words: answers.count(words) for words in set(answers)},
    }
    return Section(rows, found)


def _next(application: Application, rng: np.random.Generator) -> Hint | None:
    """Where a person would click next."""
    session = application.session
    annotation, reference = session.annotating.annotation, session.layers.reference
    if annotation is None or reference is None:
        raise ValueError("the case has no mask")
    present = network_classes(replace(annotation.labels, values=np.array(annotation.values)))
    wanted = network_classes(reference.labels)
    return next_hint(present, wanted, Person(), rng, annotation.labels.grid.spacing_mm)


def _click(hand: Hand, hint: Hint) -> tuple[float, float]:
    """Seconds from the press of the button to the hatched proposal on the screen, and the window's longest pause."""
    annotation, (voxel,) = hand.annotating.annotation, hint.voxels_ijk
    if annotation is None:
        raise ValueError("nothing is annotated")
    hand.annotating.rules = replace(hand.annotating.rules, active=number_joining(annotation.labels.scheme, hint.region))
    if hand.application.session.viewing.crosshair != voxel:
        hand.application.session.viewing.crosshair = voxel
        run_for(0.2)
    gc.collect()
    watch, began = StallWatch(), time.perf_counter()
    hand.click(voxel, button=LEFT if hint.adds else RIGHT)
    run_until(lambda: not hand.annotating.clicking.working)
    run_for(0.0)  # one turn of the event loop paints it
    return time.perf_counter() - began, watch.stop()


def _memory_mib() -> float:
    """Of the largest process below this one: the engine's."""
    children = psutil.Process().children(recursive=True)
    return max((child.memory_info().rss for child in children), default=0) / _MIB

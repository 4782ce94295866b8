"""The main job with the real network's process: segment, compare, save; and what happens when it dies."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import pytest
from PySide6.QtCore import QObject, Qt, QTimer
from PySide6.QtWidgets import QTableWidget
from pytestqt.qtbot import QtBot

from brainseg_gui.app import Application
from brainseg_gui.controllers.shell.features.core_features import MASKS, SAVING
from brainseg_gui.imaging.labels import regions
from brainseg_gui.inference.engine.engine import Engine
from brainseg_gui.inference.options import INFERRING, PREPARING
from brainseg_gui.state.layers.layers import LayerRole

pytestmark = pytest.mark.engine

GENEROUS_MS = 1000


class Stalls(QObject):
    """The longest time that the GUI thread did not get round to a timer of 10 ms."""

    def __init__(self) -> None:
        super().__init__()
        self.longest_ms = 0.0
        self._last = time.perf_counter()
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.setInterval(10)
        self._timer.timeout.connect(self._on_timeout)
        self._timer.start()

    def _on_timeout(self) -> None:
        now = time.perf_counter()
        self.longest_ms = max(self.longest_ms, 1000 * (now - self._last) - 10)
        self._last = now

    def stop(self) -> float:
        """End measuring."""
        self._timer.stop()
        return self.longest_ms


@pytest.fixture
def engine() -> Iterator[Engine]:
    engine = Engine()
    yield engine
    engine.close()


def _dice(reference: Path, prediction: Path, members: tuple[int, ...]) -> float:
    """Dice of a region, straight from two files."""
    a, b = (np.isin(np.asarray(nib.load(path).dataobj), members) for path in (reference, prediction))
    return float(2 * (a & b).sum() / (a.sum() + b.sum())) if a.any() or b.any() else 1.0


def test_the_main_job_on_the_demonstration_case(
    qtbot: QtBot,
    start_application: Callable[..., Application],
    engine: Engine,
    demo_folder: Path,
    tmp_path: Path,
    record_property: Callable[[str, object], None],
) -> None:
    application = start_application(safe=True, engine=engine)
    session, window = application.session, application.window
    application.run_action("file.open_demo")
    qtbot.waitUntil(lambda: not session.opening.running and session.case is not None, timeout=60_000)
    reference = session.layers.reference
    before = reference.labels.values.copy()

    stalls = Stalls()
    qtbot.mouseClick(window.panels.named("Segment")()._run, Qt.MouseButton.LeftButton)
    assert session.segmenting.running
    qtbot.waitUntil(lambda: not session.segmenting.running, timeout=120_000)
    qtbot.waitUntil(lambda: session.comparison is not None, timeout=60_000)
    qtbot.waitUntil(lambda: not application.controllers[MASKS]._jobs, timeout=60_000)
    longest = stalls.stop()
    record_property("longest stall of the GUI thread while segmenting, ms", round(longest, 1))
    print(f"longest stall of the GUI thread while segmenting: {longest:.0f} ms")

    layer = session.layers.prediction
    assert layer is not None, session.notice
    assert layer.role is LayerRole.PREDICTION
    assert layer.labels.values.shape == session.case.grid.shape
    assert reference.labels.values is not layer.labels.values
    np.testing.assert_array_equal(reference.labels.values, before)
    assert longest < GENEROUS_MS

    path = tmp_path / "saved.nii.gz"
    application.controllers[SAVING].save_to(layer, path)
    qtbot.waitUntil(lambda: not session.saving.running, timeout=30_000)
    assert layer.saved_as == path
    stored = nib.load(path)
    expert = nib.load(session.case.source.reference)
    assert stored.shape == expert.shape
    np.testing.assert_allclose(stored.affine, expert.affine)
    np.testing.assert_array_equal(np.asarray(nib.as_closest_canonical(stored).dataobj), layer.labels.values)

    table = window.comparison().findChild(QTableWidget)
    shown = {table.item(row, 0).text(): table.item(row, 1).text() for row in range(table.rowCount())}
    for region in regions():
        members = session.case.scheme.values_in(region)
        assert shown[region.key] == f"{_dice(session.case.source.reference, path, members):.3f}"
    assert float(shown["WT"]) > 0.5  # on its own kind of patient


@pytest.mark.slow
def test_a_killed_engine_is_said_in_words_and_the_next_click_works(
    qtbot: QtBot,
    start_application: Callable[..., Application],
    engine: Engine,
    toy_case: Any,
    tmp_path: Path,
    open_paths: Callable[..., None],
) -> None:
    application = start_application(safe=True, engine=engine)
    session = application.session
    open_paths(application, toy_case(tmp_path, shape=(64, 72, 56)))
    case, layers = session.case, list(session.layers)
    application.run_action("segment.run")
    qtbot.waitUntil(lambda: session.segmenting.running and engine.pid is not None)
    os.kill(engine.pid, signal.SIGKILL)
    qtbot.waitUntil(lambda: not session.segmenting.running, timeout=30_000)
    assert "was ended by SIGKILL" in application.window.notice.text
    assert session.notice.problem
    assert ("Segment again", "segment.run") in session.notice.actions
    assert session.case is case
    assert list(session.layers) == layers

    application.run_action("segment.run")
    qtbot.waitUntil(lambda: not session.segmenting.running, timeout=120_000)
    assert session.layers.prediction is not None, session.notice

    # warm now: a cancel leaves everything as it was
    layers = list(session.layers)
    cancelled: list[str] = []

    def cancel(stage: str) -> None:
        if stage in (PREPARING, INFERRING) and not cancelled:
            cancelled.append(stage)
            application.run_action("segment.cancel")

    session.segmenting.events.stage.connect(cancel)
    application.run_action("segment.run")
    qtbot.waitUntil(lambda: not session.segmenting.running)
    assert session.segmenting.outcome == "Cancelled; nothing was changed"
    assert list(session.layers) == layers

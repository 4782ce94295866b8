"""A session with its window and settings, a toy case on disk, and an engine that only pretends."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from brainseg_gui.controllers.settings.preferences import Preferences
from brainseg_gui.controllers.shell.features.all_features import ACTIONS, PANELS
from brainseg_gui.imaging.case import Case
from brainseg_gui.imaging.cases.case_folder import find_case
from brainseg_gui.imaging.cases.read_case import read_case
from brainseg_gui.imaging.labels import LabelMap
from brainseg_gui.inference.models.dice_line import ExpectedDice
from brainseg_gui.inference.options import SegmentResult
from brainseg_gui.progress import Progress, run_to_end
from brainseg_gui.state.layers.layers import Layer, LayerRole
from brainseg_gui.state.session import Session
from brainseg_gui.views.shell.main_window import MainWindow


@dataclass
class Parts:
    """What every controller is given."""

    session: Session
    window: MainWindow
    preferences: Preferences

    def __iter__(self) -> Iterator[Any]:
        return iter((self.session, self.window, self.preferences))


@pytest.fixture
def parts(qtbot: QtBot, undressed: None) -> Parts:
    session = Session()
    window = MainWindow(session, {}, PANELS, ACTIONS)
    qtbot.addWidget(window)
    return Parts(session, window, Preferences())


@pytest.fixture
def session(parts: Parts) -> Session:
    return parts.session


@pytest.fixture
def folder(toy_case: Any, tmp_path: Path) -> Path:
    """Folder of a toy case with a reference."""
    return Path(toy_case(tmp_path))


@pytest.fixture
def read() -> Callable[[Path], Case]:
    """Read a case folder."""
    return lambda folder: run_to_end(read_case(find_case(folder)))


@pytest.fixture
def case(folder: Path, read: Callable[[Path], Case]) -> Case:
    return read(folder)


@pytest.fixture
def predict(session: Session, case: Case) -> Callable[..., Layer]:
    """Add a prediction: the reference, moved by some voxels to the right."""

    def add(shift: int = 2) -> Layer:
        assert case.reference is not None
        values = np.roll(case.reference.values, shift, axis=0)
        return session.layers.add(Layer("prediction", LayerRole.PREDICTION, LabelMap(values, case.grid, case.scheme)))

    return add


@pytest.fixture
def saved(qtbot: QtBot, session: Session) -> Callable[[], None]:
    """Wait until what is being saved is in its file."""
    return lambda: qtbot.waitUntil(lambda: not session.saving.running)


@dataclass
class Gate:
    """Where a generator on another thread waits until the test lets it go on."""

    _allowed: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))
    reached: int = 0

    def wait(self) -> None:
        """Stop here (called by the worker)."""
        self.reached += 1
        if not self._allowed.acquire(timeout=20):
            raise TimeoutError("the test never opened the gate")

    def open(self, times: int = 1) -> None:
        """Let the worker pass."""
        for _ in range(times):
            self._allowed.release()


@dataclass
class FakeEngine:
    """Runs no network: reports three stages, waits at the gate before each, and finds one cube of class 3."""

    gate: Gate = field(default_factory=Gate)
    started: list[tuple[Any, ...]] = field(default_factory=list)
    error: Exception | None = None
    start_error: Exception | None = None
    notes: tuple[str, ...] = ()
    expected: Mapping[str, ExpectedDice] = field(default_factory=dict)
    empty: bool = False
    closed: bool = False
    cases: list[Case] = field(default_factory=list)
    generators_closed: int = 0

    def start(self, *arguments: Any) -> None:
        self.started.append(arguments)
        if self.start_error is not None:
            raise self.start_error

    def segment(self, case: Case, model: Any, options: Any) -> Generator[Progress, None, SegmentResult]:
        self.cases.append(case)
        try:
            for number, stage in enumerate(("preparing", "inferring", "mapping back")):
                yield Progress(stage, number / 3, f"part {number}")
                self.gate.wait()
        except GeneratorExit:
            self.generators_closed += 1
            raise
        if self.error is not None:
            raise self.error
        classes = np.zeros(case.grid.shape, np.uint8)
        if not self.empty:
            classes[2:6, 3:7, 4:8] = 3
        seconds = {"inferring": 0.1}
        return SegmentResult(
            classes, seconds, "CPU (test)", "float32", model.title, self.notes, expected_dice=self.expected
        )

    def close(self) -> None:
        self.closed = True


@pytest.fixture
def engine() -> FakeEngine:
    return FakeEngine()


@pytest.fixture
def gate() -> Gate:
    return Gate()

"""The network sees the case while the click tool is in the hand: never before, once, and for nobody's harm."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from brainseg_gui.app import Application
from brainseg_gui.errors import EngineError
from brainseg_gui.imaging.case import Case
from brainseg_gui.inference.case_features import CaseFeatures
from brainseg_gui.inference.clicks import click_network
from brainseg_gui.inference.network_grid import NetworkGrid
from brainseg_gui.progress import Progress
from brainseg_gui.state.annotating.clicking import Readiness
from brainseg_gui.views.annotating.tool_options import ToolOptionsView
from tests.e2e.conftest import NoEngine, StartApplication
from tests.e2e.painting import Hand

pytestmark = pytest.mark.plain

SHAPE = (48, 44, 36)
WAIT_MS = 20_000


class WatchedEngine(NoEngine):
    """An engine whose work lasts until it is let go; it sees no tumour anywhere."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[tuple[Case, bool]] = []
        self.given_up = 0
        self.let_go = threading.Event()

    def features(self, case: Case, _model: Any, *, ahead: bool = False) -> Generator[Progress, None, CaseFeatures]:
        self.asked.append((case, ahead))
        with self._turn.taken(gives_way=ahead):
            return (yield from self._turn.leaving(self._seen(case)))

    def segment(self, *_arguments: Any, **_options: Any) -> Any:
        with self._turn.taken():
            raise EngineError("there is no engine", "This is a test without one")
        yield

    def _seen(self, case: Case) -> Generator[Progress, None, CaseFeatures]:
        try:
            while not self.let_go.wait(0.01):
                yield Progress("inferring", 0.5)
        except GeneratorExit:
            self.given_up += 1
            raise
        values = np.zeros((*case.grid.shape, 24), np.float16)
        values[..., 16] = 1  # background
        grid = NetworkGrid.of_box((0, 0, 0), (case.grid.shape[0], case.grid.shape[1], case.grid.shape[2]))
        return CaseFeatures(values, grid, np.ones(case.grid.shape, bool))

    def predict(self, *_arguments: Any, **_options: Any) -> Any:
        raise EngineError("there is no engine", "This is a test without one")


@pytest.fixture
def watched() -> Iterator[WatchedEngine]:
    engine = WatchedEngine()
    yield engine
    engine.let_go.set()


@pytest.fixture
def hand(
    watched: WatchedEngine,
    start_application: StartApplication,
    toy_case: Any,
    tmp_path: Path,
    open_paths: Callable[..., None],
) -> Hand:
    """A hand with the brush over a toy case."""
    application = start_application(engine=watched)
    open_paths(application, toy_case(tmp_path, shape=SHAPE))
    hand = Hand(application)
    hand.start()
    hand.key(Qt.Key.Key_2)
    return hand


def shown(application: Application) -> str:
    (view,) = application.window.findChildren(ToolOptionsView)
    return view._clicks.text()


def wait_for(qtbot: QtBot, hand: Hand, readiness: Readiness) -> None:
    qtbot.waitUntil(lambda: hand.annotating.clicking.readiness is readiness, timeout=WAIT_MS)


def test_it_begins_when_the_tool_is_taken_and_never_before(hand: Hand, watched: WatchedEngine, qtbot: QtBot) -> None:
    qtbot.wait(400)  # more than twice the pause
    assert not watched.asked
    hand.key(Qt.Key.Key_7)
    wait_for(qtbot, hand, Readiness.LOOKING)
    assert "clicks wait for it" in shown(hand.application)
    watched.let_go.set()
    wait_for(qtbot, hand, Readiness.READY)
    assert shown(hand.application) == "Ready"
    hand.key(Qt.Key.Key_2)
    hand.key(Qt.Key.Key_7)
    qtbot.wait(400)
    assert watched.asked == [(hand.application.session.case, True)]  # once, and nobody waited for it


def test_who_only_passes_the_tool_begins_nothing(hand: Hand, watched: WatchedEngine, qtbot: QtBot) -> None:
    hand.key(Qt.Key.Key_7)
    hand.key(Qt.Key.Key_1)
    qtbot.wait(400)
    assert not watched.asked


def test_a_click_meanwhile_waits_for_that_very_work(hand: Hand, watched: WatchedEngine, qtbot: QtBot) -> None:
    hand.key(Qt.Key.Key_7)
    wait_for(qtbot, hand, Readiness.LOOKING)
    qtbot.waitUntil(lambda: len(watched.asked) == 1, timeout=WAIT_MS)
    reference = hand.application.session.layers.reference
    assert reference is not None
    voxel = tuple(np.argwhere(reference.labels.values)[0].tolist())
    hand.application.session.viewing.crosshair = voxel
    hand.click((voxel[0], voxel[1], voxel[2]))
    assert hand.annotating.clicking.working
    assert "the click waits for it" in shown(hand.application)
    qtbot.wait(300)
    assert hand.annotating.clicking.working  # it waits
    watched.let_go.set()
    qtbot.waitUntil(lambda: not hand.annotating.clicking.working, timeout=WAIT_MS)
    assert len(watched.asked) == 1
    assert hand.annotating.clicking.words


def test_a_click_that_came_first_is_not_looked_ahead_of(hand: Hand, watched: WatchedEngine, qtbot: QtBot) -> None:
    hand.key(Qt.Key.Key_7)
    hand.click((20, 20, 18))
    qtbot.waitUntil(lambda: len(watched.asked) == 1, timeout=WAIT_MS)
    wait_for(qtbot, hand, Readiness.LOOKING)
    watched.let_go.set()
    wait_for(qtbot, hand, Readiness.READY)
    qtbot.waitUntil(lambda: not hand.annotating.clicking.working, timeout=WAIT_MS)
    assert len(watched.asked) == 1


def test_another_case_ends_the_work(
    hand: Hand,
    watched: WatchedEngine,
    qtbot: QtBot,
    toy_case: Any,
    tmp_path: Path,
    open_paths: Callable[..., None],
) -> None:
    hand.key(Qt.Key.Key_7)
    qtbot.waitUntil(lambda: len(watched.asked) == 1, timeout=WAIT_MS)
    open_paths(hand.application, toy_case(tmp_path / "other", shape=SHAPE, case_id="other", seed=1))
    qtbot.waitUntil(lambda: watched.given_up == 1, timeout=WAIT_MS)
    assert hand.annotating.clicking.readiness is not Readiness.READY
    assert hand.application.session.notice is None or "engine" not in hand.application.session.notice.what
    watched.let_go.set()
    if hand.annotating.annotation is None:
        hand.start()
    hand.key(Qt.Key.Key_7)
    wait_for(qtbot, hand, Readiness.READY)
    assert [case.case_id for case, _ in watched.asked][-1] == "other"


def test_no_memory_no_work(hand: Hand, watched: WatchedEngine, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(click_network, "usable_bytes", lambda: 2.0**30)
    hand.key(Qt.Key.Key_7)
    wait_for(qtbot, hand, Readiness.SHORT_OF_MEMORY)
    assert not watched.asked
    assert shown(hand.application) == "Memory is short: the first click takes longer"
    assert hand.application.session.notice is None


def test_the_window_closes_while_it_works(hand: Hand, watched: WatchedEngine, qtbot: QtBot) -> None:
    hand.key(Qt.Key.Key_7)
    qtbot.waitUntil(lambda: len(watched.asked) == 1, timeout=WAIT_MS)
    hand.application.leave()
    assert watched.given_up == 1


def test_segment_is_not_refused_and_afterwards_it_begins_again(
    hand: Hand, watched: WatchedEngine, qtbot: QtBot
) -> None:
    session = hand.application.session
    hand.key(Qt.Key.Key_7)
    qtbot.waitUntil(lambda: len(watched.asked) == 1, timeout=WAIT_MS)
    hand.application.run_action("segment.run")
    assert session.segmenting.running
    qtbot.waitUntil(lambda: not session.segmenting.running, timeout=WAIT_MS)
    assert session.notice is not None
    assert "there is no engine" in session.notice.what  # it had its turn
    qtbot.waitUntil(lambda: watched.given_up == 1, timeout=WAIT_MS)
    watched.let_go.set()
    wait_for(qtbot, hand, Readiness.READY)
    assert len(watched.asked) == 2

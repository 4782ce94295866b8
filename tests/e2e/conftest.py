"""The real application in a real window; only settings and, where it is not wanted, the network are kept away."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import psutil
import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from brainseg_gui import app
from brainseg_gui.app import Application
from brainseg_gui.controllers.shell.features.core_features import FILES
from brainseg_gui.errors import EngineError
from brainseg_gui.inference.engine.engine import Engine

StartApplication = Callable[..., Application]


class NoEngine(Engine):
    """An engine that is never started."""

    def start(self, *_arguments: Any) -> None:
        """Stay cold."""

    def features(self, *_arguments: Any, **_options: Any) -> Any:
        """Say at once that nobody will answer: clicks are answered by the images alone."""
        raise EngineError("there is no engine", "This is a test without one")


@pytest.fixture
def warm_engine(engine: Engine) -> Engine:
    """The engine of all tests of this process, started: to be asked for before `start_application`."""
    engine.start()
    return engine


@pytest.fixture
def start_application(
    request: pytest.FixtureRequest, qtbot: QtBot, qapp: QApplication, monkeypatch: pytest.MonkeyPatch
) -> Iterator[StartApplication]:
    """Start the application as `run` does, undressed if the test is `plain`; afterwards nothing of it may be left."""
    if request.node.get_closest_marker("plain") is not None:
        request.getfixturevalue("undressed")
        monkeypatch.setattr(app, "apply_appearance", lambda *_: None)
    running: list[Application] = []
    before, threads_before = _children(), set(threading.enumerate())  # other tests of this process share an engine

    def start(
        paths: Sequence[Path] = (), *, safe: bool = False, engine: Engine | None = None, tour: bool = False
    ) -> Application:
        application = Application(qapp, safe=safe, engine=engine or NoEngine())
        application.preferences.set("tour seen", not tour)
        running.append(application)
        qtbot.addWidget(application.window, before_close_func=lambda _window: application.leave())
        application.window.resize(1280, 860)
        with qtbot.waitActive(application.window):
            application.start(paths)
        return application

    yield start
    for application in running:
        application.leave()
    new = set(threading.enumerate()) - threads_before
    left = [thread.name for thread in new if thread.name.startswith(("read", "engine"))]
    assert left == []
    assert _children() <= before


def _children() -> set[int]:
    """Processes that this one started and that still are."""
    return {child.pid for child in psutil.Process().children(recursive=True)}


@pytest.fixture
def application(start_application: StartApplication) -> Application:
    """The application without a network, and without a case."""
    return start_application()


@pytest.fixture
def open_paths(qtbot: QtBot) -> Callable[..., None]:
    """Open paths as a person would and wait for the end, good or bad."""

    def open_and_wait(application: Application, *paths: Path) -> None:
        application.controllers[FILES].open_paths(paths)
        qtbot.waitUntil(lambda: not application.session.opening.running, timeout=30_000)

    return open_and_wait

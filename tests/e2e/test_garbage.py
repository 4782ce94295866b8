"""Cyclic garbage holds what Qt made in the thread of the window; nowhere else may it be destroyed."""

from __future__ import annotations

import gc
import threading
import weakref

import pytest
from PySide6.QtCore import QTimer
from pytestqt.qtbot import QtBot

from brainseg_gui.app import Application
from tests.e2e.conftest import StartApplication

pytestmark = pytest.mark.plain


def allocate() -> None:
    """What makes Python look for garbage, in whichever thread it is."""
    assert len([[] for _ in range(100_000)]) == 100_000


def leave_a_timer(destroyed_in: list[str]) -> None:
    """A running timer that nothing but itself refers to."""
    timer = QTimer()
    timer.me = timer  # type: ignore[attr-defined]
    timer.start(1000)
    weakref.finalize(timer, lambda: destroyed_in.append(threading.current_thread().name))


@pytest.fixture
def collecting(start_application: StartApplication, monkeypatch: pytest.MonkeyPatch) -> Application:
    """The application as `run` has it after its first picture, where Python collected garbage by itself until then."""
    monkeypatch.setattr(gc, "freeze", lambda: None)  # what other tests left is to be collected one day
    gc.enable()
    application = start_application()
    application.collect_garbage()
    return application


@pytest.mark.usefixtures("collecting")
def test_garbage_is_collected_in_the_thread_of_the_window(qtbot: QtBot) -> None:
    destroyed_in: list[str] = []
    leave_a_timer(destroyed_in)
    job = threading.Thread(target=allocate, name="job")
    job.start()
    job.join()
    assert destroyed_in == []
    qtbot.waitUntil(lambda: destroyed_in != [])
    assert destroyed_in == [threading.main_thread().name]
